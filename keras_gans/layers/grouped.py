"""A convolution of groups of channels, each on its own."""

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from keras_gans import backend

# Fewer channels at a time take as long as these.
_LEAST_CHANNELS = 16


@keras.saving.register_keras_serializable("keras_gans")
class GroupedConv2D(layers.Conv2D):
    """`Conv2D` with `groups` whose gradients are as fast as its outputs.

    TensorFlow has no gradients of grouped convolutions on a CPU, and XLA, to which Keras turns for
    them, takes 10 to 20 times as long as it might. Here each group is a convolution of its own;
    groups of fewer than 16 channels are joined to one of at least as many, whose kernel is 0 from
    one group to another. On a GPU the layer is Keras' own. Weights are those of `Conv2D`, and
    outputs agree to rounding.

    Args:
        filters: Filters, the channels of the output, a multiple of `groups`.
        kernel_size: Kernel size.
        groups: Groups into which channels and filters are divided in their order.
        **kwargs: `strides`, `padding`, `activation`, initializers and the like, as
            `keras.layers.Conv2D` takes them.

    Raises:
        ValueError: If `groups` does not divide the filters or the channels, or `kwargs` ask for
            channels first.

    Example:
        >>> GroupedConv2D(64, 3, groups=4, padding="same")(keras.ops.ones((8, 7, 7, 32))).shape
        TensorShape([8, 7, 7, 64])

    Reference:
        Xie et al., 2017, Aggregated Residual Transformations for Deep Neural Networks, section 3.3.
    """

    def __init__(
        self, filters: int, kernel_size: int | tuple[int, int], groups: int = 1, **kwargs: Any
    ):
        super().__init__(filters, kernel_size, groups=groups, **kwargs)
        if self.data_format != "channels_last":
            raise ValueError(
                "Expected channels last in a grouped convolution. Received: "
                f"data_format={self.data_format}"
            )

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        """Convolves with the kernel; Keras' `call` adds the bias and applies the activation."""
        convolve = super().convolution_op
        if self.groups == 1 or backend.has_gpu():
            return convolve(inputs, kernel)
        joined = self._joined(kernel.shape[2])
        kernel = _block_diagonal(kernel, joined, self.groups)
        parts = (ops.split(whole, self.groups // joined, axis=-1) for whole in (inputs, kernel))
        return ops.concatenate(list(map(convolve, *parts)), axis=-1)

    def _joined(self, channels: int) -> int:
        """Returns how many groups of so many channels make one convolution."""
        divisors = (n for n in range(1, self.groups + 1) if self.groups % n == 0)
        return next((n for n in divisors if n * channels >= _LEAST_CHANNELS), self.groups)


def _block_diagonal(kernel: Any, joined: int, groups: int) -> Any:
    """Extends a grouped kernel by zeros to that of as many joined groups."""
    channels, filters = kernel.shape[2:]
    block = np.ones((channels, filters // groups))
    mask = np.tile(np.kron(np.eye(joined), block), (1, groups // joined))
    return ops.tile(kernel, (1, 1, joined, 1)) * ops.cast(mask, kernel.dtype)
