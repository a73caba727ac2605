"""What the callbacks have in common whose state outlives the process."""

import abc
from typing import Any

import keras


class Resumable(keras.callbacks.Callback, abc.ABC):
    """Base class of callbacks whose state `TrainState` saves with the model's.

    A subclass returns from `initial_state` what a training begins with, and keeps `self._state` up
    to date while it trains. When training begins, `self._state` is the initial state, or the saved
    one where an interrupted training goes on; a subclass with an `on_train_begin` of its own calls
    this one's. The state has to be plain data, as it is saved as JSON: lists, dicts with strings as
    keys, numbers, strings and None.

    `TrainState` asks only for the methods `state` and `restore_state`, so that callbacks of
    another class may take part too.

    Example:
        >>> class LargestLoss(kg.callbacks.Resumable):
        ...     def initial_state(self):
        ...         return {"largest_loss": 0.0}
        ...
        ...     def on_epoch_end(self, epoch, logs=None):
        ...         largest = max(self._state["largest_loss"], float(logs["d_loss"]))
        ...         self._state["largest_loss"] = largest
        >>> gan.fit(images, callbacks=[LargestLoss(), kg.callbacks.TrainState("run")])
    """

    _restored: Any = None

    @abc.abstractmethod
    def initial_state(self) -> Any:
        """Returns the state that a training begins with."""

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._state = self.initial_state() if self._restored is None else self._restored
        self._restored = None

    def state(self) -> Any:
        """Returns what `TrainState` saves."""
        return self._state

    def restore_state(self, state: Any) -> None:
        """Sets the state that training goes on from when it begins."""
        self._restored = state
