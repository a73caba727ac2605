"""JAX: functions of the values of all variables, differentiated and compiled."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np

from keras_gans.backend.scope import Scope
from keras_gans.backend.single import ArrayBatches, Model, batch_of, step_by_step

# `Model` is that of one replica.
__all__ = [
    "Adam",
    "Model",
    "ReplicaLossScaleOptimizer",
    "array_batches",
    "compile_steps",
    "cond",
    "gradients",
    "has_gpu",
    "input_gradient",
]

Adam = keras.optimizers.Adam

# The largest arrays that are kept on the device.
_DEVICE_BYTES = 2**30

# Gradients


def gradients(
    objective: Callable[[], tuple[Any, Any]], variables: Sequence[Any], jit_compile: bool = False
) -> tuple[list[Any], Any]:
    """Differentiates an objective with respect to variables.

    Args:
        objective: Function without arguments that returns a scalar to differentiate and any
            structure of further tensors.
        variables: The `keras.Variable`s to differentiate by.
        jit_compile: For TensorFlow's signature: the whole step is compiled.

    Returns:
        The gradients in the order of `variables`, and the structure of further tensors.

    Example:
        >>> w = keras.Variable([1.0, 2.0])
        >>> gradients(lambda: (keras.ops.sum(w**2), None), [w])[0]
        [Array([2., 4.], dtype=float32)]
    """
    values = [variable.value for variable in variables]
    return _differentiated(lambda _: objective(), values, variables)


def input_gradient(function: Callable[[Any], Any], inputs: Any) -> Any:
    """Differentiates a function by its input; itself differentiable.

    Args:
        function: Maps a batch to a batch, each sample on its own.
        inputs: Tensor of shape `(batch, ...)`.

    Returns:
        Tensor of the shape of `inputs`: the gradient of each sample's summed output by that sample.
    """
    gradient, _ = _differentiated(lambda x: (keras.ops.sum(function(x)), None), inputs)
    return gradient


def _differentiated(
    function: Callable[[Any], tuple[Any, Any]], at: Any, variables: Sequence[keras.Variable] = ()
) -> tuple[Any, Any]:
    """Returns gradient and further tensors; what is assigned to variables holds afterwards too.

    Args:
        function: From the argument to a scalar and any structure of further tensors.
        at: The argument.
        variables: Those whose values the argument is, if it is any's.
    """
    updated: list[keras.Variable] = []

    def with_updates(argument):
        with Scope(zip(variables, argument, strict=True) if variables else ()) as scope:
            value, auxiliary = function(argument)
        updated[:] = [variable for variable, _ in scope.updates]
        return value, (auxiliary, [value for _, value in scope.updates])

    gradient, (auxiliary, values) = jax.grad(with_updates, has_aux=True)(at)
    for variable, value in zip(updated, values, strict=True):
        variable.assign(value)
    return gradient, auxiliary


def cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """Runs one of two functions, which may change variables, as `keras.ops.cond` may not on JAX."""
    functions = true_fn, false_fn
    updated = {id(v): v for function in functions for v in _updated_by(function)}.values()

    def with_updates(function):
        def branch():
            with Scope():
                return function(), [variable.value for variable in updated]

        return branch

    result, values = keras.ops.cond(pred, *map(with_updates, functions))
    for variable, value in zip(updated, values, strict=True):
        variable.assign(value)
    return result


def _updated_by(function: Callable[[], Any]) -> list[keras.Variable]:
    with Scope() as scope:
        jax.eval_shape(function)
    return [variable for variable, _ in scope.updates]


@keras.saving.register_keras_serializable("keras_gans")
class ReplicaLossScaleOptimizer(keras.optimizers.LossScaleOptimizer):
    """A loss-scaling optimizer that updates within a step, under the name that TensorFlow has.

    Keras' own assigns to variables in a branch, which JAX does not let out of it.
    """

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        trained = self._trainable_variables if trainable_variables is None else trainable_variables
        values = [[variable.value for variable in part] for part in (self.variables, trained)]
        new_trained, new_own = self.stateless_apply(values[0], grads, values[1])
        for variable, value in zip(
            (*self.variables, *trained), (*new_own, *new_trained), strict=True
        ):
            variable.assign(value)


# The compiled step


def compile_steps(model: Any) -> Callable[[Iterator[Any], int], dict[str, Any]]:
    """Makes a function that runs training steps, each a function of the values of all variables.

    Args:
        model: Gives `train_step`, a function of one element of the data that returns logs, all
            `step_variables` that it reads or changes, and `run_eagerly`.

    Returns:
        A function of an iterator over the data and the number of steps, which returns the logs of
        the last step.
    """
    if model.run_eagerly:
        run_eagerly = step_by_step(model.train_step)
        return lambda elements, count: run_eagerly(_gathered(elements), count)
    variables = model.step_variables

    def one_step(values, element, source):
        batches = element if source is None else source.batches(element)
        with Scope(zip(variables, values, strict=True)) as scope:
            logs = model.train_step(batches)
        _check_known(scope, variables)
        return [scope.get_current_value(variable) for variable in variables], logs

    def several_steps(values, elements, source):
        values, logs = jax.lax.scan(lambda v, e: one_step(v, e, source), values, elements)
        return values, jax.tree.map(lambda each: each[-1], logs)

    one, several = (jax.jit(function, donate_argnums=0) for function in (one_step, several_steps))

    def run(elements, count):
        given = [next(elements) for _ in range(count)]
        source = elements.source if isinstance(elements, _Indices) else None
        given = given if source else [_placed(element) for element in given]
        if count == 1:
            values, logs = one(_values(variables), given[0], source)
        else:
            stacked = jax.tree.map(lambda *each: jnp.stack(each), *given)
            values, logs = several(_values(variables), stacked, source)
        for variable, value in zip(variables, values, strict=True):
            variable._value = value  # `assign` would check and convert what needs neither.
        return logs

    return run


def _values(variables: Sequence[keras.Variable]) -> list[Any]:
    """Returns what variables hold, each an array of its own, as the step takes them over."""
    values = [variable._value for variable in variables]
    if len(set(map(id, values))) < len(values):
        values = [jnp.copy(value) for value in values]
    return values


def _placed(element: Any) -> Any:
    """Spreads mini-batches over the devices of a `keras.distribution`, if there is one."""
    distribution = keras.distribution.distribution()
    if distribution is None:
        return element
    return jax.tree.map(
        lambda x: jax.device_put(x, distribution.get_data_layout(x.shape).backend_layout), element
    )


def _check_known(scope: Scope, variables: Sequence[keras.Variable]) -> None:
    known = set(map(id, variables))
    for variable, _ in scope.updates:
        if id(variable) not in known:
            raise ValueError(
                "Expected a step to change variables of the model, its optimizers and its "
                f"penalties alone. Received: {variable.path}; make it an attribute of the model, "
                "or return it from the `variables` of a penalty"
            )


# Data


class array_batches(ArrayBatches):
    """As `ArrayBatches`; arrays that fit live on the device, and only indices go there."""

    def __iter__(self) -> Iterator[Any]:
        size = sum(array.nbytes for array in self.arrays)
        if size > _DEVICE_BYTES or keras.distribution.distribution() is not None:
            return super().__iter__()
        return _Indices(self)


class _Indices:
    """An iterator over the numbers of each element's samples, and where to find these."""

    def __init__(self, batches: array_batches):
        self.indices = batches.indices()
        self.source = _Source(tuple(map(jnp.asarray, batches.arrays)), batches.scale)

    def __iter__(self) -> "_Indices":
        return self

    def __next__(self) -> np.ndarray:
        return next(self.indices)


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class _Source:
    arrays: tuple[jax.Array, ...]
    scale: tuple[float, float] | None = dataclasses.field(metadata={"static": True})

    def batches(self, indices: Any) -> tuple[Any, ...]:
        return tuple(batch_of(self.arrays, each, self.scale) for each in indices)


def _gathered(elements: Iterator[Any]) -> Iterator[Any]:
    """Iterates over mini-batches, also where the elements are the numbers of their samples."""
    return map(elements.source.batches, elements) if isinstance(elements, _Indices) else elements


def has_gpu() -> bool:
    """Returns whether there is a GPU to train on."""
    return jax.default_backend() == "gpu"
