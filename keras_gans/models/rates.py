"""Both optimizers as one, for Keras' own callbacks."""

from typing import Any

import keras


class Named:
    """An optimizer under the name that the model knows it by, alone in its `optimizers`.

    Args:
        name: Such as "d_optimizer".
        optimizer: The optimizer, whose attributes are read and set.
    """

    def __init__(self, name: str, optimizer: keras.optimizers.Optimizer):
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "optimizer", optimizer)

    @property
    def optimizers(self) -> list["Named"]:
        return [self]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.optimizer, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.optimizer, name, value)


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
            Named("d_optimizer", d_optimizer),
            Named("g_optimizer", g_optimizer),
        ]
        self.variables = [*d_optimizer.variables, *g_optimizer.variables]

    @property
    def built(self) -> bool:
        """Whether both are built, as `summary` asks."""
        return all(optimizer.built for optimizer in self.optimizers)

    def get_config(self) -> dict[str, Any]:
        """Returns both configurations in one, as callbacks that log them ask for it."""
        return {
            f"{optimizer.name}_{key}": value
            for optimizer in self.optimizers
            for key, value in optimizer.get_config().items()
        }

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"Expected a callback that goes through `model.optimizer.optimizers`. Received: one "
            f"that reads `{name}` of a single optimizer; wrap it, as in "
            'kg.callbacks.ForOptimizer("g_optimizer", callback)'
        )

    def only(self, name: str) -> Named:
        """Returns what `model.optimizer` is to a callback that is to see one of both.

        Args:
            name: "d_optimizer" or "g_optimizer".

        Raises:
            ValueError: If there is no optimizer of this name.
        """
        chosen = [optimizer for optimizer in self.optimizers if optimizer.name == name]
        if not chosen:
            raise ValueError(
                f"Expected the name of an optimizer, one of "
                f"{[optimizer.name for optimizer in self.optimizers]}. Received: {name!r}"
            )
        return chosen[0]
