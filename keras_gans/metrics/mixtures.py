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


class LabelCoverage(NamedTuple):
    """Number of classes that occur, and reverse KL divergence in nats."""

    modes: int
    reverse_kl: float


def label_coverage(labels: ArrayLike, classes: int) -> LabelCoverage:
    """Counts the classes of samples, and measures their balance against equal shares.

    The divergence is KL(q || uniform) of the shares q; samples of equal shares have about
    `(classes - 1) / (2 n)`.

    Args:
        labels: Integers in `[0, classes)` of shape `(n,)`, as a classifier gives them.
        classes: How many classes there are.

    Returns:
        Named tuple `(modes, reverse_kl)`: the number of classes that occur, and nats in
        `[0, log(classes)]`.

    Raises:
        ValueError: If there are no labels, or one is out of range.

    Example:
        >>> from keras_gans import metrics
        >>> metrics.label_coverage([0, 0, 1, 1], classes=2)
        LabelCoverage(modes=2, reverse_kl=0.0)

    Reference:
        Lin et al., "PacGAN" (2018), section 4.2, of stacked MNIST.
    """
    labels = np.asarray(labels)
    if labels.ndim != 1 or not labels.size or labels.min() < 0 or labels.max() >= classes:
        raise ValueError(
            f"Expected labels of shape (n,), from 0 to {classes - 1}. Received: shape "
            f"{labels.shape}, {labels}"
        )
    shares = np.bincount(labels, minlength=classes) / len(labels)
    return LabelCoverage(int((shares > 0).sum()), float(rel_entr(shares, 1.0 / classes).sum()))
