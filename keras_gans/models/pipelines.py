"""Streams of a user's data, as the tuples of mini-batches that one step of `fit` takes."""

from typing import Any

import numpy as np
import tensorflow as tf

from keras_gans.backend.tf_data import epochs, sample_count
from keras_gans.datasets.ranges import scale_of, scaled
from keras_gans.datasets.streams import Stream
from keras_gans.models.minibatches import MiniBatches, Order, steps_per_epoch

# Streams are shuffled within a window of this many samples; arrays are shuffled as a whole.
SHUFFLE_BUFFER = 10_000


def from_stream(
    stream: Stream,
    group: int,
    batch_size: int | None,
    sample_rank: int,
    order: Order,
    value_range: tuple[float, float] | None,
) -> MiniBatches:
    """Groups what a stream holds, as `keras_gans.models.minibatches.mini_batches` does."""
    if _leaf(stream.dataset.element_spec).shape.rank == sample_rank + 1:
        return _from_batches(stream, group, batch_size, order.skip, value_range)
    return _from_samples(stream, group, batch_size or 32, order, value_range)


def _from_samples(stream, group, batch_size, order, value_range) -> MiniBatches:
    samples, n = stream.dataset, int(stream.dataset.cardinality())
    first = stream.first and tf.nest.map_structure(lambda array: array[None], stream.first)
    if n < 0:  # Unknown: the data is read anew in each epoch, until it ends.
        if order.shuffle:
            samples = samples.shuffle(SHUFFLE_BUFFER, seed=order.seed)
        batches = samples.batch(batch_size, drop_remainder=True)
        stream = stream._replace(dataset=batches, first=first)
        return _from_batches(stream, group, None, order.skip, value_range)
    first = _first(samples.batch(batch_size)) if first is None else first
    samples = _mapped(samples, _scale(first, value_range))
    steps = steps_per_epoch(n, batch_size, group)

    def epoch(start):
        ordered = samples
        if order.shuffle:
            # The seed of this function's own graph, so that the global seed has no say.
            tf.random.set_seed(1)
            ordered = samples.shuffle(min(n, SHUFFLE_BUFFER), seed=order.seed + start * 1_000_003)
        batches = ordered.batch(batch_size, drop_remainder=True)
        return _grouped(batches, group).take(steps)

    dataset = epochs(epoch, order.first_step, steps, order.skip)
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
    samples = sample_count(batches, size)
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


def _grouped(batches: tf.data.Dataset, group: int) -> tf.data.Dataset:
    # A tuple of mini-batches, not one tensor: a strategy splits each component along axis 0, so
    # that n replicas see the same mini-batches as one.
    stacked = batches.batch(group, drop_remainder=True)

    def unstack(*components):
        return tuple(
            tf.nest.map_structure(lambda t, i=i: t[i], _only(components)) for i in range(group)
        )

    return stacked.map(unstack, tf.data.AUTOTUNE)


def _scale(element, value_range):
    return scale_of(np.asarray(_leaf(element)), value_range)


def _mapped(dataset: tf.data.Dataset, scale: tuple[float, float] | None) -> tf.data.Dataset:
    """Maps the samples of a data set, if they are pixels, onto a range."""
    return dataset.map(lambda *element: _scaled(_only(element), scale)) if scale else dataset


def _scaled(element, scale):
    """Maps the samples of an element, if they are pixels, onto a range."""
    x, *labels = element if isinstance(element, tuple) else (element,)
    x = scaled(tf.cast(x, tf.float32), scale) if scale else x
    return (x, *labels) if labels else x


def _with_batch_size(batch, size):
    return tf.nest.map_structure(lambda t: tf.ensure_shape(t, (size, *t.shape[1:])), _only(batch))


def _only(components):
    """Undoes tf.data's unpacking of tuples into arguments."""
    return components if len(components) > 1 else components[0]


def _leaf(structure):
    return tf.nest.flatten(structure)[0]
