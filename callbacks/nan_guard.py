"""Stops training when a number is no longer one."""

from typing import Any

import keras
import numpy as np


class NaNGuard(keras.callbacks.Callback):
    """Raises at the step at which a loss, a penalty or a mean output turns NaN or infinite.

    `fit` adds one unless the callbacks hold one. The logs are means over the epoch, which one bad
    step spoils at once. At the end of each epoch it also checks the weights: an activation
    may hide a NaN of the data from the losses, but not from the gradients.

    Raises:
        ValueError: With the terms, their values and the step, or with the weight.

    Example:
        >>> gan.fit(images, callbacks=[kg.callbacks.NaNGuard()])
    """

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        bad = {name: v for name, v in (logs or {}).items() if not np.isfinite(np.asarray(v)).all()}
        if bad:
            terms = ", ".join(f"{name}={float(np.mean(value))}" for name, value in bad.items())
            raise ValueError(
                f"Expected finite losses. Received: {terms} at step {batch + 1} of the epoch; "
                "lower the learning rates, or look for outliers in the data"
            )

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        for weight in self.model.weights:
            if not np.isfinite(keras.ops.convert_to_numpy(weight)).all():
                raise ValueError(
                    f"Expected finite weights. Received: NaN or infinite values in {weight.path} "
                    f"after epoch {epoch + 1}; search the data for NaN, or lower the learning rates"
                )
