"""Coordinates, and waves of them."""

from typing import Any

import keras
import numpy as np
from keras import layers, ops


@keras.saving.register_keras_serializable("keras_gans")
class FourierFeatures(layers.Layer):
    """Appends to its inputs their sines and cosines at frequencies that double.

    x becomes x, sin(2^i pi x), cos(2^i pi x) for i below `count`, along the last axis: dense layers
    learn smooth functions of coordinates first, and so see details of the data late or never. For
    points in the plane, and other inputs of few values.

    Args:
        count: How many frequencies, at least 1.
        **kwargs: As `keras.layers.Layer` takes them.

    Raises:
        ValueError: If `count` is not positive.

    Example:
        >>> FourierFeatures(2)(keras.ops.ones((8, 3))).shape
        TensorShape([8, 15])

    Reference:
        Tancik et al., 2020, Fourier Features Let Networks Learn High Frequency Functions in Low
        Dimensional Domains, section 6.1, "positional encoding".
    """

    def __init__(self, count: int, **kwargs: Any):
        super().__init__(**kwargs)
        if count < 1:
            raise ValueError(f"Expected `count` of at least 1. Received: count={count!r}")
        self.count = count

    def call(self, inputs: Any) -> Any:
        waves = [
            wave(float(np.pi) * 2.0**i * inputs)
            for i in range(self.count)
            for wave in (ops.sin, ops.cos)
        ]
        return ops.concatenate([inputs, *waves], axis=-1)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        *others, size = input_shape
        return (*others, size and (1 + 2 * self.count) * size)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "count": self.count}
