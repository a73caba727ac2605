"""Fully connected networks, for images and for plain vectors."""

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers


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

    Returns:
        A `keras.Sequential` from `(batch, latent_dim)` to `(batch, *output_shape)`.

    Example:
        >>> mlp_generator(100, (28, 28, 1)).output_shape
        (None, 28, 28, 1)
    """
    initializers = {"kernel_initializer": kernel_initializer, "bias_initializer": bias_initializer}
    network = keras.Sequential([keras.Input((latent_dim,))], name="generator")
    for units in hidden:
        network.add(layers.Dense(units, **initializers))
        if batch_norm:
            network.add(
                layers.BatchNormalization(momentum=batch_norm_momentum, synchronized=synchronized)
            )
        network.add(layers.Activation(activation))
    network.add(layers.Dense(math.prod(output_shape), activation=output_activation, **initializers))
    if output_activation == "sigmoid":
        network.add(layers.Rescaling(2.0, -1.0))
    if len(output_shape) > 1:
        network.add(layers.Reshape(tuple(output_shape)))
    return network


def mlp_discriminator(
    input_shape: Sequence[int],
    hidden: Sequence[int] = (128,),
    activation: str = "relu",
    kernel_initializer: Any = "glorot_uniform",
    bias_initializer: Any = "zeros",
) -> keras.Model:
    """Builds a fully connected discriminator that outputs one logit.

    Args:
        input_shape: Shape of a sample, such as (28, 28, 1) or (2,).
        hidden: Units of each hidden layer.
        activation: Activation of the hidden layers.
        kernel_initializer: Of all dense layers.
        bias_initializer: Of all dense layers.

    Returns:
        A `keras.Sequential` from `(batch, *input_shape)` to `(batch, 1)`.

    Example:
        >>> mlp_discriminator((2,), hidden=(512, 512, 512)).output_shape
        (None, 1)
    """
    initializers = {"kernel_initializer": kernel_initializer, "bias_initializer": bias_initializer}
    network = keras.Sequential([keras.Input(tuple(input_shape))], name="discriminator")
    if len(input_shape) > 1:
        network.add(layers.Flatten())
    for units in hidden:
        network.add(layers.Dense(units, activation=activation, **initializers))
    network.add(layers.Dense(1, **initializers))
    return network
