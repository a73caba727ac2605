"""Whatever holds a user's samples, as arrays or as a stream of them."""

import sys
from typing import Any

import keras
import numpy as np


def as_data(
    x: Any,
    y: Any = None,
    *,
    sample_rank: int,
    labels: bool = True,
    shuffle: bool = False,
    seed: int | None = None,
) -> Any:
    """Returns data of any kind that Keras takes in one of two kinds.

    Args:
        x: Samples as an array, a tensor, or a list of them; or a `tf.data.Dataset`, a
            `keras.utils.PyDataset`, a PyTorch `DataLoader`, a generator or another iterable of
            samples or of batches. Elements, and x itself, may be (x, y), or dicts with "image" and
            "label".
        y: Labels of an array.
        sample_rank: Rank of one sample, which tells samples from batches.
        labels: Whether labels are kept; otherwise they may be anything.
        shuffle: Whether the batches of a `PyDataset` come in another order in each pass.
        seed: Integer seed of that order.

    Returns:
        A tuple of one or two arrays of equal length, or a `keras_gans.datasets.streams.Stream`.

    Raises:
        ValueError: If the data is of another kind, is empty, or its labels do not fit.

    Example:
        >>> as_data([[0.0], [1.0]], [5, 7], sample_rank=1)
        (array([[0.], [1.]], dtype=float32), array([5, 7]))
    """
    if _is_array(x):
        return _as_arrays(x, y, labels)
    if y is not None:
        raise ValueError(
            "Expected labels inside the data set, as (x, y) elements. Received: y of type "
            f"{type(y).__name__} beside x of type {type(x).__name__}"
        )
    from keras_gans.datasets import streams  # Arrays need no TensorFlow.

    stream = streams.opened(x, sample_rank, shuffle, seed)
    return stream if labels else stream.without_labels()


def split(x: Any, y: Any, share: float, labels: bool) -> tuple[Any, Any]:
    """Holds the last samples of arrays out, as Keras' `validation_split` does.

    Args:
        x: Samples, as for `as_data`.
        y: Their labels, or None.
        share: Share of the samples to hold out, in (0, 1).
        labels: Whether labels are kept.

    Returns:
        Two tuples (x,) or (x, y): the data to train on, and what is held out.

    Raises:
        ValueError: If the data is not of arrays, or one of the two would be empty.

    Example:
        >>> train, held_out = split(images, None, 0.1, labels=False)
    """
    is_array = _is_array(x)
    arrays = _as_arrays(x, y, labels) if is_array else ()
    if not is_array or not 0 < share < 1 or not 0 < int(len(arrays[0]) * (1 - share)):
        raise ValueError(
            "Expected `validation_split` in (0, 1) with an array of samples. Received: "
            f"validation_split={share!r} and x of type {type(x).__name__}; pass validation_data"
        )
    kept = int(len(arrays[0]) * (1 - share))
    return tuple(a[:kept] for a in arrays), tuple(a[kept:] for a in arrays)


def is_dataset(x: Any) -> bool:
    """Tells whether something is a `tf.data.Dataset`, without importing TensorFlow for it."""
    tensorflow = sys.modules.get("tensorflow")
    return tensorflow is not None and isinstance(x, tensorflow.data.Dataset)


def _is_array(x: Any) -> bool:
    """Tells arrays, and lists of them, from iterables of samples or batches."""
    if is_dataset(x) or isinstance(x, keras.utils.PyDataset):
        return False
    is_listed = hasattr(x, "__array__") or isinstance(x, list | tuple | dict | str | bytes)
    return is_listed or not hasattr(x, "__iter__")


def _as_arrays(x: Any, y: Any, wanted: bool) -> tuple[np.ndarray, ...]:
    given, *labels = parts_of(x)
    labels = (labels if y is None else [y]) if wanted else []
    try:
        x, *labels = (np.asarray(part) for part in (given, *labels))
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"Expected arrays of one shape. Received: x of type {type(given).__name__} ({error})"
        ) from error
    if x.ndim == 0 or x.dtype == object:
        raise ValueError(
            "Expected an array or a data set to train on. Received: x of type "
            f"{type(given).__name__}, shape {x.shape}, dtype {x.dtype}"
        )
    x = x.astype("float32") if x.dtype == np.float64 else x
    if not labels:
        return (x,)
    received = labels[0].shape
    y = _flat(labels[0])
    if y.ndim == 0 or len(y) != len(x):
        raise ValueError(
            f"Expected one label for each sample. Received: x.shape={x.shape}, y.shape={received}"
        )
    return x, y


def _flat(labels: np.ndarray) -> np.ndarray:
    """Takes labels out of a column, as Keras' own data sets have them."""
    return labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels


def parts_of(element: Any) -> tuple[Any, ...]:
    """Returns an element as (x,) or (x, y)."""
    if isinstance(element, dict):
        check_names(element)
        return tuple(element[name] for name in ("image", "label") if name in element)
    if isinstance(element, tuple):
        check_count(len(element))
        return element[:1] if element[-1] is None else element
    return (element,)


def check_names(element: Any) -> None:
    """Raises a ValueError unless a dict of a sample, or of batches, has an "image"."""
    if "image" not in element:
        raise ValueError(
            "Expected elements x or (x, y), or dicts with 'image' and 'label'. Received: dicts of "
            f"{sorted(element)}; map them to (x, y)"
        )


def check_count(parts: int) -> None:
    """Raises a ValueError unless an element has one or two parts."""
    if not 1 <= parts <= 2:
        raise ValueError(
            f"Expected elements x or (x, y). Received: elements of {parts} parts; leave sample "
            "weights out, as an adversarial loss compares batches, not samples with targets"
        )


def are_kept(index: Any, count: int, max_samples: int) -> Any:
    """Tells of each index below `count` whether it is one of `max_samples` evenly spread ones."""
    return index * max_samples % max(count, 1) < max_samples
