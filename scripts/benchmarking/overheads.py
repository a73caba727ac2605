"""What safety and replicas cost: `fit` of the default preset with and without them."""

import contextlib
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_gans import callbacks, datasets, models, presets

# The largest ratio of an epoch's time with the thing to one without it.
LIMITS: dict[str, float | None] = {"NaNGuard": 1.01, "TrainState": 1.03, "two replicas": None}


def measure(rounds: int, epochs: int) -> dict[str, dict[str, Any]]:
    """Times `fit` of `wgan_gp-digits` with each thing and without, in turn.

    Of the guard, which takes less than two runs differ by, the seconds are counted by themselves.

    A machine with one device is split into two logical ones for the replicas, which then share its
    cores: this has to be the first that TensorFlow does in the process.

    Args:
        rounds: How often each is timed.
        epochs: Epochs of 100 steps in one timing.

    Returns:
        For each thing of `LIMITS` its `ratio`, the median over the rounds, the rounds' ratios, the
        seconds of an epoch `with_it` and `without`, and the `limit`.
    """
    two, one = _run(_two_replicas()), _run(tf.distribute.get_strategy())
    pairs: dict[str, Callable[[], tuple[float, float]]] = {
        "NaNGuard": lambda: _guarded(one, epochs),
        "TrainState": lambda: (_with_state(one, epochs), one(epochs)),
        "two replicas": lambda: (two(epochs), one(epochs)),
    }
    for run in (one, two):
        run(1)
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in pairs}
    for _ in range(rounds):
        for name, pair in pairs.items():
            with_it, without = pair()
            seconds[name].append((with_it / epochs, without / epochs))
    return {name: _summary(times, LIMITS[name]) for name, times in seconds.items()}


def table(measured: dict[str, dict[str, Any]]) -> str:
    """Returns what was measured, a thing a line."""
    lines = [f"{'':<16}{'with, s':>10}{'without':>10}{'ratio':>10}{'at most':>10}"]
    for name, m in measured.items():
        limit = "" if m["limit"] is None else f"{m['limit']:.2f}"
        figures = f"{m['with_it']:>10.3f}{m['without']:>10.3f}{m['ratio']:>10.3f}"
        lines.append(f"{name:<16}{figures}{limit:>10}")
    return "\n".join(lines)


def _run(strategy: tf.distribute.Strategy) -> Callable[..., float]:
    """Makes a function that trains for some epochs and returns their seconds."""
    preset = presets.get("wgan_gp-digits")
    with strategy.scope():
        gan: models.GAN = presets.build(preset)
    images = next(datasets.load("digits").batch(10_000).as_numpy_iterator())

    def run(epochs: int, *used: keras.callbacks.Callback) -> float:
        start = time.perf_counter()
        gan.fit(images, **{**preset["fit"], "epochs": epochs}, callbacks=list(used), verbose=0)
        return time.perf_counter() - start

    return run


def _two_replicas() -> tf.distribute.Strategy:
    kind = "GPU" if len(tf.config.list_physical_devices("GPU")) > 1 else "CPU"
    devices = tf.config.list_physical_devices(kind)
    with contextlib.suppress(RuntimeError):  # In use: then it stays as it is.
        if len(devices) == 1:
            parts = [tf.config.LogicalDeviceConfiguration()] * 2
            tf.config.set_logical_device_configuration(devices[0], parts)
    devices = tf.config.list_logical_devices(kind)
    return tf.distribute.MirroredStrategy([device.name for device in devices[:2]])


class _TimedGuard(callbacks.NaNGuard):
    """Counts the seconds of the guard alone: two runs of `fit` differ by more than it takes."""

    def __init__(self):
        super().__init__()
        self.seconds = 0.0

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        for value in (logs or {}).values():
            np.asarray(value)  # The step has to end, guard or not.
        start = time.perf_counter()
        super().on_train_batch_end(batch, logs)
        self.seconds += time.perf_counter() - start


def _guarded(run: Callable[..., float], epochs: int) -> tuple[float, float]:
    guard = _TimedGuard()
    seconds = run(epochs, guard)  # In place of the one that `fit` would add.
    return seconds, seconds - guard.seconds


def _with_state(run: Callable[..., float], epochs: int) -> float:
    with tempfile.TemporaryDirectory() as folder:  # An old state would be gone on from.
        return run(epochs, callbacks.TrainState(folder))


def _summary(times: Sequence[tuple[float, float]], limit: float | None) -> dict[str, Any]:
    with_it, without = zip(*times, strict=True)
    ratios = [a / b for a, b in times]
    return {
        "ratio": statistics.median(ratios),
        "rounds_ratios": ratios,
        "with_it": statistics.median(with_it),
        "without": statistics.median(without),
        "limit": limit,
    }
