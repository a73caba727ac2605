"""Figures of a whole training: its losses, and samples of chosen epochs."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from keras_gans.callbacks.files import check_writable, replacing
from keras_gans.callbacks.pictures import as_pixels
from keras_gans.callbacks.resumable import Resumable


class LossCurves(Resumable):
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
        self,
        path: str | os.PathLike[str],
        terms: Sequence[str] = ("g_loss", "d_loss"),
        every_epochs: int = 1,
    ):
        super().__init__()
        if every_epochs < 1:
            raise ValueError(
                f"Expected `every_epochs` of at least 1. Received: every_epochs={every_epochs}"
            )
        self.path = Path(path)
        self.terms = tuple(terms)
        self.every_epochs = every_epochs

    def initial_state(self) -> dict[str, Any]:
        """Returns the state of a training that has no step yet.

        Returns:
            Dict of "steps" and "values", the points of the curves, one an execution; "sums", the
            sums of the terms over the epoch in progress and the step it began at; "first", the
            step and the epoch at which training began.
        """
        return {"steps": [], "values": [], "sums": [], "first": []}

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        super().on_train_begin(logs)
        check_writable(self.path)
        self._last: list[int] = []  # Step and epoch at the end of the last epoch.

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._state["first"] = self._state["first"] or [self.model.step, epoch]

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        logs, state = logs or {}, self._state
        if not set(self.terms) <= set(logs):
            raise ValueError(f"Expected terms among {list(logs)}. Received: terms={self.terms}")
        step, last = self.model.step, state["steps"][-1] if state["steps"] else state["first"][0]
        if step == last:  # Done before an interruption.
            return
        # The logs are means over the epoch so far; their growing sums tell what each step added.
        before, start = state["sums"] or ([0.0] * len(self.terms), last)
        sums = [float(logs[term]) * (step - start) for term in self.terms]
        added = [(b - a) / (step - last) for a, b in zip(before, sums, strict=True)]
        state["values"].append(added)
        state["steps"].append(step)
        state["sums"] = [sums, start]

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._state["sums"] = []
        self._last = [self.model.step, epoch + 1]
        if (epoch + 1) % self.every_epochs == 0:
            self._save()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        if self._last and self._last[1] % self.every_epochs:
            self._save()

    def _save(self) -> None:
        with replacing(self.path, self.model) as aside:
            self._draw().savefig(aside, dpi=100)

    def _draw(self) -> Figure:
        figure = Figure(figsize=(8, 6), layout="constrained")
        axes = figure.add_subplot(xlabel="iteration (updates of the generator)", ylabel="loss")
        for term, values in zip(self.terms, np.transpose(self._state["values"]), strict=True):
            axes.plot(self._state["steps"], values, label=term, linewidth=0.8)
        axes.legend()
        first, last = self._state["first"], self._last
        epoch_of, step_of = _line(first, last), _line(first[::-1], last[::-1])
        epochs = axes.secondary_xaxis(-0.12, functions=(epoch_of, step_of))
        epochs.set_xlabel("epoch")
        epochs.xaxis.set_major_locator(MaxNLocator(integer=True))
        return figure


def _line(start: Sequence[int], end: Sequence[int]) -> Callable[[Any], Any]:
    """Returns the linear function through two points."""
    (x0, y0), (x1, y1) = start, end
    return lambda x: y0 + (np.asarray(x) - x0) * (y1 - y0) / (x1 - x0)


class EpochSamples(Resumable):
    """Draws rows of samples from fixed latents, one row for each chosen epoch.

    The columns of a conditional model show its classes in turn. Values and channels are drawn as
    those of `SampleGrid`.

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
        path: str | os.PathLike[str],
        epochs: Sequence[int] = (1, 2, 4, 10, 50, 100),
        columns: int = 5,
        seed: int = 0,
    ):
        super().__init__()
        self.path = Path(path)
        self.epochs = tuple(epochs)
        self.columns = columns
        self.seed = seed

    def initial_state(self) -> list[Any]:
        """Returns the rows as pairs of an epoch and its pixels: none yet."""
        return []

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        super().on_train_begin(logs)
        check_writable(self.path)
        self._pixels(1)  # What cannot be drawn raises now.

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if epoch + 1 in self.epochs:
            self._state.append([epoch + 1, self._pixels(self.columns).tolist()])
            with replacing(self.path, self.model) as aside:
                self._draw().savefig(aside, dpi=80)

    def _pixels(self, n: int) -> np.ndarray:
        samples = self.model.generate(n, seed=self.seed)
        return as_pixels(samples, getattr(self.model, "value_range", None))

    def _draw(self) -> Figure:
        rows = self._state
        figure = Figure(figsize=(1.2 * self.columns + 0.8, 1.2 * len(rows)))
        table = figure.subplots(len(rows), self.columns, squeeze=False)
        for axes_row, (epoch, samples) in zip(table, rows, strict=True):
            axes_row[0].set_ylabel(f"epoch {epoch}")
            for axes, sample in zip(axes_row, np.array(samples, "uint8"), strict=True):
                axes.imshow(sample)
                axes.set(xticks=[], yticks=[])
        return figure
