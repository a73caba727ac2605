"""The user's data as arrays of samples and labels."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from keras_gans.datasets.inputs import Stream, as_data

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
        data: Array of shape `(n, ...)`, a tuple `(x, y)` of arrays, or another kind of data that
            `fit` takes. Of data sets that do not tell their length, the first samples are taken.
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
    data = as_data(data, sample_rank=len(sample_shape))
    if isinstance(data, Stream):
        samples, *labels = _from_dataset(data.dataset, len(sample_shape), max_samples)
    else:
        samples, *labels = _evenly_spread_rows(data, max_samples)
    if len(samples) == 0 or samples.shape[1:] != tuple(sample_shape):
        raise ValueError(
            f"Expected samples of shape {tuple(sample_shape)}, as the model makes them. Received: "
            f"data of shape {samples.shape}"
        )
    return samples, _flat(labels[0]) if labels else None


def _evenly_spread_rows(arrays: Sequence[np.ndarray], max_samples: int) -> list[np.ndarray]:
    count = len(arrays[0])
    kept = _evenly_spread(np.arange(count), count, max_samples)
    return [array[kept] for array in arrays]


def _from_dataset(
    data: tf.data.Dataset, sample_rank: int, max_samples: int
) -> Sequence[np.ndarray]:
    data = data.map(lambda x, *labels: (x, *labels))
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


def are_pixels(samples: Any, value_range: tuple[float, float] | None) -> bool:
    """Tells whether samples are pixels from 0 to 255, to be mapped onto a model's range.

    Args:
        samples: Array.
        value_range: The least and the largest value of the model's samples; None where that is not
            known, and nothing is mapped.

    Returns:
        True for uint8, and for floats from 0 to 255 of which some exceed 128, as
        `keras.utils.image_dataset_from_directory` makes them.

    Example:
        >>> are_pixels(np.array([0, 255], "uint8"), (-1.0, 1.0))
        True
    """
    if value_range is None or not samples.size or samples.dtype == np.uint8:
        return value_range is not None and samples.dtype == np.uint8
    if not np.issubdtype(samples.dtype, np.floating):
        return False
    low, high = samples.min(), samples.max()
    return bool(low >= 0 and 128 < high <= 255 and high > value_range[1])


def scale_of(samples: Any, value_range: tuple[float, float] | None) -> tuple[float, float] | None:
    """Returns the range that samples are to be mapped onto, None where they are not pixels.

    Args:
        samples: As for `are_pixels`; floats that are taken for pixels are warned of.
        value_range: As for `are_pixels`.

    Example:
        >>> scale_of(np.array([0, 255], "uint8"), (-1.0, 1.0))
        (-1.0, 1.0)
    """
    if not are_pixels(samples, value_range):
        return None
    if samples.dtype != np.uint8:
        warnings.warn(
            f"The data has values in [{samples.min():g}, {samples.max():g}], which are taken for "
            "pixels and mapped from [0, 255] onto the generator's range; pass uint8, or values in "
            "that range, to say what is meant.",
            stacklevel=2,
        )
    return value_range


def scaled(pixels: Any, value_range: tuple[float, float]) -> Any:
    """Maps pixels from 0 to 255 onto the range of a model's samples; both ends map exactly.

    Args:
        pixels: Array or tensor.
        value_range: The least and the largest value.

    Returns:
        float32 array or tensor of the same shape.

    Example:
        >>> scaled(np.array([0, 255], "uint8"), (-1.0, 1.0)).tolist()
        [-1.0, 1.0]
    """
    low, high = value_range
    as_float = tf.cast(pixels, tf.float32) if tf.is_tensor(pixels) else np.float32(pixels)
    return as_float / (255.0 / (high - low)) + low
