"""Arrays of samples as pictures."""

import itertools
import math
import os
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

# Small images are enlarged until their longer side has about this many pixels.
_CELL = 56
_GREY = (127, 127, 127)  # Between the images, opaque.


def as_pixels(images: Any, value_range: tuple[float, float] | None = None) -> np.ndarray:
    """Converts images to pixels: 1 channel is grey, 3 are colours, 4 colours and opacity.

    Of 2 channels the first is drawn, of 5 or more the first three; a warning says so.

    Args:
        images: Float array of shape `(n, height, width, channels)`.
        value_range: The values of black and white, such as a model's `value_range`; what is beyond
            is drawn as black or white. -1 and 1 where it is None, as of models whose generator does
            not tell its range.

    Returns:
        uint8 array of shape `(n, height, width, 3)`; with opacity, of 4 channels, the last one.

    Raises:
        ValueError: If the array has another shape.

    Example:
        >>> as_pixels(gan.generate(16), gan.value_range).shape
        (16, 28, 28, 3)
    """
    images = np.asarray(images)
    if images.ndim != 4 or images.shape[-1] < 1:
        raise ValueError(
            "Expected images of shape (n, height, width, channels). Received: samples of shape "
            f"{images.shape}"
        )
    low, high = value_range or (-1.0, 1.0)
    shares = (_drawn(images).astype("float64") - low) / (high - low)
    pixels = np.rint(255.0 * np.clip(shares, 0.0, 1.0)).astype("uint8")
    return np.repeat(pixels, 3, axis=-1) if pixels.shape[-1] == 1 else pixels


def _drawn(images: np.ndarray) -> np.ndarray:
    """Returns those channels that a picture can show."""
    channels = images.shape[-1]
    if channels in (1, 3, 4):
        return images
    drawn = 1 if channels == 2 else 3
    which = "the first one as grey" if drawn == 1 else "the first three as red, green and blue"
    # Here, so that Python's default filter shows it once, and not once for each caller.
    warnings.warn(f"Of {channels} channels, pictures show {which}.", stacklevel=1)
    return images[..., :drawn]


def image_grid(
    images: Any,
    rows: int,
    columns: int,
    scale: int | None = None,
    value_range: tuple[float, float] | None = None,
) -> Image.Image:
    """Lays images out in a grid, left to right and top to bottom, with one-pixel gaps.

    Args:
        images: Float array of shape `(n, height, width, channels)`, n as many as the grid holds, or
            fewer in the last row; its channels are drawn as `as_pixels` says.
        rows: Rows of the grid.
        columns: Columns of the grid.
        scale: By what to enlarge each image; small ones are made visible by default.
        value_range: The values of black and white, -1 and 1 by default.

    Returns:
        A PIL image; with opacity where the images have 4 channels.

    Example:
        >>> samples = gan.generate(16, seed=0)
        >>> image_grid(samples, 4, 4, value_range=gan.value_range).save("samples.png")
    """
    pixels = as_pixels(images, value_range)
    if not (rows - 1) * columns < len(pixels) <= rows * columns:
        raise ValueError(f"Expected {rows} x {columns} images. Received: {len(pixels)} images")
    scale = scale or max(1, _CELL // max(pixels.shape[1:3]))
    pixels = pixels.repeat(scale, axis=1).repeat(scale, axis=2)
    height, width, channels = pixels.shape[1:]
    size = columns * (width + 1) + 1, rows * (height + 1) + 1
    grid = Image.new("RGBA" if channels == 4 else "RGB", size, _GREY)
    for i, cell in enumerate(pixels):
        row, column = divmod(i, columns)
        grid.paste(Image.fromarray(cell), (column * (width + 1) + 1, row * (height + 1) + 1))
    return grid


def near_square(n: int) -> tuple[int, int]:
    """Returns the rows and columns of a grid for n images, without gaps where it is not too wide.

    Example:
        >>> near_square(6), near_square(13)
        ((2, 3), (4, 4))
    """
    rows = next(r for r in range(math.isqrt(n), 0, -1) if n % r == 0)
    if n <= 2 * rows**2:
        return rows, n // rows
    columns = math.ceil(math.sqrt(n))
    return -(-n // columns), columns


def opaque(picture: Image.Image) -> Image.Image:
    """Returns a picture on white, for formats without opacity."""
    if picture.mode != "RGBA":
        return picture
    return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")


def write_film(
    frames: Iterable[Image.Image], path: str | os.PathLike[str], frame_ms: int = 50
) -> None:
    """Writes pictures of one size as a film, which is played over and over where it is a GIF.

    Args:
        frames: PIL images, at least one; opacity is put on white.
        path: Ends in .gif, or in .mp4 for H.264, which needs ffmpeg: `pip install
            keras_gans[video]`.
        frame_ms: How long each is shown, in milliseconds.

    Raises:
        ValueError: If the path ends in something else, or ffmpeg is missing.

    Example:
        >>> frames = [image_grid(samples, 1, 1) for samples in walk[:, None]]
        >>> write_film(frames, "walk.gif")
    """
    suffix = Path(path).suffix.lower()
    if suffix == ".gif":
        # Each frame has a palette of its own colours, so that grey levels stay exact.
        first, *others = [opaque(frame).quantize() for frame in frames]
        first.save(path, save_all=True, append_images=others, duration=frame_ms, loop=0)
    elif suffix == ".mp4":
        _write_mp4((opaque(frame).convert("RGB") for frame in frames), path, 1000 / frame_ms)
    else:
        raise ValueError(f"Expected a film that ends in .gif or .mp4. Received: {path}")


def _write_mp4(frames: Iterable[Image.Image], path: str | os.PathLike[str], fps: float) -> None:
    try:
        import imageio_ffmpeg

        imageio_ffmpeg.get_ffmpeg_exe()
    except (ImportError, RuntimeError) as error:
        raise ValueError(
            f"Expected ffmpeg, to write {path}. Received: {error}; write a .gif, or run pip "
            "install keras_gans[video]"
        ) from error
    arrays = map(_even, frames)
    first = next(arrays)
    size = first.shape[1::-1]
    writer = imageio_ffmpeg.write_frames(os.fspath(path), size, fps=fps, macro_block_size=2)
    writer.send(None)
    for array in itertools.chain([first], arrays):
        writer.send(np.ascontiguousarray(array))
    writer.close()


def _even(picture: Image.Image) -> np.ndarray:
    """Returns the pixels of sides that are even: H.264 halves the resolution of colours."""
    width, height = picture.size
    return np.pad(np.asarray(picture), ((0, height % 2), (0, width % 2), (0, 0)), "edge")
