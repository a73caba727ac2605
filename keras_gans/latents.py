"""Latents to sample with: truncated ones, and walks between them."""

import itertools
from typing import Any

import numpy as np
import scipy.special


def truncated(latents: np.ndarray, bound: float, distribution: str, seed: int) -> np.ndarray:
    """Draws the values of latents beyond a bound again, until they are within it.

    The other values stay, so that samples with the same seed and other bounds resemble each other.
    The nearer the bound is to 0, the better the samples as a rule, and the less they vary.

    Args:
        latents: Float array.
        bound: Positive number, the largest magnitude of a value.
        distribution: "normal" or "uniform", which the latents were drawn from.
        seed: Integer seed of the values that are drawn again.

    Returns:
        Float array of the same shape.

    Raises:
        ValueError: If the bound is not a positive number.

    Example:
        >>> latents = gan.sample_latents(16, seed=0)
        >>> samples = gan.predict(truncated(np.array(latents), 0.7, "normal", seed=1))

    Reference:
        Brock et al., 2019, Large Scale GAN Training for High Fidelity Natural Image Synthesis,
        section 3.1.
    """
    if not bound > 0:
        raise ValueError(f"Expected a positive bound of the latents. Received: truncation={bound}")
    shares = np.random.default_rng(seed).uniform(-1.0, 1.0, latents.shape)
    if distribution == "uniform":
        again = shares * min(bound, 1.0)
    else:  # What is drawn until it is within the bound, without drawing it more than once.
        again = scipy.special.ndtri(0.5 + shares * (scipy.special.ndtr(bound) - 0.5))
    return np.where(np.abs(latents) > bound, again, latents).astype(latents.dtype)


def walk(
    latents: Any, steps: int, distribution: str = "normal", closed: bool = False
) -> np.ndarray:
    """Walks from one latent to the next, in straight lines, or on arcs for normal latents.

    Normal latents of many dimensions are all about as far from 0, and so are those of an arc; the
    middle of a straight line would be nearer, where hardly any latent was in training.

    Args:
        latents: Float array of shape `(n, latent_dim)`, the latents that the walk passes.
        steps: Latents from each one up to the next, at least 1.
        distribution: "normal" or "uniform", which the latents were drawn from.
        closed: Whether the walk ends where it began, as for a film that is played over and over.

    Returns:
        Float array: of shape `((n - 1) * steps + 1, latent_dim)`; of a closed walk
        `(n * steps, latent_dim)`, as its end is not said twice.

    Example:
        >>> latents = walk(gan.sample_latents(5, seed=0), steps=12, closed=True)
        >>> samples = gan.predict(latents)

    Reference:
        White, 2016, Sampling Generative Networks, section 2.1.
    """
    latents = np.asarray(latents)
    ends = np.concatenate([latents, latents[:1]]) if closed else latents
    weights = (np.arange(steps) / steps)[:, None]
    between = _arc if distribution == "normal" else _line
    parts = [between(a, b, weights) for a, b in itertools.pairwise(ends)]
    return np.concatenate([*parts, ends[-1:][: not closed]]).astype(latents.dtype)


def _line(a: np.ndarray, b: np.ndarray, t: np.ndarray) -> np.ndarray:
    return (1.0 - t) * a + t * b


def _arc(a: np.ndarray, b: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Turns from one direction to the other evenly."""
    cosine = np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b))
    angle = np.arccos(np.clip(cosine, -1.0, 1.0))
    if np.sin(angle) < 1e-6:
        return _line(a, b, t)
    return (np.sin((1.0 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle)
