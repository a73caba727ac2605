"""Training that survives its process."""

import contextlib
import json
import os
import signal
import sys
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_gans.callbacks.files import check_writable, has_workers, replacing

# Member of the .keras archive that says where in the training the model was.
_PROGRESS = "progress.json"


class TrainState(keras.callbacks.Callback):
    """Saves all that training depends on, and goes on from there when `fit` is called again.

    An interrupted training that is started again, by the same script with the same data, ends with
    the weights, logs and pictures of one that was never interrupted, to the bit. This holds for
    arrays and for unbatched data sets of known length, whose order `fit` sets; other data sets have
    to repeat their own order. The state is one file, `state.keras`, which is also a model that
    `keras.saving.load_model` loads; it is written aside and renamed, so that a killed write leaves
    the last one. Pass this callback after those that write pictures and logs. It also holds the
    state of every callback that has the methods `state` and `restore_state`: see `Resumable`.

    A training that has reached `epochs` is not repeated: `fit` restores the model and the history,
    says so, and trains nothing; with more `epochs` it goes on. A state is restored to a model that
    is where that training began, as in a new process, or that has come to that state itself, as
    where a notebook cell is run again. One that has been trained further, or otherwise, is refused
    and left as it is, since its weights would be lost.

    Ctrl-C, and SIGTERM, which clusters send before they take a machine away, save after the step in
    progress; SIGTERM exits with status 143. A second Ctrl-C ends training at once. With several
    workers, which have to save together, and epochs of unknown length, a state is saved at the end
    of each epoch only.

    Args:
        directory: Folder of `state.keras`.
        max_overhead: Share of all time that saving may take, in (0, 1]: a state is saved as soon
            as enough time has passed since the last, and at the end. With 1, after each step.

    Raises:
        ValueError: If a state cannot be read, or does not fit the model, its step or its callbacks,
            or weights are not finite.

    Example:
        >>> gan.fit(images, epochs=50, callbacks=[kg.callbacks.TrainState("run")])
    """

    def __init__(self, directory: str | os.PathLike[str], max_overhead: float = 0.02):
        super().__init__()
        if not 0 < max_overhead <= 1:
            raise ValueError(
                f"Expected `max_overhead` in (0, 1]. Received: max_overhead={max_overhead}"
            )
        self.path = Path(directory) / "state.keras"
        self.max_overhead = max_overhead
        self._peers: list[Any] = []
        self._history: dict[str, list[float]] = {}
        self._epoch = 0
        self._step: int | None = None  # That of the file.
        self._handlers: dict[int, Any] = {}

    def restore(
        self, model: keras.Model, callbacks: Sequence[keras.callbacks.Callback]
    ) -> tuple[int, int]:
        """Restores the last state, if there is one; `fit` calls this before it starts.

        Args:
            model: The model to restore.
            callbacks: All callbacks of `fit`; those with `state` and `restore_state` are restored.

        Returns:
            The epoch to go on with, from 0, and how many of its steps are done.
        """
        if sum(isinstance(callback, TrainState) for callback in callbacks) > 1:
            raise ValueError("Expected one TrainState. Received: several; leave one")
        self._peers = [callback for callback in callbacks if hasattr(callback, "restore_state")]
        self._history = {}
        self._epoch, self._step = 0, None
        check_writable(self.path)
        if not self.path.exists():
            return 0, 0
        saved = _read_progress(self.path)
        _check_peers(self._peers, saved["callbacks"], self.path)
        _check_place(model, saved, self.path)
        _load(model, self.path)
        for callback, state in zip(self._peers, saved["callbacks"], strict=True):
            callback.restore_state(state)
        self._history = saved["history"]
        self._epoch, self._step = saved["epoch"], saved["step"]
        model.progress.first_step = saved["first_step"]
        return saved["epoch"], saved["steps"]

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._saved_at, self._cost = time.monotonic(), 0.0
        self._tell_what_is_done()
        self._signal: int | None = None
        self._listen()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._epoch = epoch
        self._give_history()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        progress = self.model.progress
        done = progress.steps_into_epoch
        if done is not None and done == progress.steps_per_epoch:
            return  # At the end of the epoch, what the other callbacks do then is done too.
        # Epochs of unknown length can be found again at their ends only. While `fit` passes done
        # steps, the weights are already those of a later one.
        can_save = done is not None and not progress.passes_done_steps
        if can_save and not has_workers(self.model) and (self._signal or self._is_due()):
            self._save(self._epoch, done)
        self._stop_if_asked()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        last = epoch + 1 >= self.params.get("epochs", 0) or self.model.stop_training
        if self._signal or last or has_workers(self.model) or self._is_due():
            self._save(epoch + 1, 0, logs)
        self._stop_if_asked()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self._give_history()
        self._listen_no_more()
        self._stop_if_asked()

    def on_train_interrupted(self) -> None:
        """Follows an error or Ctrl-C that ends training."""
        self._listen_no_more()

    def _tell_what_is_done(self) -> None:
        if self._step is None:
            return
        if self._epoch >= self.params["epochs"]:
            _say(
                f"Nothing to train: {self.path} has {self._epoch} epochs already; raise `epochs`, "
                "or take another folder to train anew."
            )
        elif self.params["verbose"]:
            _say(f"Goes on from {self.path} in epoch {self._epoch + 1}, at step {self._step}.")

    def _give_history(self) -> None:
        """Gives back the history of the epochs that are done.

        Not when training begins, since Keras empties its own after that.
        """
        if self._history:
            count = max(map(len, self._history.values()))
            self.model.history.history.update(self._history)
            self.model.history.epoch[:] = range(self._epoch - count, self._epoch)
            self._history = {}

    def _listen(self) -> None:
        for signum in (signal.SIGTERM, signal.SIGINT):
            # What the process ignores, as under nohup, or listens to outside Python stays so.
            if signal.getsignal(signum) not in (None, signal.SIG_IGN):
                with contextlib.suppress(ValueError):  # Only the main thread may listen.
                    self._handlers[signum] = signal.signal(signum, self._ask_to_stop)

    def _ask_to_stop(self, signum: int, frame: Any) -> None:
        self._signal = signum
        if signum == signal.SIGINT:  # The next one acts at once.
            signal.signal(signum, self._handlers.pop(signum))

    def _listen_no_more(self) -> None:
        while self._handlers:
            signal.signal(*self._handlers.popitem())

    def _stop_if_asked(self) -> None:
        if self._signal is None:
            return
        self._listen_no_more()
        saved = f"{self.path} is of step {self._step}, start again to go on"
        _say(f"Stopped; {'nothing is saved yet' if self._step is None else saved}.")
        if self._signal == signal.SIGTERM:
            sys.exit(128 + signal.SIGTERM)
        raise KeyboardInterrupt

    def _is_due(self) -> bool:
        trained = time.monotonic() - self._saved_at
        return self._cost <= (trained + self._cost) * self.max_overhead

    def _save(self, epoch: int, steps: int, logs: dict[str, Any] | None = None) -> None:
        started = time.monotonic()
        _check_finite(self.model)
        history = {name: list(values) for name, values in self.model.history.history.items()}
        for name, value in (logs or {}).items():  # Keras' own history comes after this callback.
            history.setdefault(name, []).append(value)
        progress = {
            "epoch": epoch,
            "steps": steps,
            "step": self.model.step,
            "seed": self.model.seed,
            "first_step": self.model.progress.first_step,
            "history": {name: [float(v) for v in values] for name, values in history.items()},
            "callbacks": [callback.state() for callback in self._peers],
        }
        with replacing(self.path, self.model) as aside:
            self.model.save(aside)
            with zipfile.ZipFile(aside, "a") as archive:
                archive.writestr(_PROGRESS, json.dumps(progress))
        self._step = self.model.step
        self._saved_at = time.monotonic()
        self._cost = self._saved_at - started


def _read_progress(path: Path) -> dict[str, Any]:
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
            if damaged:
                raise ValueError(f"{damaged} is damaged")
            progress = json.loads(archive.read(_PROGRESS))
        if "seed" not in progress:
            raise ValueError("an earlier version wrote it")
        return progress
    except Exception as error:
        raise ValueError(
            f"Expected a readable state of training. Received: {path} ({error}); restore the file, "
            "or remove it to start anew"
        ) from error


def _check_peers(peers: Sequence[Any], states: Sequence[Any], path: Path) -> None:
    if len(peers) != len(states):
        names = [type(callback).__name__ for callback in peers]
        raise ValueError(
            f"Expected the callbacks that {path} was saved with, {len(states)} of them with a "
            f"state of their own. Received: {names}; pass them as before, or remove the file to "
            "start anew"
        )


def _check_place(model: keras.Model, saved: dict[str, Any], path: Path) -> None:
    """Raises where restoring would lose weights that are not of the state's training."""
    begun, reached = saved["first_step"], saved["step"]
    is_that_one = model.step == reached and model.seed == saved["seed"]
    if model.step != begun and not is_that_one:
        raise ValueError(
            f"Expected a model at step {begun}, at which the training of {path} began, or the one "
            f"that was saved there at step {reached}. Received: one at step {model.step}, whose "
            "weights would be lost; build it anew to go on from the file, or take another folder "
            "to train it further"
        )


def _load(model: keras.Model, path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        saved = json.loads(archive.read("config.json"))["class_name"]
    if saved != type(model).__name__:
        raise ValueError(
            f"Expected the state of a {type(model).__name__}. Received: {path}, which has a {saved}"
        )
    try:
        model.load_weights(path)
    except Exception as error:
        reason = " ".join(str(error).split())[:300]
        raise ValueError(
            f"Expected a state that fits the model. Received: {path} ({reason}); build and compile "
            "the model as it was"
        ) from error


def _check_finite(model: keras.Model) -> None:
    for weight in model.weights:
        if not np.isfinite(keras.ops.convert_to_numpy(weight)).all():
            raise ValueError(
                f"Expected finite weights. Received: NaN or infinite values in {weight.path}; the "
                "last state is kept, lower the learning rates"
            )


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr)
