"""What is timed, `fit` first of all, and the rounds in which contenders run."""

import functools
import statistics
import time
from typing import Any

import keras

from keras_gans.scripts.benchmarking.cases import Case
from keras_gans.scripts.benchmarking.memory import PeakMemory, of_backend

# Steps in one call of networks whose steps dispatch rules.
IN_GRAPH = 100


class Loop:
    """A contender: trains, and tells how long it took.

    Subclasses give `call`, which trains `steps_per_call` steps and returns a loss. Reading that
    loss waits for the device.
    """

    steps_per_call = 1

    @functools.cached_property
    def memory(self) -> PeakMemory:
        """What measures its peak memory."""
        return of_backend()

    def call(self) -> Any:
        """Trains `steps_per_call` steps and returns a loss."""
        raise NotImplementedError

    def operations(self) -> int | None:
        """Returns the operations of a step, None where this loop does not count them."""
        return None

    def first_step(self) -> float:
        """Runs the first call, with what it traces and compiles; returns its seconds."""
        start = time.perf_counter()
        float(self.call())
        return time.perf_counter() - start

    def run(self, steps: int) -> float:
        """Returns the seconds of one step, over `steps` of them after one call that is not timed.

        Args:
            steps: How many, rounded to calls, at least one.
        """
        calls = max(steps // self.steps_per_call, 1)
        float(self.call())
        start = time.perf_counter()
        for _ in range(calls):
            loss = self.call()
        float(loss)
        return (time.perf_counter() - start) / (calls * self.steps_per_call)


class FitLoop(Loop):
    """`fit` of this library, with its own input pipeline, logs and callbacks.

    Timed from the end of the first execution to the end of the last one of the epoch, so that what
    a call of `fit` costs once is not counted; the loops by hand have nothing like it.

    Args:
        case: What to train.
        dtype: Name of the Keras policy of the networks.
        steps_per_call: `steps_per_execution` of `compile`.
    """

    def __init__(self, case: Case, dtype: str = "float32", steps_per_call: int = 1):
        self.case = case
        self.steps_per_call = steps_per_call
        self.gan = case.model(dtype, steps_per_execution=steps_per_call)

    def first_step(self) -> float:
        start = time.perf_counter()
        self.fit(self.steps_per_call)
        return time.perf_counter() - start

    def run(self, steps: int) -> float:
        calls = max(steps // self.steps_per_call, 1)
        clock = Clock()
        self.fit((1 + calls) * self.steps_per_call, clock)
        return (clock.times[-1] - clock.times[0]) / (calls * self.steps_per_call)

    def fit(self, steps: int, *callbacks: keras.callbacks.Callback) -> None:
        self.gan.fit(
            self.case.images,
            batch_size=self.case.batch_size,
            steps_per_epoch=steps,
            verbose=0,
            callbacks=[*self.case.callbacks(), *callbacks],
        )


class Clock(keras.callbacks.Callback):
    """Notes when each execution ends; the guard before it has read the logs, and so waited."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self.times.append(time.perf_counter())


def alternate(
    loops: dict[str, Loop], rounds: int, steps: int
) -> tuple[dict[str, list[float]], dict[str, int | None]]:
    """Runs all contenders in turn; returns their seconds a step by round, and their peak memory."""
    seconds: dict[str, list[float]] = {name: [] for name in loops}
    memory: dict[str, int | None] = dict.fromkeys(loops)
    for _ in range(rounds):
        for name, loop in loops.items():
            loop.memory.reset()
            seconds[name].append(loop.run(steps))
            memory[name] = max(loop.memory.read() or 0, memory[name] or 0) or None
    return seconds, memory


def ratio(seconds: dict[str, list[float]], one: str, other: str) -> float:
    """Returns the median of the rounds' ratios of one contender's time to another's.

    A machine's load changes between rounds more than within one.
    """
    return statistics.median(a / b for a, b in zip(seconds[one], seconds[other], strict=True))
