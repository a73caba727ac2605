"""All pairs of two sets of samples, walked through once for however many metrics."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Protocol

from numpy.typing import ArrayLike

from keras_gans.metrics import checks
from keras_gans.metrics.neighbours import Nearest
from keras_gans.metrics.tiles import Tile, tiles

# The walks, in this order, as progress bars call them.
REAL_TO_REAL, FAKE_TO_FAKE, REAL_TO_FAKE = "real to real", "fake to fake", "real to fake"


class PairMetric(Protocol):
    """A metric of pairs of samples."""

    @property
    def observers(self) -> Mapping[str, Callable[[Tile], None]]:
        """Functions that are shown every tile of a walk, by the walk."""

    def result(self) -> Any:
        """Returns the metric, after all walks."""


class Pairs:
    """Two sets of samples, and what the metrics of their pairs share: products and neighbours.

    Args:
        real: Array of shape `(n, d)`, finite.
        fake: Array of shape `(m, d)`, finite.
        names: What errors call the two.
        k: How many neighbours of a sample, not counting itself, the metrics ask for at most.

    Raises:
        ValueError: If an array has another rank or NaN, or if `d` differs.

    Example:
        >>> from keras_gans.metrics.kernel import SquaredDiscrepancy
        >>> pairs = Pairs([[0.0], [0.0]], [[1.0], [1.0]])
        >>> pairs.measure(SquaredDiscrepancy(pairs))
        [7.0]
    """

    def __init__(
        self,
        real: ArrayLike,
        fake: ArrayLike,
        names: tuple[str, str] = ("real", "fake"),
        k: int = 1,
    ):
        self.real, self.fake = checks.pair(real, fake, names)
        self.names = names
        self.k = k

    @cached_property
    def near_reals(self) -> Nearest:
        """Finds the nearest reals of each real: the first is a copy, as a rule the real itself."""
        return Nearest(self.real, self.real, min(self.k + 1, len(self.real)))

    @cached_property
    def near_fakes(self) -> Nearest:
        """Finds the nearest fakes of each fake."""
        return Nearest(self.fake, self.fake, min(self.k + 1, len(self.fake)))

    def require(self, reals: int, fakes: int) -> None:
        """Raises a `ValueError` unless there are so many of both."""
        checks.enough(self.real, self.names[0], reals)
        checks.enough(self.fake, self.names[1], fakes)

    def measure(self, *metrics: PairMetric, verbose: bool = False) -> list[Any]:
        """Computes metrics of these pairs.

        Args:
            metrics: The metrics. An observer that several share sees each tile once.
            verbose: Whether to print progress bars.

        Returns:
            The result of each.
        """
        walks = {
            REAL_TO_REAL: (self.real, self.real),
            FAKE_TO_FAKE: (self.fake, self.fake),
            REAL_TO_FAKE: (self.real, self.fake),
        }
        for walk, (a, b) in walks.items():
            shown = dict.fromkeys(m.observers[walk] for m in metrics if walk in m.observers)
            for tile in tiles(a, b, walk, verbose) if shown else ():
                for see in shown:
                    see(tile)
        return [metric.result() for metric in metrics]
