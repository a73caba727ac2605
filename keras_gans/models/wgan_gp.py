"""WGAN-GP: the Wasserstein loss with a gradient penalty."""

import keras

from keras_gans import optimizers
from keras_gans.models.gan import GAN
from keras_gans.penalties import GradientPenalty


@keras.saving.register_keras_serializable("keras_gans")
class WGANGP(GAN):
    """Wasserstein GAN with gradient penalty: five critic updates a step, Adam(1e-4, 0, 0.9).

    Arguments as for `GAN`. `gp_weight` of `compile` is the paper's lambda, 10 by default.

    Example:
        >>> gan = kg.WGANGP(generator, critic)
        >>> gan.compile(n_critic=5, gp_weight=10.0)
        >>> gan.fit(images, batch_size=64, epochs=5)

    Reference:
        Gulrajani et al., 2017, Improved Training of Wasserstein GANs, algorithm 1.
    """

    default_loss = "wasserstein"
    default_penalties = (GradientPenalty(10.0),)
    default_n_critic = 5

    @staticmethod
    def default_optimizer() -> keras.optimizers.Optimizer:
        return optimizers.Adam(1e-4, beta_1=0.0, beta_2=0.9)

    @property
    def critic(self) -> keras.Model:
        return self.discriminator
