"""The metrics over the training."""

from pathlib import Path
from typing import Any

import keras

from keras_gans.callbacks.figures import metric_curves
from keras_gans.callbacks.files import replacing


class MetricCurves(keras.callbacks.Callback):
    """Draws the metrics that `Evaluation` adds to the logs over the epochs, one panel each.

    Args:
        path: The picture, such as "metrics.png"; drawn anew after each evaluation.

    Example:
        >>> scores = kg.callbacks.Evaluation(held_out, every=5, extractor="digits")
        >>> curves = kg.callbacks.MetricCurves("metrics.png")
        >>> gan.fit(images, epochs=50, callbacks=[scores, curves])
    """

    def __init__(self, path: str):
        super().__init__()
        self.path = Path(path)
        self._restored = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._curves = self._restored or {}
        self._restored = None

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        found = {name: v for name, v in (logs or {}).items() if name.startswith("val_")}
        for name, value in found.items():
            epochs, values = self._curves.setdefault(name, ([], []))
            epochs.append(epoch + 1)
            values.append(float(value))
        if found:
            with replacing(self.path) as aside:
                metric_curves(self._curves).savefig(aside, dpi=80)

    def state(self) -> dict[str, Any]:
        """Returns what `TrainState` saves."""
        return self._curves

    def restore_state(self, state: dict[str, Any]) -> None:
        """Goes on from what `state` gave, when training begins."""
        self._restored = state
