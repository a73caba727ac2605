"""The update of one network while the other one stays as it is."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import keras
from keras import ops

from keras_gans import backend


class Updating(keras.Model):
    """The part of a GAN that updates one of its networks."""

    @contextlib.contextmanager
    def frozen(self, network: keras.Model) -> Iterator[None]:
        """Leaves a network's weights, moving statistics included, as they are.

        One network's update calls the other one within it. Random states advance, so that each call
        draws its own dropout mask.
        """
        with backend.Scope() as scope:
            yield
        held = {id(weight) for weight in network.weights}
        for variable, value in scope.updates:
            if id(variable) not in held:
                variable.assign(value)

    def minimize(
        self, objective: Callable[[], tuple[Any, Any]], network: keras.Model, optimizer: Any
    ) -> dict[str, Any]:
        """Updates one network, and nothing else, by the gradient of an objective.

        Args:
            objective: Function without arguments that returns a scalar and a dict of logs.
            network: The network whose trainable variables are updated.
            optimizer: The optimizer of that network.

        Returns:
            The objective's dict of logs.
        """

        def replica_objective():
            loss, terms = objective()
            # The optimizer sums the gradients of all replicas.
            loss = (loss + sum(network.losses)) / backend.replica_count()
            return optimizer.scale_loss(loss), terms

        variables = self._trained[network]
        gradients, terms = backend.gradients(replica_objective, variables, self.jit_compile)
        optimizer.apply(gradients, variables)
        backend.average_over_replicas([v for v in network.weights if not v.trainable])
        return terms

    def finalize_weights(self) -> None:
        """Writes averages of optimizers with `use_ema` into the weights, as Keras' `fit` does."""
        optimizers = {self.discriminator: self.d_optimizer, self.generator: self.g_optimizer}
        for network, optimizer in optimizers.items():
            optimizer.finalize_variable_values(self._trained[network])

    def training_step(self) -> Any:
        """Returns the number of the step in progress, from 0, as schedules take it."""
        return self.g_optimizer.iterations // self.n_generator


def with_labels(inputs: Any, labels: Any) -> Any:
    """Returns what a network is called with."""
    return inputs if labels is None else (inputs, labels)


def as_float32(x: Any) -> Any:
    """Losses and penalties are computed in float32, whatever the networks compute in."""
    return ops.cast(x, "float32")


def joined(*dicts: dict[str, Any]) -> dict[str, Any]:
    """Joins dicts of logs, whose names must differ."""
    names = [name for each in dicts for name in each]
    if len(names) != len(set(names)):
        raise ValueError(f"Expected logs of different names. Received: {sorted(names)}")
    return {name: value for each in dicts for name, value in each.items()}
