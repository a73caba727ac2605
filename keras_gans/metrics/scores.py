"""Scores of class probabilities."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import rel_entr

from keras_gans.metrics import checks


class InceptionScore(NamedTuple):
    """Mean and standard deviation over splits."""

    mean: float
    std: float


def inception_score(probabilities: ArrayLike, splits: int = 1) -> InceptionScore:
    """Returns the inception score: the exponential of the mean KL divergence of p(y|x) from p(y).

    Args:
        probabilities: Array of shape `(n, classes)`: a classifier's softmax outputs, each row in
            `[0, 1]` with sum 1.
        splits: Number of equal consecutive parts that are scored each by itself, from 1 to `n`.
            Published scores use 10 parts of 5,000.

    Returns:
        Named tuple `(mean, std)` of the scores of the parts, each in `[1, classes]`; `std` is the
        population standard deviation, 0 for one part.

    Raises:
        ValueError: If the array has another rank, rows that are not probabilities, or NaN; or if
            `splits` is out of range.

    Example:
        >>> from keras_gans import metrics
        >>> metrics.inception_score([[1.0, 0.0], [0.0, 1.0]])  # sharp and diverse
        InceptionScore(mean=2.0, std=0.0)

    Reference:
        Salimans et al., "Improved Techniques for Training GANs" (2016), section 4.
    """
    probabilities = checks.samples(probabilities, "probabilities").astype(np.float64, copy=False)
    check_simplex(probabilities)
    splits = checks.positive_integer(splits, "splits", at_most=len(probabilities))
    cuts = np.arange(1, splits) * len(probabilities) // splits
    scores = [score(part) for part in np.split(probabilities, cuts)]
    return InceptionScore(float(np.mean(scores)), float(np.std(scores)))


def check_simplex(probabilities: np.ndarray, tolerance: float = 1e-3) -> None:
    """Raises unless every row is a distribution, up to a low-precision softmax's rounding."""
    worst = np.abs(probabilities.sum(axis=1) - 1.0).max()
    if probabilities.min() < 0.0 or worst > tolerance:
        raise ValueError(
            "Expected rows of probabilities to be at least 0 with sum 1. Received: "
            f"min={probabilities.min():g}, largest distance of a sum from 1={worst:g}. "
            "Apply softmax to logits."
        )


def score(probabilities: np.ndarray) -> float:
    """Returns the inception score of one part."""
    divergences = rel_entr(probabilities, probabilities.mean(axis=0)).sum(axis=1)
    return np.exp(divergences.mean())
