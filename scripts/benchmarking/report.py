"""The numbers as tables and a plot."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from keras_gans.callbacks.files import replacing

_COLUMNS = (
    ("ms/step", 11, lambda c: f"{1e3 * c['step_seconds']:.2f}"),
    ("images/s", 11, lambda c: f"{c['images_per_second']:.0f}"),
    ("GFLOP/s", 10, lambda c: f"{c['flops_per_second'] / 1e9:.1f}"),
    ("of peak", 9, lambda c: f"{100 * c['peak_share']:.0f} %"),
    ("fit takes", 11, lambda c: f"{c['fit_ratio']:.3f}"),
    ("first s", 9, lambda c: f"{c['first_step_seconds']:.1f}"),
    ("peak MB", 9, lambda c: f"{(c['peak_memory_bytes'] or 0) / 1e6:.0f}"),
)
# Those that need no count of operations.
_OF_BACKENDS = ("ms/step", "fit takes", "first s", "peak MB")


def case_table(case: dict[str, Any]) -> str:
    """Returns the contenders of a case, one a line.

    "fit takes" is the time of `fit` as a share of the contender's.
    """
    heading = (
        f"{_named(case)}: {case['flops_per_step'] / 1e9:.2f} GFLOP a step, "
        f"{100 * case['waiting_share']:.2f} % of it waiting for input"
    )
    return "\n".join([heading, *_contenders(case, _COLUMNS)])


def backend_table(case: dict[str, Any]) -> str:
    """Returns the contenders of a case on one backend, one a line.

    Args:
        case: What `backend_rounds.measure` returns.
    """
    columns = [column for column in _COLUMNS if column[0] in _OF_BACKENDS]
    return "\n".join([f"{case['backend']}: {_named(case)}", *_contenders(case, columns)])


def _named(case: dict[str, Any]) -> str:
    return (
        f"{case['network']}, {case['variant']}, n_critic {case['n_critic']}, "
        f"batch {case['batch_size']}"
    )


def _contenders(case: dict[str, Any], columns: Sequence[Any]) -> Iterator[str]:
    yield f"{'':<16}" + "".join(f"{title:>{width}}" for title, width, _ in columns)
    for name, contender in case["contenders"].items():
        cells = "".join(f"{show(contender):>{width}}" for _, width, show in columns)
        yield f"{name:<16}{cells}"
    for name, reason in case["skipped"].items():
        yield f"{name:<16}  {reason}"


def growth_table(growth: dict[str, list[dict[str, float]]]) -> str:
    """Returns the time of a step over each axis, one value a line."""
    lines = [f"{'':<12}{'value':>8}{'ms/step':>12}{'ms/image':>12}{'first s':>10}"]
    for axis, points in growth.items():
        for point in points:
            lines.append(
                f"{axis:<12}{point['value']:>8}{1e3 * point['step_seconds']:>12.1f}"
                f"{1e3 * point['step_seconds'] / point['images_per_step']:>12.3f}"
                f"{point['first_step_seconds']:>10.1f}"
            )
    return "\n".join(lines)


def growth_plot(growth: dict[str, list[dict[str, float]]], path: Path) -> None:
    """Draws the time of a step over each axis, beside the line of proportional growth."""
    figure = Figure(figsize=(4 * len(growth), 3.2), layout="constrained")
    for axes, (axis, points) in zip(
        figure.subplots(1, len(growth), squeeze=False)[0], growth.items(), strict=True
    ):
        values = [point["value"] for point in points]
        seconds = [point["step_seconds"] for point in points]
        # Work grows with the number of pixels, not with the side of an image.
        power = 2 if axis == "image_size" else 1
        line = [seconds[0] * (value / values[0]) ** power for value in values]
        axes.loglog(values, line, "--", color="grey", label="proportional")
        axes.loglog(values, seconds, "o-", label="fit")
        axes.set(xlabel=axis, ylabel="seconds a step", xticks=values, xticklabels=values)
        axes.minorticks_off()
        axes.legend()
    with replacing(path) as aside:
        figure.savefig(aside)


def profile_table(profile: dict[str, dict[str, float]], longest: int = 12) -> str:
    """Returns milliseconds a step by type of operation, each contender a column."""
    kinds = {kind for column in profile.values() for kind in column}
    longest_first = sorted(kinds, key=lambda kind: -max(c.get(kind, 0.0) for c in profile.values()))
    lines = [f"{'ms a step':<32}" + "".join(f"{name:>16}" for name in profile)]
    for kind in longest_first[:longest]:
        cells = "".join(f"{1e3 * column.get(kind, 0.0):>16.2f}" for column in profile.values())
        lines.append(f"{kind[:31]:<32}{cells}")
    totals = "".join(f"{1e3 * sum(column.values()):>16.2f}" for column in profile.values())
    return "\n".join([*lines, f"{'all':<32}{totals}"])
