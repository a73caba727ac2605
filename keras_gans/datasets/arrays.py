"""Arrays in .npy and .npz files."""

import contextlib
import math
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeGuard

import numpy as np
import tensorflow as tf

from keras_gans.datasets.pixels import scale
from keras_gans.datasets.splits import check_split

SMALLEST_SIDE = 8  # Of an image that is stored as one row.
WHOLE = (("x", "y"), ("images", "labels"), ("arr_0", "arr_1"))  # In an archive without splits.
BLOCK_BYTES = 2**18
RECORD_TYPES = [
    "bool",
    "uint8",
    "int8",
    "uint16",
    "int16",
    "int32",
    "int64",
    "float16",
    "float32",
    "float64",
]


def read(path: Path, split: str) -> tf.data.Dataset:
    """Reads an array: float32 images in [-1, 1], or float32 points as they are."""
    if not path.is_file():
        raise ValueError(f"Expected a file of arrays. Received: name={str(path)!r}, not a file")
    with _numpy_errors(path):
        content = np.load(path, mmap_mode="r", allow_pickle=False)
    if isinstance(content, np.ndarray):
        check_split(split, ["train"], path)
        return tf.data.Dataset.zip((_images(path, content),))
    with content as archive:
        return _read_archive(path, archive, split)


def _read_archive(path: Path, archive: Mapping[str, np.ndarray], split: str) -> tf.data.Dataset:
    """Reads a split of an .npz archive, with labels where the archive holds them."""
    splits = _splits(archive)
    if not splits:
        raise ValueError(
            "Expected arrays named x_train (and y_train, x_test, y_test), or x or images (and y "
            f"or labels). Received: {path} with {sorted(archive)}"
        )
    check_split(split, splits, path)
    with _numpy_errors(path):
        images, *labels = (archive[name] for name in splits[split] if name in archive)
    classes = (_labels(path, array, len(images)) for array in labels)
    return tf.data.Dataset.zip((_images(path, images), *classes))


def _splits(archive: Mapping[str, np.ndarray]) -> dict[str, tuple[str, str]]:
    """Finds the names of the images and the labels of each split in an archive."""
    splits = {key[2:]: (key, f"y_{key[2:]}") for key in archive if key.startswith("x_")}
    whole = [("train", names) for names in WHOLE if names[0] in archive]
    return splits or dict(whole[:1])


@contextlib.contextmanager
def _numpy_errors(path: Path) -> Iterator[None]:
    """Names the file in the errors that NumPy raises for its content."""
    try:
        yield
    except (EOFError, zipfile.BadZipFile, ValueError) as error:
        raise ValueError(f"Expected a file of numeric arrays. Received: {path}: {error}") from error


def _images(path: Path, array: np.ndarray) -> tf.data.Dataset:
    """Checks an array's type, shape and values, and streams its elements."""
    if array.dtype.kind not in "buif":
        raise ValueError(f"Expected numbers. Received: {path} of dtype {array.dtype}")
    shape = _element_shape(path, array.shape)
    return _stream(array, shape, _conversion(path, array, shape))


def _element_shape(path: Path, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Returns the shape of one element: (H, W, C), or (d,) where rows are not images."""
    match shape:
        case _ if 0 in shape:
            raise ValueError(f"Expected at least one element. Received: {path} of shape {shape}")
        case (_, width):
            side = math.isqrt(width)
            return (side, side, 1) if side**2 == width and side >= SMALLEST_SIDE else (width,)
        case (_, height, width):
            return (height, width, 1)
        case (_, height, width, 1 | 2 | 3 | 4 as channels):
            return (height, width, channels)
    raise ValueError(
        "Expected the shape (N, H, W), (N, H, W, C) with at most 4 channels, or (N, d). "
        f"Received: {path} of shape {shape}"
    )


def _conversion(
    path: Path, array: np.ndarray, shape: tuple[int, ...]
) -> Callable[[tf.Tensor], tf.Tensor]:
    """Returns the function from stored numbers to float32, which takes pixels to [-1, 1]."""
    if array.dtype == "uint8" and len(shape) == 3:  # By its type: a large file is not scanned.
        return lambda pixels: scale(pixels, 0, 255)
    low, high = array.min(), array.max()
    if not np.isfinite([low, high]).all():
        raise ValueError(f"Expected finite values. Received: {path} with NaN or infinity")
    if len(shape) == 1:
        return lambda points: tf.cast(points, tf.float32)
    ends = _pixel_range(path, low, high)
    return lambda pixels: scale(pixels, *ends)


def _pixel_range(path: Path, low: float, high: float) -> tuple[int, int]:
    """Returns the range that pixels from `low` to `high` must have been stored in."""
    if 0 <= low and high <= 1:
        return 0, 1
    if -1 <= low and high <= 1:
        return -1, 1
    if 0 <= low and 127 < high <= 255:
        return 0, 255
    raise ValueError(
        "Expected pixels in [0, 255], [0, 1] or [-1, 1]. "
        f"Received: {path} with values from {low} to {high}"
    )


def _stream(
    array: np.ndarray, shape: tuple[int, ...], convert: Callable[[tf.Tensor], tf.Tensor]
) -> tf.data.Dataset:
    """Streams the elements in blocks, several times faster than one operation an element."""
    size = max(1, BLOCK_BYTES // array[0].nbytes)
    blocks = _file_blocks(array, size) if _is_readable(array) else _memory_blocks(array, size)
    elements = blocks.map(lambda block: convert(tf.reshape(block, (-1, *shape)))).unbatch()
    return elements.apply(tf.data.experimental.assert_cardinality(len(array)))


def _is_readable(array: np.ndarray) -> TypeGuard[np.memmap]:
    """Tells whether TensorFlow can read the elements from the bytes of the array's file."""
    in_order = isinstance(array, np.memmap) and array.flags.c_contiguous
    return in_order and array.dtype.isnative and array.dtype.name in RECORD_TYPES


def _file_blocks(array: np.memmap, size: int) -> tf.data.Dataset:
    """Reads blocks from the file, never the whole array."""
    records = tf.data.FixedLengthRecordDataset(
        str(array.filename), record_bytes=array[0].nbytes, header_bytes=array.offset
    )
    return records.batch(size).map(lambda block: tf.io.decode_raw(block, array.dtype))


def _memory_blocks(array: np.ndarray, size: int) -> tf.data.Dataset:
    """Cuts an array that is in memory, or must be for its byte order or layout."""
    native = np.asarray(array, array.dtype.newbyteorder("="))
    return tf.data.Dataset.from_tensor_slices(native).batch(size)


def _labels(path: Path, labels: np.ndarray, count: int) -> tf.data.Dataset:
    """Returns one integer for each element."""
    if labels.dtype.kind not in "iu" or labels.size != count:
        raise ValueError(
            f"Expected {count} integer labels. Received: {path} with labels of "
            f"shape {labels.shape} and dtype {labels.dtype}"
        )
    return tf.data.Dataset.from_tensor_slices(labels.reshape(-1))
