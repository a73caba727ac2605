"""Tells that modes are lost."""

import warnings
from typing import Any

import numpy as np

from keras_gans.callbacks.evaluation import measured
from keras_gans.callbacks.resumable import Resumable

_ADVICE = "Look at the samples; WGANGP, a larger n_critic or a lower learning rate may help"


class CollapseWarning(Resumable):
    """Warns when the generator loses modes, by the logs of `Evaluation`.

    Modes are lost when `val_coverage` has fallen far below its best, or when `val_duplicates` has
    become high, at `patience` evaluations in a row. It warns once, and again after a recovery. An
    untrained generator makes few different samples too: one that never made others is reported when
    training ends.

    Args:
        coverage_drop: Share in (0, 1) of the best coverage that may be lost.
        max_duplicates: Share in (0, 1] of samples that may have near duplicates.
        patience: Evaluations in a row that have to agree.

    Raises:
        ValueError: If an argument is out of its range.

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

    def initial_state(self) -> list[Any]:
        """Returns the best coverage, the best duplicates, and the bad evaluations in a row."""
        return [np.nan, np.nan, 0]

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        logs = measured(logs)
        if not {"val_coverage", "val_duplicates"} & set(logs):
            return
        coverage = logs.get("val_coverage", np.nan)
        duplicates = logs.get("val_duplicates", np.nan)
        best_coverage, best_duplicates, bad = self._state
        best_coverage = float(np.fmax(coverage, best_coverage))
        best_duplicates = float(np.fmin(duplicates, best_duplicates))
        symptoms = self._symptoms(coverage, duplicates, best_coverage, best_duplicates)
        bad = bad + 1 if symptoms else 0
        self._state[:] = best_coverage, best_duplicates, bad
        if bad == self.patience:
            _warn(f"The generator loses modes at epoch {epoch + 1}: {'; '.join(symptoms)}", _ADVICE)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        best_coverage, best_duplicates, _ = self._state
        if np.isnan([best_coverage, best_duplicates]).all():
            _warn("CollapseWarning found no metrics in the logs", "Pass Evaluation too")
        elif best_duplicates > self.max_duplicates:
            share = f"at least {best_duplicates:.0%} of the samples had near duplicates"
            _warn(f"The generator never made different samples: {share}", _ADVICE)

    def _symptoms(
        self, coverage: float, duplicates: float, best_coverage: float, best_duplicates: float
    ) -> list[str]:
        symptoms = []
        if coverage < (1.0 - self.coverage_drop) * best_coverage:
            symptoms.append(f"coverage fell from {best_coverage:.2f} to {coverage:.2f}")
        if best_duplicates <= self.max_duplicates < duplicates:
            symptoms.append(f"{duplicates:.0%} of the samples have near duplicates")
        return symptoms


def _warn(finding: str, advice: str) -> None:
    warnings.warn(f"{finding}. {advice}.", stacklevel=3)
