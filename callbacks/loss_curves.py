"""Figures of a whole training: its losses, and samples of chosen epochs."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from keras_gans.callbacks.files import replacing
from keras_gans.callbacks.pictures import as_pixels


class LossCurves(keras.callbacks.Callback):
    """Draws the losses over the iterations, with a second axis of epochs.

    Args:
        path: The picture, such as "losses.png"; drawn anew while training and at its end.
        terms: Which logs to draw.
        every_epochs: Epochs between two drawings.

    Raises:
        ValueError: If `every_epochs` is not positive, or there is no log of a term's name.

    Example:
        >>> gan.fit(images, epochs=5, callbacks=[kg.callbacks.LossCurves("losses.png")])
    """

    def __init__(
        self, path: str, terms: Sequence[str] = ("g_loss", "d_loss"), every_epochs: int = 1
    ):
        super().__init__()
        if every_epochs < 1:
            raise ValueError(
                f"Expected `every_epochs` of at least 1. Received: every_epochs={every_epochs}"
            )
        self.path = Path(path)
        self.terms = tuple(terms)
        self.every_epochs = every_epochs
        self._restored = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        state = self._restored or {"steps": [], "values": [], "sums": [], "first": []}
        self._steps, self._values = state["steps"], state["values"]  # One entry an execution.
        self._sums = state["sums"]  # Of the epoch in progress, and the step it began at.
        self._first = state["first"]  # Step and epoch where training began.
        self._last = None  # Step and epoch where it is.
        self._restored = None

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._first = self._first or [self.model.step, epoch]

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if not set(self.terms) <= set(logs):
            raise ValueError(f"Expected terms among {list(logs)}. Received: terms={self.terms}")
        step, last = self.model.step, self._steps[-1] if self._steps else self._first[0]
        if step == last:  # Done before an interruption.
            return
        # The logs are means over the epoch so far; their growing sums tell what each step added.
        before, start = self._sums or ([0.0] * len(self.terms), last)
        sums = [float(logs[term]) * (step - start) for term in self.terms]
        self._values.append([(b - a) / (step - last) for a, b in zip(before, sums, strict=True)])
        self._steps.append(step)
        self._sums = [sums, start]

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._sums = []
        self._last = [self.model.step, epoch + 1]
        if (epoch + 1) % self.every_epochs == 0:
            self._save()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        if self._last and self._last[1] % self.every_epochs:
            self._save()

    def state(self) -> dict[str, Any]:
        """Returns what `TrainState` saves."""
        names = ("steps", "values", "sums", "first")
        return {name: getattr(self, f"_{name}") for name in names}

    def restore_state(self, state: dict[str, Any]) -> None:
        """Goes on from what `state` gave, when training begins."""
        self._restored = state

    def _save(self) -> None:
        with replacing(self.path) as aside:
            self._draw().savefig(aside, dpi=100)

    def _draw(self) -> Figure:
        figure = Figure(figsize=(8, 6), layout="constrained")
        axes = figure.add_subplot(xlabel="iteration (updates of the generator)", ylabel="loss")
        for term, values in zip(self.terms, np.transpose(self._values), strict=True):
            axes.plot(self._steps, values, label=term, linewidth=0.8)
        axes.legend()
        epoch_of = _line(self._first, self._last)
        step_of = _line(self._first[::-1], self._last[::-1])
        epochs = axes.secondary_xaxis(-0.12, functions=(epoch_of, step_of))
        epochs.set_xlabel("epoch")
        epochs.xaxis.set_major_locator(MaxNLocator(integer=True))
        return figure


def _line(start: tuple[int, int], end: tuple[int, int]) -> Callable[[Any], Any]:
    """Returns the linear function through two points."""
    (x0, y0), (x1, y1) = start, end
    return lambda x: y0 + (np.asarray(x) - x0) * (y1 - y0) / (x1 - x0)


class EpochSamples(keras.callbacks.Callback):
    """Draws rows of samples from fixed latents, one row for each chosen epoch.

    Args:
        path: The picture, such as "epoch_samples.png".
        epochs: The epochs to show, from 1; those not reached are left out.
        columns: Samples in a row.
        seed: Integer seed of the latents.

    Example:
        >>> rows = kg.callbacks.EpochSamples("rows.png", epochs=(1, 5, 10))
        >>> gan.fit(images, epochs=10, callbacks=[rows])
    """

    def __init__(
        self,
        path: str,
        epochs: Sequence[int] = (1, 2, 4, 10, 50, 100),
        columns: int = 5,
        seed: int = 0,
    ):
        super().__init__()
        self.path = Path(path)
        self.epochs = tuple(epochs)
        self.columns = columns
        self.seed = seed
        self._restored = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._rows = {epoch: np.array(row, "uint8") for epoch, row in self._restored or ()}
        self._restored = None

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if epoch + 1 in self.epochs:
            samples = self.model.generate(self.columns, seed=self.seed)
            self._rows[epoch + 1] = as_pixels(samples)
            with replacing(self.path) as aside:
                self._draw().savefig(aside, dpi=80)

    def state(self) -> list[Any]:
        """Returns what `TrainState` saves."""
        return [(epoch, row.tolist()) for epoch, row in self._rows.items()]

    def restore_state(self, state: list[Any]) -> None:
        """Goes on from what `state` gave, when training begins."""
        self._restored = state

    def _draw(self) -> Figure:
        figure = Figure(figsize=(1.2 * self.columns + 0.8, 1.2 * len(self._rows)))
        table = figure.subplots(len(self._rows), self.columns, squeeze=False)
        for axes_row, (epoch, samples) in zip(table, self._rows.items(), strict=True):
            axes_row[0].set_ylabel(f"epoch {epoch}")
            for axes, sample in zip(axes_row, samples, strict=True):
                axes.imshow(sample)
                axes.set(xticks=[], yticks=[])
        return figure
