"""Several samples as one."""

from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("keras_gans")
class Pack(layers.Layer):
    """Joins each `m` samples that follow each other in the batch into one, along the channels.

    A discriminator that starts with it judges packs, m reals or m fakes at once, and sees in one
    pack what a generator that has collapsed does: (batch, ..., C) becomes (batch / m, ..., m * C),
    the first sample's channels first, and the logits are batch / m. Labels are packed likewise,
    once they are embedded: `Pack(m)(Embedding(10, 8)(labels))`.

    Args:
        m: Samples in one pack, at least 1; divides the batch, on each replica.
        **kwargs: As `keras.layers.Layer` takes them.

    Raises:
        ValueError: If `m` is too small, or does not divide the batch.

    Example:
        >>> Pack(2)(keras.ops.ones((8, 28, 28, 1))).shape
        TensorShape([4, 28, 28, 2])

    Reference:
        Lin et al., 2018, PacGAN: The power of two samples in generative adversarial networks,
        section 2.
    """

    def __init__(self, m: int, **kwargs: Any):
        super().__init__(**kwargs)
        if not isinstance(m, int) or m < 1:
            raise ValueError(f"Expected an integer `m` of at least 1. Received: m={m!r}")
        self.m = m
        self.input_spec = keras.InputSpec(min_ndim=2)

    def call(self, inputs: Any) -> Any:
        self._packs(inputs.shape[0])
        _, *positions, channels = ops.shape(inputs)
        packs = ops.reshape(inputs, (-1, self.m, *positions, channels))
        return ops.reshape(ops.moveaxis(packs, 1, -2), (-1, *positions, self.m * channels))

    def _packs(self, batch: int | None) -> int | None:
        """Returns how many packs a batch makes, None where its size is not known yet."""
        if batch is None:
            return None
        if batch % self.m:
            raise ValueError(
                f"Expected a batch of whole packs of {self.m} samples. Received: a batch of "
                f"{batch}; choose a `batch_size` that {self.m} divides, on each replica"
            )
        return batch // self.m

    def compute_output_shape(self, input_shape: tuple[Any, ...]) -> tuple[int | None, ...]:
        batch, *positions, channels = input_shape
        return (self._packs(batch), *positions, self.m * channels)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "m": self.m}
