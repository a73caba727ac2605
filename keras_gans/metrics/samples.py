"""The user's data as arrays of samples and labels."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

_BLOCK = 1024  # Samples of a data set that are read at a time.


def as_array(data: Any, sample_shape: tuple[int, ...], max_samples: int) -> np.ndarray:
    """Reads the samples of data, and drops the labels.

    Args:
        data: As for `as_arrays`.
        sample_shape: Shape of one sample; its rank tells samples from batches.
        max_samples: How many to read at most.

    Returns:
        The array of samples.

    Raises:
        ValueError: If there is no sample, or samples are of another shape.

    Example:
        >>> as_array([[0.0], [1.0], [2.0], [3.0]], sample_shape=(1,), max_samples=2).tolist()
        [[0.0], [2.0]]
    """
    return as_arrays(data, sample_shape, max_samples)[0]


def as_arrays(
    data: Any, sample_shape: tuple[int, ...], max_samples: int
) -> tuple[np.ndarray, np.ndarray | None]:
    """Reads samples and their labels in one pass, evenly spread over the data, in its order.

    Args:
        data: Array of shape `(n, ...)`, a tuple `(x, y)` of arrays, or a `tf.data.Dataset` of
            samples or of batches, with elements `x` or `(x, y)`, or dicts with "image" and
            "label". Of data sets that do not tell
            their length, the first samples are taken.
        sample_shape: Shape of one sample; its rank tells samples from batches.
        max_samples: How many to read at most.

    Returns:
        The array of samples, and that of their labels, of shape `(n,)` where a label is one number.
        None in place of labels where there are none, or where y is not one tensor of known shape.

    Raises:
        ValueError: If there is no sample, samples are of another shape, or there are more or fewer
            labels than samples.

    Example:
        >>> x, y = as_arrays(([[0.0], [1.0], [2.0]], [7, 8, 9]), sample_shape=(1,), max_samples=3)
        >>> x.tolist(), y.tolist()
        ([[0.0], [1.0], [2.0]], [7, 8, 9])
    """
    if isinstance(data, tf.data.Dataset):
        samples, *labels = _from_dataset(named(data), len(sample_shape), max_samples)
    else:
        samples, *labels = _from_arrays(data, max_samples)
    if len(samples) == 0 or samples.shape[1:] != tuple(sample_shape):
        raise ValueError(
            f"Expected samples of shape {tuple(sample_shape)}, as the model makes them. Received: "
            f"data of shape {samples.shape}"
        )
    return samples, _flat(labels[0]) if labels else None


def _from_arrays(data: Any, max_samples: int) -> list[np.ndarray]:
    x, *labels = data if isinstance(data, tuple) else (data,)
    labels = [y for y in labels[:1] if y is not None]
    arrays = [np.atleast_1d(np.asarray(each)) for each in (x, *labels)]
    if len({len(array) for array in arrays}) > 1:
        raise ValueError(
            f"Expected one label for each sample. Received: x.shape={arrays[0].shape}, "
            f"y.shape={arrays[1].shape}"
        )
    count = len(arrays[0])
    kept = _evenly_spread(np.arange(count), count, max_samples)
    return [array[kept] for array in arrays]


def _from_dataset(
    data: tf.data.Dataset, sample_rank: int, max_samples: int
) -> Sequence[np.ndarray]:
    data = data.map(lambda x, *labels: (x, *labels[:1]))
    if data.element_spec[0].shape.rank == sample_rank + 1:
        data = data.unbatch()
    if len(data.element_spec) > 1 and not _is_one_tensor(data.element_spec[1]):
        data = data.map(lambda x, y: (x,))
    count = int(data.cardinality())
    if count <= max_samples:  # Or unknown, which is negative.
        return _concatenated(data.take(max_samples).batch(_BLOCK))

    def spread(number: tf.Tensor, block: Sequence[tf.Tensor]) -> Sequence[tf.Tensor]:
        index = number * _BLOCK + tf.range(tf.shape(block[0], tf.int64)[0])
        kept = _evenly_spread(index, count, max_samples)
        return tuple(tf.boolean_mask(part, kept) for part in block)

    return _concatenated(data.batch(_BLOCK).enumerate().map(spread))


def _is_one_tensor(spec: Any) -> bool:
    """Tells whether labels of a type can be put in one array."""
    return isinstance(spec, tf.TensorSpec) and spec.shape.is_fully_defined()


def _concatenated(blocks: tf.data.Dataset) -> Sequence[np.ndarray]:
    arrays = list(zip(*blocks.as_numpy_iterator(), strict=True))
    return [np.concatenate(parts) for parts in arrays] or [np.zeros(0)]


def _flat(labels: np.ndarray) -> np.ndarray:
    return labels.reshape(len(labels)) if labels.size == len(labels) else labels


def _evenly_spread(index: Any, count: int, max_samples: int) -> Any:
    """Tells of each index below `count` whether it is one of `max_samples` evenly spread ones."""
    return index * max_samples % max(count, 1) < max_samples


def check_values(samples: np.ndarray, value_range: tuple[float, float] | None) -> None:
    """Raises unless samples are finite and in the range of the model that they are data of.

    Args:
        samples: Float array.
        value_range: The least and the largest value, or None where the model sets no bounds.

    Raises:
        ValueError: If a value is NaN, infinite or out of the range.

    Example:
        >>> check_values(images, (-1.0, 1.0))
    """
    if not np.isfinite(samples).all():
        raise ValueError("Expected finite data. Received: NaN or infinite values in x")
    low, high = value_range or (-np.inf, np.inf)
    if samples.min() < low or samples.max() > high:
        raise ValueError(
            f"Expected values in the generator's range [{low:g}, {high:g}]. Received: values in "
            f"[{samples.min():g}, {samples.max():g}]; rescale the data"
        )


def scaled(samples: Any, value_range: tuple[float, float]) -> Any:
    """Maps uint8 pixels onto the range of a model's samples; both ends map exactly.

    Args:
        samples: uint8 array or tensor.
        value_range: The least and the largest value.

    Returns:
        float32 array or tensor of the same shape.

    Example:
        >>> scaled(np.array([0, 255], "uint8"), (-1.0, 1.0)).tolist()
        [-1.0, 1.0]
    """
    low, high = value_range
    as_float = tf.cast(samples, tf.float32) if tf.is_tensor(samples) else np.float32(samples)
    return as_float / (255.0 / (high - low)) + low


def named(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """Takes "image" and "label" of elements that are dicts, as TensorFlow Datasets has them.

    Args:
        dataset: Data set of any elements.

    Returns:
        Data set of images, or of images and labels; others as they are.

    Raises:
        ValueError: If elements are dicts without "image".

    Example:
        >>> gan.fit(named(tfds.load("mnist", split="train")), batch_size=64)
    """
    if not isinstance(dataset.element_spec, dict):
        return dataset
    if "image" not in dataset.element_spec:
        raise ValueError(
            "Expected elements x or (x, y), or dicts with 'image' and 'label'. Received: dicts of "
            f"{sorted(dataset.element_spec)}; map them to (x, y)"
        )
    if "label" not in dataset.element_spec:
        return dataset.map(lambda element: element["image"])
    return dataset.map(lambda element: (element["image"], element["label"]))
