"""A feature map out of a vector."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("keras_gans")
class LearnedBasis2D(layers.Layer):
    """Multiplies each channel's learned image by that channel's number in a vector.

    The images, a weight of shape `(height, width, channels)`, start standard normal.

    Args:
        size: `(height, width)` of the images, of which each channel has one.
        **kwargs: As `keras.layers.Layer` takes them.

    Example:
        >>> LearnedBasis2D((4, 4))(keras.ops.ones((8, 32))).shape
        TensorShape([8, 4, 4, 32])

    Reference:
        Huang et al., 2024, The GAN is dead; long live the GAN! A Modern GAN Baseline, section 3.
    """

    def __init__(self, size: Sequence[int], **kwargs: Any):
        super().__init__(**kwargs)
        self.size = tuple(size)
        self.input_spec = keras.InputSpec(ndim=2)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        shape = (*self.size, input_shape[-1])
        normal = keras.initializers.RandomNormal(stddev=1.0)
        self.basis = self.add_weight(shape, normal, name="basis")

    def call(self, inputs: Any) -> Any:
        return self.basis * ops.expand_dims(inputs, (1, 2))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (input_shape[0], *self.size, input_shape[-1])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "size": self.size}
