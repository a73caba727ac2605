"""Arrays of samples as pictures."""

from typing import Any

import numpy as np
from PIL import Image

# Small images are enlarged until their longer side has about this many pixels.
_CELL = 56


def as_pixels(images: Any) -> np.ndarray:
    """Converts images in [-1, 1] to pixels.

    Args:
        images: Float array of shape `(n, height, width, channels)` with 1 or 3 channels.

    Returns:
        uint8 array of shape `(n, height, width, 3)`.

    Raises:
        ValueError: If the array has another shape.
    """
    images = np.asarray(images)
    if images.ndim != 4 or images.shape[-1] not in (1, 3):
        raise ValueError(
            "Expected images of shape (n, height, width, 1 or 3). Received: samples of shape "
            f"{images.shape}"
        )
    pixels = np.rint((np.clip(images, -1.0, 1.0) + 1.0) * 127.5).astype("uint8")
    return np.broadcast_to(pixels, (*pixels.shape[:3], 3))


def image_grid(images: Any, rows: int, columns: int, scale: int | None = None) -> Image.Image:
    """Lays images out in a grid, left to right and top to bottom, with one-pixel gaps.

    Args:
        images: Float array of shape `(rows * columns, height, width, 1 or 3)` in [-1, 1].
        rows: Rows of the grid.
        columns: Columns of the grid.
        scale: By what to enlarge each image; small ones are made visible by default.

    Returns:
        A PIL image.

    Example:
        >>> image_grid(gan.generate(16, seed=0), 4, 4).save("samples.png")
    """
    pixels = as_pixels(images)
    if len(pixels) != rows * columns:
        raise ValueError(f"Expected {rows} x {columns} images. Received: {len(pixels)} images")
    scale = scale or max(1, _CELL // max(pixels.shape[1:3]))
    pixels = pixels.repeat(scale, axis=1).repeat(scale, axis=2)
    pixels = np.pad(pixels, ((0, 0), (1, 0), (1, 0), (0, 0)), constant_values=127)
    height, width = pixels.shape[1:3]
    table = pixels.reshape(rows, columns, height, width, 3).swapaxes(1, 2)
    table = table.reshape(rows * height, columns * width, 3)
    return Image.fromarray(np.pad(table, ((0, 1), (0, 1), (0, 0)), constant_values=127))
