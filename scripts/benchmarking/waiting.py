"""How long a step waits for its mini-batches."""

import time
from typing import Any

import tensorflow as tf

from keras_gans.models import GAN
from keras_gans.models.minibatches import mini_batches
from keras_gans.scripts.benchmarking.cases import Case


def waiting_share(case: Case, gan: GAN, steps: int) -> float:
    """Returns the share of the time that training steps spend waiting for the input pipeline.

    The clock is read in the graph, before and after the iterator of `fit`'s own pipeline is asked.

    Args:
        case: What is trained.
        gan: Its model, compiled.
        steps: How many steps are timed, after two that are not.
    """
    data = mini_batches(
        case.images,
        group=gan.batches_per_step,
        batch_size=case.batch_size,
        sample_rank=len(gan.sample_shape),
        labels=False,
        shuffle=True,
        seed=gan.seed,
        first_step=0,
    )
    batches = _TimedIterator(iter(data.dataset))

    @tf.function(autograph=False)
    def step():
        # As in `fit`, nothing else runs meanwhile.
        with tf.control_dependencies(tf.nest.flatten(batch := next(batches))):
            return gan.train_step(batch)

    for _ in range(2):
        step()
    batches.waited.assign(0.0)
    start = time.perf_counter()
    for _ in range(steps):
        logs = step()
    float(logs["g_loss"])
    return float(batches.waited) / (time.perf_counter() - start)


class _TimedIterator:
    """Adds up the seconds that the iterator took to give its elements."""

    def __init__(self, iterator: Any):
        self.iterator = iterator
        self.waited = tf.Variable(0.0, dtype=tf.float64)

    def __next__(self) -> Any:
        start = tf.timestamp()
        with tf.control_dependencies([start]):
            element = next(self.iterator)
        with tf.control_dependencies(tf.nest.flatten(element)):
            counted = self.waited.assign_add(tf.timestamp() - start)
        with tf.control_dependencies([counted]):
            return tf.nest.map_structure(tf.identity, element)
