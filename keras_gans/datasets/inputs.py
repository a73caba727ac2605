"""Whatever holds a user's samples, as arrays or as a `tf.data.Dataset`."""

import collections
import itertools
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf


class Stream(NamedTuple):
    """Data that is read as it comes.

    Attributes:
        dataset: `tf.data.Dataset` with elements x or (x, y), samples or batches of them.
        first: The first element as arrays, where it had to be read already; it comes again as the
            first of `dataset`, whose first pass is to be the training's.
        endless: Whether only the user can say how long an epoch is.
    """

    dataset: tf.data.Dataset
    first: Any = None
    endless: bool = False

    def without_labels(self) -> "Stream":
        """Returns the samples alone."""
        if not isinstance(self.dataset.element_spec, tuple):
            return self
        first = None if self.first is None else self.first[0]
        return self._replace(dataset=self.dataset.map(lambda x, *_: x), first=first)


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
        A tuple of one or two arrays of equal length, or a `Stream`.

    Raises:
        ValueError: If the data is of another kind, is empty, or its labels do not fit.

    Example:
        >>> as_data([[0.0], [1.0]], [5, 7], sample_rank=1)
        (array([[0.], [1.]], dtype=float32), array([5, 7]))
    """
    if not isinstance(x, tf.data.Dataset | keras.utils.PyDataset) and not _is_iterable(x):
        return _as_arrays(x, y, labels)
    if y is not None:
        raise ValueError(
            "Expected labels inside the data set, as (x, y) elements. Received: y of type "
            f"{type(y).__name__} beside x of type {type(x).__name__}"
        )
    if isinstance(x, tf.data.Dataset):
        stream = Stream(named(x), endless=int(x.cardinality()) == tf.data.INFINITE_CARDINALITY)
    else:
        is_indexed = isinstance(x, keras.utils.PyDataset)
        source = _py_dataset(x, shuffle, seed) if is_indexed else _iterable(x)
        stream = _stream(source, sample_rank)
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
    is_array = not isinstance(x, tf.data.Dataset | keras.utils.PyDataset) and not _is_iterable(x)
    arrays = _as_arrays(x, y, labels) if is_array else ()
    if not is_array or not 0 < share < 1 or not 0 < int(len(arrays[0]) * (1 - share)):
        raise ValueError(
            "Expected `validation_split` in (0, 1) with an array of samples. Received: "
            f"validation_split={share!r} and x of type {type(x).__name__}; pass validation_data"
        )
    kept = int(len(arrays[0]) * (1 - share))
    return tuple(a[:kept] for a in arrays), tuple(a[kept:] for a in arrays)


# Arrays


def _as_arrays(x: Any, y: Any, wanted: bool) -> tuple[np.ndarray, ...]:
    given, *labels = _parts(x)
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


def _parts(element: Any) -> tuple[Any, ...]:
    """Returns an element as (x,) or (x, y)."""
    if isinstance(element, dict):
        _check_names(element)
        return tuple(element[name] for name in ("image", "label") if name in element)
    if isinstance(element, tuple):
        _check_count(len(element))
        return element[:1] if element[-1] is None else element
    return (element,)


# Data sets


def named(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """Takes "image" and "label" of elements that are dicts, as TensorFlow Datasets has them.

    Args:
        dataset: Data set of any elements.

    Returns:
        Data set of images, or of images and labels; others as they are.

    Raises:
        ValueError: If elements are dicts without "image", or have more than two parts.

    Example:
        >>> gan.fit(named(tfds.load("mnist", split="train")), batch_size=64)
    """
    spec = dataset.element_spec
    if isinstance(spec, tuple):
        _check_count(len(spec))
    if not isinstance(spec, dict):
        return dataset
    _check_names(spec)
    if "label" not in spec:
        return dataset.map(lambda element: element["image"])
    return dataset.map(lambda element: (element["image"], element["label"]))


def _check_names(element: Any) -> None:
    if "image" not in element:
        raise ValueError(
            "Expected elements x or (x, y), or dicts with 'image' and 'label'. Received: dicts of "
            f"{sorted(element)}; map them to (x, y)"
        )


def _check_count(parts: int) -> None:
    if not 1 <= parts <= 2:
        raise ValueError(
            f"Expected elements x or (x, y). Received: elements of {parts} parts; leave sample "
            "weights out, as an adversarial loss compares batches, not samples with targets"
        )


# Python's iterables


class _Source(NamedTuple):
    """An iterable of Python's, one pass over which is an epoch.

    Attributes:
        passes: Returns an iterator over the elements; the next pass at each call.
        length: How many elements a pass has, None where that is not known.
        whole: Returns how many of them are whole batches of a size, None where that is not known.
        endless: Whether there is one pass only, or no end.
    """

    passes: Callable[[], Iterator[Any]]
    length: int | None
    whole: Callable[[int], int | None]
    endless: bool


def _is_iterable(x: Any) -> bool:
    """Tells iterables of samples or batches from arrays and from lists of them."""
    return hasattr(x, "__iter__") and not (
        hasattr(x, "__array__") or isinstance(x, list | tuple | dict | str | bytes)
    )


def _iterable(x: Any) -> _Source:
    count = _length(x)
    samples = _length(getattr(x, "dataset", None))  # As PyTorch's loaders have it.

    def whole(size: int) -> int | None:
        if count is None or samples is None:
            return None
        whole_batches, rest = divmod(samples, size)
        return whole_batches if count in (whole_batches, whole_batches + bool(rest)) else None

    return _Source(lambda: iter(x), count, whole, endless=isinstance(x, Iterator))


def _length(x: Any) -> int | None:
    try:
        return len(x)
    except TypeError:
        return None


def _py_dataset(x: keras.utils.PyDataset, shuffle: bool, seed: int | None) -> _Source:
    count = x.num_batches
    rng = np.random.default_rng(seed)

    def whole(size: int) -> int | None:
        return count and count - (len(_arrays(x[count - 1])[0]) < size)

    def batches() -> Iterator[Any]:
        order: Iterable[int] = itertools.count() if count is None else range(count)
        # The last batch may be smaller: it stays the last, where it is left out.
        if shuffle and count:
            order = [*rng.permutation(count - 1).tolist(), count - 1]
        x.on_epoch_begin()
        waiting: collections.deque[Any] = collections.deque()
        with ThreadPoolExecutor(x.workers) as workers:
            for index in order:
                waiting.append(workers.submit(x.__getitem__, index))
                if len(waiting) >= max(x.max_queue_size, 1):
                    yield waiting.popleft().result()
            for batch in waiting:
                yield batch.result()

    def passes() -> Iterator[Any]:
        try:
            yield from batches()
        finally:  # Also where the last batches are not wanted.
            x.on_epoch_end()

    return _Source(passes, count, whole, endless=count is None)


def _stream(source: _Source, sample_rank: int) -> Stream:
    begun = source.passes()
    first = next(begun, None)
    if first is None:
        raise ValueError("Expected data for at least one step. Received: an empty iterable")
    first = _arrays(first)
    count, size = source.length, None
    if first[0].ndim == sample_rank + 1:
        whole = source.whole(len(first[0]))
        count, size = (count, None) if whole is None else (whole, len(first[0]))
    pending = [itertools.chain([first], begun)]  # What has been read is not read again.

    def elements() -> Iterator[Any]:
        for element in itertools.islice(pending.pop() if pending else source.passes(), count):
            element = _arrays(element)
            yield element if len(element) > 1 else element[0]

    def spec(array: np.ndarray) -> tf.TensorSpec:
        is_batch = first[0].ndim == sample_rank + 1
        return tf.TensorSpec((size, *array.shape[1:]) if is_batch else array.shape, array.dtype)

    specs = tuple(map(spec, first))
    dataset = tf.data.Dataset.from_generator(
        elements, output_signature=specs if len(specs) > 1 else specs[0]
    )
    if count is not None:
        dataset = dataset.apply(tf.data.experimental.assert_cardinality(count))
    return Stream(dataset, first if len(first) > 1 else first[0], source.endless)


def _arrays(element: Any) -> tuple[np.ndarray, ...]:
    """Returns an element of an iterable as arrays; loaders have lists of the parts."""
    parts = _parts(tuple(element) if isinstance(element, list) else element)
    return tuple(
        array.astype("float32") if array.dtype == np.float64 else array
        for array in map(np.asarray, parts)
    )
