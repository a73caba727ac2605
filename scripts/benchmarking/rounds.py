"""The contenders, and the rounds in which they run."""

import statistics
from collections.abc import Callable, Sequence
from typing import Any

import keras

from keras_gans.scripts.benchmarking import machine
from keras_gans.scripts.benchmarking.cases import Case
from keras_gans.scripts.benchmarking.loops import EagerLoop, FitLoop, GraphLoop, Loop

IN_GRAPH = 100


def _pytorch() -> Any:
    if not machine.has_torch():
        raise ImportError("PyTorch is not installed")
    from keras_gans.scripts.benchmarking import pytorch

    return pytorch


CONTENDERS: dict[str, Callable[[Case], Loop]] = {
    "eager": EagerLoop,
    "function": GraphLoop,
    "fit": FitLoop,
    "fit_bfloat16": lambda case: FitLoop(case, "mixed_bfloat16"),
    "function_100": lambda case: GraphLoop(case, IN_GRAPH),
    "fit_100": lambda case: FitLoop(case, steps_per_call=IN_GRAPH),
    "pytorch": lambda case: _pytorch().TorchLoop(case),
}
# These two always run; others are held against them.
REFERENCES = ("function", "fit")
# Only where dispatch rules the time of a step.
TINY = ("function_100", "fit_100")


def build(case: Case, others: Sequence[str]) -> tuple[dict[str, Loop], dict[str, str]]:
    """Makes the contenders; says why of those that cannot take part."""
    keras.utils.clear_session()
    loops, skipped = {}, {}
    for name in (n for n in CONTENDERS if n in (*REFERENCES, *others)):
        if case.is_tiny or name not in TINY:
            try:
                loops[name] = CONTENDERS[name](case)
            except (ImportError, ValueError) as error:
                skipped[name] = str(error)
    return loops, skipped


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
