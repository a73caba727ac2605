"""Stacks of three grey images as one of three channels: 1,000 modes out of ten classes."""

import os

import numpy as np
import tensorflow as tf

from keras_gans.datasets import catalog

PREFIX = "stacked_"
STACKS = 128_000  # As many as PacGAN trains on.


def read(name: str, split: str, data_dir: str | os.PathLike[str] | None) -> tf.data.Dataset:
    """Reads a data set `stacked_<name>`: its images by threes, each drawn by itself.

    Args:
        name: PREFIX and the name of a data set of grey images with labels 0 to 9.
        split: Split of that data set; each has draws of its own.
        data_dir: Where TFDS keeps prepared data sets.

    Returns:
        A data set of (image, label), the label 100 a + 10 b + c of the labels a, b and c of the
        three channels.

    Raises:
        ValueError: If the images are not grey, or have no labels.

    Example:
        >>> stacks = read("stacked_digits", "train", None)

    Reference:
        Srivastava et al., VEEGAN (2017), section 4.2; Lin et al., PacGAN (2018), section 4.2.
    """
    source = catalog.read(name.removeprefix(PREFIX), split, data_dir)
    if len(source.element_spec) == 1 or source.element_spec[0].shape[-1] != 1:
        raise ValueError(
            f"Expected a data set of grey images with labels, to be stacked. Received: "
            f"name={name!r}"
        )
    images, labels = next(iter(source.batch(10**9)))
    rng = np.random.default_rng({"train": 0, "test": 1}.get(split, 2))
    picks = rng.integers(len(images), size=(STACKS, 3))

    def stacked(three: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        image = tf.transpose(tf.gather(images[..., 0], three), [1, 2, 0])
        digits = tf.cast(tf.gather(labels, three), tf.int64)
        return image, tf.reduce_sum(digits * [100, 10, 1])

    return tf.data.Dataset.from_tensor_slices(picks).map(stacked)
