"""A convolution of an image doubled by repetition."""

import itertools
from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("keras_gans")
class UpSampledConv2D(layers.Conv2D):
    """`UpSampling2D` by 2 and `Conv2D` in one, in about half the time.

    Repeating each pixel is a transposed convolution of stride 2 with a 2x2 kernel of ones; followed
    by a k x k convolution it is one of stride 2 with a (k+1) x (k+1) kernel, which multiplies each
    pixel once where the two layers multiply its four copies: 36 products instead of 100 for k = 5.
    Weights are those of the `Conv2D`, and outputs agree to rounding.

    Args:
        filters: Filters, the channels of the output.
        kernel_size: Kernel size of the convolution; padding is "same", strides are 1.
        **kwargs: `activation`, `use_bias`, initializers and the like, as `keras.layers.Conv2D`
            takes them.

    Raises:
        ValueError: If `kwargs` ask for strides, dilation, groups or channels first.

    Example:
        >>> UpSampledConv2D(64, 5)(keras.ops.ones((4, 7, 7, 128))).shape
        TensorShape([4, 14, 14, 64])
    """

    def __init__(self, filters: int, kernel_size: int | tuple[int, int], **kwargs: Any):
        super().__init__(filters, kernel_size, padding="same", **kwargs)
        received = self.strides, self.dilation_rate, self.groups, self.data_format
        if received != ((1, 1), (1, 1), 1, "channels_last"):
            raise ValueError(
                "Expected no strides, dilation or groups and channels last in a convolution of an "
                "up-sampled image. Received: strides={}, dilation_rate={}, groups={}, "
                "data_format={}".format(*received)
            )

    def call(self, inputs: Any) -> Any:
        outputs = ops.conv_transpose(
            inputs, self._transposed_kernel(), 2, "same", data_format="channels_last"
        )
        return self.activation(outputs + self.bias if self.use_bias else outputs)

    def _transposed_kernel(self) -> Any:
        """Sums the flipped kernel over the four places of a pixel's copies."""
        flipped = ops.transpose(ops.flip(self.kernel, (0, 1)), (0, 1, 3, 2))
        # One more zero for an even size, whose middle is half a pixel off.
        high, wide = (1 - size % 2 for size in self.kernel_size)
        return sum(
            ops.pad(flipped, ((y, 1 - y + high), (x, 1 - x + wide), (0, 0), (0, 0)))
            for y, x in itertools.product((0, 1), repeat=2)
        )

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        shape = list(super().compute_output_shape(input_shape))
        for axis in (1, 2):
            shape[axis] = shape[axis] and 2 * shape[axis]
        return tuple(shape)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        for name in ("padding", "strides", "dilation_rate", "groups"):
            config.pop(name)
        return config
