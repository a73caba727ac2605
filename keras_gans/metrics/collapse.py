"""Samples that repeat each other: mode collapse, seen from the samples alone."""

import numpy as np
from numpy.typing import ArrayLike

from keras_gans.metrics.neighbours import Nearest, search
from keras_gans.metrics.pairs import FAKE_TO_FAKE, REAL_TO_REAL, Pairs


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
    if not 0.0 <= quantile <= 1.0:
        raise ValueError(f"Expected quantile in [0, 1]. Received: quantile={quantile}.")
    pairs = Pairs(real, fake)
    return pairs.measure(NearDuplicates(pairs, quantile))[0]


class NearDuplicates:
    """The share of fakes that have a near duplicate, from the neighbours of reals and of fakes."""

    def __init__(self, pairs: Pairs, quantile: float = 0.05):
        pairs.require(2, 2)
        self.count = min(len(pairs.real), len(pairs.fake))
        self.quantile = quantile
        self.nearest = (pairs.near_reals, pairs.near_fakes)
        self.observers = {
            walk: nearest.see
            for walk, nearest in zip((REAL_TO_REAL, FAKE_TO_FAKE), self.nearest, strict=True)
            if len(nearest.samples) == self.count
        }

    def result(self) -> float:
        """Returns the share."""
        real, fake = (nearest_other(nearest, self.count) for nearest in self.nearest)
        threshold = np.quantile(real, self.quantile, method="lower")
        return float(np.mean(fake <= threshold))


def nearest_other(nearest: Nearest, count: int) -> np.ndarray:
    """Returns the distances of the first `count` samples to the nearest other one of these."""
    if count < len(nearest.samples):  # the neighbours found may be among the rest
        array = nearest.samples[:count]
        return search(array, array, 2, "duplicates", False).distances[:, 1]
    return nearest.found.distances[:, 1]
