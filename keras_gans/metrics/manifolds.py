"""Metrics on manifolds: a set of samples stands for the balls that reach its k-th neighbours."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from keras_gans.metrics import checks
from keras_gans.metrics.neighbours import search
from keras_gans.metrics.tiles import ROUNDING, squared_distance_tiles


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
    real, fake = checks.pair(real, fake, ("real", "fake"), at_least=(k + 1, k + 1))
    real_radii = squared_radii(real, k, "real radii", verbose)
    fake_radii = squared_radii(fake, k, "fake radii", verbose)
    real_inside, fake_inside = np.zeros(len(real), bool), np.zeros(len(fake), bool)
    for rows, cols, distances in squared_distance_tiles(
        real, fake, slack=-ROUNDING, label="real to fake", verbose=verbose
    ):
        fake_inside[cols] |= (distances <= real_radii[rows, np.newaxis]).any(axis=0)
        real_inside[rows] |= (distances <= fake_radii[cols]).any(axis=1)
    return PrecisionRecall(float(fake_inside.mean()), float(real_inside.mean()))


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
    real, fake = checks.pair(real, fake, ("real", "fake"), at_least=(k + 1, 1))
    radii = squared_radii(real, k, "real radii", verbose)
    hits, covered = 0, np.zeros(len(real), bool)
    for rows, _, distances in squared_distance_tiles(
        real, fake, slack=ROUNDING, label="real to fake", verbose=verbose
    ):
        inside = distances < radii[rows, np.newaxis]
        hits += int(np.count_nonzero(inside))
        covered[rows] |= inside.any(axis=1)
    return DensityCoverage(float(hits / (k * len(fake))), float(covered.mean()))


def squared_radii(array: np.ndarray, k: int, label: str, verbose: bool) -> np.ndarray:
    """Returns the squared distance of each sample to its k-th nearest other sample."""
    neighbours = search(array, array, k + 1, label, verbose)  # the first is the sample itself
    return np.square(neighbours.distances[:, k])
