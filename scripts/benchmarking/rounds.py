"""The contenders of TensorFlow's process."""

from collections.abc import Callable, Sequence
from typing import Any

import keras

from keras_gans.scripts.benchmarking import machine
from keras_gans.scripts.benchmarking.cases import Case
from keras_gans.scripts.benchmarking.loops import EagerLoop, GraphLoop
from keras_gans.scripts.benchmarking.timing import IN_GRAPH, FitLoop, Loop


def _pytorch() -> Any:
    if "torch" not in machine.installed_backends():
        raise ImportError("PyTorch is not installed")
    from keras_gans.scripts.benchmarking import pytorch

    pytorch.torch.backends.cuda.matmul.allow_tf32 = True  # As TensorFlow does.
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
