"""DCGAN: the GAN of convolutional networks."""

import keras

from keras_gans.models.gan import GAN


@keras.saving.register_keras_serializable("keras_gans")
class DCGAN(GAN):
    """Deep convolutional GAN: the non-saturating GAN with Adam(2e-4, beta_1=0.5).

    What makes a DCGAN is its networks: see `keras_gans.networks`. Arguments as for `GAN`.

    Example:
        >>> gan = kg.DCGAN(generator, discriminator)
        >>> gan.compile()
        >>> gan.fit(images, batch_size=128, epochs=5)

    Reference:
        Radford et al., 2015, Unsupervised Representation Learning with Deep Convolutional
        Generative Adversarial Networks, section 4.
    """
