"""All that a GPU is asked, in one command that needs no TensorFlow.

    KERAS_BACKEND=torch python -m keras_gans.scripts.benchmarking.gpu --images mnist.npy

Each case runs on each backend in a process of its own, as `keras-gans benchmark --backends` has it.
"""

import argparse
import functools
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from keras_gans.callbacks.files import replacing, write_json
from keras_gans.scripts.benchmarking import backends, bars, gpu_report
from keras_gans.scripts.benchmarking.precision import POLICIES
from keras_gans_command.arguments import integer

# Whose networks are trained, and how: R3GAN's and SNGAN's by the maths that the loops have.
CASES = {
    "dcgan-mnist": "GAN",
    "wgan_gp-mnist-book": "WGANGP",
    "wgan_gp-mnist": "WGANGP",
    "r3gan-cifar10": "WGANGP",
    "sngan-cifar10": "GAN",
}
TRAININGS = ("wgan_gp-mnist", "hinge-mnist")
# The case that is also timed over the batch, and in which type.
GROWN, GROWN_DTYPE, BATCH_SIZES = "wgan_gp-mnist", "tf32", (16, 64, 256, 1024)


def main(argv: Sequence[str] | None = None) -> int:
    """Measures as the arguments say; returns the exit status.

    `benchmark.json` holds `arguments`; `cases` and `growth`, as `backend_rounds.measure` returns
    them; `trainings`, as `training.train` does; what was `skipped` and why; and `bars`. `README.md`
    has the same as tables.
    """
    arguments = _parser().parse_args(argv)
    out = Path(arguments.out)
    given = dict(vars(arguments))
    result: dict[str, Any] = {"arguments": given, "skipped": []}
    result.update(cases=[], growth=[], trainings=[])
    for part, name, measure in _work(arguments):
        try:
            result[part].append(measure())
            print(f"done     {name}", flush=True)
        except RuntimeError as error:
            result["skipped"].append({"name": name, "reason": str(error)})
            print(f"skipped  {name}: {error}", flush=True)
        write_json(out / "benchmark.json", result)  # A run cut short keeps what it has measured.
    judged = bars.judge_gpu(result)
    result["bars"] = [{**bar._asdict(), "met": bar.met} for bar in judged]
    write_json(out / "benchmark.json", result)
    with replacing(out / "README.md") as aside:
        aside.write_text(gpu_report.page(result, judged))
    print(*judged, f"\nwritten to {out}", sep="\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m keras_gans.scripts.benchmarking.gpu",
        description="Time fit against loops by hand on a GPU, and train two presets there.",
    )
    for name, default, choices in (
        ("--networks", tuple(CASES), tuple(CASES)),
        ("--dtypes", tuple(POLICIES), tuple(POLICIES)),
        ("--backends", ("jax", "torch"), ("tensorflow", "jax", "torch")),
    ):
        text = f"(default: {' '.join(default)})"
        parser.add_argument(name, nargs="+", default=default, choices=choices, help=text)
    for name, number in (("--batch-size", 64), ("--rounds", 7), ("--steps", 20)):
        parser.add_argument(name, type=integer(1), default=number, help="(default: %(default)s)")
    parser.add_argument("--batch-sizes", type=integer(1), nargs="*", default=BATCH_SIZES)
    parser.add_argument("--trainings", nargs="*", default=TRAININGS, choices=TRAININGS)
    parser.add_argument("--images", metavar="FILE", help="28x28 pixels, .npy, to train on")
    text = "of a training (default: the preset's)"
    parser.add_argument("--training-steps", type=integer(1), metavar="N", help=text)
    parser.add_argument("--out", default="results/gpu", help="(default: %(default)s)")
    return parser


def _work(
    arguments: argparse.Namespace,
) -> Iterator[tuple[str, str, Callable[[], dict[str, Any]]]]:
    """Yields the part of the result, the name and the function of all that is measured."""

    def timed(backend: str, network: str, dtype: str, batch_size: int) -> Any:
        numbers = batch_size, arguments.rounds, arguments.steps
        name = f"{network}, {CASES[network]}, batch {batch_size}, {dtype}, {backend}"
        return name, lambda: backends.measure(backend, network, CASES[network], *numbers, dtype)

    for network in arguments.networks:
        for dtype in arguments.dtypes:
            for backend in arguments.backends:
                yield "cases", *timed(backend, network, dtype, arguments.batch_size)
    for batch_size in arguments.batch_sizes:
        for backend in arguments.backends:
            yield "growth", *timed(backend, GROWN, GROWN_DTYPE, batch_size)
    for preset in arguments.trainings:
        training = functools.partial(_train, arguments, preset)
        yield "trainings", f"training of {preset}", training


def _train(arguments: argparse.Namespace, preset: str) -> dict[str, Any]:
    if not arguments.images:
        raise RuntimeError("Expected pixels to train on. Received: no --images")
    given = {"--preset": preset, "--images": arguments.images, "--out": f"{arguments.out}/{preset}"}
    length = {"--steps": arguments.training_steps} if arguments.training_steps else {}
    return backends.run(arguments.backends[0], "training", {**given, **length}, preset)


if __name__ == "__main__":
    sys.exit(main())
