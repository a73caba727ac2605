"""Models saved while training."""

import os
from pathlib import Path
from typing import Any

import keras

from keras_gans.callbacks.files import check_writable, is_chief, numbered, replacing


class Checkpoint(keras.callbacks.Callback):
    """Saves the whole model every few epochs, and keeps the last few files.

    A file is written aside and renamed: at no time is there a half-written checkpoint. Files of
    later epochs, which another training left, are neither counted nor removed.

    Args:
        directory: Folder of the files `epoch_<number>.keras`.
        every_epochs: Epochs between two checkpoints.
        keep: How many to keep, or None for all.

    Raises:
        ValueError: If a number is not positive.

    Example:
        >>> gan.fit(images, epochs=50, callbacks=[kg.callbacks.Checkpoint("run", every_epochs=15)])
        >>> gan = keras.saving.load_model("run/epoch_000045.keras")
    """

    def __init__(
        self, directory: str | os.PathLike[str], every_epochs: int = 1, keep: int | None = 3
    ):
        super().__init__()
        if every_epochs < 1 or (keep is not None and keep < 1):
            raise ValueError(
                "Expected `every_epochs` and `keep` of at least 1. Received: "
                f"every_epochs={every_epochs}, keep={keep}"
            )
        self.directory = Path(directory)
        self.every_epochs = every_epochs
        self.keep = keep

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        check_writable(self.directory / "epoch_000001.keras")

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if (epoch + 1) % self.every_epochs:
            return
        with replacing(self.directory / f"epoch_{epoch + 1:06d}.keras", self.model) as aside:
            self.model.save(aside)
        found = numbered(self.directory, "epoch", ".keras")
        saved = [path for number, path in found.items() if number <= epoch + 1]
        for path in saved[: -self.keep] if self.keep and is_chief(self.model) else []:
            path.unlink()
