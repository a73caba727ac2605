"""Metrics of the samples, in the logs."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_gans.metrics import extractors, protocol


class Evaluation(keras.callbacks.Callback):
    """Adds metrics of the samples to the logs of every k-th epoch: `val_fid`, `val_kid`, ...

    `fit` of this library's models calls it before the other callbacks, whatever their order in the
    list: `ModelCheckpoint(monitor="val_fid", mode="min", save_best_only=True)`, `EarlyStopping`,
    `HistoryCSV` and the progress bar find the metrics in the logs. Keras knows no direction of
    these metrics: pass `mode`. As with Keras' `validation_freq`, the logs of the other epochs lack
    them.

    The latents are the same at each evaluation, and no random state of the model advances: training
    is the same with and without.

    Args:
        data: Held-out or training data, as for `evaluate` of the model; its features are extracted
            once. Samples of a conditional model have its labels, where it has any; the logs are of
            all classes together.
        every: Epochs between two evaluations.
        metrics: Names such as "fid", "coverage"; all that can be had by default.
        extractor: As for `evaluate`: such as "digits".
        n: How many samples to draw; as many as `data` has by default, at most 10,000.
        seed: Integer seed of the latents.
        mixture: `(centers, std)` of the Gaussians that 2-D data is drawn from.

    Raises:
        ValueError: If `every` is not positive, the data does not fit, or a metric is unknown.

    Example:
        >>> scores = kg.callbacks.Evaluation(held_out, every=5, extractor="digits")
        >>> best = keras.callbacks.ModelCheckpoint("best.keras", "val_fid", mode="min")
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

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        shape = self.model.sample_shape
        self._extractor = extractors.get(self.extractor, shape)
        bounds = getattr(self.model, "value_range", None)
        self._real = protocol.real_features(self.data, self._extractor, shape, self.n, bounds)
        protocol.check(self.metrics, self._real, self.mixture)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if (epoch + 1) % self.every:
            return
        scores = protocol.evaluate(
            self.model,
            self._real,
            self.metrics,
            self._extractor,
            self.n,
            self.seed,
            self.mixture,
            by_class=False,
        )
        if logs is not None:
            logs.update({f"val_{name}": value for name, value in scores.items()})
