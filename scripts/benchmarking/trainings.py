"""What the presets cost: a step of each in its own `fit`, and how many its training has."""

import statistics
import warnings
from itertools import pairwise
from typing import Any

import keras
import numpy as np

from keras_gans import callbacks, datasets, models, presets
from keras_gans.models.minibatches import steps_per_epoch
from keras_gans.scripts.benchmarking.timing import Clock
from keras_gans.scripts.evaluate import sample_shape
from keras_gans.scripts.time_left import duration

# Executions are timed for so long, and at least one is: slow presets have few steps to wait for.
SECONDS = 5.0
_STEPS_OF_DATA = 20


def measure(preset: dict[str, Any], seconds: float = SECONDS) -> dict[str, Any]:
    """Times the steps of a preset's own `fit` on random data of its shape.

    What `fit` and its first execution cost once is not counted.

    Args:
        preset: As `presets.get` returns it.
        seconds: How long executions are timed, at least one after the first.

    Returns:
        "step_seconds", the median over the executions, and "steps", those of the whole training.

    Example:
        >>> measure(presets.get("hinge-mnist"))
        {'step_seconds': 0.055, 'steps': 3600}
    """
    keras.utils.clear_session()
    with warnings.catch_warnings():  # Of the sources' batch normalisation in critics.
        warnings.simplefilter("ignore")
        gan = presets.build(preset)
    clipping = preset["callbacks"].get("WeightClipping")
    clock = _Stopwatch(seconds)
    gan.fit(
        *_random_data(gan, preset["fit"]["batch_size"]),
        batch_size=preset["fit"]["batch_size"],
        steps_per_epoch=1_000_000 * gan.steps_per_execution,  # The clock ends it.
        verbose=0,
        callbacks=[*([callbacks.WeightClipping(**clipping)] if clipping else []), clock],
    )
    execution = statistics.median(end - start for start, end in pairwise(clock.times))
    return {"step_seconds": execution / gan.steps_per_execution, "steps": _steps(gan, preset)}


def line(name: str, cost: dict[str, Any]) -> str:
    """Returns what `measure` has found of a preset, for people."""
    seconds, steps = cost["step_seconds"], cost["steps"]
    whole = duration(seconds * steps)
    return f"{name:<20}{1e3 * seconds:>10.1f} ms a step, {steps:>7,} steps: {whole}"


class _Stopwatch(Clock):
    """A clock that ends the training when it has run for some seconds."""

    def __init__(self, seconds: float):
        super().__init__()
        self.seconds = seconds

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        super().on_train_batch_end(batch, logs)
        if len(self.times) > 1 and self.times[-1] - self.times[0] >= self.seconds:
            self.model.stop_training = True


def _random_data(gan: models.GAN, batch_size: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Returns the x and y of `fit`."""
    n = _STEPS_OF_DATA * gan.batches_per_step * batch_size
    low, high = gan.value_range or (-1.0, 1.0)
    x = np.random.default_rng(0).uniform(low, high, (n, *sample_shape(gan))).astype("float32")
    return x, np.arange(n) % gan.num_classes if gan.conditional and gan.num_classes else None


def _steps(gan: models.GAN, preset: dict[str, Any]) -> int:
    """Returns the steps of a preset's training."""
    fit = preset["fit"]
    in_epoch = fit.get("steps_per_epoch")
    if in_epoch is None:
        n = int(datasets.load(preset["data"]["name"]).cardinality())
        in_epoch = steps_per_epoch(n, fit["batch_size"], gan.batches_per_step)
    return fit["epochs"] * in_epoch
