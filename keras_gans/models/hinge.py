"""Hinge GAN: the hinge loss."""

import keras

from keras_gans import optimizers
from keras_gans.models.gan import GAN


@keras.saving.register_keras_serializable("keras_gans")
class HingeGAN(GAN):
    """GAN with the hinge loss, for a discriminator with spectral normalisation.

    Arguments as for `GAN`. Five updates of the discriminator and Adam with 2e-4, beta_1 0 and
    beta_2 .9 are those of the residual networks of Miyato et al.

    Example:
        >>> gan = kg.HingeGAN(generator, discriminator)
        >>> gan.compile()
        >>> gan.fit(images, batch_size=64, epochs=5)

    Reference:
        Lim and Ye, 2017, Geometric GAN; Miyato et al., 2018, Spectral Normalization for GANs,
        equations 16 and 17, and table 3.
    """

    default_loss = "hinge"
    default_n_critic = 5

    @staticmethod
    def default_optimizer() -> keras.optimizers.Optimizer:
        return optimizers.Adam(2e-4, beta_1=0.0, beta_2=0.9)
