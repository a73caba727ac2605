"""`fit` on each of Keras' backends, each time in a process of its own."""

import json
import os
import subprocess
import sys
from typing import Any

_MODULES = "keras_gans.scripts.benchmarking"


def measure(
    backend: str,
    network: str,
    variant: str,
    batch_size: int,
    rounds: int,
    steps: int,
    dtype: str = "float32",
) -> dict[str, Any]:
    """Times `fit` against loops written by hand, one case on one backend.

    Args:
        backend: "tensorflow", "jax" or "torch", installed.
        network: Name of the preset whose networks are trained.
        variant: How they are trained.
        batch_size: Samples in a mini-batch.
        rounds: How often each contender is timed.
        steps: Steps in one timing.
        dtype: A key of `precision.POLICIES`.

    Returns:
        What `backend_rounds.measure` does.

    Raises:
        RuntimeError: If the process fails, with the last line that it wrote.
    """
    numbers = {"--batch-size": batch_size, "--rounds": rounds, "--steps": steps, "--dtype": dtype}
    arguments = {"--network": network, "--variant": variant, **numbers}
    return run(backend, "backend_rounds", arguments, f"{network}, {variant}")


def run(backend: str, module: str, arguments: dict[str, Any], name: str) -> dict[str, Any]:
    """Runs a module of this package on a backend; returns the JSON that it prints.

    Args:
        backend: Where Keras runs.
        module: Name of the module.
        arguments: Values of its command line, by option.
        name: What an error calls it.

    Raises:
        RuntimeError: If the process fails, with the last line that it wrote.
    """
    command = [sys.executable, "-m", f"{_MODULES}.{module}"]
    command += [str(part) for pair in arguments.items() for part in pair]
    # PyTorch's threads would spin where they wait for one whose core another process has taken.
    environment = {"OMP_WAIT_POLICY": "PASSIVE", **os.environ, "KERAS_BACKEND": backend}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True)
    if ended.returncode:
        reason = (ended.stderr.strip().splitlines() or ["nothing"])[-1]
        raise RuntimeError(
            f"Expected {name}, to run on {backend}. Received: exit status "
            f"{ended.returncode}, {reason}"
        )
    return json.loads(ended.stdout)
