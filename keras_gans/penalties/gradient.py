"""Penalties on the gradient of the discriminator by its input."""

from typing import Any

import keras
from keras import ops

from keras_gans.penalties.penalty import Penalty


@keras.saving.register_keras_serializable("keras_gans")
class GradientPenalty(Penalty):
    """One-centred gradient penalty of WGAN-GP, (||grad D(x)|| - 1)^2 between real and fake.

    The points are x = eps * real + (1 - eps) * fake with one eps ~ U(0, 1) for each sample.
    Arguments as for `Penalty`; the weight is the paper's lambda, 10 by default.

    Example:
        >>> critic = lambda x: 3.0 * x[:, :1]
        >>> x = keras.ops.ones((4, 2))
        >>> float(GradientPenalty()(critic, x, -x, seed=0))
        4.0

    Reference:
        Gulrajani et al., 2017, Improved Training of Wasserstein GANs, equation 3 and algorithm 1.
    """

    default_name = "gp"
    per_sample_norm = True

    def __init__(self, weight: Any = 10.0, every: int = 1, name: str | None = None):
        super().__init__(weight, every, name)

    def points(self, real: Any, fake: Any, seed: Any) -> Any:
        one_per_sample = (ops.shape(real)[0],) + (1,) * (len(real.shape) - 1)
        eps = keras.random.uniform(one_per_sample, seed=seed)
        return eps * real + (1.0 - eps) * fake

    def cost(self, squared_norm: Any) -> Any:
        return ops.square(safe_sqrt(squared_norm) - 1.0)


@keras.saving.register_keras_serializable("keras_gans")
class DRAGANPenalty(GradientPenalty):
    """One-centred gradient penalty of DRAGAN, around the real data only.

    The points are x = real + eps * noise, with one eps ~ U(0, 1) for each sample and noise uniform
    on [0, std / 2) in each element, std being the standard deviation of the batch. Arguments as for
    `Penalty`; the weight is 10 by default.

    Reference:
        Kodali et al., 2017, On Convergence and Stability of GANs, section 2.3 and its code.
    """

    def points(self, real: Any, fake: Any, seed: Any) -> Any:
        noise = keras.random.uniform(ops.shape(real), seed=seed) * (0.5 * ops.std(real))
        return super().points(real + noise, real, seed)


@keras.saving.register_keras_serializable("keras_gans")
class R1(Penalty):
    """Zero-centred penalty on the real data, ||grad D(real)||^2 / 2; the weight is its gamma.

    Arguments as for `Penalty`.

    Reference:
        Mescheder et al., 2018, Which Training Methods for GANs do actually Converge?, equation 9.
    """

    default_name = "r1"

    def points(self, real: Any, fake: Any, seed: Any) -> Any:
        return real

    def cost(self, squared_norm: Any) -> Any:
        return 0.5 * squared_norm


@keras.saving.register_keras_serializable("keras_gans")
class R2(R1):
    """Zero-centred penalty on the fakes, ||grad D(fake)||^2 / 2; the weight is its gamma.

    Arguments as for `Penalty`.

    Reference:
        Mescheder et al., 2018, Which Training Methods for GANs do actually Converge?, section 4.1.
    """

    default_name = "r2"

    def points(self, real: Any, fake: Any, seed: Any) -> Any:
        return fake


def safe_sqrt(x: Any) -> Any:
    """Returns the square root, whose gradient at 0 is 0."""
    # The derivative of sqrt is infinite at 0, and infinity times 0 is NaN: step around it.
    positive = x > 0.0
    return ops.where(positive, ops.sqrt(ops.where(positive, x, 1.0)), 0.0)
