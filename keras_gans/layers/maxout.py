"""A dense layer of piecewise linear units."""

from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("keras_gans")
class Maxout(layers.Layer):
    """Dense layer whose units are each the largest of several linear pieces.

    Args:
        units: Units, the size of the output.
        pieces: Linear pieces of each unit, at least 2.
        kernel_initializer: Of all pieces.
        **kwargs: As `keras.layers.Layer` takes them.

    Raises:
        ValueError: If `units` or `pieces` is too small.

    Example:
        >>> Maxout(200, pieces=5)(keras.ops.ones((4, 2))).shape
        TensorShape([4, 200])

    Reference:
        Goodfellow et al., 2013, Maxout Networks, section 3.
    """

    def __init__(
        self,
        units: int,
        pieces: int = 5,
        kernel_initializer: Any = "glorot_uniform",
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if units < 1 or pieces < 2:
            raise ValueError(
                "Expected `units` of at least 1 and `pieces` of at least 2. Received: "
                f"units={units}, pieces={pieces}"
            )
        self.units = units
        self.pieces = pieces
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        shape = (input_shape[-1], self.pieces * self.units)
        self.kernel = self.add_weight(shape, self.kernel_initializer, name="kernel")
        self.bias = self.add_weight(shape[1:], "zeros", name="bias")

    def call(self, inputs: Any) -> Any:
        pieces = ops.matmul(inputs, self.kernel) + self.bias
        return ops.max(ops.reshape(pieces, (-1, self.pieces, self.units)), axis=1)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "units": self.units,
            "pieces": self.pieces,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }
