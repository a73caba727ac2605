"""TensorFlow: tapes, `tf.function`, and `tf.distribute`."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import tensorflow as tf

from keras_gans.backend.tf_data import epochs
from keras_gans.datasets.ranges import scaled

# Steps whose mini-batches are gathered from an array ahead of time.
_READY_STEPS = 8

# Gradients


def gradients(
    objective: Callable[[], tuple[Any, Any]], variables: Sequence[Any], jit_compile: bool = False
) -> tuple[list[Any], Any]:
    """Differentiates an objective with respect to variables.

    Args:
        objective: Function without arguments that returns a scalar to differentiate and any
            structure of further tensors.
        variables: The `keras.Variable`s to differentiate by. Nothing else is watched, whatever the
            `trainable` flags of the layers that the objective calls.
        jit_compile: Whether XLA compiles the objective together with its gradient.

    Returns:
        The gradients in the order of `variables` (`None` where the objective does not depend on
        one), and the structure of further tensors.

    Example:
        >>> w = keras.Variable([1.0, 2.0])
        >>> gradients(lambda: (keras.ops.sum(w**2), None), [w])[0]
        [<tf.Tensor: shape=(2,), dtype=float32, numpy=array([2., 4.], dtype=float32)>]
    """

    def differentiate():
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([variable.value for variable in variables])
            value, auxiliary = objective()
        return tape.gradient(value, [variable.value for variable in variables]), auxiliary

    return (
        tf.function(differentiate, jit_compile=True, autograph=False)()
        if jit_compile
        else differentiate()
    )


def input_gradient(function: Callable[[Any], Any], inputs: Any) -> Any:
    """Differentiates a function by its input; itself differentiable.

    Args:
        function: Maps a batch to a batch, each sample on its own.
        inputs: Tensor of shape `(batch, ...)`.

    Returns:
        Tensor of the shape of `inputs`: the gradient of each sample's summed output by that sample.
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(inputs)
        outputs = function(inputs)
    return tape.gradient(outputs, inputs)


class Adam(keras.optimizers.Adam):
    """Keras' Adam, each variable updated by one operation instead of some twenty."""

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        if self.amsgrad or not isinstance(gradient, tf.Tensor):  # Or sparse.
            return super().update_step(gradient, variable, learning_rate)

        def as_variable(number):
            return tf.cast(number, variable.dtype)

        # Keras has no public name for the moments of a variable.
        index = self._get_variable_index(variable)
        var, m, v = map(_handle, (variable, self._momentums[index], self._velocities[index]))
        beta_1, beta_2 = as_variable(self.beta_1), as_variable(self.beta_2)
        step = as_variable(self.iterations + 1)
        tf.raw_ops.ResourceApplyAdam(
            var=var,
            m=m,
            v=v,
            beta1_power=tf.pow(beta_1, step),
            beta2_power=tf.pow(beta_2, step),
            lr=as_variable(learning_rate),
            beta1=beta_1,
            beta2=beta_2,
            epsilon=as_variable(self.epsilon),
            grad=as_variable(gradient),
        )


cond = keras.ops.cond


def _handle(variable: Any) -> Any:
    """Returns what TensorFlow's operations know a variable by."""
    return (variable.value if isinstance(variable, keras.Variable) else variable).handle


# The compiled step


class Model(keras.Model):
    """A `keras.Model` whose `fit` does not draw a batch of its own before training."""

    # Keras' `fit` calls this private method, for which there is no public switch, to build models
    # from a batch: ours are built, and with several workers drawing one fails.
    def _maybe_symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        pass


def compile_steps(model: Any) -> Callable[[Any, int], dict[str, Any]]:
    """Makes a function that runs training steps on all replicas of a model's strategy.

    Args:
        model: Gives `train_step`, a function of one element of the data that returns logs,
            `distribute_strategy`, and `run_eagerly`.

    Returns:
        A function of an iterator over the data and the number of steps, which returns the logs of
        the last step, means over the replicas.
    """
    step, strategy = model.train_step, model.distribute_strategy

    def replica_step(element):
        # When the data has ended, nothing may change, not even a counter or a seed.
        with tf.control_dependencies(tf.nest.flatten(element)):
            return mean_over_replicas(step(element))

    def one_step(iterator):
        logs = strategy.run(replica_step, args=(next(iterator),))
        return {name: strategy.experimental_local_results(v)[0] for name, v in logs.items()}

    def several_steps(iterator, count):
        # The loop is outside the replicas, where optimizers may not be called in a loop, and
        # carries no logs: only those of the last step are asked for.
        tf.while_loop(lambda i: i < count - 1, lambda i: (one_step(iterator), i + 1)[1:], [0])
        return one_step(iterator)

    if not model.run_eagerly:
        one_step = tf.function(one_step, autograph=False)
        several_steps = tf.function(several_steps, autograph=False)

    def run(iterator, count):
        return several_steps(iterator, tf.constant(count)) if count > 1 else one_step(iterator)

    return run


@contextlib.contextmanager
def exact_runs(needed: bool) -> Iterator[None]:
    """Has compiled steps give the same last digits in each run.

    TensorFlow's dependency optimizer leaves it to chance in which order some sums are taken. It
    makes some small networks faster, so that it stays where it does no harm.

    Args:
        needed: Whether it is to be off.
    """
    if not needed:
        yield
        return
    name = "dependency_optimization"
    before = tf.config.optimizer.get_experimental_options().get(name, True)
    tf.config.optimizer.set_experimental_options({name: False})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({name: before})


def has_gpu() -> bool:
    """Returns whether there is a GPU to train on."""
    return bool(tf.config.list_physical_devices("GPU"))


# Data


def array_batches(
    arrays: Sequence[Any],
    steps: int,
    group: int,
    batch_size: int,
    order: Any,
    scale: tuple[float, float] | None,
) -> tf.data.Dataset:
    """Returns an endless data set of tuples of mini-batches, gathered from arrays.

    Args:
        arrays: Samples, or samples and labels.
        steps: Elements of an epoch.
        group: Mini-batches of an element.
        batch_size: Samples of a mini-batch.
        order: A `keras_gans.models.minibatches.Order`.
        scale: The range that samples are mapped onto, if they are pixels.
    """
    tensors, n = [tf.convert_to_tensor(array) for array in arrays], len(arrays[0])

    def epoch(start):
        indices = tf.range(n)
        if order.shuffle:
            indices = tf.random.experimental.stateless_shuffle(indices, seed=[order.seed, start])
        indices = tf.reshape(indices[: steps * group * batch_size], (steps, group, batch_size))
        return tf.data.Dataset.from_tensor_slices(indices)

    def batch(indices):
        x, *labels = (tf.gather(tensor, indices) for tensor in tensors)
        # After they are gathered: pixels take a quarter of the memory of floats.
        x = scaled(tf.cast(x, tf.float32), scale) if scale else x
        return (x, *labels) if labels else x

    dataset = epochs(epoch, order.first_step, steps, order.skip)
    dataset = dataset.map(lambda indices: tuple(batch(indices[i]) for i in range(group)))
    return dataset.prefetch(_READY_STEPS).with_options(_one_thread())


def _one_thread() -> tf.data.Options:
    """Gathering is short: more threads, and tuning them, would only disturb small networks."""
    options = tf.data.Options()
    options.threading.private_threadpool_size = 1
    options.threading.max_intra_op_parallelism = 1
    options.autotune.enabled = False
    return options


# Replicas


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

    Keras' own checks only the first replica's gradients: where another's overflow, their infinity
    would reach the weights of all.
    """

    def check_finite(self, grads: Any) -> Any:
        finite = super().check_finite(grads)
        replica = tf.distribute.get_replica_context()
        overflows = replica.all_reduce("SUM", tf.cast(~finite, "float32"))
        return tf.equal(overflows, 0.0)


def replica_count() -> int:
    """Returns over how many replicas the current step is spread."""
    return tf.distribute.get_strategy().num_replicas_in_sync


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


def check_scope(strategy: tf.distribute.Strategy, variables: Sequence[keras.Variable]) -> None:
    """Raises a ValueError unless variables were made in the scope of a strategy."""
    for variable in variables:
        if not strategy.extended.variable_created_in_scope(variable.value):
            raise ValueError(
                "Expected networks and model to be made in the scope of the strategy that they are "
                f"trained in. Received: {variable.path}, made in another scope; make the networks "
                "and the model, and compile it, in `with strategy.scope():`"
            )


@contextlib.contextmanager
def worker_errors(strategy: tf.distribute.Strategy) -> Iterator[None]:
    """Says in one sentence that another worker of a strategy has failed."""
    try:
        yield
    except (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError) as error:
        workers = _worker_count(strategy)
        if workers == 1:
            raise
        reason = " ".join(str(error).split("Collective ops is aborted by:")[-1].split())[:100]
        raise RuntimeError(
            f"Expected all {workers} workers to stay alive. Received: {reason}; start all workers "
            "again, with TrainState they go on from the last saved epoch"
        ) from error


def _worker_count(strategy: tf.distribute.Strategy) -> int:
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return 1
    cluster = strategy.cluster_resolver.cluster_spec().as_dict()
    return sum(len(cluster.get(role, ())) for role in ("chief", "worker"))
