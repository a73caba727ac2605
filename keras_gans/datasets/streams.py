"""Data that is read as it comes, as a `tf.data.Dataset`."""

import collections
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from keras_gans.datasets.inputs import are_kept, check_count, check_names, is_dataset, parts_of

_BLOCK = 1024  # Samples of a data set that are read at a time.


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

    def evenly_spread(self, sample_rank: int, max_samples: int) -> Sequence[np.ndarray]:
        """Reads samples, and labels, that are evenly spread over the data, in its order.

        Args:
            sample_rank: Rank of one sample, which tells samples from batches.
            max_samples: How many to read at most; of data that does not tell its length, the first.
        """
        return _evenly_spread(self.dataset, sample_rank, max_samples)


def opened(x: Any, sample_rank: int, shuffle: bool, seed: int | None) -> Stream:
    """Opens a data set or an iterable; arguments as for `keras_gans.datasets.inputs.as_data`."""
    if is_dataset(x):
        return Stream(named(x), endless=int(x.cardinality()) == tf.data.INFINITE_CARDINALITY)
    is_indexed = isinstance(x, keras.utils.PyDataset)
    return _stream(_py_dataset(x, shuffle, seed) if is_indexed else _iterable(x), sample_rank)


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
        check_count(len(spec))
    if not isinstance(spec, dict):
        return dataset
    check_names(spec)
    if "label" not in spec:
        return dataset.map(lambda element: element["image"])
    return dataset.map(lambda element: (element["image"], element["label"]))


def _evenly_spread(
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
        kept = are_kept(index, count, max_samples)
        return tuple(tf.boolean_mask(part, kept) for part in block)

    return _concatenated(data.batch(_BLOCK).enumerate().map(spread))


def _is_one_tensor(spec: Any) -> bool:
    """Tells whether labels of a type can be put in one array."""
    return isinstance(spec, tf.TensorSpec) and spec.shape.is_fully_defined()


def _concatenated(blocks: tf.data.Dataset) -> Sequence[np.ndarray]:
    arrays = list(zip(*blocks.as_numpy_iterator(), strict=True))
    return [np.concatenate(parts) for parts in arrays] or [np.zeros(0)]


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
    parts = parts_of(tuple(element) if isinstance(element, list) else element)
    return tuple(
        array.astype("float32") if array.dtype == np.float64 else array
        for array in map(np.asarray, parts)
    )
