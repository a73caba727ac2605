"""Kernel distance of features (KID)."""

from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from keras_gans.metrics import checks
from keras_gans.metrics.pairs import FAKE_TO_FAKE, REAL_TO_FAKE, REAL_TO_REAL, Pairs
from keras_gans.metrics.tiles import Tile


class KernelDistance(NamedTuple):
    """Mean and standard deviation over subsets."""

    mean: float
    std: float


def kernel_distance(
    a: ArrayLike,
    b: ArrayLike,
    subsets: int = 1,
    subset_size: int | None = None,
    seed: int = 0,
) -> KernelDistance:
    """Returns the unbiased squared maximum mean discrepancy with the kernel `(x.y / d + 1)^3`.

    On Inception features this is the Kernel Inception Distance (KID). It is unbiased at any
    number of samples, so it may be slightly negative.

    Args:
        a: Array of shape `(n, d)`, finite, `n >= 2`.
        b: Array of shape `(m, d)`, finite, `m >= 2`.
        subsets: Number of random subsets, drawn without replacement within each.
        subset_size: Samples of each array in a subset, from 2 to `min(n, m)`. `None` takes the
            whole arrays once, in tiles.
        seed: Seed of the subsets.

    Returns:
        Named tuple `(mean, std)` of the estimates on the subsets; `std` is their population
        standard deviation, 0 for one subset.

    Raises:
        ValueError: If an array has another rank, too few samples, or NaN; if `d` differs; or if
            `subset_size` is missing for several subsets or out of range.

    Example:
        >>> from keras_gans import metrics
        >>> metrics.kernel_distance([[0.0], [0.0]], [[1.0], [1.0]])  # 1 + 8 - 2 * 1
        KernelDistance(mean=7.0, std=0.0)

    Reference:
        Binkowski et al., "Demystifying MMD GANs" (2018), section 4; Gretton et al., "A Kernel
        Two-Sample Test" (2012), equation 3.
    """
    a, b = checks.pair(a, b, ("a", "b"), at_least=(2, 2))
    subsets = checks.positive_integer(subsets, "subsets")
    if subset_size is None:
        return whole_distance(a, b, subsets)
    size = check_subset_size(subset_size, a, b)
    random = np.random.default_rng(seed)
    estimates = [
        squared_discrepancy(draw(a, size, random), draw(b, size, random)) for _ in range(subsets)
    ]
    return KernelDistance(float(np.mean(estimates)), float(np.std(estimates)))


def whole_distance(a: np.ndarray, b: np.ndarray, subsets: int) -> KernelDistance:
    """Returns the estimate on the whole arrays."""
    if subsets > 1:
        raise ValueError(
            "Expected subset_size with more than one subset. "
            f"Received: subsets={subsets}, subset_size=None. Set subset_size, for example to 1000."
        )
    return KernelDistance(squared_discrepancy(a, b), 0.0)


def check_subset_size(subset_size: int, a: np.ndarray, b: np.ndarray) -> int:
    """Returns `subset_size` if both arrays hold as many samples."""
    size = checks.positive_integer(subset_size, "subset_size", at_most=min(len(a), len(b)))
    if size < 2:
        raise ValueError(
            "Expected subset_size of at least 2, because the estimate is over pairs. "
            f"Received: subset_size={subset_size}. Set a larger subset_size."
        )
    return size


def draw(array: np.ndarray, size: int, random: np.random.Generator) -> np.ndarray:
    """Returns `size` different rows."""
    return array[random.choice(len(array), size, replace=False)]


def squared_discrepancy(a: np.ndarray, b: np.ndarray) -> float:
    """Returns the unbiased estimate of two arrays."""
    pairs = Pairs(a, b, ("a", "b"))
    return pairs.measure(SquaredDiscrepancy(pairs))[0]


class SquaredDiscrepancy:
    """The unbiased estimate: pairs of a sample with itself do not count."""

    def __init__(self, pairs: Pairs):
        pairs.require(2, 2)
        self.pairs = pairs
        self._sums = {REAL_TO_REAL: 0.0, FAKE_TO_FAKE: 0.0, REAL_TO_FAKE: 0.0}
        self.observers = {walk: partial(self._see, walk) for walk in self._sums}

    def _see(self, walk: str, tile: Tile) -> None:
        self._sums[walk] += kernel(tile.inner_products(), self.pairs.real.shape[1]).sum()

    def result(self) -> float:
        """Returns the estimate."""
        real, fake = self.pairs.real, self.pairs.fake
        among_reals = mean_of_others(self._sums[REAL_TO_REAL], real)
        among_fakes = mean_of_others(self._sums[FAKE_TO_FAKE], fake)
        between = self._sums[REAL_TO_FAKE] / (len(real) * len(fake))
        return float(among_reals + among_fakes - 2.0 * between)


def mean_of_others(total: float, array: np.ndarray) -> float:
    """Returns the mean of the kernel over pairs of different samples, given the sum over all."""
    squared_norms = np.einsum("ij,ij->i", array, array, dtype=np.float64)
    own = kernel(squared_norms, array.shape[1]).sum()
    return (total - own) / (len(array) * (len(array) - 1))


def kernel(products: np.ndarray, dimension: int) -> np.ndarray:
    """Returns the polynomial kernel of inner products."""
    base = products / dimension + 1.0
    return base * base * base
