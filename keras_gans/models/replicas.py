"""What differs between the replicas of a `tf.distribute` strategy."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("keras_gans")
class ReplicaSeedGenerator(keras.random.SeedGenerator):
    """A seed generator that gives every replica other seeds.

    Keras' own hands the same seeds to all replicas, which would then train on equal latents. The
    first replica's seeds are those of `keras.random.SeedGenerator`.
    """

    def next(self, ordered: bool = True) -> Any:
        seed = super().next(ordered)
        replica = tf.distribute.get_replica_context()
        if replica is None:
            return seed
        replica_id = tf.cast(replica.replica_id_in_sync_group, seed.dtype)
        # Far from the seeds that neighbours of this one start from.
        return seed + tf.stack([replica_id * 1_000_003, tf.zeros_like(replica_id)])


@keras.saving.register_keras_serializable("keras_gans")
class ReplicaLossScaleOptimizer(keras.optimizers.LossScaleOptimizer):
    """A loss-scaling optimizer whose replicas skip a step together.

    Keras' own looks only at the first replica's gradients: where another's overflow, their infinity
    would reach the weights of all.
    """

    def check_finite(self, grads: Any) -> Any:
        finite = super().check_finite(grads)
        replica = tf.distribute.get_replica_context()
        overflows = replica.all_reduce("SUM", tf.cast(~finite, "float32"))
        return tf.equal(overflows, 0.0)


def mean_over_replicas(tensors: Any) -> Any:
    """Returns the means of a structure of tensors over all replicas, the same on each."""
    if replica_count() == 1:
        return tensors
    # A value just read from a variable has no device yet, which all_reduce asks for.
    tensors = tf.nest.map_structure(tf.identity, tensors)
    return tf.distribute.get_replica_context().all_reduce("MEAN", tensors)


def average_over_replicas(variables: Sequence[keras.Variable]) -> None:
    """Sets variables that each replica has updated by itself to their mean.

    Keras lets the moving statistics of batch normalisation drift apart: replicas would predict, and
    workers save, different things.
    """
    if replica_count() > 1 and variables:
        means = mean_over_replicas([variable.value for variable in variables])
        for variable, mean in zip(variables, means, strict=True):
            variable.assign(mean)


def replica_count() -> int:
    """Returns over how many replicas the current step is spread."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def xla_pays() -> bool:
    """Returns whether XLA makes training faster here: with a GPU; on CPUs it is slower."""
    return bool(tf.config.list_physical_devices("GPU"))
