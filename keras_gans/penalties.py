"""What keeps the discriminator smooth: penalties on its gradient by its input.

A penalty says at which points the gradient is taken and what is asked of it there; a new one is a
subclass of `Penalty` with `points` and `cost`.
"""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from keras_gans import autodiff


class Penalty:
    """Base of the gradient penalties; computes in float32 under any dtype policy.

    Calling a penalty takes the discriminator as a function from a batch to logits, the real and
    the fake batch of equal shape, and a seed (integer or `keras.random.SeedGenerator`), and returns
    the unweighted penalty, a scalar: the mean of each sample's `cost`.
    """

    # Whether each sample's gradient is held to a norm of its own, as opposed to kept small.
    per_sample_norm = False

    def __call__(
        self, discriminator: Callable[[Any], Any], real: Any, fake: Any, seed: Any = None
    ) -> Any:
        points = self.points(ops.cast(real, "float32"), ops.cast(fake, "float32"), seed)
        return self.at(discriminator, points)

    def at(self, discriminator: Callable[[Any], Any], points: Any) -> Any:
        """Returns the penalty at given points, a float32 batch."""
        gradient = ops.cast(autodiff.input_gradient(discriminator, points), "float32")
        squared_norm = ops.sum(ops.square(gradient), axis=tuple(range(1, len(gradient.shape))))
        return ops.mean(self.cost(squared_norm))

    def points(self, real: Any, fake: Any, seed: Any) -> Any:
        """Returns the float32 batch at which the gradient is taken."""
        raise NotImplementedError

    def cost(self, squared_norm: Any) -> Any:
        """Returns the cost of each sample from the squared norm of its gradient."""
        raise NotImplementedError

    def get_config(self) -> dict:
        return {}

    @classmethod
    def from_config(cls, config: dict) -> "Penalty":
        return cls(**config)


@keras.saving.register_keras_serializable("keras_gans")
class GradientPenalty(Penalty):
    """One-centred gradient penalty of WGAN-GP, (||grad D(x)|| - 1)^2 between real and fake.

    The points are x = eps * real + (1 - eps) * fake with one eps ~ U(0, 1) for each sample.

    Example:
        >>> critic = lambda x: 3.0 * x[:, :1]
        >>> x = keras.ops.ones((4, 2))
        >>> float(GradientPenalty()(critic, x, -x, seed=0))
        4.0

    Reference:
        Gulrajani et al., 2017, Improved Training of Wasserstein GANs, equation 3 and algorithm 1.
    """

    per_sample_norm = True

    def points(self, real: Any, fake: Any, seed: Any) -> Any:
        one_per_sample = (ops.shape(real)[0],) + (1,) * (len(real.shape) - 1)
        eps = keras.random.uniform(one_per_sample, seed=seed)
        return eps * real + (1.0 - eps) * fake

    def cost(self, squared_norm: Any) -> Any:
        return ops.square(_safe_sqrt(squared_norm) - 1.0)


@keras.saving.register_keras_serializable("keras_gans")
class DRAGANPenalty(GradientPenalty):
    """One-centred gradient penalty of DRAGAN, around the real data only.

    The points are x = real + eps * noise, with one eps ~ U(0, 1) for each sample and noise uniform
    on [0, std / 2) in each element, std being the standard deviation of the batch.

    Reference:
        Kodali et al., 2017, On Convergence and Stability of GANs, section 2.3 and its code.
    """

    def points(self, real: Any, fake: Any, seed: Any) -> Any:
        noise = keras.random.uniform(ops.shape(real), seed=seed) * (0.5 * ops.std(real))
        return super().points(real + noise, real, seed)


@keras.saving.register_keras_serializable("keras_gans")
class R1(Penalty):
    """Zero-centred penalty on the real data, ||grad D(real)||^2 / 2; `gp_weight` is its gamma.

    Reference:
        Mescheder et al., 2018, Which Training Methods for GANs do actually Converge?, equation 9.
    """

    def points(self, real: Any, fake: Any, seed: Any) -> Any:
        return real

    def cost(self, squared_norm: Any) -> Any:
        return 0.5 * squared_norm


@keras.saving.register_keras_serializable("keras_gans")
class R2(R1):
    """Zero-centred penalty on the fakes, ||grad D(fake)||^2 / 2; `gp_weight` is its gamma.

    Reference:
        Mescheder et al., 2018, Which Training Methods for GANs do actually Converge?, section 4.1.
    """

    def points(self, real: Any, fake: Any, seed: Any) -> Any:
        return fake


def _safe_sqrt(x: Any) -> Any:
    # The derivative of sqrt is infinite at 0, and infinity times 0 is NaN: step around it.
    positive = x > 0.0
    return ops.where(positive, ops.sqrt(ops.where(positive, x, 1.0)), 0.0)
