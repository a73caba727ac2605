"""Samples that repeat each other: mode collapse, seen from the samples alone."""

import numpy as np
from numpy.typing import ArrayLike

from keras_gans.metrics import checks
from keras_gans.metrics.neighbours import search


def duplicate_share(real: ArrayLike, fake: ArrayLike, quantile: float = 0.05) -> float:
    """Returns the share of fakes that have a near duplicate among the fakes.

    Two fakes are near duplicates if they are as close as the closest `quantile` of the reals are
    to their nearest other real. A generator that draws as the data does scores about `quantile`,
    one that makes few different samples about 1. Distances to neighbours shrink with the number
    of samples, so as many of both are compared: the first `min(n, m)`.

    Args:
        real: Array of shape `(n, d)`, finite, `n >= 2`.
        fake: Array of shape `(m, d)`, finite, `m >= 2`.
        quantile: Share of the reals that count as duplicates of each other, in `[0, 1]`.

    Returns:
        A share in `[0, 1]`.

    Raises:
        ValueError: If an array has another rank, too few samples, or NaN; if `d` differs; or if
            `quantile` is out of range.

    Example:
        >>> from keras_gans import metrics
        >>> metrics.duplicate_share([[0.0], [1.0], [3.0]], [[5.0], [5.0], [9.0]])  # two of three
        0.6666666666666666

    Reference:
        Arora, Risteski, Zhang, "Do GANs learn the distribution? Some theory and empirics" (2018),
        section 3: the birthday paradox test, with a threshold in place of the human eye.
    """
    real, fake = checks.pair(real, fake, ("real", "fake"), at_least=(2, 2))
    if not 0.0 <= quantile <= 1.0:
        raise ValueError(f"Expected quantile in [0, 1]. Received: quantile={quantile}.")
    count = min(len(real), len(fake))
    threshold = np.quantile(nearest_other(real[:count]), quantile, method="lower")
    return float(np.mean(nearest_other(fake[:count]) <= threshold))


def nearest_other(array: np.ndarray) -> np.ndarray:
    """Returns the distance of each sample to its nearest other sample."""
    return search(array, array, 2, "duplicates", False).distances[:, 1]
