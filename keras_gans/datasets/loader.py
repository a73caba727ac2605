"""One door to all data: a name or a path in, a data set of images in [-1, 1] out."""

import os
from collections.abc import Callable
from pathlib import Path

import tensorflow as tf

from keras_gans.datasets import arrays, catalog, folders, mixtures, photographs, pixels, stacked
from keras_gans.datasets.splits import check_split

POINTS = (*mixtures.MODES, "swissroll")
CATALOG = ("digits", "mnist_5k", "mnist", "fashion_mnist", "cifar10", "celeb_a")
STACKED = ("stacked_digits", "stacked_mnist_5k", "stacked_mnist")


def names() -> list[str]:
    """Lists the data sets that `load` knows by name.

    Returns:
        The names; `load` also reads every other TFDS data set that has an image, and paths.

    Example:
        >>> "digits" in names()
        True
    """
    return [*CATALOG, photographs.NAME, *STACKED, *POINTS]


def load(
    name: str | os.PathLike[str],
    split: str = "train",
    size: tuple[int, int] | None = None,
    labels: bool = False,
    data_dir: str | os.PathLike[str] | None = None,
    channels: int | None = None,
    skip_corrupt: bool = False,
) -> tf.data.Dataset:
    """Loads images in [-1, 1], or points, one at a time and in a fixed order.

    Data streams from its files: nothing is shuffled, batched or cached here.

    A folder is read as a file manager shows it. Pictures are .png, .jpg, .jpeg, .bmp, .gif, .tif,
    .tiff and .webp files, those of subfolders and behind links too; other files and hidden ones are
    passed over. Their order is that of the folders' names, then the files', by code points
    ("10.png" before "2.png"), the same on all machines. They are upright as their EXIF data says,
    transparency is put on white, 16 bits become 8, and an animation is its first frame; colour
    profiles are not applied. All are grey if every file is stored without colour, RGB otherwise.
    `load` reads the headers, in some 0.1 ms each; a picture is decoded when its turn comes.

    Args:
        name: One of `names()`; any TFDS data set with a uint8 feature `"image"`; the path of a
            `.npy` or `.npz` file; or a folder of pictures. "stacked_mnist" and its like are three
            digits as the channels of one image, with a label from 0 to 999, and "photographs" are
            patches of two of them in colour, cut at the size that is asked for.
            Arrays are `(N, H, W)` or `(N, H, W, C)`; `(N, d)` are square images if `d` is the
            square of 8 or more, points otherwise. uint8 means 0..255; other types must fill
            [0, 255], [0, 1] or [-1, 1]. An archive holds `x_train` (`y_train`, `x_test`, ...), or
            `x` (`y`), or `images` (`labels`). The subfolders of a folder are splits (`train`,
            `test`, `val`) or classes.
        split: `"train"`, or another split of this data set. TFDS data sets also take slices
            (`"train[:10%]"`). The mixtures have `"train"` and `"test"`, drawn separately.
        size: `(height, width)` in pixels. The centre is cropped to this aspect and resized
            (bilinear, antialiased; pictures of a folder are rounded to 8 bits). Images that differ
            in size take that of the first by default.
        labels: Whether to give `(image, label)` pairs, the label an int64 scalar.
        data_dir: Where TFDS keeps prepared data sets; its own default if None.
        channels: 1 for grey images, 3 for RGB; the data's own by default. Colour becomes grey by
            its luma (ITU-R BT.601).
        skip_corrupt: Whether pictures of a folder that cannot be decoded are left out, with one
            warning. Each is decoded once for that before `load` returns.

    Returns:
        A data set of float32 images of shape `(H, W, C)` in [-1, 1], or of float32 points of
        shape `(d,)`, which are not rescaled.

    Raises:
        ValueError: If the name, path, split, size, channels or content is not as above, or if there
            are no labels to give.
        ConnectionError: If the data set must be downloaded and cannot be.

    Example:
        >>> dataset = load("digits", size=(28, 28))
        >>> dataset.element_spec.shape, len(dataset)
        (TensorShape([28, 28, 1]), 1437)
    """
    dataset = _open(name, split, size, data_dir, skip_corrupt)
    if labels and len(dataset.element_spec) == 1:
        raise ValueError(f"Expected a data set with labels. Received: name={str(name)!r}")
    convert = _conversion(dataset, size, channels)

    def element(
        image: tf.Tensor, label: tf.Tensor | None = None
    ) -> tf.Tensor | tuple[tf.Tensor, tf.Tensor]:
        image = convert(image)
        return (image, tf.cast(label, tf.int64)) if labels else image

    return dataset.map(element, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)


def _open(
    name: str | os.PathLike[str],
    split: str,
    size: tuple[int, int] | None,
    data_dir: str | os.PathLike[str] | None,
    skip_corrupt: bool,
) -> tf.data.Dataset:
    """Opens the source that serves a name; all sources give (image,) or (image, label)."""
    path = Path(name).expanduser()
    if name in POINTS:
        return _points(name, split)
    if path.suffix in (".npy", ".npz"):
        return arrays.read(path, split)
    if path.is_dir() and name not in CATALOG:
        return folders.read(path, split, size, skip_corrupt)
    if name == photographs.NAME:
        return photographs.read(split, size)
    if name in STACKED:
        return stacked.read(str(name), split, data_dir)
    return catalog.read(str(name), split, data_dir)


def _points(name: str, split: str) -> tf.data.Dataset:
    """Draws the points of a mixture; each split has its own seed."""
    seeds = {"train": 0, "test": 1}
    check_split(split, seeds, name)
    return tf.data.Dataset.from_tensor_slices(mixtures.draw(name, seeds[split]))


def _conversion(
    dataset: tf.data.Dataset, size: tuple[int, int] | None, channels: int | None
) -> Callable[[tf.Tensor], tf.Tensor]:
    """Returns the function that takes an element of a source to [-1, 1], channels and size."""
    shape = dataset.element_spec[0].shape
    if shape.rank == 1:
        if size is not None or channels is not None:
            raise ValueError(
                f"Expected no size for points, and no channels. Received: size={size}, "
                f"channels={channels}"
            )
        return tf.identity
    if size is None and not shape.is_fully_defined():
        size = next(iter(dataset))[0].shape[:2]
    resize = tf.identity if size is None or shape[:2] == size else pixels.CentreResize(size)
    stored = shape[-1]
    recolour = pixels.between_channels(stored, stored if channels is None else channels)
    return lambda image: resize(recolour(pixels.to_unit_range(image)))
