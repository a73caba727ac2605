"""Folders of image files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from keras_gans.datasets.splits import check_split

SPLITS = ("train", "test", "val", "valid", "validation")


def read(path: Path, split: str) -> tf.data.Dataset:
    """Reads a folder: uint8 images of any size, with labels where subfolders are classes."""
    splits = {name: path / name for name in SPLITS if (path / name).is_dir()} or {"train": path}
    check_split(split, splits, path)
    folder = splits[split]
    files = _files(folder)
    channels = 1 if _decode(files[0]).shape[-1] == 1 else 3
    dataset = tf.data.Dataset.from_tensor_slices((files, *_labels(folder, files)))
    return dataset.map(
        lambda file, *label: (_decode(file, channels), *label),
        num_parallel_calls=tf.data.AUTOTUNE,
        deterministic=True,
    )


def _files(folder: Path) -> list[str]:
    """Lists the image files below a folder in a fixed order, as Keras finds them."""
    # Keras' own decoding resizes without antialiasing, so only its index is used.
    try:
        dataset = keras.utils.image_dataset_from_directory(
            folder, labels=None, batch_size=None, shuffle=False, verbose=False
        )
    except ValueError as error:
        raise ValueError(
            f"Expected a folder of .png, .jpg, .bmp or .gif images. Received: name={str(folder)!r}"
        ) from error
    return dataset.file_paths


def _labels(folder: Path, files: Sequence[str]) -> tuple[list[int], ...]:
    """Returns one list, the class of each file; none if a file lies outside all classes."""
    parts = [Path(file).relative_to(folder).parts for file in files]
    if min(map(len, parts)) == 1:
        return ()
    classes = sorted({first for first, *_ in parts})
    return ([classes.index(first) for first, *_ in parts],)


def _decode(file: Any, channels: int = 0) -> tf.Tensor:
    """Decodes the image in a file; 0 channels are those of the file."""
    image = tf.io.decode_image(tf.io.read_file(file), channels, expand_animations=False)
    image.set_shape((None, None, channels or None))
    return image
