"""The deviation within the mini-batch, as a feature."""

from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("keras_gans")
class MinibatchStdDev(layers.Layer):
    """Appends how far the samples of a group differ, so that a discriminator sees a collapse.

    Of each group of samples that follow each other in the batch, the standard deviation of each
    value over the group is taken, sqrt(var + 1e-8), and its mean over all positions and channels is
    appended to each sample and position as one more channel. With several `features`, channels are
    divided into as many parts, each of which gives a channel.

    A batch that `group_size` does not divide, or a smaller one, is one group. In the update of a
    GAN, reals and fakes are batches of their own, and so are the parts of each replica.

    Args:
        group_size: Samples in one group, at least 2.
        features: Channels to append, at least 1; divides the channels of the inputs.
        **kwargs: As `keras.layers.Layer` takes them.

    Raises:
        ValueError: If an argument is too small, or `features` does not divide the channels.

    Example:
        >>> MinibatchStdDev()(keras.ops.ones((8, 4, 4, 32))).shape
        TensorShape([8, 4, 4, 33])

    Reference:
        Karras et al., 2018, Progressive Growing of GANs for Improved Quality, Stability, and
        Variation, section 3; Karras et al., 2020, Analyzing and Improving the Image Quality of
        StyleGAN, whose code has groups.
    """

    def __init__(self, group_size: int = 4, features: int = 1, **kwargs: Any):
        super().__init__(**kwargs)
        if group_size < 2 or features < 1:
            raise ValueError(
                "Expected `group_size` of at least 2 and `features` of at least 1. Received: "
                f"group_size={group_size}, features={features}"
            )
        self.group_size = group_size
        self.features = features

    def build(self, input_shape: tuple[Any, ...]) -> None:
        if input_shape[-1] % self.features:
            raise ValueError(
                "Expected `features` to divide the channels of the inputs. Received: "
                f"features={self.features}, {input_shape[-1]} channels"
            )

    def call(self, inputs: Any) -> Any:
        # In half precision 1e-8 is 0, and the gradient of a group without deviation infinite.
        precision = keras.backend.result_type(inputs.dtype, "float32")
        batch, *positions, channels = ops.shape(inputs)
        group = self._group(batch)
        parts = (self.features, channels // self.features)
        groups = ops.reshape(ops.cast(inputs, precision), (-1, group, *positions, *parts))
        deviations = ops.sqrt(ops.var(groups, axis=1, keepdims=True) + 1e-8)
        axes = (*range(2, 2 + len(positions)), -1)
        means = ops.squeeze(ops.mean(deviations, axis=axes, keepdims=True), -1)
        maps = ops.broadcast_to(means, ops.shape(groups)[:-1])
        maps = ops.reshape(maps, (-1, *positions, self.features))
        return ops.concatenate([inputs, ops.cast(maps, inputs.dtype)], axis=-1)

    def _group(self, batch: Any) -> Any:
        if isinstance(batch, int):
            return batch if batch % self.group_size else self.group_size
        return ops.where(batch % self.group_size == 0, self.group_size, batch)

    def compute_output_shape(self, input_shape: tuple[Any, ...]) -> tuple[int | None, ...]:
        return (*input_shape[:-1], input_shape[-1] + self.features)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "group_size": self.group_size,
            "features": self.features,
        }
