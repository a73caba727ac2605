"""The networks of the WGAN-GP in Python Machine Learning, of transposed convolutions."""

import math
from collections.abc import Sequence

import keras
from keras import layers

from keras_gans.networks import parts


def transposed_generator(
    latent_dim: int = 20,
    output_shape: Sequence[int] = (28, 28, 1),
    filters: int = 128,
    blocks: int = 2,
    synchronized: bool = False,
) -> keras.Model:
    """Builds a generator whose blocks double the image and halve the filters.

    Args:
        latent_dim: Size of a latent vector.
        output_shape: `(height, width, channels)`, with sides divisible by `2**blocks`.
        filters: Filters of the first feature map.
        blocks: How many times the image is doubled.
        synchronized: Whether batch normalisation spans all replicas.

    Returns:
        A `keras.Sequential` from `(batch, latent_dim)` to images in [-1, 1].

    Raises:
        ValueError: If the image's sides are not divisible by `2**blocks`.

    Example:
        >>> transposed_generator().count_params()
        817824

    Reference:
        Raschka and Mirjalili, 2019, Python Machine Learning, chapter 17.
    """
    size = parts.smallest_sides(output_shape, blocks)
    network = keras.Sequential([keras.Input((latent_dim,))], name="generator")

    def normalise_and_activate() -> None:
        network.add(layers.BatchNormalization(synchronized=synchronized))
        network.add(layers.LeakyReLU(0.3))

    def convolve(filters: int, strides: int, activation: str | None = None) -> None:
        network.add(
            layers.Conv2DTranspose(
                filters, 5, strides, padding="same", use_bias=False, activation=activation
            )
        )

    network.add(layers.Dense(filters * math.prod(size), use_bias=False))
    normalise_and_activate()
    network.add(layers.Reshape((*size, filters)))
    convolve(filters, strides=1)
    normalise_and_activate()
    for i in range(1, blocks + 1):
        convolve(filters // 2**i, strides=2)
        normalise_and_activate()
    convolve(output_shape[-1], strides=1, activation="tanh")
    return network


def strided_discriminator(
    input_shape: Sequence[int] = (28, 28, 1),
    filters: int = 64,
    blocks: int = 2,
    dropout_rate: float = 0.3,
    synchronized: bool = False,
) -> keras.Model:
    """Builds a discriminator whose blocks halve the image and double the filters.

    Args:
        input_shape: `(height, width, channels)`.
        filters: Filters of the first feature map.
        blocks: How many times the image is halved.
        dropout_rate: Rate after each block.
        synchronized: Whether batch normalisation spans all replicas.

    Returns:
        A `keras.Sequential` from images to `(batch, 1)`.

    Example:
        >>> strided_discriminator().count_params()
        1040385

    Reference:
        Raschka and Mirjalili, 2019, Python Machine Learning, chapter 17.
    """
    network = keras.Sequential([keras.Input(tuple(input_shape))], name="discriminator")

    def convolve(filters: int, strides: int) -> None:
        network.add(layers.Conv2D(filters, 5, strides, padding="same"))
        network.add(layers.BatchNormalization(synchronized=synchronized))
        network.add(layers.LeakyReLU(0.3))

    convolve(filters, strides=1)
    for i in range(1, blocks + 1):
        convolve(filters * 2**i, strides=2)
        network.add(layers.Dropout(dropout_rate))
    # The whole remaining feature map at once: one logit.
    remaining = network.output_shape[1:3]
    network.add(layers.Conv2D(1, remaining))
    network.add(layers.Reshape((1,)))
    return network
