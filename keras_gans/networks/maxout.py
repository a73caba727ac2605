"""Discriminators of maxout layers, as the published runs on 2-D mixtures use them."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from keras_gans.layers import Maxout
from keras_gans.networks.conditional import assemble


def maxout_discriminator(
    input_shape: Sequence[int],
    hidden: Sequence[int] = (200, 200, 200),
    pieces: int = 5,
    kernel_initializer: Any = "glorot_uniform",
    pack: int = 1,
) -> keras.Model:
    """Builds a fully connected discriminator of maxout layers that outputs one logit.

    Args:
        input_shape: Shape of a sample, such as (2,).
        hidden: Units of each hidden layer.
        pieces: Linear pieces of each unit.
        kernel_initializer: Of all layers.
        pack: How many samples it judges as one, PacGAN's m.

    Returns:
        A `keras.Sequential` from `(batch, *input_shape)` to `(batch // pack, 1)`.

    Raises:
        ValueError: If a layer's units or `pieces` is too small.

    Example:
        >>> maxout_discriminator((2,)).output_shape
        (None, 1)
    """
    body: list[keras.Layer] = [Maxout(units, pieces, kernel_initializer) for units in hidden]
    body.append(layers.Dense(1, kernel_initializer=kernel_initializer))
    return assemble("discriminator", input_shape, body, pack=pack)
