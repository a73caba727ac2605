"""`keras-gans benchmark`: `fit` against loops written by hand, eager loops and PyTorch."""

import argparse
import itertools
import json
import statistics
import warnings
from pathlib import Path
from typing import Any, cast

from keras_gans import presets
from keras_gans.callbacks.files import write_json
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
    trainings,
)
from keras_gans.scripts.benchmarking.cases import Case
from keras_gans.scripts.benchmarking.loops import GraphLoop
from keras_gans.scripts.benchmarking.timing import FitLoop, Loop
from keras_gans.scripts.benchmarking.waiting import waiting_share
from keras_gans_command.benchmark import STEPS, TINY_STEPS

_RATIOS = (
    *(("fit", other) for other in ("function", "eager", "pytorch", "fit_bfloat16")),
    ("fit_bfloat16", "fit"),
    ("fit_100", "function_100"),
    ("fit_100", "fit"),
)


def run(arguments: argparse.Namespace) -> None:
    """Benchmarks as the command line says.

    `benchmark.json` holds `machine` (with `peak_flops_per_second` by type), `arguments`, `cases`,
    `bars`, and with --growth `growth`. A case has `network`, `variant`, `batch_size`, `n_critic`,
    `tiny`, `flops_per_step` (of the loop by hand), `waiting_share`, `contenders` (times, rates,
    memory), `skipped` (why), `ratios` (medians over the rounds) and with --profile `profile`.
    `overheads.json` holds what --overheads measures, `costs.json` what --costs does, `presets.json`
    what --presets does, and has done before of others, and `backends.json` what --backends does:
    `arguments`, `cases`, those `skipped` and why, and `bars`.
    """
    described = {name: presets.get(name) for name in arguments.networks}
    if arguments.backends is not None:
        return _backends(arguments)
    machine.share_gpus()
    if arguments.overheads:
        return _overheads(arguments)
    if arguments.costs:
        return _costs(arguments)
    if arguments.presets is not None:
        return _presets(arguments)
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
        for preset in described.values():
            for variant in arguments.variants:
                case = Case(preset, variant, arguments.batch_size)
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
    steps = arguments.steps or (1 if arguments.quick else STEPS)
    measured = costs.measure(count, steps)
    print(costs.table(measured))
    path = Path(arguments.out, "costs.json")
    write_json(path, {"machine": machine.facts(), "steps": steps, "costs": measured})
    print(f"\nwritten to {path}")


def _presets(arguments: argparse.Namespace) -> None:
    described = [presets.get(name) for name in arguments.presets or presets.names()]
    path = Path(arguments.out, "presets.json")
    # All take long, so that some may be measured after the others, or anew.
    measured = json.loads(path.read_text())["presets"] if path.exists() else {}
    for preset in described:
        cost = trainings.measure(preset, 0.0 if arguments.quick else trainings.SECONDS)
        print(trainings.line(preset["preset"], cost), flush=True)
        measured[preset["preset"]] = cost
        write_json(path, {"machine": machine.facts(), "presets": measured})
    print(f"\nwritten to {path}")


def _backends(arguments: argparse.Namespace) -> None:
    path = Path(arguments.out, "backends.json")
    count = arguments.rounds or (2 if arguments.quick else 7)
    steps = arguments.steps or (1 if arguments.quick else STEPS)
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
    return {name: value for name, value in vars(arguments).items() if name != "command"}


def _heading(facts: dict[str, Any]) -> str:
    rates = ", ".join(f"{k} {v / 1e9:.0f}" for k, v in facts["peak_flops_per_second"].items())
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    device = ", ".join(facts["gpus"]) or f"{facts['cpu']}, {facts['cores']} cores"
    flags = " ".join(facts["flags"])
    return f"{device} ({flags}); {versions}\nconvolution peak in GFLOP/s: {rates}"


def _measure(case: Case, arguments: argparse.Namespace, peak: dict[str, float]) -> dict[str, Any]:
    """Returns all about one case, and prints its tables."""
    steps = arguments.steps or (TINY_STEPS if case.is_tiny else STEPS)
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
    grown = growth.measure(axes, batch_size, arguments.steps or STEPS)
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
