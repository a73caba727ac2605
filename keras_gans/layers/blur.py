"""A low-pass filter, for resampling without aliases."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import layers, ops


@keras.saving.register_keras_serializable("keras_gans")
class Blur2D(layers.Layer):
    """Filters each channel along both axes with the same weights, which sum to 1.

    After `UpSampling2D`, which repeats pixels, the filter [1, 2, 1] makes the interpolation of
    [1, 3, 3, 1]; before `AveragePooling2D` it keeps what the smaller image cannot hold out of it.
    Outside the image are zeros, as around a convolution.

    Args:
        weights: Weights along an axis, an odd number of them; divided by their sum.
        **kwargs: As `keras.layers.Layer` takes them.

    Raises:
        ValueError: If the number of weights is even, or they sum to 0.

    Example:
        >>> Blur2D()(keras.ops.ones((1, 3, 3, 1)))[0, :, :, 0]
        array([[0.5625, 0.75  , 0.5625],
               [0.75  , 1.    , 0.75  ],
               [0.5625, 0.75  , 0.5625]], dtype=float32)

    Reference:
        Zhang, 2019, Making Convolutional Networks Shift-Invariant Again, section 3.
    """

    def __init__(self, weights: Sequence[float] = (1, 2, 1), **kwargs: Any):
        super().__init__(**kwargs)
        if len(weights) % 2 == 0 or sum(weights) == 0:
            raise ValueError(
                "Expected an odd number of weights whose sum is not 0. Received: "
                f"weights={tuple(weights)}"
            )
        self.filter = tuple(weights)
        self.input_spec = keras.InputSpec(ndim=4)

    def call(self, inputs: Any) -> Any:
        along = np.array(self.filter) / sum(self.filter)
        kernel = np.tile(np.outer(along, along)[..., None, None], (1, 1, inputs.shape[-1], 1))
        kernel = ops.cast(kernel, inputs.dtype)
        return ops.depthwise_conv(inputs, kernel, padding="same", data_format="channels_last")

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "weights": self.filter}
