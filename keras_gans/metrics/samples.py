"""The user's data as one array of samples."""

from typing import Any

import numpy as np
import tensorflow as tf

_BLOCK = 1024  # Samples of a data set that are read at a time.


def as_array(data: Any, sample_shape: tuple[int, ...], most: int) -> np.ndarray:
    """Reads at most so many samples, evenly spread over the data, in a fixed order.

    Args:
        data: Array of shape `(n, ...)`, or a `tf.data.Dataset` of samples or of batches. Elements
            may be `(x, y)`; y is dropped. Of data sets that do not tell their length, the first
            samples are taken.
        sample_shape: Shape of one sample; its rank tells samples from batches.
        most: How many to read.

    Returns:
        The array of samples.

    Raises:
        ValueError: If there is no sample, or samples are of another shape.

    Example:
        >>> as_array([[0.0], [1.0], [2.0], [3.0]], sample_shape=(1,), most=2).tolist()
        [[0.0], [2.0]]
    """
    if isinstance(data, tf.data.Dataset):
        array = _from_dataset(data, len(sample_shape), most)
    else:
        array = np.asarray(data[0] if isinstance(data, tuple) else data)
        array = array[_evenly_spread(np.arange(len(array)), len(array), most)]
    if len(array) == 0 or array.shape[1:] != tuple(sample_shape):
        raise ValueError(
            f"Expected samples of shape {tuple(sample_shape)}, as the model makes them. Received: "
            f"data of shape {array.shape}"
        )
    return array


def _from_dataset(data, sample_rank, most):
    data = data.map(lambda x, *labels: x)
    if data.element_spec.shape.rank == sample_rank + 1:
        data = data.unbatch()
    count = int(data.cardinality())
    if count <= most:  # Or unknown, which is negative.
        return _concatenated(data.take(most).batch(_BLOCK))

    def spread(number, block):
        index = number * _BLOCK + tf.range(tf.shape(block, tf.int64)[0])
        return tf.boolean_mask(block, _evenly_spread(index, count, most))

    return _concatenated(data.batch(_BLOCK).enumerate().map(spread))


def _concatenated(blocks):
    arrays = list(blocks.as_numpy_iterator())
    return np.concatenate(arrays) if arrays else np.zeros(0)


def _evenly_spread(index, count, most):
    """Tells of each index below `count` whether it is one of `most` evenly spread ones."""
    return index * most % max(count, 1) < most
