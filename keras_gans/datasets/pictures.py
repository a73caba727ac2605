"""Picture files, read with Pillow as a file manager shows them."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP")
# The last bytes of a whole file. Pillow checks WebP when it opens it; BMP and TIFF have no mark.
ENDS = {"PNG": b"IEND\xaeB`\x82", "JPEG": b"\xff\xd9", "MPO": b"\xff\xd9", "GIF": b";"}


def is_grey(path: Path, decode: bool = False) -> bool:
    """Tells whether a picture is stored without colour.

    Args:
        path: Of the picture.
        decode: Whether the picture is decoded to see that it can be. If not, only its header is
            read, unless the file does not end as whole ones do.

    Raises:
        ValueError: If the picture is found to be corrupt.
    """
    with _opened(path) as (file, image):
        grey = _has_grey_mode(image)
        if decode or not _ends(file, image.format):
            _shown(image)
        return grey


def size(path: Path) -> tuple[int, int]:
    """Returns the height and width of a picture as it is seen.

    Raises:
        ValueError: If the picture is corrupt.
    """
    with _opened(path) as (_, image):
        shown = _shown(image)
        return shown.height, shown.width


def pixels(path: Path, shape: tuple[int, int, int]) -> np.ndarray:
    """Returns a picture as it is seen, its centre cropped and resized to a shape.

    Args:
        path: Of the picture.
        shape: `(height, width, channels)`, with 1 channel for grey or 3 for RGB.

    Returns:
        uint8 array of this shape.

    Raises:
        ValueError: If the picture is corrupt.
    """
    height, width, channels = shape
    with _opened(path) as (_, image):
        shown = _shown(image).convert("L" if channels == 1 else "RGB")
        return np.asarray(_resized(shown, height, width)).reshape(shape)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[tuple[BinaryIO, Image.Image]]:
    """Opens a picture, and says in one sentence which file is corrupt."""
    with path.open("rb") as file:
        try:
            with Image.open(file, formats=FORMATS) as image:
                if image.mode == "F" or (image.mode == "I" and image.format == "TIFF"):
                    raise ValueError("whose 32-bit values have no known range")
                yield file, image
        except Exception as error:  # Pillow's readers raise types of their own.
            raise ValueError(
                f"Expected pictures that can be read. Received: {str(path)!r}, {_reason(error)}; "
                "remove it or pass skip_corrupt=True"
            ) from error


def _reason(error: Exception) -> str:
    """Says in one line what is wrong with a file."""
    if isinstance(error, UnidentifiedImageError):  # Pillow names its file object.
        return f"which is none of {', '.join(FORMATS)}"
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


def _ends(file: BinaryIO, form: str | None) -> bool:
    """Tells whether the last bytes of a file are those of a whole one, which is soon seen."""
    end = ENDS.get(form or "", b"")
    position = file.tell()
    file.seek(-len(end), os.SEEK_END)
    found = file.read()
    file.seek(position)
    return found == end


def _has_grey_mode(image: Image.Image) -> bool:
    """Tells from the header of a picture whether it can hold no colour."""
    if image.mode == "P" and image.palette is not None:
        order, colours = image.palette.getdata()
        return order == "RGB" and colours[::3] == colours[1::3] == colours[2::3]
    return Image.getmodebase(image.mode) == "L"


def _shown(image: Image.Image) -> Image.Image:
    """Decodes what is seen: upright, of 8 bits a channel, and on white where it is transparent."""
    image.load()
    with contextlib.suppress(Exception):  # The picture may be whole where its EXIF data is not.
        ImageOps.exif_transpose(image, in_place=True)
    if image.mode.startswith("I"):  # 16 bits: the upper 8, as Pillow itself reads such colours.
        image = Image.fromarray((np.asarray(image) >> 8).astype("uint8"))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image


def _resized(image: Image.Image, height: int, width: int) -> Image.Image:
    """Does what `CentreResize` does, rounded to 8 bits."""
    crop_height = max(1, min(image.height, image.width * height // width))
    crop_width = max(1, min(image.width, image.height * width // height))
    left, top = (image.width - crop_width) // 2, (image.height - crop_height) // 2
    # Apart, as `resize` would look at what lies beside its own `box`.
    image = image.crop((left, top, left + crop_width, top + crop_height))
    return image.resize((width, height), Image.Resampling.BILINEAR)  # Antialiased.
