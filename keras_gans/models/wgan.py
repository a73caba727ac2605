"""WGAN: the Wasserstein loss with clipped weights."""

import warnings
from typing import Any

import keras

from keras_gans.models.gan import GAN


@keras.saving.register_keras_serializable("keras_gans")
class WGAN(GAN):
    """Wasserstein GAN: five critic updates a step, RMSprop(5e-5), weights kept small.

    The weights are clipped by a callback, `keras_gans.callbacks.WeightClipping`, or by constraints
    of your own on the critic's layers; training without either warns. Arguments as for `GAN`.

    Example:
        >>> gan = kg.WGAN(generator, critic)
        >>> gan.compile()
        >>> gan.fit(images, batch_size=64, epochs=5, callbacks=[kg.callbacks.WeightClipping(0.01)])

    Reference:
        Arjovsky et al., 2017, Wasserstein GAN, algorithm 1.
    """

    default_loss = "wasserstein"
    default_n_critic = 5

    @staticmethod
    def default_optimizer() -> keras.optimizers.Optimizer:
        return keras.optimizers.RMSprop(5e-5)

    @property
    def critic(self) -> keras.Model:
        return self.discriminator

    def train_step(self, batches: tuple[Any, ...]) -> dict[str, Any]:
        if not any(variable.constraint for variable in self.critic.trainable_variables):
            warnings.warn(
                "WGAN trains without weight clipping, so that nothing keeps its critic Lipschitz: "
                "pass callbacks=[keras_gans.callbacks.WeightClipping(0.01)] to fit.",
                stacklevel=2,
            )
        return super().train_step(batches)
