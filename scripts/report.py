"""`keras-gans report`: a run as one HTML page that needs no other file."""

import argparse
import base64
import csv
import html
import io
import json
import platform
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
import yaml
from matplotlib.figure import Figure

from keras_gans._version import __version__
from keras_gans.callbacks import figures
from keras_gans.callbacks.files import numbered, replacing

_GRIDS = 6  # Of the samples over time.
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #222; max-width: 60rem; margin: 2rem auto;
  padding: 0 1rem; overflow-wrap: anywhere; }
h1, h2 { line-height: 1.2; }
img { max-width: 100%; height: auto; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
td, th { padding: .2rem 0 .2rem clamp(.5rem, 3vw, 1.6rem); border-bottom: 1px solid #ddd;
  text-align: right; white-space: nowrap; }
td:first-child, th:first-child { padding-left: 0; text-align: left; }
pre { background: #f6f6f6; padding: 1rem; white-space: pre-wrap; font-size: 13px; }
.row { display: grid; grid-template-columns: repeat(auto-fill, minmax(16rem, 1fr)); gap: 1rem; }
figure { margin: 0 0 1rem; } .row figure { margin: 0; } figcaption { color: #666; font-size: 14px; }
"""


def run(arguments: argparse.Namespace) -> None:
    """Writes the page as the command line says."""
    folder = Path(arguments.run_dir)
    if not (folder / "config.json").is_file():
        raise ValueError(f"Expected a run folder with config.json. Received: {folder}")
    out = Path(arguments.out or folder / "report.html")
    with replacing(out) as aside:
        aside.write_text(page(folder), encoding="utf-8")
    print(f"Wrote {out}.")


def page(folder: Path) -> str:
    """Returns the page of a run folder.

    Args:
        folder: With config.json, and whatever else of a run there is.

    Example:
        >>> Path("report.html").write_text(page(Path("runs/hinge-mnist")))
    """
    config = json.loads((folder / "config.json").read_text())
    name = html.escape(str(config.get("preset") or folder.name))
    parts = [f"<h1>{name}</h1>", f"<p>{html.escape(str(config.get('source', '')))}</p>"]
    for title, content in (
        ("Samples over time", _row(_grids(folder))),
        ("Losses and scores", _row(_curves(folder / "history.csv"))),
        ("Measured", "".join(_measured(folder / "evaluation"))),
        ("Settings", f"<pre>{html.escape(_settings(config))}</pre>"),
        ("Made by", _versions()),
    ):
        if content:
            parts.append(f"<h2>{title}</h2>\n{content}")
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{name}</title><style>{_STYLE}</style>"
    )
    body = "\n".join(parts)
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n</body></html>\n'


def _grids(folder: Path) -> Iterator[str]:
    for prefix in ("epoch", "step"):
        found = list(numbered(folder / "samples", f"{prefix}", ".png").items())
        if found:
            # Evenly over the training, the first and the last among them.
            last = len(found) - 1
            chosen = sorted({round(i * last / (_GRIDS - 1)) for i in range(_GRIDS)})
            for number, path in (found[i] for i in chosen):
                yield _figure(path.read_bytes(), f"{prefix} {number}")


def _curves(history: Path) -> Iterator[str]:
    if not history.is_file():
        return
    with open(history, newline="") as file:
        rows = list(csv.DictReader(file))
    # A picture each, which narrow screens show one below the other.
    for name in (name for name in (rows[0] if rows else ()) if name != "epoch"):
        epochs = [int(row["epoch"]) for row in rows if row[name]]
        values = [float(row[name]) for row in rows if row[name]]
        if values:
            png = _png(figures.metric_curves({name: (epochs, values)}))
            yield _figure(png, f"{name} {values[-1]:.4g} at epoch {epochs[-1]}")


def _measured(folder: Path) -> Iterator[str]:
    path = folder / "evaluation.json"
    if not path.is_file():
        return
    result = json.loads(path.read_text())
    yield _table(result["scores"])
    yield "<p>" + html.escape(_protocol(result)) + "</p>"
    by_class = result.get("by_class")
    if by_class:
        names = next(iter(by_class.values()))
        columns = {name: {label: by_class[label][name] for label in by_class} for name in names}
        yield "<p>Samples of each class against training samples of that class:</p>"
        yield _table(columns, corner="class")
    captions = {
        "nearest.png": "Samples, left, and the training images that are nearest to them",
        "classes.png": "Classes as a classifier sees them",
        "surface.png": "Points over the discriminator's level sets",
    }
    for name, caption in captions.items():
        if (folder / name).is_file():
            yield _figure((folder / name).read_bytes(), caption)


def _protocol(result: dict[str, Any]) -> str:
    counts = ", ".join(f"{count} {kind}" for kind, count in result["counts"].items())
    comparable = "measured" if result.get("comparable") else "not measured"
    return (
        f"At step {result['step']} against {result['data']}: {counts}. Extractor "
        f"{result['extractor']}, resize {result['resize']}, seed {result['seed']}; {comparable} as "
        f"published FID is. held_out are real samples, {result['held_out_split']}."
    )


def _table(columns: dict[str, dict[str, float]], corner: str = "") -> str:
    names = next(iter(columns.values()))
    head = "".join(f"<th>{html.escape(title)}</th>" for title in (corner, *columns))
    rows = "".join(
        f"<tr><td>{html.escape(name)}</td>"
        + "".join(f"<td>{each[name]:.4g}</td>" for each in columns.values())
        + "</tr>"
        for name in names
    )
    return f"<table><tr>{head}</tr>{rows}</table>"


def _settings(config: dict[str, Any]) -> str:
    # As YAML, in which presets may be written too: a list is one line. The browser breaks lines.
    return yaml.safe_dump(
        config,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=None,
        width=float("inf"),
    )


def _versions() -> str:
    facts: Sequence[str] = (
        f"keras_gans {__version__}",
        f"keras {keras.__version__}",
        f"tensorflow {tf.__version__}",
        f"Python {platform.python_version()}",
        f"{platform.system()} {platform.machine()}",
    )
    return f"<p>{html.escape(', '.join(facts))}</p>"


def _row(pictures: Iterable[str]) -> str:
    content = "".join(pictures)
    return f'<div class="row">{content}</div>' if content else ""


def _figure(png: bytes, caption: str) -> str:
    data = base64.b64encode(png).decode("ascii")
    text = html.escape(caption)
    return (
        f'<figure><img alt="{text}" src="data:image/png;base64,{data}">'
        f"<figcaption>{text}</figcaption></figure>"
    )


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=200)  # Sharp on screens of small pixels.
    return file.getvalue()
