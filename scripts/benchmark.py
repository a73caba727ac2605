"""`keras-gans benchmark`: `fit` against loops written by hand, eager loops and PyTorch."""

import argparse
import itertools
import statistics
import warnings
from pathlib import Path
from typing import Any, cast

from keras_gans import presets
from keras_gans.callbacks.files import write_json
from keras_gans.scripts.arguments import integer
from keras_gans.scripts.benchmarking import (
    backends,
    bars,
    costs,
    flops,
    growth,
    machine,
    overheads,
    profile,
    report,
    rounds,
    timing,
)
from keras_gans.scripts.benchmarking.cases import MATHS, Case
from keras_gans.scripts.benchmarking.loops import GraphLoop
from keras_gans.scripts.benchmarking.timing import FitLoop, Loop
from keras_gans.scripts.benchmarking.waiting import waiting_share

# Three published GANs of MNIST, and networks whose steps dispatch rules.
_NETWORKS = ("dcgan-mnist", "wgan_gp-mnist-book", "wgan_gp-mnist", "wgan_gp-digits", "gan-grid")
_STEPS, _TINY_STEPS = 3, 30
_RATIOS = (
    *(("fit", other) for other in ("function", "eager", "pytorch", "fit_bfloat16")),
    ("fit_bfloat16", "fit"),
    ("fit_100", "function_100"),
    ("fit_100", "fit"),
)


def add_parser(commands: Any, help: str) -> None:
    """Adds the command and its arguments to the command line."""
    command = commands.add_parser(
        "benchmark",
        help=help,
        description="Time a training step: fit of this library, in float32 and mixed_bfloat16, a "
        "tf.function loop and the eager loop of copied examples, both written by hand, and PyTorch "
        "where it is installed. All run in one process, a round each in turn; medians, and medians "
        "of the rounds' ratios, are printed, with the bars they have to keep to, and written as "
        "JSON. Take some minutes of a machine that does nothing else.",
        epilog="Example: keras-gans benchmark --networks dcgan-mnist --variants WGANGP",
    )
    command.add_argument(
        "--networks",
        nargs="+",
        default=_NETWORKS,
        choices=presets.names(),
        metavar="PRESET",
        help=f"presets whose networks are trained (default: {' '.join(_NETWORKS)})",
    )
    command.add_argument(
        "--variants",
        nargs="+",
        default=tuple(MATHS),
        choices=tuple(MATHS),
        metavar="VARIANT",
        help=f"how they are trained (default: {' '.join(MATHS)})",
    )
    command.add_argument(
        "--contenders",
        nargs="+",
        default=tuple(rounds.CONTENDERS),
        choices=tuple(rounds.CONTENDERS),
        metavar="CONTENDER",
        help=f"beside function and fit (default: {' '.join(rounds.CONTENDERS)}; those that end in "
        f"{timing.IN_GRAPH} run as many steps in one call, for networks without convolution)",
    )
    _add_how(command)
    command.set_defaults(run=run)


def _add_how(command: argparse.ArgumentParser) -> None:
    """Adds the arguments that say how long, and what else."""
    for name, default, metavar, text in (
        ("--rounds", None, "R", "rounds of all contenders (default: 7, 2 with --quick)"),
        (
            "--steps",
            None,
            "N",
            f"steps a round (default: {_STEPS}, {_TINY_STEPS} without convolution)",
        ),
        ("--batch-size", 64, "B", "samples in a mini-batch (default: 64)"),
    ):
        command.add_argument(name, type=integer(1), default=default, metavar=metavar, help=text)
    for name, text in (
        ("--growth", "also over batch, image size and n_critic"),
        ("--profile", "also the time by type of operation"),
        ("--overheads", "nothing but what the guard, saved states and a second replica cost"),
        ("--costs", "nothing but what each variant, penalty and augmentation costs a step"),
        ("--quick", "two short rounds, to see that it runs"),
    ):
        command.add_argument(name, action="store_true", help=text)
    command.add_argument(
        "--backends",
        nargs="*",
        choices=("tensorflow", "jax", "torch"),
        metavar="BACKEND",
        help="nothing but fit against loops by hand on TensorFlow, JAX and PyTorch, each in a "
        "process of its own (default: all that are installed)",
    )
    command.add_argument(
        "--out", default="results", metavar="DIR", help="where to write (default: %(default)s)"
    )


def run(arguments: argparse.Namespace) -> None:
    """Benchmarks as the command line says.

    `benchmark.json` holds `machine` (with `peak_flops_per_second` by type), `arguments`, `cases`,
    `bars`, and with --growth `growth`. A case has `network`, `variant`, `batch_size`, `n_critic`,
    `tiny`, `flops_per_step` (of the loop by hand), `waiting_share`, `contenders` (times, rates,
    memory), `skipped` (why), `ratios` (medians over the rounds) and with --profile `profile`.
    `overheads.json` holds what --overheads measures, `costs.json` what --costs does, and
    `backends.json` what --backends does: `arguments`, `cases`, those `skipped` and why, and `bars`.
    """
    if arguments.backends is not None:
        return _backends(arguments)
    machine.share_gpus()
    if arguments.overheads:
        return _overheads(arguments)
    if arguments.costs:
        return _costs(arguments)
    repeats = 1 if arguments.quick else 5
    path = Path(arguments.out, "benchmark.json")
    peak = {name: flops.convolution_peak(name, repeats) for name in ("float32", "bfloat16")}
    result: dict[str, Any] = {
        "machine": {**machine.facts(), "peak_flops_per_second": peak},
        "arguments": _given(arguments),
        "cases": [],
    }
    print(_heading(result["machine"]))
    with warnings.catch_warnings():  # Of the sources' batch normalisation in critics.
        warnings.simplefilter("ignore")
        for network in arguments.networks:
            for variant in arguments.variants:
                case = Case(presets.get(network), variant, arguments.batch_size)
                result["cases"].append(_measure(case, arguments, peak))
                write_json(path, result)  # A run cut short keeps what it has measured.
        if arguments.growth:
            result["growth"] = _growth(arguments)
    _conclude(result, path)


def _overheads(arguments: argparse.Namespace) -> None:
    count = arguments.rounds or (2 if arguments.quick else 7)
    measured = overheads.measure(count, epochs=1 if arguments.quick else 20)
    print(overheads.table(measured))
    path = Path(arguments.out, "overheads.json")
    write_json(path, {"machine": machine.facts(), "overheads": measured})
    print(f"\nwritten to {path}")


def _costs(arguments: argparse.Namespace) -> None:
    count = arguments.rounds or (1 if arguments.quick else 7)
    steps = arguments.steps or (1 if arguments.quick else _STEPS)
    measured = costs.measure(count, steps)
    print(costs.table(measured))
    path = Path(arguments.out, "costs.json")
    write_json(path, {"machine": machine.facts(), "steps": steps, "costs": measured})
    print(f"\nwritten to {path}")


def _backends(arguments: argparse.Namespace) -> None:
    path = Path(arguments.out, "backends.json")
    count = arguments.rounds or (2 if arguments.quick else 7)
    steps = arguments.steps or (1 if arguments.quick else _STEPS)
    numbers = (arguments.batch_size, count, steps)
    result: dict[str, Any] = {"arguments": _given(arguments), "cases": [], "skipped": []}
    for case in itertools.product(
        arguments.networks, arguments.variants, arguments.backends or machine.installed_backends()
    ):
        network, variant, backend = case
        try:
            result["cases"].append(
                measured := backends.measure(backend, network, variant, *numbers)
            )
            print(f"{report.backend_table(measured)}\n", flush=True)
        except RuntimeError as error:
            named = {"backend": backend, "network": network, "variant": variant}
            result["skipped"].append({**named, "reason": str(error)})
            print(f"{error}\n", flush=True)
        write_json(path, result)  # A run cut short keeps what it has measured.
    judged = bars.judge_backends(result)
    result["bars"] = [{**bar._asdict(), "met": bar.met} for bar in judged]
    print(*judged, sep="\n")
    write_json(path, result)
    print(f"\nwritten to {path}")


def _given(arguments: argparse.Namespace) -> dict[str, Any]:
    return {name: value for name, value in vars(arguments).items() if name != "run"}


def _heading(facts: dict[str, Any]) -> str:
    rates = ", ".join(f"{k} {v / 1e9:.0f}" for k, v in facts["peak_flops_per_second"].items())
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    device = ", ".join(facts["gpus"]) or f"{facts['cpu']}, {facts['cores']} cores"
    flags = " ".join(facts["flags"])
    return f"{device} ({flags}); {versions}\nconvolution peak in GFLOP/s: {rates}"


def _measure(case: Case, arguments: argparse.Namespace, peak: dict[str, float]) -> dict[str, Any]:
    """Returns all about one case, and prints its tables."""
    steps = arguments.steps or (_TINY_STEPS if case.is_tiny else _STEPS)
    count = arguments.rounds or (2 if arguments.quick else 7)
    loops, skipped = rounds.build(case, arguments.contenders)
    first = {name: loop.first_step() for name, loop in loops.items()}
    seconds, memory = timing.alternate(loops, count, steps)
    # The references, which `build` always makes.
    function, fit = cast(GraphLoop, loops["function"]), cast(FitLoop, loops["fit"])
    operations = flops.count(function.compiled.get_concrete_function().graph)
    measured: dict[str, Any] = {
        "network": case.name,
        "variant": case.variant,
        "batch_size": case.batch_size,
        "n_critic": case.n_critic,
        "tiny": case.is_tiny,
        "flops_per_step": operations,
        "waiting_share": waiting_share(case, fit.gan, 3 * steps),
        "contenders": {
            name: {
                **_rates(case, seconds[name], operations, peak[_dtype(name)]),
                "fit_ratio": timing.ratio(seconds, "fit", name),
                "first_step_seconds": first[name],
                "peak_memory_bytes": memory[name],
            }
            for name in loops
        },
        "skipped": skipped,
        "ratios": {
            f"{one} / {other}": timing.ratio(seconds, one, other)
            for one, other in _RATIOS
            if one in seconds and other in seconds
        },
    }
    print(f"\n{report.case_table(measured)}", flush=True)
    if arguments.profile:
        measured["profile"] = _profile(loops, steps)
        print(f"\n{report.profile_table(measured['profile'])}", flush=True)
    return measured


def _rates(case: Case, seconds: list[float], operations: int, peak: float) -> dict[str, Any]:
    median = statistics.median(seconds)
    return {
        "step_seconds": median,
        "rounds_seconds": seconds,
        "images_per_second": case.images_per_step / median,
        "flops_per_second": operations / median,
        "peak_share": operations / median / peak,
    }


def _dtype(contender: str) -> str:
    return "bfloat16" if contender.endswith("bfloat16") else "float32"


def _profile(loops: dict[str, Loop], steps: int) -> dict[str, dict[str, float]]:
    def profiled(loop: Loop) -> dict[str, float]:
        total = profile.seconds_by_operation(lambda: loop.run(steps))
        # One call more runs than is timed.
        calls = max(steps // loop.steps_per_call, 1) + 1
        return {kind: s / (calls * loop.steps_per_call) for kind, s in total.items()}

    names = ("function", "fit", *(name for name in rounds.TINY if name in loops))
    return {name: profiled(loops[name]) for name in names}


def _growth(arguments: argparse.Namespace) -> dict[str, Any]:
    axes = growth.QUICK_AXES if arguments.quick else growth.AXES
    batch_size = min(arguments.batch_size, 4) if arguments.quick else arguments.batch_size
    grown = growth.measure(axes, batch_size, arguments.steps or _STEPS)
    print(f"\n{report.growth_table(grown)}", flush=True)
    return grown


def _conclude(result: dict[str, Any], path: Path) -> None:
    """Prints the bars and writes the files."""
    judged = bars.judge(result)
    result["bars"] = [{**bar._asdict(), "met": bar.met} for bar in judged]
    print("", *judged, sep="\n")
    write_json(path, result)
    if "growth" in result:
        report.growth_plot(result["growth"], path.with_name("growth.png"))
    print(f"\nwritten to {path.parent}")
