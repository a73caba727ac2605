"""Natural images in colour that need no download: patches of two photographs in scikit-learn."""

import numpy as np
import tensorflow as tf

from keras_gans.datasets.splits import check_split

NAME = "photographs"
_SIZE = (32, 32)
_TRAIN = 0.8  # Of the width of each photograph; the patches of "test" lie beyond.


def read(split: str, size: tuple[int, int] | None) -> tf.data.Dataset:
    """Reads all patches of a size, a quarter of it apart, in a fixed mixed order.

    Two photographs, a temple and a flower, are no data set to judge a model by: they stand in for
    one where a model of colour images is to be tried without a network.

    Args:
        split: "train", the left of the photographs, or "test", the right of them.
        size: Height and width of the patches in pixels, 32 by 32 if None.

    Returns:
        A data set of (image,), uint8 of shape `(*size, 3)`.

    Raises:
        ValueError: If there is no such split, or the patches are larger than the photographs.

    Example:
        >>> patches = read("train", (64, 64))
    """
    from sklearn.datasets import load_sample_images

    check_split(split, ("train", "test"), NAME)
    patches = [
        patch
        for image in load_sample_images().images
        for patch in _patches(_part(image, split), size or _SIZE)
    ]
    order = np.random.default_rng(0).permutation(len(patches))
    return tf.data.Dataset.from_tensor_slices((np.stack(patches)[order],))


def _part(image: np.ndarray, split: str) -> np.ndarray:
    border = round(_TRAIN * image.shape[1])
    return image[:, :border] if split == "train" else image[:, border:]


def _patches(image: np.ndarray, size: tuple[int, int]) -> list[np.ndarray]:
    """Cuts one part of a photograph."""
    height, width = size
    if height > image.shape[0] or width > image.shape[1]:
        raise ValueError(
            f"Expected patches of at most {image.shape[0]} by {image.shape[1]} pixels. Received: "
            f"size={tuple(size)}"
        )
    return [
        image[top : top + height, left : left + width]
        for top in range(0, image.shape[0] - height + 1, max(height // 4, 1))
        for left in range(0, image.shape[1] - width + 1, max(width // 4, 1))
    ]
