"""The user's data, as the tuples of mini-batches that one step of `fit` takes."""

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from keras_gans.metrics.samples import named, scaled

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
        checked: What can be checked before training starts: a whole array, or the first mini-batch
            of a data set.
    """

    dataset: tf.data.Dataset
    steps_per_epoch: int | None
    checked: Any


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
        x: Array of shape `(n, ...)`, or a `tf.data.Dataset` of samples or of batches. Elements may
            be `(x, y)`, or dicts with "image" and "label".
        y: Array of n labels, with arrays only.
        group: How many mini-batches one step takes.
        batch_size: Samples in one mini-batch; 32 by default. Not for a data set of batches.
        sample_rank: Rank of one sample, which tells samples from batches.
        labels: Whether mini-batches are tuples of samples and labels, or labels are dropped.
        shuffle: Whether unbatched data is shuffled.
        seed: Integer seed of the order.
        first_step: How many steps the model had been trained when this training began.
        skip: How many steps of this training are done.
        value_range: The least and the largest value of the model's samples, onto which uint8 pixels
            are mapped; None where it is not known.

    Raises:
        ValueError: If the data is of another kind, its labels do not fit, or it is too small for
            one step.
    """
    if batch_size is not None and (not isinstance(batch_size, int) or batch_size < 1):
        raise ValueError(
            f"Expected `batch_size` to be a positive integer. Received: batch_size={batch_size!r}"
        )
    if isinstance(x, tf.data.Dataset):
        if y is not None:
            raise ValueError(
                "Expected labels inside the data set, as (x, y) elements. Received: y of type "
                f"{type(y).__name__} beside a tf.data.Dataset"
            )
        dataset = named(x)
        dataset = dataset if labels else dataset.map(_without_labels)
        if value_range and _leaf(dataset.element_spec).dtype == tf.uint8:
            dataset = dataset.map(lambda *element: _scaled(_only(element), value_range))
        if _leaf(dataset.element_spec).shape.rank == sample_rank + 1:
            return _from_batches(dataset, group, batch_size, skip)
        return _from_samples(dataset, group, batch_size or 32, shuffle, seed, first_step, skip)
    arrays = _as_arrays(x, y if labels else None)
    size = batch_size or 32
    return _from_arrays(arrays, group, size, shuffle, seed, first_step, skip, value_range)


def _from_arrays(
    arrays, group, batch_size, shuffle, seed, first_step, skip, value_range
) -> MiniBatches:
    n = len(_leaf(arrays))
    steps = _steps_per_epoch(n, batch_size, group)
    tensors = tf.nest.map_structure(tf.convert_to_tensor, arrays)

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
        return tuple(_scaled(batch, value_range) if value_range else batch for batch in batches)

    dataset = _epochs(epoch, first_step, steps, skip).map(gather).prefetch(_READY_STEPS)
    return MiniBatches(dataset.with_options(_one_thread()), steps, arrays)


def _from_samples(samples, group, batch_size, shuffle, seed, first_step, skip) -> MiniBatches:
    first = next(iter(samples.batch(batch_size)), None)
    n = int(samples.cardinality())
    if n < 0:  # Unknown: the data is read anew in each epoch, until it ends.
        if shuffle:
            samples = samples.shuffle(SHUFFLE_BUFFER, seed=seed)
        return _from_batches(samples.batch(batch_size, drop_remainder=True), group, None, skip)
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
    return MiniBatches(dataset.prefetch(tf.data.AUTOTUNE), steps, first)


def _from_batches(batches, group, batch_size, skip) -> MiniBatches:
    if batch_size is not None:
        raise ValueError(
            "Expected no `batch_size` with a data set of batches, which has its own. Received: "
            f"batch_size={batch_size}; leave it out, or pass the data set unbatched"
        )
    first = next(iter(batches), None)
    if first is None:
        raise ValueError("Expected data for at least one step. Received: an empty data set")
    size = len(_leaf(first))
    n = int(batches.cardinality())
    if _leaf(batches.element_spec).shape[0] is None:
        # The last batch may be smaller, and then does not count: a mini-batch has one size.
        whole = (n - 1) // group == n // group
        batches = batches.filter(lambda *batch: tf.shape(_leaf(batch))[0] == size)
        batches = batches.map(lambda *batch: _with_batch_size(batch, size), tf.data.AUTOTUNE)
    else:
        whole = True
    steps = n // group if n >= 0 and whole else None
    if steps == 0 or (steps is None and len(list(batches.take(group))) < group):
        raise ValueError(
            f"Expected at least {group} batches of {size} samples for one step. Received: a data "
            f"set of fewer; use a smaller batch or fewer updates a step"
        )
    dataset = _grouped(batches, group)
    if steps:
        dataset = dataset.take(steps).repeat().skip(skip % steps)
    return MiniBatches(dataset.prefetch(tf.data.AUTOTUNE), steps, first)


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


def _as_arrays(x, y):
    if not hasattr(x, "shape") or not hasattr(x, "dtype") or not len(x.shape):
        raise ValueError(
            "Expected an array or a tf.data.Dataset to train on. Received: x of type "
            f"{type(x).__name__}, shape {getattr(x, 'shape', None)}"
        )
    x = np.asarray(x)
    if x.dtype == np.float64:
        x = x.astype("float32")
    if y is None:
        return x
    y, received = np.asarray(y), np.shape(y)
    if y.ndim == 2 and y.shape[1] == 1:  # A column, as Keras' own data sets have it.
        y = y[:, 0]
    if y.ndim == 0 or len(y) != len(x):
        raise ValueError(
            f"Expected one label for each sample. Received: x.shape={x.shape}, y.shape={received}"
        )
    return x, y


def _scaled(element, value_range):
    """Maps the samples of an element, if they are uint8 pixels, onto a range."""
    x, *labels = element if isinstance(element, tuple) else (element,)
    x = scaled(x, value_range) if x.dtype == tf.uint8 else x
    return (x, *labels) if labels else x


def _without_labels(*element):
    return _leaf(element)


def _with_batch_size(batch, size):
    return tf.nest.map_structure(lambda t: tf.ensure_shape(t, (size, *t.shape[1:])), _only(batch))


def _only(components):
    """Undoes tf.data's unpacking of tuples into arguments."""
    return components if len(components) > 1 else components[0]


def _leaf(structure):
    return tf.nest.flatten(structure)[0]
