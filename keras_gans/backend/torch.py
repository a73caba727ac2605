"""PyTorch: automatic differentiation, step by step."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import torch

from keras_gans.backend import single
from keras_gans.backend.scope import Scope


def gradients(
    objective: Callable[[], tuple[Any, Any]], variables: Sequence[Any], jit_compile: bool = False
) -> tuple[list[Any], Any]:
    """Differentiates an objective with respect to variables.

    Args:
        objective: Function without arguments that returns a scalar to differentiate and any
            structure of further tensors.
        variables: The `keras.Variable`s to differentiate by.
        jit_compile: For TensorFlow's signature: nothing is compiled.

    Returns:
        The gradients in the order of `variables` (`None` where the objective does not depend on
        one), and the structure of further tensors, which are detached.

    Example:
        >>> w = keras.Variable([1.0, 2.0])
        >>> gradients(lambda: (keras.ops.sum(w**2), None), [w])[0]
        [tensor([2., 4.])]
    """
    # Tensors of their own, so that nothing else is differentiated by.
    values = [variable.value.detach().requires_grad_() for variable in variables]
    with torch.enable_grad(), Scope(zip(variables, values, strict=True)) as scope:
        value, auxiliary = objective()
    found = torch.autograd.grad(value, values, allow_unused=True)
    for variable, update in scope.updates:
        variable.assign(update.detach())
    return list(found), keras.tree.map_structure(_detached, auxiliary)


def input_gradient(function: Callable[[Any], Any], inputs: Any) -> Any:
    """Differentiates a function by its input; itself differentiable.

    Args:
        function: Maps a batch to a batch, each sample on its own.
        inputs: Tensor of shape `(batch, ...)`.

    Returns:
        Tensor of the shape of `inputs`: the gradient of each sample's summed output by that sample.
    """
    with torch.enable_grad():
        # Where it is no tensor to differentiate by yet, it becomes one.
        inputs = inputs if inputs.requires_grad else inputs.detach().requires_grad_()
        outputs = function(inputs)
        return torch.autograd.grad(outputs.sum(), inputs, create_graph=True)[0]


# Keras' own, which updates all variables together. To a class derived from `keras.optimizers.Adam`
# Keras gives another, of some twenty operations a variable.
Adam = type(keras.optimizers.Adam())
cond = keras.ops.cond
array_batches = single.ArrayBatches


class Model(single.Model):
    """As elsewhere; several steps in one call are of `fit` alone."""

    steps_per_execution: int

    def predict(self, *args: Any, **kwargs: Any) -> Any:
        steps = self.steps_per_execution
        self.steps_per_execution = 1  # Keras refuses others here.
        try:
            return super().predict(*args, **kwargs)
        finally:
            self.steps_per_execution = steps


@keras.saving.register_keras_serializable("keras_gans")
class ReplicaLossScaleOptimizer(keras.optimizers.LossScaleOptimizer):
    """A loss-scaling optimizer under the name that TensorFlow has for one of several replicas."""


def compile_steps(model: Any) -> Callable[[Iterator[Any], int], dict[str, Any]]:
    """Makes a function that runs training steps one after the other; nothing is compiled.

    Args:
        model: Gives `train_step`, a function of one element of the data that returns logs.

    Returns:
        A function of an iterator over the data and the number of steps, which returns the logs of
        the last step.
    """
    return torch.no_grad()(
        single.step_by_step(model.train_step)
    )  # But where a gradient is asked for.


def has_gpu() -> bool:
    """Returns whether there is a GPU to train on."""
    return torch.cuda.is_available()


def _detached(x: Any) -> Any:
    return x.detach() if isinstance(x, torch.Tensor) else x
