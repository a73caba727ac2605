"""Metrics of the samples, in the logs."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_gans.metrics import extractors, protocol


class LastScore(float):
    """A score that the logs of an epoch repeat, as it was measured in an earlier one."""


def measured(logs: dict[str, Any] | None) -> dict[str, Any]:
    """Returns the logs of an epoch without those that are repeated from an earlier one."""
    return {name: v for name, v in (logs or {}).items() if not isinstance(v, LastScore)}


class Evaluation(keras.callbacks.Callback):
    """Adds metrics of the samples to the logs: `val_fid`, `val_kid`, ...

    They are measured after the first epoch and after every k-th. The logs of the epochs between
    repeat the last ones, since Keras' callbacks need them in each: where they are missing,
    `ModelCheckpoint(save_best_only=True)` saves what is not the best, and `CSVLogger` leaves them
    out for good where the first epoch has none. So `patience` of `EarlyStopping` and
    `ReduceLROnPlateau` counts epochs, not measurements: give them some times `every`.
    `HistoryCSV`, `MetricCurves` and `CollapseWarning` take each measurement once.

    `fit` of this library's models calls it before the other callbacks, whatever their order in the
    list: they and the progress bar find the metrics in the logs. Keras knows no direction of these
    metrics: pass `mode`.

    The latents are the same at each evaluation, and no random state of the model advances: training
    is the same with and without.

    Args:
        data: Held-out or training data, as for `evaluate` of the model; its features are extracted
            once. Samples of a conditional model have its labels, where it has any; the logs are of
            all classes together.
        every: Epochs between two evaluations; the first epoch has one too.
        metrics: Names such as "fid", "coverage"; all that can be had by default.
        extractor: As for `evaluate`: such as "digits".
        n: How many samples to draw; as many as `data` has by default, at most 10,000.
        seed: Integer seed of the latents.
        mixture: `(centers, std)` of the Gaussians that 2-D data is drawn from.
        batch_size: Samples that are drawn at a time.

    Raises:
        ValueError: If `every` is not positive, the data does not fit, or a metric is unknown.

    Example:
        >>> scores = kg.callbacks.Evaluation(held_out, every=5, extractor="digits")
        >>> best = keras.callbacks.ModelCheckpoint(
        ...     "best.keras", "val_fid", mode="min", save_best_only=True
        ... )
        >>> gan.fit(images, epochs=50, callbacks=[scores, best])
    """

    # `fit` calls callbacks with this mark first: others are to find their entries in the logs.
    writes_logs = True

    def __init__(
        self,
        data: Any,
        every: int = 1,
        metrics: Sequence[str] | None = None,
        extractor: Any = None,
        n: int | None = None,
        seed: int = 0,
        mixture: Any = None,
        batch_size: int | None = None,
    ):
        super().__init__()
        if every < 1:
            raise ValueError(f"Expected `every` of at least 1. Received: every={every}")
        self.data = data
        self.every = every
        self.metrics = metrics
        self.extractor = extractor
        self.n = n
        self.seed = seed
        self.mixture = mixture
        self.batch_size = batch_size

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        shape = self.model.sample_shape
        self._extractor = extractors.get(self.extractor, shape)
        bounds = getattr(self.model, "value_range", None)
        self._real = protocol.real_features(self.data, self._extractor, shape, self.n, bounds)
        names = protocol.check(self.metrics, self._real, self.mixture)
        self._names = [f"val_{name}" for name in names]

    def check_patience(self, callbacks: Sequence[keras.callbacks.Callback]) -> None:
        """Raises if one of Keras' callbacks would lose patience before the next measurement.

        Args:
            callbacks: All callbacks of `fit`, which calls this before it starts.

        Raises:
            ValueError: If `patience` of one that monitors a score is less than `every`.
        """
        for callback in callbacks:
            monitor, patience = (
                getattr(callback, "monitor", ""),
                getattr(callback, "patience", None),
            )
            if monitor.startswith("val_") and patience is not None and patience < self.every:
                raise ValueError(
                    f"Expected a `patience` of at least {self.every} epochs, as {monitor} is "
                    f"measured every {self.every}. Received: {type(callback).__name__} with "
                    f"patience={patience}; count it in epochs"
                )

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        # What is repeated comes from the history, which an interrupted training keeps.
        history = getattr(self.model, "history", None)
        last = {name: values[-1] for name, values in history.history.items()} if history else {}
        if (epoch + 1) % self.every and set(self._names) <= set(last):
            scores: dict[str, float] = {name: LastScore(last[name]) for name in self._names}
        else:
            scores = self._measure()
        if logs is not None:
            logs.update(scores)

    def _measure(self) -> dict[str, float]:
        scores = protocol.evaluate(
            self.model,
            self._real,
            self.metrics,
            self._extractor,
            self.n,
            self.seed,
            self.mixture,
            by_class=False,
            batch_size=self.batch_size,
        )
        return {f"val_{name}": value for name, value in scores.items()}
