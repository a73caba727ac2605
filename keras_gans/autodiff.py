"""Gradients: the only file that names a gradient API of a backend."""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf


def gradients(
    objective: Callable[[], tuple[Any, Any]], variables: Sequence[Any], jit_compile: bool = False
) -> tuple[list[Any], Any]:
    """Differentiates an objective with respect to variables.

    Args:
        objective: Function without arguments that returns a scalar to differentiate and any
            structure of tensors to hand on.
        variables: The `keras.Variable`s to differentiate by. Nothing else is watched, whatever the
            `trainable` flags of the layers that the objective calls.
        jit_compile: Whether XLA compiles the objective together with its gradient.

    Returns:
        The gradients in the order of `variables` (`None` where the objective does not depend on
        one), and the structure that the objective handed on.

    Example:
        >>> w = keras.Variable([1.0, 2.0])
        >>> gradients(lambda: (keras.ops.sum(w**2), None), [w])[0]
        [<tf.Tensor: shape=(2,), dtype=float32, numpy=array([2., 4.], dtype=float32)>]
    """

    def differentiate():
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([variable.value for variable in variables])
            value, handed_on = objective()
        return tape.gradient(value, [variable.value for variable in variables]), handed_on

    return tf.function(differentiate, jit_compile=True)() if jit_compile else differentiate()


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
