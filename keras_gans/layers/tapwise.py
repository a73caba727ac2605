"""A convolution of an image that is smaller than its kernel."""

import itertools
from typing import Any, NamedTuple

import keras
from keras import layers, ops

from keras_gans import backend


@keras.saving.register_keras_serializable("keras_gans")
class TapwiseConv2D(layers.Conv2D):
    """`Conv2D` as one matrix product for each tap of the kernel, for images smaller than it.

    Where a 4x4 kernel meets a 3x3 image, more than half of its products are with padding, and
    bringing 4 x 4 x 512 x 1,024 weights into a convolution's memory layout takes longer than the
    convolution. Here each tap multiplies the pixels that it meets, and weights stay as they are:
    on a CPU forward pass and gradients take a quarter of the time. Larger images and fewer
    channels are faster in `Conv2D`, which is what this layer computes on a GPU and for images of
    unknown size. Weights are those of `Conv2D`, and outputs agree to rounding.

    Args:
        filters: Filters, the channels of the output.
        kernel_size: Kernel size.
        strides: Step of the kernel.
        padding: "valid" or "same".
        **kwargs: `activation`, `use_bias`, initializers and the like, as `keras.layers.Conv2D`
            takes them.

    Raises:
        ValueError: If `kwargs` ask for dilation, groups or channels first.

    Example:
        >>> TapwiseConv2D(64, 4, 2, "same")(keras.ops.ones((8, 3, 3, 32))).shape
        TensorShape([8, 2, 2, 64])

    Reference:
        Vasudevan et al., 2017, Parallel multi channel convolution using general matrix
        multiplication (kn2row).
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, int],
        strides: int | tuple[int, int] = 1,
        padding: str = "valid",
        **kwargs: Any,
    ):
        super().__init__(filters, kernel_size, strides, padding, **kwargs)
        received = self.dilation_rate, self.groups, self.data_format
        if received != ((1, 1), 1, "channels_last"):
            raise ValueError(
                "Expected no dilation or groups and channels last in a convolution tap by tap. "
                "Received: dilation_rate={}, groups={}, data_format={}".format(*received)
            )

    def call(self, inputs: Any) -> Any:
        if backend.has_gpu() or None in inputs.shape[1:3]:
            return super().call(inputs)
        rows, columns = (self._meetings(inputs.shape, axis) for axis in (0, 1))
        # A batch of one product: TensorFlow's gradients of plain ones take twice as long.
        taps = ops.unstack(ops.reshape(self.kernel, (-1, 1, *self.kernel.shape[2:])))
        outputs = sum(
            _pad(_multiply(inputs[:, row.pixels, column.pixels], tap), row, column)
            for (row, column), tap in zip(itertools.product(rows, columns), taps, strict=True)
            if row and column
        )
        return self.activation(outputs + self.bias if self.use_bias else outputs)

    def _meetings(self, shape: tuple[int, ...], axis: int) -> list["_Meeting | None"]:
        """Returns what each tap along an axis meets; None if it meets padding only."""
        size, taps, stride = shape[1 + axis], self.kernel_size[axis], self.strides[axis]
        places = self.compute_output_shape(shape)[1 + axis]
        padding = (places - 1) * stride + taps - size if self.padding == "same" else 0
        before = max(padding, 0) // 2
        return [_Meeting.of(size, places, stride, tap - before) for tap in range(taps)]


class _Meeting(NamedTuple):
    """Along one axis, the pixels that a tap meets, and the places of the output before and after.

    They are those to which these pixels contribute nothing.
    """

    pixels: slice
    outside: tuple[int, int]

    @classmethod
    def of(cls, size: int, places: int, stride: int, offset: int) -> "_Meeting | None":
        """Returns what a tap meets that is over pixel `offset` when the kernel is at place 0."""
        first = max(0, -(offset // stride))
        last = min(places - 1, (size - 1 - offset) // stride)
        if last < first:
            return None
        pixels = slice(offset + first * stride, offset + last * stride + 1, stride)
        return cls(pixels, (first, places - 1 - last))


def _multiply(pixels: Any, tap: Any) -> Any:
    outputs = ops.matmul(ops.reshape(pixels, (1, -1, pixels.shape[-1])), tap)
    return ops.reshape(outputs, (-1, *pixels.shape[1:3], tap.shape[-1]))


def _pad(outputs: Any, row: _Meeting, column: _Meeting) -> Any:
    return ops.pad(outputs, ((0, 0), row.outside, column.outside, (0, 0)))
