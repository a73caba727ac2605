"""A callback of Keras for one of the two optimizers."""

from typing import Any

import keras


class ForOptimizer(keras.callbacks.Callback):
    """Has a callback that reads or changes the learning rate see one of the two optimizers.

    Without it, Keras' `LearningRateScheduler` and `ReduceLROnPlateau` change both.

    Args:
        name: "d_optimizer" or "g_optimizer".
        callback: A Keras callback that finds the optimizer in `model.optimizer`.

    Raises:
        ValueError: If the model has no optimizer of this name.

    Example:
        >>> halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.5 * rate)
        >>> gan.fit(images, callbacks=[kg.callbacks.ForOptimizer("d_optimizer", halve)])
    """

    def __init__(self, name: str, callback: keras.callbacks.Callback):
        super().__init__()
        self.name = name
        self.callback = callback

    def set_params(self, params: dict[str, Any]) -> None:
        super().set_params(params)
        self.callback.set_params(params)

    def set_model(self, model: keras.Model) -> None:
        super().set_model(model)
        self.callback.set_model(_View(model, model.optimizer.only(self.name)))

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.callback.on_train_begin(logs)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self.callback.on_train_end(logs)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.callback.on_epoch_begin(epoch, logs)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.callback.on_epoch_end(epoch, logs)

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self.callback.on_train_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self.callback.on_train_batch_end(batch, logs)


class _View:
    """A model as a callback is to see it: with one optimizer."""

    def __init__(self, model: keras.Model, optimizer: Any):
        self._model = model
        self.optimizer = optimizer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)
