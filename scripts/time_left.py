"""How long a whole training will still take; Keras' bar tells that of the epoch."""

import time
from typing import Any

import keras


class TimeLeft(keras.callbacks.Callback):
    """Prints the time left after 1, 2, 4, 8 and so on of the epochs that this process trains."""

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._since, self._done = time.monotonic(), 0

    # Before the next epoch's bar, as that of the last one is not finished when the epoch ends.
    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self._done and self._done & (self._done - 1) == 0:
            an_epoch = (time.monotonic() - self._since) / self._done
            print(f"About {duration(an_epoch * (self.params['epochs'] - epoch))} left.")

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._done += 1


def duration(seconds: float) -> str:
    """Returns a time as one says it: "40 s", "12 min", "3 h 20 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
