"""Metrics on mixtures of Gaussians whose modes are known."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import rel_entr

from keras_gans.metrics import checks
from keras_gans.metrics.neighbours import search


class ModeCoverage(NamedTuple):
    """Number of covered modes, share of high-quality samples, reverse KL divergence in nats."""

    modes: int
    high_quality: float
    reverse_kl: float


def mode_coverage(samples: ArrayLike, centers: ArrayLike, std: float) -> ModeCoverage:
    """Computes modes, sample quality and balance on a mixture of equal Gaussians.

    A sample is of high quality within 3 standard deviations of its nearest mode. A mode is covered
    if it is the nearest mode of at least one high-quality sample. The divergence is
    KL(q || uniform), where q is the distribution of all samples, of high quality or not, over
    their nearest modes. A perfect generator scores about `(modes - 1) / (2 n)`, not 0; its
    high-quality share in two dimensions is 0.9889, and a higher one means over-concentration.

    Args:
        samples: Array of shape `(n, d)`, finite.
        centers: Array of shape `(modes, d)`: the means of the mixture.
        std: Standard deviation of each Gaussian along each axis, above 0.

    Returns:
        Named tuple `(modes, high_quality, reverse_kl)`: the number of modes covered, a share in
        `[0, 1]`, and nats in `[0, log(modes)]`.

    Raises:
        ValueError: If an array has another rank or NaN, if `d` differs, or if `std` is not above 0.

    Example:
        >>> from keras_gans import metrics
        >>> metrics.mode_coverage([[0.1], [-0.2], [3.9], [2.5]], centers=[[0.0], [4.0]], std=0.1)
        ModeCoverage(modes=2, high_quality=0.75, reverse_kl=0.0)

    Reference:
        Srivastava et al., "VEEGAN" (2017), section 4.1; Lin et al., "PacGAN" (2018), section 4.1.
    """
    samples, centers = checks.pair(samples, centers, ("samples", "centers"))
    if not 0.0 < std < np.inf:
        raise ValueError(
            f"Expected std to be finite and above 0. Received: std={std}. "
            "Pass the standard deviation of one Gaussian."
        )
    nearest, distances = (each[:, 0] for each in search(samples, centers, 1, "modes", False))
    good = distances <= 3.0 * std
    shares = np.bincount(nearest, minlength=len(centers)) / len(samples)
    divergence = rel_entr(shares, 1.0 / len(centers)).sum()
    return ModeCoverage(np.unique(nearest[good]).size, float(good.mean()), float(divergence))
