"""The user's data as arrays of samples and labels."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_gans.datasets.inputs import are_kept, as_data


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
    if isinstance(data[0], np.ndarray):
        samples, *labels = _evenly_spread_rows(data, max_samples)
    else:
        samples, *labels = data.evenly_spread(len(sample_shape), max_samples)
    if len(samples) == 0 or samples.shape[1:] != tuple(sample_shape):
        raise ValueError(
            f"Expected samples of shape {tuple(sample_shape)}, as the model makes them. Received: "
            f"data of shape {samples.shape}"
        )
    return samples, _flat(labels[0]) if labels else None


def _evenly_spread_rows(arrays: Sequence[np.ndarray], max_samples: int) -> list[np.ndarray]:
    count = len(arrays[0])
    kept = are_kept(np.arange(count), count, max_samples)
    return [array[kept] for array in arrays]


def _flat(labels: np.ndarray) -> np.ndarray:
    return labels.reshape(len(labels)) if labels.size == len(labels) else labels
