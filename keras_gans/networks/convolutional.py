"""Convolutional networks described by lists, one entry a layer, as Foster's book writes them."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import layers

from keras_gans.layers import Pack, SpectralNormalization, UpSampledConv2D
from keras_gans.networks.heads import with_heads

_INITIALIZER = {"class_name": "RandomNormal", "config": {"mean": 0.0, "stddev": 0.02}}


def conv_generator(
    latent_dim: int,
    initial_shape: Sequence[int],
    conv_filters: Sequence[int],
    conv_kernel_size: Sequence[int],
    conv_strides: Sequence[int],
    upsample: Sequence[int],
    batch_norm_momentum: float | None = None,
    activation: str = "relu",
    dropout_rate: float | None = None,
    synchronized: bool = False,
    kernel_initializer: Any = _INITIALIZER,
) -> keras.Model:
    """Builds a generator of up-sampling or transposed convolutions.

    Where `upsample` is 2, the image is doubled by repetition and convolved; where it is 1, a
    transposed convolution of the given stride is used. The last layer is followed by tanh, all
    others by batch normalisation and the activation.

    Args:
        latent_dim: Size of a latent vector.
        initial_shape: `(height, width, channels)` of the first dense layer's output.
        conv_filters: Filters of each convolution; the last are the image's channels.
        conv_kernel_size: Kernel size of each convolution.
        conv_strides: Stride of each transposed convolution; unused where `upsample` is 2.
        upsample: 1 or 2 for each convolution.
        batch_norm_momentum: Momentum in (0, 1), or None for no batch normalisation.
        activation: "relu", "leaky_relu" (slope 0.2), or another of Keras' names.
        dropout_rate: Rate after the dense layer, or None.
        synchronized: Whether batch normalisation spans all replicas.
        kernel_initializer: Of all layers; N(0, 0.02^2) by default.

    Returns:
        A `keras.Sequential` from `(batch, latent_dim)` to images in [-1, 1].

    Raises:
        ValueError: If the lists differ in length, or `upsample` has other values than 1 and 2.

    Example:
        >>> g = conv_generator(100, (7, 7, 64), (64, 1), (5, 5), (1, 1), upsample=(2, 2))
        >>> g.output_shape
        (None, 28, 28, 1)

    Reference:
        Foster, 2019, Generative Deep Learning, chapter 4.
    """
    _check_lengths(conv_filters, conv_kernel_size, conv_strides, upsample)
    if not set(upsample) <= {1, 2}:
        raise ValueError(f"Expected 1 or 2 for each convolution. Received: upsample={upsample}")
    network = keras.Sequential([keras.Input((latent_dim,))], name="generator")

    def normalise_and_activate() -> None:
        if batch_norm_momentum:
            network.add(
                layers.BatchNormalization(momentum=batch_norm_momentum, synchronized=synchronized)
            )
        network.add(activation_layer(activation))

    network.add(layers.Dense(math.prod(initial_shape), kernel_initializer=kernel_initializer))
    normalise_and_activate()
    network.add(layers.Reshape(tuple(initial_shape)))
    if dropout_rate:
        network.add(layers.Dropout(dropout_rate))
    lists = zip(conv_filters, conv_kernel_size, conv_strides, upsample, strict=True)
    for i, (filters, kernel_size, strides, up) in enumerate(lists):
        options = {"kernel_initializer": kernel_initializer}
        network.add(
            UpSampledConv2D(filters, kernel_size, **options)
            if up == 2
            else layers.Conv2DTranspose(filters, kernel_size, strides, padding="same", **options)
        )
        if i < len(conv_filters) - 1:
            normalise_and_activate()
    network.add(layers.Activation("tanh"))
    return network


def conv_discriminator(
    input_shape: Sequence[int],
    conv_filters: Sequence[int],
    conv_kernel_size: Sequence[int],
    conv_strides: Sequence[int],
    batch_norm_momentum: float | None = None,
    activation: str = "leaky_relu",
    dropout_rate: float | None = None,
    synchronized: bool = False,
    kernel_initializer: Any = _INITIALIZER,
    spectral_norm: bool = False,
    heads: Mapping[str, int] | None = None,
    pack: int = 1,
) -> keras.Model:
    """Builds a discriminator of strided convolutions that outputs one logit.

    Each convolution is followed by batch normalisation (but for the first), the activation and
    dropout.

    Args:
        input_shape: `(height, width, channels)` of an image.
        conv_filters: Filters of each convolution.
        conv_kernel_size: Kernel size of each convolution.
        conv_strides: Stride of each convolution.
        batch_norm_momentum: Momentum in (0, 1), or None for no batch normalisation.
        activation: "relu", "leaky_relu" (slope 0.2), or another of Keras' names.
        dropout_rate: Rate after each convolution, or None.
        synchronized: Whether batch normalisation spans all replicas.
        kernel_initializer: Of all layers; N(0, 0.02^2) by default.
        spectral_norm: Whether each layer is normalised by its spectral norm.
        heads: Sizes of further outputs by name, as for `with_heads`.
        pack: How many images it judges as one, PacGAN's m.

    Returns:
        A `keras.Sequential` from images to `(batch // pack, 1)`, or with `heads` a `keras.Model` to
        a dict.

    Raises:
        ValueError: If the lists differ in length.

    Example:
        >>> conv_discriminator((28, 28, 1), (64, 128), (5, 5), (2, 2)).output_shape
        (None, 1)

    Reference:
        Foster, 2019, Generative Deep Learning, chapter 4.
    """
    _check_lengths(conv_filters, conv_kernel_size, conv_strides)
    normalised = SpectralNormalization if spectral_norm else (lambda layer: layer)
    network = keras.Sequential([keras.Input(tuple(input_shape))], name="discriminator")
    if pack > 1:
        network.add(Pack(pack))
    for i, (filters, kernel_size, strides) in enumerate(
        zip(conv_filters, conv_kernel_size, conv_strides, strict=True)
    ):
        convolution = layers.Conv2D(
            filters, kernel_size, strides, padding="same", kernel_initializer=kernel_initializer
        )
        network.add(normalised(convolution))
        if batch_norm_momentum and i > 0:
            network.add(
                layers.BatchNormalization(momentum=batch_norm_momentum, synchronized=synchronized)
            )
        network.add(activation_layer(activation))
        if dropout_rate:
            network.add(layers.Dropout(dropout_rate))
    network.add(layers.Flatten())
    network.add(normalised(layers.Dense(1, kernel_initializer=kernel_initializer)))
    return with_heads(network, heads) if heads else network


def activation_layer(name: str) -> keras.Layer:
    """Returns the layer of an activation; "leaky_relu" has the slope 0.2 of DCGAN."""
    return layers.LeakyReLU(0.2) if name == "leaky_relu" else layers.Activation(name)


def _check_lengths(*lists: Sequence[int]) -> None:
    if len({len(entries) for entries in lists}) != 1:
        raise ValueError(
            "Expected lists of one entry for each convolution. Received: lists of lengths "
            f"{[len(entries) for entries in lists]}"
        )
