"""Tells that modes are lost."""

import warnings
from typing import Any

import keras


class CollapseWarning(keras.callbacks.Callback):
    """Warns when the generator loses modes, by the logs of `Evaluation`.

    Modes are lost when `val_coverage` has fallen far below its best, or when `val_duplicates`
    is high, at `patience` evaluations in a row. It warns once, and again after a recovery.

    Args:
        coverage_drop: Share in (0, 1) of the best coverage that may be lost.
        max_duplicates: Share in (0, 1] of samples that may have near duplicates.
        patience: Evaluations in a row that have to agree.

    Raises:
        ValueError: If an argument is out of its range, or no logs have what it watches.

    Example:
        >>> scores = kg.callbacks.Evaluation(held_out, every=5, extractor="digits")
        >>> gan.fit(images, epochs=50, callbacks=[scores, kg.callbacks.CollapseWarning()])
    """

    def __init__(self, coverage_drop: float = 0.5, max_duplicates: float = 0.5, patience: int = 3):
        super().__init__()
        if not (0 < coverage_drop < 1 and 0 < max_duplicates <= 1 and patience >= 1):
            raise ValueError(
                "Expected `coverage_drop` in (0, 1), `max_duplicates` in (0, 1] and `patience` of "
                f"at least 1. Received: coverage_drop={coverage_drop}, "
                f"max_duplicates={max_duplicates}, patience={patience}"
            )
        self.coverage_drop = coverage_drop
        self.max_duplicates = max_duplicates
        self.patience = patience
        self._restored = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._best, self._bad = self._restored or (0.0, 0)
        self._restored = None

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if not {"val_coverage", "val_duplicates"} & set(logs or ()):
            return
        symptoms = self._symptoms(logs)
        self._bad = self._bad + 1 if symptoms else 0
        if self._bad == self.patience:
            warnings.warn(
                f"The generator loses modes at epoch {epoch + 1}: {'; '.join(symptoms)}. Look at "
                "its samples; WGANGP, a larger n_critic or a lower learning rate may help.",
                stacklevel=2,
            )

    def _symptoms(self, logs: dict[str, Any]) -> list[str]:
        coverage, duplicates = logs.get("val_coverage"), logs.get("val_duplicates", 0.0)
        symptoms = []
        if coverage is not None:
            self._best = max(self._best, float(coverage))
            if coverage < (1.0 - self.coverage_drop) * self._best:
                symptoms.append(f"coverage fell from {self._best:.2f} to {coverage:.2f}")
        if duplicates > self.max_duplicates:
            symptoms.append(f"{duplicates:.0%} of the samples have near duplicates")
        return symptoms

    def state(self) -> tuple[float, int]:
        """Returns what `TrainState` saves."""
        return self._best, self._bad

    def restore_state(self, state: tuple[float, int]) -> None:
        """Goes on from what `state` gave, when training begins."""
        self._restored = state
