"""Affine maps of images, one for each image of a batch.

Numbers are scalars or have the shape (batch, 1, 1, 1), as places of pixels have the shape
(batch, height, width, 1) or one that broadcasts to it.
"""

from typing import Any, NamedTuple, Self

import numpy as np
from keras import ops


def places(height: int, width: int) -> tuple[Any, Any]:
    """Returns the rows and the columns of all pixels, integers from 0."""
    rows, columns = ops.arange(height), ops.arange(width)
    return ops.reshape(rows, (1, -1, 1, 1)), ops.reshape(columns, (1, 1, -1, 1))


def pixels(images: Any, y: Any, x: Any) -> Any:
    """Returns the pixels of each image at places within it.

    Args:
        images: Tensor of shape `(batch, height, width, channels)`.
        y: int32 rows.
        x: int32 columns.

    Returns:
        Tensor of shape `(batch, rows, columns, channels)`.
    """
    batch, height, width, channels = ops.shape(images)
    image = ops.reshape(ops.arange(batch), (-1, 1, 1, 1))
    place = ops.squeeze((image * height + y) * width + x, -1)
    return ops.take(ops.reshape(images, (-1, channels)), place, axis=0)


class Affine(NamedTuple):
    """Affine maps of places, from (y, x) to (yy * y + yx * x + ty, xy * y + xx * x + tx).

    Each method returns a map that does something first and then what this one does.

    Example:
        >>> Affine().translated(1.0, 2.0).scaled(3.0, 3.0).places(10.0, 20.0)
        (31.0, 62.0)
    """

    yy: Any = 1.0
    yx: Any = 0.0
    xy: Any = 0.0
    xx: Any = 1.0
    ty: Any = 0.0
    tx: Any = 0.0

    def scaled(self, y: Any, x: Any) -> Self:
        """Multiplies the rows by `y` and the columns by `x` first."""
        return self._replace(yy=self.yy * y, yx=self.yx * x, xy=self.xy * y, xx=self.xx * x)

    def rotated(self, cos: Any, sin: Any) -> Self:
        """Rotates first, from the columns' axis towards the rows'."""
        return self._replace(
            yy=self.yy * cos - self.yx * sin,
            yx=self.yy * sin + self.yx * cos,
            xy=self.xy * cos - self.xx * sin,
            xx=self.xy * sin + self.xx * cos,
        )

    def translated(self, y: Any, x: Any) -> Self:
        """Adds `y` to the rows and `x` to the columns first."""
        ty, tx = self.places(y, x)
        return self._replace(ty=ty, tx=tx)

    def places(self, y: Any, x: Any) -> tuple[Any, Any]:
        """Returns where a place goes."""
        return self.yy * y + self.yx * x + self.ty, self.xy * y + self.xx * x + self.tx


def resampled(images: Any, back: Affine) -> Any:
    """Returns images whose pixel at (y, x) is the pixel of the input at `back.places(y, x)`.

    Places count from the middle of the image, in pixels. Outside, the image is reflected at the
    middles of its outer pixels, again and again. Between the pixels the image is first doubled and
    then linear. A map of whole pixels onto whole pixels changes no value.

    Args:
        images: float32 tensor of shape `(batch, height, width, channels)`, at least 2x2.
        back: From places of the output to places of the input.

    Returns:
        float32 tensor of the same shape.
    """
    height, width, channels = images.shape[1:]
    y, x = (ops.cast(place, "float32") for place in places(height, width))
    middle_y, middle_x = (height - 1) / 2, (width - 1) / 2
    y, x = back.places(y - middle_y, x - middle_x)
    rows = _doubled(ops.reshape(images, (-1, height, width * channels)))
    fine = _doubled(ops.reshape(rows, (-1, 2 * height, width, channels)))
    y = _reflected(2.0 * (y + middle_y), 2 * height - 2)
    x = _reflected(2.0 * (x + middle_x), 2 * width - 2)
    return _interpolated(fine, y, x)


def _doubled(images: Any) -> Any:
    """Puts after each value, along the last axis but one, that halfway to the next."""
    *batch, size, values = ops.shape(images)
    halfway = ops.matmul(_halfway(size), images)
    return ops.reshape(ops.stack([images, halfway], axis=-2), (*batch, 2 * size, values))


def _halfway(size: int) -> np.ndarray:
    """Returns the matrix from pixels to the values halfway to their next ones.

    Each is that of Lagrange's polynomial through six pixels on either side, which is what doubling
    by the wavelet sym6 and halving by its transpose leaves there (Deslauriers and Dubuc, 1989).
    """
    nodes = np.arange(-5, 7)
    matrix = np.zeros((size, size), "float32")
    for node in nodes:
        others = nodes[nodes != node]
        pixel = np.arange(size)
        weight = np.prod((0.5 - others) / (node - others))
        np.add.at(matrix, (pixel, _reflected(pixel + node, size - 1)), weight)
    return matrix


def _reflected(place: Any, last: int) -> Any:
    """Reflects places at 0 and at the last one, until they lie between."""
    return last - abs(last - abs(place) % (2 * last))


def _interpolated(images: Any, y: Any, x: Any) -> Any:
    """Returns the values at places between pixels, each linear between its four neighbours."""
    top, left = ops.floor(y), ops.floor(x)
    down, right = y - top, x - left
    top, left = ops.cast(top, "int32"), ops.cast(left, "int32")

    def row(y):
        return (1.0 - right) * pixels(images, y, left) + right * pixels(images, y, left + 1)

    return (1.0 - down) * row(top) + down * row(top + 1)
