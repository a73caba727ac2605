"""`fit` against loops written by hand for Keras' backend, in a process that has no other.

`keras-gans benchmark --backends` runs it once for each backend, network and variant. By itself it
needs no TensorFlow where Keras does not run on that:

    KERAS_BACKEND=jax python -m keras_gans.scripts.benchmarking.backend_rounds --network dcgan-mnist
"""

import argparse
import contextlib
import json
import statistics
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import keras

from keras_gans import presets
from keras_gans.scripts.benchmarking import machine, precision, timing
from keras_gans.scripts.benchmarking.cases import MATHS, Case
from keras_gans.scripts.benchmarking.timing import FitLoop, Loop
from keras_gans_command.arguments import integer

# May be left out, as not every machine lets PyTorch compile.
_OPTIONAL = "compiled"


def main(argv: Sequence[str] | None = None) -> int:
    """Measures as the arguments say, and prints JSON alone; returns the exit status."""
    parser = argparse.ArgumentParser(description="Times fit against loops written by hand.")
    parser.add_argument("--network", required=True, metavar="PRESET")
    parser.add_argument("--variant", default="WGANGP", choices=tuple(MATHS))
    for name, default in (("--batch-size", 64), ("--rounds", 7), ("--steps", 3)):
        parser.add_argument(name, type=integer(1), default=default)
    parser.add_argument("--dtype", default="float32", choices=tuple(precision.POLICIES))
    arguments = parser.parse_args(argv)
    case = Case(presets.get(arguments.network), arguments.variant, arguments.batch_size)
    with contextlib.redirect_stdout(sys.stderr), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Of the sources' batch normalisation in critics.
        precision.use(arguments.dtype)
        measured = measure(case, arguments.rounds, arguments.steps, arguments.dtype)
    print(json.dumps(measured))
    return 0


def measure(case: Case, rounds: int, steps: int, dtype: str = "float32") -> dict[str, Any]:
    """Times one case on Keras' backend, a round of each contender in turn.

    Args:
        case: What is trained.
        rounds: How often each is timed.
        steps: Steps in one timing, at least one call.
        dtype: What networks compute in, a key of `precision.POLICIES`.

    Returns:
        `backend`, `machine`, what the case is, `dtype`, `steps`, `convolutions_per_second` (the
        operations of a large convolution), `flops_per_step` (of the loop by hand, where that counts
        them: on PyTorch), and for each of `contenders` the median
        `step_seconds`, `rounds_seconds`, `fit_ratio` (median of the rounds' ratios of `fit`'s time
        to its own), `first_step_seconds`, with compilation, and `peak_memory_bytes` until the end
        of the third step; `skipped` says why of those that cannot take part.
    """
    loops: dict[str, Loop] = {}
    first: dict[str, float] = {}
    memory: dict[str, int | None] = {}
    skipped: dict[str, str] = {}
    for name, make in contenders(case, precision.POLICIES[dtype]).items():
        try:
            loop = make()
            loop.memory.reset()
            first[name] = loop.first_step()
            loop.run(1)
            loops[name], memory[name] = loop, loop.memory.read()
        except RuntimeError as error:
            if name != _OPTIONAL:
                raise
            skipped[name] = str(error).strip().splitlines()[0]
    steps = max(steps, loops["fit"].steps_per_call)
    seconds, _ = timing.alternate(loops, rounds, steps)
    return {
        "backend": keras.backend.backend(),
        "machine": machine.facts(),
        "network": case.name,
        "variant": case.variant,
        "batch_size": case.batch_size,
        "n_critic": case.n_critic,
        "dtype": dtype,
        "steps": steps,
        "convolutions_per_second": precision.convolution_rate(dtype),
        "flops_per_step": loops["by hand"].operations(),
        "contenders": {
            name: {
                "step_seconds": statistics.median(seconds[name]),
                "rounds_seconds": seconds[name],
                "fit_ratio": timing.ratio(seconds, "fit", name),
                "first_step_seconds": first[name],
                "peak_memory_bytes": memory[name],
            }
            for name in loops
        },
        "skipped": skipped,
    }


def contenders(case: Case, policy: str) -> dict[str, Callable[[], Loop]]:
    """Returns how the contenders of Keras' backend are made, by name.

    `fit` is the last: JAX' peak of memory is then its own, or no more than that of the others.
    """
    backend = keras.backend.backend()
    # PyTorch runs step by step: several in one call would be no faster.
    calls = timing.IN_GRAPH if case.is_tiny and backend != "torch" else 1
    by_hand = _BY_HAND[backend](case, calls, policy)
    return {**by_hand, "fit": lambda: FitLoop(case, policy, calls)}


def _tensorflow(case: Case, calls: int, policy: str) -> dict[str, Callable[[], Loop]]:
    from keras_gans.scripts.benchmarking.loops import GraphLoop

    return {"by hand": lambda: GraphLoop(case, calls, policy)}


def _jax(case: Case, calls: int, policy: str) -> dict[str, Callable[[], Loop]]:
    from keras_gans.scripts.benchmarking.jax import JaxLoop

    return {"by hand": lambda: JaxLoop(case, calls, policy)}


def _torch(case: Case, calls: int, policy: str) -> dict[str, Callable[[], Loop]]:
    from keras_gans.scripts.benchmarking.pytorch import CompiledTorchLoop, TorchLoop

    return {
        "by hand": lambda: TorchLoop(case, policy),
        _OPTIONAL: lambda: CompiledTorchLoop(case, policy),
    }


_BY_HAND = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}


if __name__ == "__main__":
    sys.exit(main())
