"""The networks of the DCGAN paper."""

import math
from collections.abc import Sequence

import keras
from keras import layers

from keras_gans.networks import parts
from keras_gans.networks.convolutional import conv_discriminator

_INITIALIZER = {"class_name": "RandomNormal", "config": {"mean": 0.0, "stddev": 0.02}}
_MOMENTUM = 0.9


def dcgan_generator(
    image_shape: Sequence[int] = (64, 64, 3),
    latent_dim: int = 100,
    filters: int = 1024,
    blocks: int = 4,
    synchronized: bool = False,
) -> keras.Model:
    """Builds a generator whose 5x5 transposed convolutions double the image and halve the filters.

    Batch normalisation of each channel and ReLU stand before each of them, tanh behind the last.

    Args:
        image_shape: `(height, width, channels)`, with sides divisible by `2**blocks`.
        latent_dim: Size of a latent vector, uniform on [-1, 1] in the paper.
        filters: Channels of the first feature map, of 4x4 pixels in the paper.
        blocks: How many times the image is doubled.
        synchronized: Whether batch normalisation spans all replicas.

    Returns:
        A `keras.Sequential` from `(batch, latent_dim)` to images in [-1, 1].

    Raises:
        ValueError: If the image's sides are not divisible by `2**blocks`.

    Example:
        >>> dcgan_generator().output_shape
        (None, 64, 64, 3)

    Reference:
        Radford et al., 2016, Unsupervised Representation Learning with Deep Convolutional
        Generative Adversarial Networks, section 3 and figure 1.
    """
    size = parts.smallest_sides(image_shape, blocks)
    network = keras.Sequential([keras.Input((latent_dim,))], name="generator")
    network.add(layers.Dense(math.prod(size) * filters, kernel_initializer=_INITIALIZER))
    network.add(layers.Reshape((*size, filters)))
    for i in range(1, blocks + 1):
        network.add(layers.BatchNormalization(momentum=_MOMENTUM, synchronized=synchronized))
        network.add(layers.ReLU())
        channels = filters // 2**i if i < blocks else image_shape[-1]
        network.add(
            layers.Conv2DTranspose(channels, 5, 2, padding="same", kernel_initializer=_INITIALIZER)
        )
    network.add(layers.Activation("tanh"))
    return network


def dcgan_discriminator(
    image_shape: Sequence[int] = (64, 64, 3),
    filters: int = 128,
    blocks: int = 4,
    synchronized: bool = False,
) -> keras.Model:
    """Builds a discriminator of 5x5 convolutions that halve the image and double the filters.

    All are followed by a leaky ReLU of slope 0.2, and all but the first by batch normalisation
    before it. The logit is a dense layer of the last feature map.

    Args:
        image_shape: `(height, width, channels)`.
        filters: Filters of the first convolution.
        blocks: How many times the image is halved.
        synchronized: Whether batch normalisation spans all replicas.

    Returns:
        A `keras.Sequential` from images to `(batch, 1)`.

    Example:
        >>> dcgan_discriminator().output_shape
        (None, 1)

    Reference:
        Radford et al., 2016, Unsupervised Representation Learning with Deep Convolutional
        Generative Adversarial Networks, section 3.
    """
    return conv_discriminator(
        image_shape,
        conv_filters=[filters * 2**i for i in range(blocks)],
        conv_kernel_size=[5] * blocks,
        conv_strides=[2] * blocks,
        batch_norm_momentum=_MOMENTUM,
        synchronized=synchronized,
    )
