"""Folders of pictures."""

import functools
import math
import os
import unicodedata
import warnings
from collections.abc import Iterable, Iterator, Sequence
from multiprocessing.pool import ThreadPool
from pathlib import Path

import numpy as np
import tensorflow as tf

from keras_gans.datasets import pictures
from keras_gans.datasets.pixels import check_size
from keras_gans.datasets.splits import check_split

SPLITS = ("train", "test", "val", "valid", "validation")
BLOCK_BYTES = 2**18
MAX_BLOCK = 16  # So that blocks of small pictures keep all cores busy.


def read(
    path: Path, split: str, size: tuple[int, int] | None, skip_corrupt: bool
) -> tf.data.Dataset:
    """Reads a folder: uint8 images of one size, with labels where subfolders are classes."""
    splits = {name: path / name for name in SPLITS if (path / name).is_dir()} or {"train": path}
    check_split(split, splits, path)
    if size is not None:
        check_size(size)
    folder = splits[split]
    files = _files(folder)
    greys = _examined(files, skip_corrupt)
    readable = [files[i] for i in greys]
    labels = ([each[i] for i in greys] for each in _labels(folder, files))
    height, width = pictures.size(readable[0]) if size is None else size
    shape = (height, width, 1 if all(greys.values()) else 3)
    return _stream(readable, labels, shape)


def _files(folder: Path) -> list[Path]:
    """Lists the pictures below a folder, in an order that is the same on all machines."""
    files = sorted(_found(folder), key=lambda file: _place(file.relative_to(folder)))
    if not files:
        raise ValueError(
            f"Expected a folder of {', '.join(pictures.SUFFIXES)} files. Received: "
            f"name={str(folder)!r}, which holds none"
        )
    return files


def _found(folder: Path, way: Sequence[Path] = ()) -> Iterator[Path]:
    """Finds the pictures below a folder; the way is the real folders that have led there."""
    way = [*way, folder.resolve()]
    for path in folder.iterdir():
        if path.name.startswith("."):
            continue
        if path.suffix.lower() in pictures.SUFFIXES and path.is_file():
            yield path
        elif path.is_dir():
            target = path.resolve()
            if not any(passed.is_relative_to(target) for passed in way):  # A link back up.
                yield from _found(path, way)


def _place(file: Path) -> tuple[list[tuple[str, str]], tuple[str, str]]:
    """Returns what files are sorted by: the folder, then the name."""
    *folders, name = map(_spelling, file.parts)
    return folders, name


def _spelling(name: str) -> tuple[str, str]:
    """Returns a name as all systems sort it: some compose accents, others take them apart."""
    return unicodedata.normalize("NFC", name), name


def _labels(folder: Path, files: Sequence[Path]) -> tuple[list[int], ...]:
    """Returns one list, the class of each file; none if a file lies outside all classes."""
    parts = [file.relative_to(folder).parts for file in files]
    if min(map(len, parts)) == 1:
        return ()
    names = sorted({first for first, *_ in parts}, key=_spelling)
    classes = {name: i for i, name in enumerate(names)}
    return ([classes[first] for first, *_ in parts],)


def _examined(files: Sequence[Path], skip_corrupt: bool) -> dict[int, bool]:
    """Tells of each file that can be read, by its place in the list, whether it is grey."""
    with ThreadPool() as pool:
        results = pool.map(functools.partial(_examine, decode=skip_corrupt), files)
    faults = {i: result for i, result in enumerate(results) if isinstance(result, ValueError)}
    if faults and not skip_corrupt:
        raise next(iter(faults.values()))
    if len(faults) == len(files):
        raise ValueError(
            f"Expected pictures that can be read. Received: {len(files)} corrupt ones only, the "
            f"first {str(files[0])!r}; see whether they open elsewhere"
        )
    if faults:
        warnings.warn(
            f"{len(faults)} of {len(files)} pictures are corrupt and left out, the first "
            f"{str(files[min(faults)])!r}.",
            stacklevel=5,
        )
    return {i: bool(result) for i, result in enumerate(results) if i not in faults}


def _examine(file: Path, decode: bool) -> bool | ValueError:
    """Tells whether a picture is grey, or what is wrong with it."""
    try:
        return pictures.is_grey(file, decode)
    except ValueError as error:
        return error


def _stream(
    files: Sequence[Path], labels: Iterable[list[int]], shape: tuple[int, int, int]
) -> tf.data.Dataset:
    """Decodes files when their turn comes.

    In blocks, as a call from TensorFlow to Python takes longer than to decode a small picture.
    """
    # As bytes: the names of files need not be text.
    rows = tf.data.Dataset.from_tensor_slices((list(map(os.fsencode, files)), *labels))
    blocks = rows.batch(max(1, min(MAX_BLOCK, BLOCK_BYTES // math.prod(shape))))
    decoded = blocks.map(
        lambda names, *labels: (_decoded(names, shape), *labels),
        num_parallel_calls=tf.data.AUTOTUNE,
        deterministic=True,
    )
    return decoded.unbatch().apply(tf.data.experimental.assert_cardinality(len(files)))


def _decoded(names: tf.Tensor, shape: tuple[int, int, int]) -> tf.Tensor:
    """Decodes a block of files, outside TensorFlow."""

    def decode(names: Sequence[bytes]) -> np.ndarray:
        return np.stack([pictures.pixels(Path(os.fsdecode(name)), shape) for name in names])

    images = tf.numpy_function(decode, [names], tf.uint8, stateful=False)
    return tf.ensure_shape(images, (None, *shape))
