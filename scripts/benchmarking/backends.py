"""`fit` against loops written by hand on each of Keras' backends, each in a process of its own."""

import json
import os
import subprocess
import sys
from typing import Any

_CHILD = "keras_gans.scripts.benchmarking.backend_rounds"


def measure(
    backend: str, network: str, variant: str, batch_size: int, rounds: int, steps: int
) -> dict[str, Any]:
    """Times one case on one backend.

    Args:
        backend: "tensorflow", "jax" or "torch", installed.
        network: Name of the preset whose networks are trained.
        variant: How they are trained.
        batch_size: Samples in a mini-batch.
        rounds: How often each contender is timed.
        steps: Steps in one timing.

    Returns:
        What `backend_rounds.measure` does.

    Raises:
        RuntimeError: If the process fails, with the last line that it wrote.
    """
    numbers = {"--batch-size": batch_size, "--rounds": rounds, "--steps": steps}
    command = [sys.executable, "-m", _CHILD, "--network", network, "--variant", variant]
    command += [str(part) for pair in numbers.items() for part in pair]
    # PyTorch's threads would spin where they wait for one whose core another process has taken.
    environment = {"OMP_WAIT_POLICY": "PASSIVE", **os.environ, "KERAS_BACKEND": backend}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True)
    if ended.returncode:
        reason = (ended.stderr.strip().splitlines() or ["nothing"])[-1]
        raise RuntimeError(
            f"Expected {network}, {variant}, to run on {backend}. Received: exit status "
            f"{ended.returncode}, {reason}"
        )
    return json.loads(ended.stdout)
