"""Rejection: samples that the discriminator accepts."""

from typing import Any

import numpy as np

from keras_gans.networks import inspection


def sample(
    gan: Any,
    n: int,
    percentile: float | None = 80.0,
    burn_in: int = 1024,
    batch_size: int = 256,
    seed: int = 0,
) -> np.ndarray:
    """Draws samples of an unconditional model until the discriminator has accepted n of them.

    Where a discriminator is trained with the cross-entropy (minimax, non-saturating) until it is as
    good as it can be, its logit is the logarithm of how much likelier a sample is among reals than
    among fakes. A fake that is accepted with a probability in proportion to that is distributed as
    the reals are. As the largest ratio is rare, few fakes would be; so all are accepted more often,
    unless `percentile` is None.

    Args:
        gan: Trained with the cross-entropy, its networks in inference mode. Samples are the
            generator's own and not the averaged one's, as the discriminator knows it.
        n: How many samples, at least 1.
        percentile: Between 0 and 100: so many percent of the samples that are drawn first would be
            accepted with a probability below one half. None leaves the probabilities as they are.
        burn_in: How many samples are drawn first, to find the largest logit.
        batch_size: How many are drawn at a time.
        seed: Integer seed of latents and decisions.

    Returns:
        float32 array of shape `(n, *sample_shape)`.

    Raises:
        ValueError: If the model is conditional, or an argument is out of its range.

    Example:
        >>> images = kg.rejection.sample(gan, 64)

    Reference:
        Azadi et al., 2019, Discriminator Rejection Sampling, algorithm 1 and equation 8.
    """
    if gan.conditional or n < 1 or not 0 <= (percentile or 0) <= 100:
        raise ValueError(
            "Expected an unconditional model, n of at least 1 and a percentile from 0 to 100. "
            f"Received: conditional={gan.conditional}, n={n}, percentile={percentile}"
        )
    rng = np.random.default_rng(seed)

    def draw(count: int) -> tuple[np.ndarray, np.ndarray]:
        samples = gan.generate(count, int(rng.integers(2**31)), ema=False, batch_size=batch_size)
        return samples, inspection.logits_at(gan.discriminator, samples)[:, 0]

    _, logits = draw(burn_in)
    largest = logits.max()
    threshold = 0.0
    if percentile is not None:
        threshold = np.percentile(_acceptance(logits, largest), percentile)
    accepted = np.zeros((0, *gan.sample_shape), "float32")
    while len(accepted) < n:
        samples, logits = draw(batch_size)
        largest = max(largest, logits.max())
        probability = 1.0 / (1.0 + np.exp(threshold - _acceptance(logits, largest)))
        accepted = np.concatenate([accepted, samples[rng.random(batch_size) < probability]])
    return accepted[:n]


def _acceptance(logits: np.ndarray, largest: float, epsilon: float = 1e-6) -> np.ndarray:
    """Returns the logits of `exp(logits - largest)`, the probabilities of exact rejection."""
    below = logits.astype("float64") - largest
    return below - np.log(-np.expm1(below - epsilon))
