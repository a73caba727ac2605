"""Batch normalisation whose scale and offset are those of a sample's class."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("keras_gans")
class ConditionalBatchNormalization(layers.BatchNormalization):
    """Normalises over the batch, then scales and moves each sample as its class does.

    Called with `[x, labels]`, integer labels `(batch,)`, it computes for a sample of class y

        gamma[y] * (x - mean) / sqrt(variance + epsilon) + beta[y]

    with one gamma and one beta a class and channel, at first 1 and 0. Mean and variance are of the
    whole batch, whatever its classes, and their moving averages in inference: all as in
    `keras.layers.BatchNormalization`.

    Args:
        num_classes: Classes, at least 1.
        **kwargs: `axis`, `momentum`, `epsilon`, `synchronized`, initializers and the like, as
            `keras.layers.BatchNormalization` takes them.

    Raises:
        ValueError: If `num_classes` is less than 1.

    Example:
        >>> x, labels = keras.ops.ones((8, 4, 4, 32)), keras.ops.zeros(8, "int32")
        >>> ConditionalBatchNormalization(10)([x, labels], training=True).shape
        TensorShape([8, 4, 4, 32])

    Reference:
        Dumoulin et al., 2017, A Learned Representation For Artistic Style, equation 5; de Vries et
        al., 2017, Modulating early visual processing by language, section 3.
    """

    def __init__(self, num_classes: int, **kwargs: Any):
        super().__init__(center=False, scale=False, **kwargs)
        if num_classes < 1:
            raise ValueError(f"Expected at least one class. Received: num_classes={num_classes}")
        self.num_classes = num_classes

    def build(self, input_shape: Sequence[Any]) -> None:
        super().build(input_shape[0])
        channels = input_shape[0][self.axis]
        of_x = keras.InputSpec(ndim=len(input_shape[0]), axes={self.axis: channels})
        self.input_spec = [of_x, keras.InputSpec(ndim=1)]
        shape = (self.num_classes, channels)
        self.gamma = self.add_weight(
            shape,
            self.gamma_initializer,
            regularizer=self.gamma_regularizer,
            constraint=self.gamma_constraint,
            name="gamma",
        )
        self.beta = self.add_weight(
            shape,
            self.beta_initializer,
            regularizer=self.beta_regularizer,
            constraint=self.beta_constraint,
            name="beta",
        )

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        x, labels = inputs
        normalized = super().call(x, training=training)
        return self._of(self.gamma, labels, x) * normalized + self._of(self.beta, labels, x)

    def _of(self, table: Any, labels: Any, x: Any) -> Any:
        """Returns each sample's row of a table, to be multiplied with x."""
        shape = [1] * len(x.shape)
        shape[0], shape[self.axis] = -1, table.shape[-1]
        return ops.reshape(ops.take(table, ops.cast(labels, "int32"), axis=0), shape)

    def compute_output_shape(self, input_shape: Sequence[Any]) -> tuple[int | None, ...]:
        return tuple(super().compute_output_shape(input_shape[0]))

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), "num_classes": self.num_classes}
        return {name: v for name, v in config.items() if name not in ("center", "scale")}
