"""A whole training of a preset on arrays, timed; needs no TensorFlow where Keras runs without.

`gpu` runs it in a process of its own.
"""

import argparse
import contextlib
import json
import sys
import time
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_gans import callbacks, presets
from keras_gans.scripts.benchmarking import machine, memory, precision
from keras_gans_command.arguments import integer


def main(argv: Sequence[str] | None = None) -> int:
    """Trains as the arguments say, and prints JSON alone; returns the exit status."""
    parser = argparse.ArgumentParser(description="Trains a preset on arrays, and times it.")
    parser.add_argument("--preset", required=True, choices=presets.names(), metavar="PRESET")
    parser.add_argument("--images", required=True, metavar="FILE", help="a .npy file of pixels")
    parser.add_argument("--out", required=True, metavar="DIR", help="where grids of samples go")
    parser.add_argument("--steps", type=integer(1), help="in one epoch (default: the preset's)")
    parser.add_argument("--dtype", default="tf32", choices=tuple(precision.POLICIES))
    arguments = parser.parse_args(argv)
    preset = presets.get(arguments.preset)
    preset["dtype_policy"] = precision.POLICIES[arguments.dtype]
    if arguments.steps:
        preset["fit"] |= {"epochs": 1, "steps_per_epoch": arguments.steps}
    precision.use(arguments.dtype)
    with contextlib.redirect_stdout(sys.stderr):
        trained = train(preset, np.load(arguments.images), arguments.out)
    print(json.dumps({"dtype": arguments.dtype, **trained}))
    return 0


def train(preset: dict[str, Any], images: np.ndarray, out: str) -> dict[str, Any]:
    """Trains a preset from its first step to its last.

    Args:
        preset: As `presets.get` returns it.
        images: Pixels of shape `(n, *sample_shape)`, at least one step of them.
        out: Folder for grids of samples, one at the end of each epoch.

    Returns:
        `preset`, `backend`, `machine`, `epochs`, `steps`, `seconds` of `fit`, compilation and grids
        included, `peak_memory_bytes`, the `logs` of the last epoch, and the Fréchet distance `fid`
        of samples to the images.
    """
    keras.utils.set_random_seed(0)
    gan = presets.build(preset)
    peak = memory.of_backend()
    peak.reset()
    start = time.perf_counter()
    history = gan.fit(images, **preset["fit"], verbose=0, callbacks=[callbacks.SampleGrid(out)])
    seconds, used = time.perf_counter() - start, peak.read()
    return {
        "preset": preset["preset"],
        "backend": keras.backend.backend(),
        "machine": machine.facts(),
        "epochs": preset["fit"]["epochs"],
        "steps": gan.step,
        "seconds": seconds,
        "peak_memory_bytes": used,
        "logs": {name: float(values[-1]) for name, values in history.history.items()},
        "fid": float(gan.evaluate(images, ["fid"], verbose=0)["fid"]),
    }


if __name__ == "__main__":
    sys.exit(main())
