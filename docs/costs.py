"""Writes what a step and the training of each preset cost into the table of presets.md.

    python docs/costs.py

The figures are those of `keras-gans benchmark --presets`.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[1]
PAGE = _ROOT / "docs" / "presets.md"
MEASURED = _ROOT / "results" / "benchmark" / "presets.json"
# Name and seconds of each unit, and from how many seconds on it is said.
_UNITS = (
    ("days", 24 * 3600, 72 * 3600),
    ("h", 3600, 90 * 60),
    ("min", 60, 90),
    ("s", 1, 1),
    ("ms", 1e-3, 0),
)


def with_costs(page: str, measured: Mapping[str, Mapping[str, Any]]) -> str:
    """Returns the page with the last two cells of each row of presets as they were measured.

    Args:
        page: Markdown, with a table whose rows begin with the names of presets.
        measured: Step's seconds and the training's steps by preset, as `keras-gans benchmark
            --presets` writes them. The cells of a row with a preset that is not among them are
            empty.
    """
    return re.sub(
        r"^(\| `.*\|)[^|\n]*\|[^|\n]*\|$",
        lambda row: f"{row[1]} {' | '.join(_cells(row[1].split('|')[1], measured))} |",
        page,
        flags=re.M,
    )


def _cells(first: str, measured: Mapping[str, Mapping[str, Any]]) -> tuple[str, str]:
    names = re.findall(r"`([^`]+)`", first)
    if not all(name in measured for name in names):
        return "", ""
    steps = [measured[name]["step_seconds"] for name in names]
    trainings = [measured[name]["step_seconds"] * measured[name]["steps"] for name in names]
    return _range(steps), _range(trainings)


def _range(seconds: list[float]) -> str:
    return " to ".join(dict.fromkeys(map(said, (min(seconds), max(seconds)))))


def said(seconds: float) -> str:
    """Returns a time with about two digits.

    Example:
        >>> said(0.0795), said(3.94), said(4000), said(20_000)
        ('80 ms', '3.9 s', '67 min', '5.6 h')
    """
    name, unit = next((name, unit) for name, unit, start in _UNITS if seconds >= start)
    value = seconds / unit
    return f"{value:.1f} {name}" if value < 9.95 else f"{value:.0f} {name}"


if __name__ == "__main__":
    found = json.loads(MEASURED.read_text())["presets"]
    PAGE.write_text(with_costs(PAGE.read_text(), found))
