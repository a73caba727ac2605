"""The user's data, as the tuples of mini-batches that one step of `fit` takes."""

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from keras_gans import backend
from keras_gans.datasets.inputs import Stream, as_data
from keras_gans.metrics.samples import scale_of, scaled

# Streams are shuffled within a window of this many samples; arrays are shuffled as a whole.
SHUFFLE_BUFFER = 10_000
# Steps whose mini-batches are gathered from an array ahead of time.
_READY_STEPS = 8


class MiniBatches(NamedTuple):
    """What `fit` trains on.

    Attributes:
        dataset: `tf.data.Dataset` whose elements are tuples of `group` mini-batches; endless where
            the length of an epoch is known.
        steps_per_epoch: Elements that make one epoch, or None where only the end of the data tells.
        batch_size: Samples in one mini-batch.
        checked: What can be checked before training starts: a whole array, or the first samples of
            a data set.
        endless: Whether the data has no end of its own, or is gone when it has been read.
    """

    dataset: tf.data.Dataset
    steps_per_epoch: int | None
    batch_size: int
    checked: Any
    endless: bool = False


def mini_batches(
    x: Any,
    y: Any = None,
    *,
    group: int,
    batch_size: int | None,
    sample_rank: int,
    labels: bool,
    shuffle: bool,
    seed: int,
    first_step: int,
    skip: int = 0,
    value_range: tuple[float, float] | None = None,
) -> MiniBatches:
    """Groups data into tuples of mini-batches, each sample at most once an epoch.

    The order of unbatched data is a function of `seed` and the step at which an epoch starts, and
    of nothing else, so that training goes on after an interruption as if there had been none.

    Args:
        x: Data of any kind that `keras_gans.datasets.inputs.as_data` takes.
        y: Array of n labels, with arrays only.
        group: How many mini-batches one step takes.
        batch_size: Samples in one mini-batch; 32 by default. Not for a data set of batches.
        sample_rank: Rank of one sample, which tells samples from batches.
        labels: Whether mini-batches are tuples of samples and labels, or labels are dropped.
        shuffle: Whether unbatched data is shuffled.
        seed: Integer seed of the order.
        first_step: How many steps the model had been trained when this training began.
        skip: How many steps of this training are done.
        value_range: The least and the largest value of the model's samples, onto which pixels are
            mapped; None where it is not known.

    Raises:
        ValueError: If the data is of another kind, its labels do not fit, or it is too small for
            one step.
    """
    if batch_size is not None and (not isinstance(batch_size, int) or batch_size < 1):
        raise ValueError(
            f"Expected `batch_size` to be a positive integer. Received: batch_size={batch_size!r}"
        )
    data = as_data(x, y, sample_rank=sample_rank, labels=labels, shuffle=shuffle, seed=seed)
    if isinstance(data, Stream):
        if _leaf(data.dataset.element_spec).shape.rank == sample_rank + 1:
            return _from_batches(data, group, batch_size, skip, value_range)
        size = batch_size or 32
        return _from_samples(data, group, size, shuffle, seed, first_step, skip, value_range)
    arrays, size = data if len(data) > 1 else data[0], batch_size or 32
    return _from_arrays(arrays, group, size, shuffle, seed, first_step, skip, value_range)


def _from_arrays(
    arrays, group, batch_size, shuffle, seed, first_step, skip, value_range
) -> MiniBatches:
    n = len(_leaf(arrays))
    steps = _steps_per_epoch(n, batch_size, group)
    tensors = tf.nest.map_structure(tf.convert_to_tensor, arrays)
    scale = _scale(arrays, value_range)

    def epoch(start):
        order = tf.range(n)
        if shuffle:
            order = tf.random.experimental.stateless_shuffle(order, seed=[seed, start])
        order = tf.reshape(order[: steps * group * batch_size], (steps, group, batch_size))
        return tf.data.Dataset.from_tensor_slices(order)

    def gather(indices):
        batches = (
            tf.nest.map_structure(lambda t, i=i: tf.gather(t, indices[i]), tensors)
            for i in range(group)
        )
        # After they are gathered: pixels take a quarter of the memory of floats.
        return tuple(_scaled(batch, scale) for batch in batches)

    dataset = _epochs(epoch, first_step, steps, skip).map(gather).prefetch(_READY_STEPS)
    return MiniBatches(dataset.with_options(_one_thread()), steps, batch_size, arrays)


def _from_samples(
    stream, group, batch_size, shuffle, seed, first_step, skip, value_range
) -> MiniBatches:
    samples, n = stream.dataset, int(stream.dataset.cardinality())
    first = stream.first and tf.nest.map_structure(lambda array: array[None], stream.first)
    if n < 0:  # Unknown: the data is read anew in each epoch, until it ends.
        if shuffle:
            samples = samples.shuffle(SHUFFLE_BUFFER, seed=seed)
        batches = samples.batch(batch_size, drop_remainder=True)
        stream = stream._replace(dataset=batches, first=first)
        return _from_batches(stream, group, None, skip, value_range)
    first = _first(samples.batch(batch_size)) if first is None else first
    samples = _mapped(samples, _scale(first, value_range))
    steps = _steps_per_epoch(n, batch_size, group)

    def epoch(start):
        ordered = samples
        if shuffle:
            # The seed of this function's own graph, so that the global seed has no say.
            tf.random.set_seed(1)
            ordered = samples.shuffle(min(n, SHUFFLE_BUFFER), seed=seed + start * 1_000_003)
        batches = ordered.batch(batch_size, drop_remainder=True)
        return _grouped(batches, group).take(steps)

    dataset = _epochs(epoch, first_step, steps, skip)
    return MiniBatches(dataset.prefetch(tf.data.AUTOTUNE), steps, batch_size, first)


def _from_batches(stream, group, batch_size, skip, value_range=None) -> MiniBatches:
    if batch_size is not None:
        raise ValueError(
            "Expected no `batch_size` with a data set of batches, which has its own. Received: "
            f"batch_size={batch_size}; leave it out, or pass the data set unbatched"
        )
    first = _first(stream.dataset) if stream.first is None else stream.first
    size = _leaf(stream.dataset.element_spec).shape[0] or len(_leaf(first))
    batches, counts = _of_one_size(stream.dataset, size)
    possible = {count // group for count in counts}
    steps = possible.pop() if len(possible) == 1 else None
    if steps == 0 or (steps is None and stream.first is None and _is_short(batches, group)):
        raise ValueError(
            f"Expected at least {group} batches of {size} samples for one step. Received: a data "
            f"set of fewer; use a smaller batch or fewer updates a step"
        )
    dataset = _grouped(_mapped(batches, _scale(first, value_range)), group)
    if steps:
        dataset = dataset.take(steps).repeat().skip(skip % steps)
    return MiniBatches(dataset.prefetch(tf.data.AUTOTUNE), steps, size, first, stream.endless)


def _of_one_size(batches: tf.data.Dataset, size: int) -> tuple[tf.data.Dataset, set[int]]:
    """Leaves a smaller last batch out; returns the others, and how many they may be."""
    n = int(batches.cardinality())
    if _leaf(batches.element_spec).shape[0] is not None:
        return batches, {n} if n >= 0 else set()
    samples = backend.sample_count(batches, size)
    if samples is not None:
        batches, counts = batches.take(samples // size), {samples // size}
    else:
        batches = batches.filter(lambda *batch: tf.shape(_leaf(batch))[0] == size)
        counts = {n, n - 1} if n >= 0 else set()
    return batches.map(lambda *batch: _with_batch_size(batch, size), tf.data.AUTOTUNE), counts


def _first(dataset: tf.data.Dataset) -> Any:
    first = next(iter(dataset), None)
    if first is None:
        raise ValueError("Expected data for at least one step. Received: an empty data set")
    return first


def _is_short(batches: tf.data.Dataset, group: int) -> bool:
    return len(list(batches.take(group))) < group


def _epochs(epoch, first_step: int, steps: int, skip: int) -> tf.data.Dataset:
    """Endless: one epoch after the other, each made from the step at which it starts."""
    start = first_step + skip // steps * steps
    return tf.data.Dataset.counter(start, steps).flat_map(epoch).skip(skip % steps)


def _one_thread() -> tf.data.Options:
    """Gathering is short: more threads, and tuning them, would only disturb small networks."""
    options = tf.data.Options()
    options.threading.private_threadpool_size = 1
    options.threading.max_intra_op_parallelism = 1
    options.autotune.enabled = False
    return options


def _grouped(batches: tf.data.Dataset, group: int) -> tf.data.Dataset:
    # A tuple of mini-batches, not one tensor: a strategy splits each component along axis 0, so
    # that n replicas see the same mini-batches as one.
    stacked = batches.batch(group, drop_remainder=True)

    def unstack(*components):
        return tuple(
            tf.nest.map_structure(lambda t, i=i: t[i], _only(components)) for i in range(group)
        )

    return stacked.map(unstack, tf.data.AUTOTUNE)


def _steps_per_epoch(n: int, batch_size: int, group: int) -> int:
    steps = n // (batch_size * group)
    if steps == 0:
        raise ValueError(
            f"Expected at least {group} mini-batches of batch_size={batch_size} for one step, "
            f"{group * batch_size} samples. Received: {n} samples; use a smaller `batch_size`, a "
            "smaller `n_critic` or `reuse_batch=True`"
        )
    return steps


def _scale(element, value_range):
    return scale_of(np.asarray(_leaf(element)), value_range)


def _mapped(dataset: tf.data.Dataset, scale: tuple[float, float] | None) -> tf.data.Dataset:
    """Maps the samples of a data set, if they are pixels, onto a range."""
    return dataset.map(lambda *element: _scaled(_only(element), scale)) if scale else dataset


def _scaled(element, scale):
    """Maps the samples of an element, if they are pixels, onto a range."""
    x, *labels = element if isinstance(element, tuple) else (element,)
    x = scaled(x, scale) if scale else x
    return (x, *labels) if labels else x


def _with_batch_size(batch, size):
    return tf.nest.map_structure(lambda t: tf.ensure_shape(t, (size, *t.shape[1:])), _only(batch))


def _only(components):
    """Undoes tf.data's unpacking of tuples into arguments."""
    return components if len(components) > 1 else components[0]


def _leaf(structure):
    return tf.nest.flatten(structure)[0]
