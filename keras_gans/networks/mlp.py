"""Fully connected networks, for images and for plain vectors."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import layers

from keras_gans.layers import FourierFeatures, SpectralNormalization
from keras_gans.networks.conditional import assemble
from keras_gans.networks.heads import with_heads


def mlp_generator(
    latent_dim: int,
    output_shape: Sequence[int],
    hidden: Sequence[int] = (128,),
    activation: str = "relu",
    output_activation: str | None = "tanh",
    batch_norm: bool = False,
    synchronized: bool = False,
    kernel_initializer: Any = "glorot_uniform",
    bias_initializer: Any = "zeros",
    batch_norm_momentum: float = 0.99,
    num_classes: int | None = None,
    fourier: int = 0,
) -> keras.Model:
    """Builds a fully connected generator.

    Args:
        latent_dim: Size of a latent vector.
        output_shape: Shape of a sample, such as (28, 28, 1) or (2,).
        hidden: Units of each hidden layer.
        activation: Activation of the hidden layers.
        output_activation: "tanh", None, or "sigmoid", whose outputs are then scaled to [-1, 1].
        batch_norm: Whether each hidden layer is followed by batch normalisation.
        synchronized: Whether batch normalisation spans all replicas.
        kernel_initializer: Of all dense layers.
        bias_initializer: Of all dense layers.
        batch_norm_momentum: Momentum of the moving statistics, in (0, 1).
        num_classes: Classes of a conditional network, whose second input is integer labels
            `(batch,)`; None for no labels.
        fourier: Frequencies of the waves that are appended to the latents, see `FourierFeatures`:
            for samples that lie in many places far from each other.

    Returns:
        A `keras.Sequential` from `(batch, latent_dim)` to `(batch, *output_shape)`, or with
        `num_classes` a `keras.Model` from `[latents, labels]`.

    Raises:
        ValueError: If `num_classes` is less than 1.

    Example:
        >>> mlp_generator(100, (28, 28, 1)).output_shape
        (None, 28, 28, 1)
        >>> g = mlp_generator(100, (28, 28, 1), num_classes=10)
        >>> images = g((latents, labels))

    Reference:
        Mirza and Osindero, 2014, Conditional Generative Adversarial Nets, for `num_classes`.
    """
    initializers = {"kernel_initializer": kernel_initializer, "bias_initializer": bias_initializer}
    body: list[keras.Layer] = [FourierFeatures(fourier)] if fourier else []
    for units in hidden:
        body.append(layers.Dense(units, **initializers))
        if batch_norm:
            body.append(
                layers.BatchNormalization(momentum=batch_norm_momentum, synchronized=synchronized)
            )
        body.append(layers.Activation(activation))
    body.append(layers.Dense(math.prod(output_shape), activation=output_activation, **initializers))
    if output_activation == "sigmoid":
        body.append(layers.Rescaling(2.0, -1.0))
    if len(output_shape) > 1:
        body.append(layers.Reshape(tuple(output_shape)))
    return assemble("generator", (latent_dim,), body, num_classes)


def mlp_discriminator(
    input_shape: Sequence[int],
    hidden: Sequence[int] = (128,),
    activation: str = "relu",
    kernel_initializer: Any = "glorot_uniform",
    bias_initializer: Any = "zeros",
    num_classes: int | None = None,
    spectral_norm: bool = False,
    heads: Mapping[str, int] | None = None,
    pack: int = 1,
    fourier: int = 0,
    input_range: Sequence[float] | None = None,
) -> keras.Model:
    """Builds a fully connected discriminator that outputs one logit.

    Args:
        input_shape: Shape of a sample, such as (28, 28, 1) or (2,).
        hidden: Units of each hidden layer.
        activation: Activation of the hidden layers.
        kernel_initializer: Of all dense layers.
        bias_initializer: Of all dense layers.
        num_classes: Classes of a conditional network, whose second input is integer labels
            `(batch,)`; None for no labels.
        spectral_norm: Whether each layer is normalised by its spectral norm.
        heads: Sizes of further outputs by name, as for `with_heads`.
        pack: How many samples it judges as one, PacGAN's m; only without labels.
        fourier: Frequencies of the waves that are appended to the input, see `FourierFeatures`;
            for points in the plane.
        input_range: What the range [-1, 1] of the samples is mapped onto before all else, such as
            (0, 1) for a network that was published for pixels in that range; None for no change.

    Returns:
        A `keras.Sequential` from `(batch, *input_shape)` to `(batch // pack, 1)`, or with
        `num_classes` a `keras.Model` from `[samples, labels]`, or with `heads` one to a dict.

    Raises:
        ValueError: If `num_classes` is less than 1.

    Example:
        >>> mlp_discriminator((2,), hidden=(512, 512, 512)).output_shape
        (None, 1)
        >>> d = mlp_discriminator((28, 28, 1), num_classes=10)
        >>> logits = d((images, labels))

    Reference:
        Mirza and Osindero, 2014, Conditional Generative Adversarial Nets, for `num_classes`.
    """
    initializers = {"kernel_initializer": kernel_initializer, "bias_initializer": bias_initializer}
    normalised = SpectralNormalization if spectral_norm else (lambda layer: layer)
    body: list[keras.Layer] = []
    if input_range:
        low, high = input_range
        body.append(layers.Rescaling((high - low) / 2, (high + low) / 2))
    if fourier:
        body.append(FourierFeatures(fourier))
    body += [
        normalised(layers.Dense(units, activation=activation, **initializers)) for units in hidden
    ]
    body.append(normalised(layers.Dense(1, **initializers)))
    network = assemble("discriminator", input_shape, body, num_classes, pack)
    return with_heads(network, heads) if heads else network
