"""Metrics on manifolds: a set of samples stands for the balls that reach its k-th neighbours."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from keras_gans.metrics import checks
from keras_gans.metrics.neighbours import Nearest
from keras_gans.metrics.pairs import FAKE_TO_FAKE, REAL_TO_FAKE, REAL_TO_REAL, Pairs
from keras_gans.metrics.tiles import ROUNDING, Tile


class PrecisionRecall(NamedTuple):
    """Shares of fakes among the reals, and of reals among the fakes."""

    precision: float
    recall: float


class DensityCoverage(NamedTuple):
    """Mean number of real balls around a fake, over k; share of real balls that hold a fake."""

    density: float
    coverage: float


def precision_recall(
    real: ArrayLike, fake: ArrayLike, k: int = 3, verbose: bool = False
) -> PrecisionRecall:
    """Computes improved precision and recall.

    Precision is the share of fakes that lie in the manifold of the reals, recall the share of
    reals in the manifold of the fakes. A manifold is the union of balls around its samples, each
    reaching to the k-th nearest other sample. A point on the surface is inside (the paper's `<=`).
    So copies of a real sample are precise even where reals repeat and radii are 0. Distances below
    about 1e-6 of the samples' distance to the median count as 0. Memory beyond the arrays does not
    grow with `n * m`.

    Args:
        real: Array of shape `(n, d)`, finite, `n > k`.
        fake: Array of shape `(m, d)`, finite, `m > k`.
        k: Neighbour that the radius reaches, not counting the sample itself.
        verbose: Whether to print progress bars.

    Returns:
        Named tuple `(precision, recall)`, each in `[0, 1]`.

    Raises:
        ValueError: If an array has another rank, too few samples, or NaN; if `d` differs; or if
            `k < 1`.

    Example:
        >>> from keras_gans import metrics
        >>> real = [[0.0], [1.0], [2.0], [10.0]]
        >>> metrics.precision_recall(real, fake=[[1.0], [1.5], [40.0], [41.0]], k=1)
        PrecisionRecall(precision=0.5, recall=0.5)

    Reference:
        Kynkaanniemi et al., "Improved Precision and Recall Metric for Assessing Generative Models"
        (2019), equations 1 and 2.
    """
    k = checks.positive_integer(k, "k")
    pairs = Pairs(real, fake, k=k)
    return pairs.measure(ClosedBalls(pairs, k), verbose=verbose)[0]


class ClosedBalls:
    """Precision and recall: which samples lie in a ball of the other set, or on its surface."""

    def __init__(self, pairs: Pairs, k: int):
        pairs.require(k + 1, k + 1)
        self.pairs, self.k = pairs, k
        self._reals = np.zeros(len(pairs.real), bool)
        self._fakes = np.zeros(len(pairs.fake), bool)
        self.observers = {
            REAL_TO_REAL: pairs.near_reals.see,
            FAKE_TO_FAKE: pairs.near_fakes.see,
            REAL_TO_FAKE: self._see,
        }

    def _see(self, tile: Tile) -> None:
        distances = tile.squared_distances(slack=-ROUNDING)
        real_radii = squared_radii(self.pairs.near_reals, self.k, tile.rows)
        fake_radii = squared_radii(self.pairs.near_fakes, self.k, tile.cols)
        self._fakes[tile.cols] |= (distances <= real_radii[:, np.newaxis]).any(axis=0)
        self._reals[tile.rows] |= (distances <= fake_radii).any(axis=1)

    def result(self) -> PrecisionRecall:
        """Returns the shares of samples inside."""
        return PrecisionRecall(float(self._fakes.mean()), float(self._reals.mean()))


def density_coverage(
    real: ArrayLike, fake: ArrayLike, k: int = 5, verbose: bool = False
) -> DensityCoverage:
    """Computes density and coverage.

    Balls around the reals reach to the k-th nearest other real. Density is the mean number of
    balls that a fake lies in, divided by k: 1 is expected of a perfect generator, more is possible.
    Coverage is the share of balls that hold a fake. A point on the surface is outside, as in the
    authors' own `prdc`: so `density_coverage(real, real)` is `(1, 1)` where no distances tie.
    Distances below about 1e-6 of the samples' distance to the median count as 0. Memory beyond the
    arrays does not grow with `n * m`.

    Args:
        real: Array of shape `(n, d)`, finite, `n > k`.
        fake: Array of shape `(m, d)`, finite, `m >= 1`.
        k: Neighbour that the radius reaches, not counting the sample itself.
        verbose: Whether to print progress bars.

    Returns:
        Named tuple `(density, coverage)`: at least 0, and in `[0, 1]`.

    Raises:
        ValueError: If an array has another rank, too few samples, or NaN; if `d` differs; or if
            `k < 1`.

    Example:
        >>> from keras_gans import metrics
        >>> real = [[0.0], [1.0], [2.0], [10.0]]
        >>> metrics.density_coverage(real, fake=[[1.5], [40.0]], k=1)
        DensityCoverage(density=1.0, coverage=0.5)

    Reference:
        Naeem et al., "Reliable Fidelity and Diversity Metrics for Generative Models" (2020),
        sections 3.1 and 3.2.
    """
    k = checks.positive_integer(k, "k")
    pairs = Pairs(real, fake, k=k)
    return pairs.measure(OpenBalls(pairs, k), verbose=verbose)[0]


class OpenBalls:
    """Density and coverage: how many fakes lie in the balls of the reals, short of the surface."""

    def __init__(self, pairs: Pairs, k: int):
        pairs.require(k + 1, 1)
        self.pairs, self.k = pairs, k
        self._hits, self._covered = 0, np.zeros(len(pairs.real), bool)
        self.observers = {REAL_TO_REAL: pairs.near_reals.see, REAL_TO_FAKE: self._see}

    def _see(self, tile: Tile) -> None:
        radii = squared_radii(self.pairs.near_reals, self.k, tile.rows)
        inside = tile.squared_distances(slack=ROUNDING) < radii[:, np.newaxis]
        self._hits += int(np.count_nonzero(inside))
        self._covered[tile.rows] |= inside.any(axis=1)

    def result(self) -> DensityCoverage:
        """Returns the mean number of hits, over k, and the share of balls that are hit."""
        density = self._hits / (self.k * len(self.pairs.fake))
        return DensityCoverage(float(density), float(self._covered.mean()))


def squared_radii(nearest: Nearest, k: int, rows: slice) -> np.ndarray:
    """Returns the squared distance of samples to their k-th nearest other sample."""
    return np.square(nearest.found.distances[rows, k])  # column 0 is the sample itself
