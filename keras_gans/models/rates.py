"""The learning rates of both optimizers, for Keras' own callbacks."""

from typing import Any

import keras


class NamedRate:
    """The learning rate of an optimizer, under the name that the model knows the optimizer by.

    Args:
        name: Such as "d_optimizer".
        optimizer: The optimizer.
    """

    def __init__(self, name: str, optimizer: keras.optimizers.Optimizer):
        self.name = name
        self._optimizer = optimizer

    @property
    def learning_rate(self) -> Any:
        """What the optimizer has; setting it sets the optimizer's."""
        return self._optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self._optimizer.learning_rate = value


class BothOptimizers:
    """What `model.optimizer` of a GAN is: Keras' callbacks go through `optimizers` in turn.

    `LearningRateScheduler` asks its schedule for each learning rate by itself, and
    `ReduceLROnPlateau` takes the same share of both, so that their ratio stays. The logs have
    `learning_rate_d_optimizer` and `learning_rate_g_optimizer`.

    Args:
        d_optimizer: The discriminator's.
        g_optimizer: The generator's.

    Example:
        >>> halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.5 * rate)
        >>> gan.fit(images, epochs=3, callbacks=[halve])
    """

    def __init__(
        self, d_optimizer: keras.optimizers.Optimizer, g_optimizer: keras.optimizers.Optimizer
    ):
        self.optimizers = [
            NamedRate("d_optimizer", d_optimizer),
            NamedRate("g_optimizer", g_optimizer),
        ]
        self.variables = [*d_optimizer.variables, *g_optimizer.variables]
