"""The user's data, as the tuples of mini-batches that one step of `fit` takes."""

from typing import Any, NamedTuple

import numpy as np

from keras_gans import backend
from keras_gans.datasets.inputs import as_data
from keras_gans.datasets.ranges import scale_of


class Order(NamedTuple):
    """In which order samples come, the same whenever it is asked for.

    Attributes:
        shuffle: Whether unbatched data is shuffled.
        seed: Integer seed of the order.
        first_step: How many steps the model had been trained when this training began.
        skip: How many steps of this training are done.
    """

    shuffle: bool
    seed: int
    first_step: int
    skip: int


class MiniBatches(NamedTuple):
    """What `fit` trains on.

    Attributes:
        dataset: Iterable, such as a `tf.data.Dataset`, whose elements are tuples of `group`
            mini-batches; endless where the length of an epoch is known.
        steps_per_epoch: Elements that make one epoch, or None where only the end of the data tells.
        batch_size: Samples in one mini-batch.
        checked: What can be checked before training starts: a whole array, or the first samples of
            a data set.
        endless: Whether the data has no end of its own, or is gone when it has been read.
    """

    dataset: Any
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
    order = Order(shuffle, seed, first_step, skip)
    if isinstance(data[0], np.ndarray):
        return _from_arrays(data, group, batch_size or 32, order, value_range)
    from keras_gans.models import pipelines  # Arrays need no TensorFlow.

    return pipelines.from_stream(data, group, batch_size, sample_rank, order, value_range)


def _from_arrays(data, group, batch_size, order, value_range) -> MiniBatches:
    steps = steps_per_epoch(len(data[0]), batch_size, group)
    scale = scale_of(data[0], value_range)
    dataset = backend.array_batches(data, steps, group, batch_size, order, scale)
    return MiniBatches(dataset, steps, batch_size, data if len(data) > 1 else data[0])


def steps_per_epoch(n: int, batch_size: int, group: int) -> int:
    """Returns how many steps an epoch of n samples has; raises a ValueError if it has none."""
    steps = n // (batch_size * group)
    if steps == 0:
        raise ValueError(
            f"Expected at least {group} mini-batches of batch_size={batch_size} for one step, "
            f"{group * batch_size} samples. Received: {n} samples; use a smaller `batch_size`, a "
            "smaller `n_critic` or `reuse_batch=True`"
        )
    return steps
