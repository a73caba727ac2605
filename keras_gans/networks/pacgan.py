"""The small networks of PacGAN's table 3, whose discriminator is much the smaller one."""

import keras
from keras import layers

from keras_gans.layers import Pack


def stacked_generator(latent_dim: int = 256, synchronized: bool = False) -> keras.Model:
    """Builds the generator of stacked digits.

    Args:
        latent_dim: Size of a latent vector.
        synchronized: Whether batch normalisation spans all replicas.

    Returns:
        A `keras.Sequential` from `(batch, latent_dim)` to images of 28x28x3 in [-1, 1].

    Example:
        >>> generator = stacked_generator()
        >>> sum(w.value.shape.num_elements() for w in generator.trainable_weights)
        287875

    Reference:
        Lin et al., PacGAN (2018), table 3 and appendix; after Metz et al., Unrolled GAN (2017).
    """
    network = keras.Sequential([keras.Input((latent_dim,))], name="generator")
    network.add(layers.Dense(4 * 4 * 64))
    network.add(layers.Reshape((4, 4, 64)))
    # From 4 to 7, 14 and 28.
    for filters, padding in ((32, 0), (16, 1), (8, 1)):
        network.add(layers.BatchNormalization(synchronized=synchronized))
        network.add(layers.ReLU())
        network.add(layers.Conv2DTranspose(filters, 3, 2, padding="same", output_padding=padding))
    network.add(layers.BatchNormalization(synchronized=synchronized))
    network.add(layers.ReLU())
    network.add(layers.Conv2DTranspose(3, 3, padding="same", activation="tanh"))
    return network


def stacked_discriminator(pack: int = 1, synchronized: bool = False) -> keras.Model:
    """Builds the discriminator of stacked digits, with some five hundred weights.

    Args:
        pack: How many samples it judges as one, PacGAN's m.
        synchronized: Whether batch normalisation spans all replicas.

    Returns:
        A `keras.Sequential` from images of 28x28x3 to `(batch // pack, 1)`.

    Example:
        >>> discriminator = stacked_discriminator()
        >>> sum(w.value.shape.num_elements() for w in discriminator.trainable_weights)
        585

    Reference:
        Lin et al., PacGAN (2018), table 3 and appendix; after Metz et al., Unrolled GAN (2017).
    """
    network = keras.Sequential([keras.Input((28, 28, 3))], name="discriminator")
    if pack > 1:
        network.add(Pack(pack))
    for filters in (2, 4, 8):
        network.add(layers.Conv2D(filters, 3, 2, padding="same"))
        network.add(layers.BatchNormalization(synchronized=synchronized))
        network.add(layers.LeakyReLU(0.3))
    network.add(layers.Flatten())
    network.add(layers.Dense(1))
    return network
