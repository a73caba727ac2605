"""LSGAN: the least-squares loss."""

import keras

from keras_gans.models.gan import GAN


@keras.saving.register_keras_serializable("keras_gans")
class LSGAN(GAN):
    """Least-squares GAN: its logits are drawn to 1 for reals and to 0 for fakes.

    Arguments as for `GAN`.

    Example:
        >>> gan = kg.LSGAN(generator, discriminator)
        >>> gan.compile()
        >>> gan.fit(images, batch_size=64, epochs=5)

    Reference:
        Mao et al., 2017, Least Squares Generative Adversarial Networks, equation 9.
    """

    default_loss = "least_squares"
