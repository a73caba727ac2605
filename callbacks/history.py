"""The logs of training, on disk."""

import csv
import os
from pathlib import Path
from typing import Any

import keras

from keras_gans.callbacks.evaluation import measured
from keras_gans.callbacks.files import check_writable, replacing


class HistoryCSV(keras.callbacks.Callback):
    """Writes one row an epoch: its number, from 1, and its logs, in full precision.

    Scores stand in the rows of the epochs after which `Evaluation` measured them. When training
    goes on after an interruption, rows of epochs that are trained again are replaced.

    Args:
        path: The file, written anew after each epoch.

    Raises:
        ValueError: If there is a file that is no history.

    Example:
        >>> gan.fit(images, epochs=5, callbacks=[kg.callbacks.HistoryCSV("history.csv")])
    """

    def __init__(self, path: str | os.PathLike[str]):
        super().__init__()
        self.path = Path(path)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        check_writable(self.path)
        self._rows: list[dict[str, Any]] = self._read()
        self._has_begun = False

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if not self._has_begun:
            self._has_begun = True
            self._rows = [row for row in self._rows if int(row["epoch"]) <= epoch]

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        values = {name: repr(float(value)) for name, value in measured(logs).items()}
        self._rows.append({"epoch": epoch + 1, **values})
        names = list(dict.fromkeys(name for row in self._rows for name in row))
        with replacing(self.path, self.model) as aside, open(aside, "w", newline="") as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows(self._rows)

    def _read(self) -> list[dict[str, str]]:
        if not self.path.exists():
            return []
        with open(self.path, newline="") as file:
            reader = csv.DictReader(file)
            names, rows = reader.fieldnames, list(reader)
        if names and names[0] != "epoch":
            raise ValueError(
                f"Expected the history of a training, whose first column is 'epoch'. Received: "
                f"{self.path} with the columns {names}; choose another path"
            )
        return rows
