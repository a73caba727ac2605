"""Optimal transport distances."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from keras_gans.metrics import checks
from keras_gans.metrics.tiles import spans

LARGEST_ASSIGNMENT = 10_000  # samples: a cost matrix of 800 MB


def sliced_wasserstein(a: ArrayLike, b: ArrayLike, projections: int = 50, seed: int = 0) -> float:
    """Returns the sliced 2-Wasserstein distance of two sets of samples.

    The root of the mean, over random directions, of the squared Wasserstein distance between the
    projections. The same seed gives the same directions as `ot.sliced_wasserstein_distance` of
    POT, hence the same number.

    Args:
        a: Array of shape `(n, d)`, finite.
        b: Array of shape `(m, d)`, finite; `m` may differ from `n`.
        projections: Number of random directions, at least 1.
        seed: Seed of the directions.

    Returns:
        The distance, at least 0, in the units of the samples.

    Raises:
        ValueError: If an array has another rank or NaN, if `d` differs, or if `projections < 1`.

    Example:
        >>> from keras_gans import metrics
        >>> metrics.sliced_wasserstein([[0.0], [2.0]], [[3.0], [1.0]])  # in 1-D: sort and compare
        1.0

    Reference:
        Bonneel et al., "Sliced and Radon Wasserstein Barycenters of Measures" (2015), section 3.
    """
    a, b = checks.pair(a, b, ("a", "b"))
    projections = checks.positive_integer(projections, "projections")
    directions = np.random.RandomState(seed).randn(a.shape[1], projections)
    directions /= np.linalg.norm(directions, axis=0)
    return float(np.sqrt(squared_wasserstein_1d(*(project(c, directions) for c in (a, b))).mean()))


def project(array: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """Returns the projections, in tiles: whole float32 arrays would be copied to float64."""
    return np.concatenate([array[rows] @ directions for rows in spans(len(array))])


def squared_wasserstein_1d(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Returns the squared 2-Wasserstein distance of each column of `u` and `v`."""
    u, v = np.sort(u, axis=0), np.sort(v, axis=0)
    n, m = len(u), len(v)
    # Both quantile functions step at multiples of 1/n or 1/m: in integers, in units of 1/(n m).
    ends = np.union1d(np.arange(1, n + 1) * m, np.arange(1, m + 1) * n)
    widths = np.diff(ends, prepend=0) / (n * m)
    return widths @ np.square(u[(ends - 1) // m] - v[(ends - 1) // n])


def optimal_transport(a: ArrayLike, b: ArrayLike) -> float:
    """Returns the exact optimal transport distance (1-Wasserstein) of two sets of equal size.

    Every point of `a` is assigned to its own point of `b`, at the least mean Euclidean distance.
    Memory grows with `n^2` and time with up to `n^3`.

    Args:
        a: Array of shape `(n, d)`, finite, `n <= 10,000`.
        b: Array of shape `(n, d)`, finite.

    Returns:
        The mean distance, at least 0, in the units of the samples.

    Raises:
        ValueError: If an array has another rank, NaN, or too many samples, or if shapes differ.

    Example:
        >>> from keras_gans import metrics
        >>> metrics.optimal_transport([[0.0, 0.0], [4.0, 0.0]], [[4.0, 1.0], [0.0, 2.0]])
        1.5

    Reference:
        Crouse, "On implementing 2D rectangular assignment algorithms" (2016), as in SciPy.
    """
    a, b = checks.pair(a, b, ("a", "b"))
    if len(a) != len(b) or len(a) > LARGEST_ASSIGNMENT:
        raise ValueError(
            f"Expected two sets of the same number of samples, at most {LARGEST_ASSIGNMENT}. "
            f"Received: a.shape={a.shape}, b.shape={b.shape}. "
            "Take random subsets, or use sliced_wasserstein."
        )
    costs = cdist(a, b)
    return float(costs[linear_sum_assignment(costs)].mean())
