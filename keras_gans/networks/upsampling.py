"""The generator of an up-sampling DCGAN for MNIST in Keras."""

import keras
from keras import layers

from keras_gans.layers import UpSampledConv2D


def upsampling_generator(
    latent_dim: int = 100,
    initial_size: int = 7,
    filters: int = 128,
    channels: int = 1,
    synchronized: bool = False,
) -> keras.Model:
    """Builds a generator that doubles the image twice, each time before a 5x5 convolution.

    Args:
        latent_dim: Size of a latent vector.
        initial_size: Height and width of the first feature map, a quarter of the image's.
        filters: Filters of the first feature map; the second has half as many.
        channels: Channels of the image.
        synchronized: Whether batch normalisation spans all replicas.

    Returns:
        A `keras.Sequential` from `(batch, latent_dim)` to images in [-1, 1].

    Example:
        >>> upsampling_generator().count_params()
        865281
    """
    size = initial_size
    return keras.Sequential(
        [
            keras.Input((latent_dim,)),
            layers.Dense(filters * size * size),
            layers.LeakyReLU(0.2),
            layers.BatchNormalization(synchronized=synchronized),
            layers.Reshape((size, size, filters)),
            UpSampledConv2D(filters // 2, 5),
            layers.BatchNormalization(synchronized=synchronized),
            layers.LeakyReLU(0.2),
            UpSampledConv2D(channels, 5, activation="tanh"),
        ],
        name="generator",
    )
