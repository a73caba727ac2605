"""The metrics over the training."""

import os
from pathlib import Path
from typing import Any

from keras_gans.callbacks.evaluation import measured
from keras_gans.callbacks.figures import metric_curves
from keras_gans.callbacks.files import check_writable, replacing
from keras_gans.callbacks.resumable import Resumable


class MetricCurves(Resumable):
    """Draws the metrics that `Evaluation` adds to the logs over the epochs, one panel each.

    Args:
        path: The picture, such as "metrics.png"; drawn anew after each evaluation.

    Example:
        >>> scores = kg.callbacks.Evaluation(held_out, every=5, extractor="digits")
        >>> curves = kg.callbacks.MetricCurves("metrics.png")
        >>> gan.fit(images, epochs=50, callbacks=[scores, curves])
    """

    def __init__(self, path: str | os.PathLike[str]):
        super().__init__()
        self.path = Path(path)

    def initial_state(self) -> dict[str, Any]:
        """Returns the epochs and values of each metric by name: none yet."""
        return {}

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        super().on_train_begin(logs)
        check_writable(self.path)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        found = {name: v for name, v in measured(logs).items() if name.startswith("val_")}
        for name, value in found.items():
            epochs, values = self._state.setdefault(name, ([], []))
            epochs.append(epoch + 1)
            values.append(float(value))
        if found:
            with replacing(self.path, self.model) as aside:
                metric_curves(self._state).savefig(aside, dpi=80)
