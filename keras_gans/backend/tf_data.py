"""`tf.data`, which TensorFlow reads arrays by, and every backend streams."""

from collections.abc import Callable

import tensorflow as tf


def sample_count(batches: tf.data.Dataset, batch_size: int) -> int | None:
    """Returns how many samples a data set of batches holds, without reading it.

    TensorFlow tells the number of batches alone, of which the last may be smaller. Before they were
    batched the samples could be counted: that data set is found among those that this one is made
    from.

    Args:
        batches: Data set of batches.
        batch_size: Samples in its first batch.

    Returns:
        The number; None where it is not known.
    """
    count, rank = int(batches.cardinality()), tf.nest.flatten(batches.element_spec)[0].shape.rank
    while count >= 0 and int(batches.cardinality()) == count:
        inputs = batches._inputs()
        if len(inputs) != 1:
            return None
        (batches,) = inputs
        leaf = tf.nest.flatten(batches.element_spec)[0]
        samples = int(batches.cardinality())
        if getattr(leaf, "shape", None) is None or leaf.shape.rank is None:
            return None
        if leaf.shape.rank == rank - 1:
            return samples if -(-samples // batch_size) == count else None
    return None


def epochs(
    epoch: Callable[[tf.Tensor], tf.data.Dataset], first_step: int, steps: int, skip: int
) -> tf.data.Dataset:
    """Returns an endless data set of one epoch after the other.

    Args:
        epoch: Returns the elements of the epoch that starts at a step.
        first_step: At which the first one starts.
        steps: Elements of an epoch.
        skip: How many elements to leave out at the beginning.
    """
    start = first_step + skip // steps * steps
    return tf.data.Dataset.counter(start, steps).flat_map(epoch).skip(skip % steps)
