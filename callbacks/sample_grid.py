"""Pictures of samples while training."""

import importlib.util
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from PIL import Image

from keras_gans import backend
from keras_gans.callbacks.files import check_writable, is_chief, numbered, replacing
from keras_gans.callbacks.pictures import as_pixels, image_grid, write_film

_GRID = (4, 4)
# Of a conditional model: a row a class, and at most so many rows.
_MAX_ROWS, _COLUMNS = 10, 8


class SampleGrid(keras.callbacks.Callback):
    """Writes a PNG grid of samples from fixed latents, and an animated GIF of all at the end.

    Each row of a conditional model's grid shows one class: row r shows class r, beginning anew
    after the last class. Black and white are the ends of the model's `value_range`, -1 and 1 where
    that is not known. Of 4 channels the last is opacity, which the GIF shows on white; of 2 the
    first is drawn, of 5 or more the first three.

    Args:
        directory: Folder of `epoch_<number>.png` or `step_<number>.png` and of `training.gif`.
        grid: `(rows, columns)`; `(4, 4)` by default, of conditional models 8 columns and a row a
            class, of at most 10 classes.
        every_epochs: Epochs between two grids; unused with `every_steps`. There is one of the
            untrained model too, as number 0, and one at the end of the training.
        every_steps: Steps between two grids, or None for grids at epoch ends. With
            `steps_per_execution` above 1, a grid is written after the execution that reaches it.
        seed: Integer seed of the latents, the same for all grids.
        gif: Whether the GIF is written.
        gif_ms: Milliseconds that each frame of the GIF is shown.
        log_dir: Folder of TensorBoard, such as that of `keras.callbacks.TensorBoard`: the grids are
            shown there too. None for no such pictures.

    Raises:
        ValueError: If an interval is not positive, the samples are not images, the classes of a
            conditional model are not known, or `log_dir` is given without TensorBoard.

    Example:
        >>> gan.fit(images, callbacks=[kg.callbacks.SampleGrid("samples", grid=(4, 4))])
    """

    def __init__(
        self,
        directory: str | os.PathLike[str],
        grid: Sequence[int] | None = None,
        every_epochs: int = 1,
        every_steps: int | None = None,
        seed: int = 0,
        gif: bool = True,
        gif_ms: int = 200,
        log_dir: str | os.PathLike[str] | None = None,
    ):
        super().__init__()
        every = every_epochs if every_steps is None else every_steps
        rows, columns = _GRID if grid is None else grid
        if min(rows, columns, every) < 1:
            raise ValueError(
                f"Expected a grid and an interval of at least 1. Received: grid={grid}, "
                f"every_epochs={every_epochs}, every_steps={every_steps}"
            )
        self.directory = Path(directory)
        self.grid = None if grid is None else (rows, columns)
        self.every = every
        self.by_step = every_steps is not None
        self.seed = seed
        self.gif = gif
        self.gif_ms = gif_ms
        if log_dir is not None and importlib.util.find_spec("tensorboard") is None:
            raise ValueError(
                f"Expected TensorBoard to be installed. Received: log_dir={log_dir!r} without it; "
                "run pip install tensorboard"
            )
        self.log_dir = log_dir

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._frames: list[Path] = []
        self._has_begun, self._epoch, self._last = False, 0, 0
        # What cannot be drawn or written raises now, not at the first grid.
        as_pixels(self.model.generate(1, seed=self.seed))
        check_writable(self.directory / "training.gif")

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if not self._has_begun:  # Grids of the same training before it was interrupted.
            self._has_begun = True
            reached = self.model.step if self.by_step else epoch
            found = numbered(self.directory, self._prefix, ".png")
            self._frames = [path for number, path in found.items() if number <= reached]
            self._last = max([number for number in found if number <= reached], default=-1)
            self._step = self.model.step
            if self.model.step == 0:  # Of the untrained model, so that there is one at once.
                self._frames = []
                self._write(0)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if self.by_step:
            before, self._step = self._step, self.model.step
            if before // self.every < self._step // self.every:
                self._write(self._step // self.every * self.every)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._epoch = epoch + 1
        if not self.by_step and self._epoch % self.every == 0:
            self._write(self._epoch)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        end = self.model.step if self.by_step else self._epoch
        if self._last < end:  # The interval does not divide the training.
            self._write(end)
        if self.gif and self._frames and is_chief(self.model):
            with replacing(self.directory / "training.gif", self.model) as aside:
                write_film(map(Image.open, self._frames), aside, self.gif_ms)

    @property
    def _prefix(self) -> str:
        return "step" if self.by_step else "epoch"

    def _grid(self) -> tuple[int, int]:
        if self.grid or not self._is_conditional:
            return self.grid or _GRID
        return min(self.model.num_classes, _MAX_ROWS), _COLUMNS

    def _labels(self, rows: int, columns: int) -> dict[str, np.ndarray]:
        if not self._is_conditional:
            return {}
        return {"labels": np.repeat(np.arange(rows) % self.model.num_classes, columns)}

    @property
    def _is_conditional(self) -> bool:
        return getattr(self.model, "conditional", False)

    def _write(self, number: int) -> None:
        rows, columns = self._grid()
        labels = self._labels(rows, columns)
        samples = self.model.generate(rows * columns, seed=self.seed, **labels)
        path = self.directory / f"{self._prefix}_{number:06d}.png"
        value_range = getattr(self.model, "value_range", None)
        with replacing(path, self.model) as aside:
            grid = image_grid(samples, rows, columns, value_range=value_range)
            grid.save(aside)
        self._frames.append(path)
        self._last = number
        if self.log_dir is not None and is_chief(self.model):
            backend.write_picture(os.fspath(self.log_dir), "samples", np.asarray(grid), number)
