"""What a class says of a sample, as an inner product."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("keras_gans")
class EmbeddingProjection(layers.Layer):
    """Inner product of a sample's features with a vector of its class, one number a sample.

    Called with `[features, labels]`, features `(batch, d)` and integer labels `(batch,)`, it
    returns V[y] . phi(x), of shape `(batch, 1)`. A projection discriminator adds it to its logit:

        D(x, y) = V[y] . phi(x) + psi(phi(x))

    For a spectrally normalised V, wrap it: `SpectralNormalization(EmbeddingProjection(10))`.

    Args:
        num_classes: Classes, at least 1.
        embeddings_initializer: Of V, of shape `(num_classes, d)`.
        **kwargs: As `keras.layers.Layer` takes them.

    Raises:
        ValueError: If `num_classes` is less than 1.

    Example:
        >>> features, labels = keras.ops.ones((8, 32)), keras.ops.zeros(8, "int32")
        >>> projection = EmbeddingProjection(10)([features, labels])
        >>> keras.layers.Add()([keras.layers.Dense(1)(features), projection]).shape
        TensorShape([8, 1])

    Reference:
        Miyato and Koyama, 2018, cGANs with Projection Discriminator, equations 3 and 4.
    """

    def __init__(
        self, num_classes: int, embeddings_initializer: Any = "glorot_uniform", **kwargs: Any
    ):
        super().__init__(**kwargs)
        if num_classes < 1:
            raise ValueError(f"Expected at least one class. Received: num_classes={num_classes}")
        self.num_classes = num_classes
        self.embeddings_initializer = keras.initializers.get(embeddings_initializer)
        self.input_spec = [keras.InputSpec(ndim=2), keras.InputSpec(ndim=1)]

    def build(self, input_shape: Sequence[Any]) -> None:
        shape = (self.num_classes, input_shape[0][-1])
        self.embeddings = self.add_weight(shape, self.embeddings_initializer, name="embeddings")

    def call(self, inputs: Any) -> Any:
        features, labels = inputs
        rows = ops.take(self.embeddings, ops.cast(labels, "int32"), axis=0)
        return ops.sum(rows * features, axis=-1, keepdims=True)

    def compute_output_shape(self, input_shape: Sequence[Any]) -> tuple[int | None, ...]:
        return (input_shape[0][0], 1)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "embeddings_initializer": keras.initializers.serialize(self.embeddings_initializer),
        }
