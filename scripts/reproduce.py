"""`keras-gans reproduce`: published tables, this library's figures beside theirs."""

import argparse
import functools
import json
import platform
import shlex
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import scipy.stats
import tensorflow as tf
from matplotlib.figure import Figure

from keras_gans import callbacks, datasets, models, presets
from keras_gans._version import __version__
from keras_gans.callbacks import figures
from keras_gans.callbacks.files import replacing, write_json
from keras_gans.callbacks.pictures import image_grid
from keras_gans.networks.inspection import logits_at
from keras_gans.scripts import dirac, warping
from keras_gans.scripts.printed import TERMS
from keras_gans.scripts.tables import TABLES, Row, Table, samples_of


def run(arguments: argparse.Namespace) -> None:
    """Runs the trials that are missing, and writes the table of all that are there."""
    if arguments.table == "dirac-gan":  # Exact, in seconds: no trials.
        dirac.run(arguments)
        return
    table = TABLES[arguments.table]
    rows = chosen(table.rows, arguments.rows)
    if not rows:
        raise ValueError(
            f"Expected --rows to choose some of {[row.name for row in table.rows]}. Received: "
            f"{arguments.rows}"
        )
    out = Path(arguments.out or Path("results", arguments.table))
    command = shlex.join(["keras-gans", *sys.argv[1:]])
    for seed in range(arguments.seed, arguments.seed + (arguments.trials or table.trials)):
        for row in rows:
            path = out / f"{row.preset}_{row.data}_seed{seed}.json"
            epochs = arguments.epochs or row.epochs or row.description()["fit"]["epochs"]
            if path.exists():
                _check_length(path, epochs)
            else:
                state = out / f".{path.stem}_{epochs}_epochs"
                losses = path.with_name(f"{path.stem}_losses.png") if row.printed else None
                result, gan = trial(
                    row, table.scores, seed, epochs, table.measurements, state, losses
                )
                _draw(gan, row.data, path.with_suffix(".png"))
                write_json(path, {**result, "command": command})
                shutil.rmtree(state)
            print(f"{row.name}, seed {seed}: {_scores(json.loads(path.read_text())['scores'])}")
    trials = [json.loads(path.read_text()) for path in sorted(out.glob("*.json"))]
    text = report(table, trials)
    print(f"\n{text}")
    with replacing(out / "table.md") as aside:
        aside.write_text(text)
    for row in rows:
        _draw_curves(row, trials, out / f"{row.preset}_{row.data}.png")
    _draw_losses(table, trials, out / "losses.png")
    print(f"{out} holds the table and its trials.")


def chosen(rows: Sequence[Row], texts: Sequence[str] | None) -> list[Row]:
    """Returns some rows of a table.

    Args:
        rows: Of the table.
        texts: Names of rows; one that is no row's whole name stands for all rows whose names
            contain it. All rows if None.

    Example:
        >>> [row.preset for row in chosen(TABLES["variants"].rows, ["WGANGP on mnist_5k"])]
        ['WGANGP']
    """
    if not texts:
        return list(rows)
    names = {row.name for row in rows}
    parts = [text for text in texts if text not in names]
    return [row for row in rows if row.name in texts or any(part in row.name for part in parts)]


def trial(
    row: Row,
    scores: Callable[[models.GAN, Row], dict[str, float]],
    seed: int,
    epochs: int | None = None,
    measurements: int = 1,
    state: Path | None = None,
    losses: Path | None = None,
) -> tuple[dict[str, Any], models.GAN]:
    """Trains one row with one seed and measures it.

    Args:
        row: What to train, on what.
        scores: What to measure, a function of the trained model and the row.
        seed: Of weights, latents, penalty points and data order.
        epochs: Replaces the preset's; a falling learning rate then falls as much sooner.
        measurements: How often to measure, evenly over the epochs, the last time at the end.
        state: Folder that an interrupted trial goes on from.
        losses: Where the curves of the losses are drawn, needed of rows whose sources print some.

    Returns:
        A dict of plain values with the scores and how they came about, and the trained model.

    Example:
        >>> result, gan = trial(Row("wgan_gp-grid", "25gaussians"), mode_scores, seed=0, epochs=2)
    """
    preset = row.description()
    full = preset["fit"]["epochs"]
    shorten(preset, epochs or full)
    keras.utils.set_random_seed(seed)
    preset["model"]["seed"] = seed
    gan = presets.build(preset)
    epochs = preset["fit"]["epochs"]
    curve = _Curve(lambda: scores(gan, row), epochs, min(measurements, epochs))
    used: list[keras.callbacks.Callback] = [curve]
    if "WeightClipping" in preset["callbacks"]:
        used.append(callbacks.WeightClipping(**preset["callbacks"]["WeightClipping"]))
    if losses:
        used.append(curves := callbacks.LossCurves(losses, TERMS, every_epochs=epochs))
    if state:
        used.append(callbacks.TrainState(state))
    x, y = _training_data(row, preset["data"]["size"], gan.conditional)
    gan.fit(x, y, **preset["fit"], verbose=0, callbacks=used)
    printed = row.printed.ours(curves.state()) if row.printed and losses else {}
    return {
        "preset": row.preset,
        "data": row.data,
        "seed": seed,
        "scores": {
            **{name: values[-1] for name, values in curve.values.items() if name != "epoch"},
            **printed,
        },
        "curve": curve.values,
        "losses": curve.losses,
        "epochs": epochs,
        "epochs_of_preset": full,
        "steps": gan.step,
        "seconds": round(curve.seconds),
        "date": time.strftime("%Y-%m-%d"),
        "versions": {
            "keras_gans": __version__,
            "keras": keras.__version__,
            "tensorflow": tf.__version__,
            "python": platform.python_version(),
        },
    }, gan


def _training_data(row: Row, size: Any, conditional: bool) -> tuple[np.ndarray, np.ndarray | None]:
    """Returns the x and y of `fit`."""
    if not conditional:
        return warping.with_copies(samples_of(row.data, row.split, size), row.copies), None
    dataset = datasets.load(row.data, row.split, size, labels=True)
    x, y = zip(*dataset.batch(10_000).as_numpy_iterator(), strict=True)
    return np.concatenate(x), np.concatenate(y)


class _Curve(keras.callbacks.Callback):
    """Measures the model at some epochs, keeps their losses, and counts the training's seconds."""

    def __init__(self, scores: Callable[[], dict[str, float]], epochs: int, measurements: int):
        super().__init__()
        self.scores = scores
        self.at = {round(epochs * (i + 1) / measurements) for i in range(measurements)}
        self.values: dict[str, list[float]] = {}
        self.losses: dict[str, list[float]] = {name: [] for name in TERMS}
        self.seconds = 0.0

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._since = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if epoch + 1 in self.at:
            for name, value in {"epoch": epoch + 1, **self.scores()}.items():
                self.values.setdefault(name, []).append(float(value))
            for name, losses in self.losses.items():
                losses.append(float((logs or {})[name]))
        now = time.monotonic()
        self.seconds, self._since = self.seconds + now - self._since, now

    def state(self) -> dict[str, Any]:
        """Returns what `TrainState` saves."""
        return {"values": self.values, "losses": self.losses, "seconds": self.seconds}

    def restore_state(self, state: dict[str, Any]) -> None:
        """Goes on from what `state` gave, when training begins."""
        self.values, self.losses = state["values"], state["losses"]
        self.seconds = state["seconds"]


def shorten(preset: dict[str, Any], epochs: int) -> None:
    """Sets the epochs of a preset, and lets its schedules reach their ends with them."""
    share = epochs / preset["fit"]["epochs"]
    preset["fit"]["epochs"] = epochs
    options = preset["compile"]
    rates = [options.get(name, {}).get("learning_rate") for name in ("d_optimizer", "g_optimizer")]
    for schedule in (*rates, options.get("gp_weight")):
        if isinstance(schedule, dict):  # Keras' schedules have a config, ours arguments.
            values = schedule.get("config", schedule)
            name = "decay_steps" if "decay_steps" in values else "steps"
            values[name] = round(values[name] * share)


def report(table: Table, trials: Sequence[dict[str, Any]]) -> str:
    """Returns the table as Markdown: a line for each score of each row, ours beside theirs."""
    lines = [
        f"# {table.source}",
        "",
        "| row | score | trials | ours, mean +- standard error | published | apart, in errors |",
        "|---|---|---|---|---|---|",
    ]
    for row in table.rows:
        lines += _lines(row, [t for t in trials if (t["preset"], t["data"]) == row[:2]], table)
    return "\n".join([*lines, "", *_notes(table, trials), ""])


def _lines(row: Row, trials: Sequence[dict[str, Any]], table: Table) -> Iterator[str]:
    for score in trials[0]["scores"] if trials else ():
        values = np.array([trial["scores"][score] for trial in trials])
        mean, error = values.mean(), standard_error(values)
        theirs, apart = "", ""
        published, theirs_error = row.published.get(score, (None, None))
        if published is not None:
            theirs = f"{published:g}"
        if published is not None and theirs_error is not None:
            theirs += f" +- {theirs_error:g}"
            apart = f"{errors_apart(values, published, theirs_error, table.trials):+.1f}"
        figure = f"{mean:.4g}" if error is None else f"{mean:.4g} +- {error:.2g}"
        yield f"| {row.name} | {score} | {len(values)} | {figure} | {theirs} | {apart} |"


def standard_error(values: np.ndarray) -> float | None:
    """Standard error of the mean; None of one value."""
    return float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else None


def errors_apart(values: np.ndarray, published: float, error: float, trials: int) -> float:
    """How far a mean is from a published one, in standard errors of the difference.

    The spread is pooled over the trials of both, as in Student's t test: few trials of whole
    numbers may all be equal, and one tells no spread at all.

    Args:
        values: Scores of at least one trial, float array of shape `(n,)`.
        published: The published mean.
        error: Its standard error, above 0.
        trials: How many trials it is of, at least 2.

    Example:
        >>> errors_apart(np.array([8.0, 8.0]), 6.3, 0.5, trials=10)  # 1.46
    """
    n = len(values)
    squares = n * np.var(values) + (trials - 1) * trials * error**2
    spread = np.sqrt(squares / (n + trials - 2))
    return float((np.mean(values) - published) / (spread * np.sqrt(1 / n + 1 / trials)))


def _notes(table: Table, trials: Sequence[dict[str, Any]]) -> Iterator[str]:
    """How the figures came about, a line for each way."""
    groups: dict[Any, list[dict[str, Any]]] = {}
    for each in trials:
        key = each["preset"], each["data"], each["epochs"], each["epochs_of_preset"]
        groups.setdefault(key, []).append(each)
    for (preset, data, epochs, full), group in groups.items():
        seeds = ", ".join(str(each["seed"]) for each in group)
        length = f"{epochs} epochs" if epochs == full else f"shortened to {epochs} of {full} epochs"
        minutes = min(each["seconds"] for each in group) / 60  # Others had company.
        dates = " and ".join(sorted({each["date"] for each in group}))
        yield (
            f"- {preset} on {data}: {length}, {group[0]['steps']} steps, at best "
            f"{minutes:.1f} min a trial; seeds {seeds}; {dates}"
        )
        if following := [c for c in map(_loss_follows_fid, group) if c is not None]:
            values = ", ".join(f"{value:+.2f}" for value in following)
            yield f"  - rank correlation of d_loss and FID over the training: {values}"
    published = [row[:2] for row in table.rows if any(error for _, error in row.published.values())]
    if any(key[:2] in published for key in groups):
        yield "- Apart: in standard errors of the difference, the spread pooled over both's trials."
    for command in sorted({each["command"] for each in trials}):
        yield f"- `{command}`"


def _loss_follows_fid(trial: dict[str, Any]) -> float | None:
    """Rank correlation of a trial's loss and FID, of at least six measurements."""
    fid, loss = (
        trial.get(part, {}).get(n, ()) for part, n in (("curve", "fid"), ("losses", "d_loss"))
    )
    return float(scipy.stats.spearmanr(fid, loss).statistic) if len(fid) == len(loss) >= 6 else None


def _draw(gan: models.GAN, data: str, path: Path) -> None:
    """Shows what a trial has come to."""
    with replacing(path) as aside:
        if gan.sample_shape != (2,):
            samples = gan.generate(64, seed=0)
            image_grid(samples, 8, 8, value_range=gan.value_range).save(aside)
            return
        modes = datasets.modes(data)
        figures.value_surface(
            samples_of(data)[:1000],
            gan.generate(1000, seed=0),
            functools.partial(logits_at, gan.discriminator),
            modes and modes[0],
        ).savefig(aside, dpi=60)


def _draw_curves(row: Row, trials: Sequence[dict[str, Any]], path: Path) -> None:
    """Draws scores and losses over the training, a line for each trial, over what is published.

    The score of held-out samples is a dashed line beside that of the model's.
    """
    curves = [
        {**t["curve"], **t.get("losses", {})}
        for t in trials
        if (t["preset"], t["data"]) == row[:2] and "curve" in t
    ]
    floor = " of held_out"
    names = [n for n in (curves[0] if curves else ()) if n != "epoch" and not n.endswith(floor)]
    if not names or len(curves[0]["epoch"]) == 1:
        return
    figure = Figure(figsize=(4 * len(names), 3), layout="constrained")
    for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
        for curve in curves:
            axes.plot(curve["epoch"], curve[name], marker=".", linewidth=1)
            if name + floor in curve:
                axes.axhline(curve[name + floor][-1], color="grey", linestyle="--")
        mean, error = row.published.get(name, (0.0, None))
        if error is not None:
            axes.axhspan(mean - 3 * error, mean + 3 * error, color="grey", alpha=0.2)
            axes.axhline(mean, color="grey", label="published, 3 errors")
            axes.legend()
        axes.set(title=name, xlabel="epoch")
    with replacing(path) as aside:
        figure.savefig(aside, dpi=80)


def _check_length(path: Path, epochs: int) -> None:
    found = json.loads(path.read_text())["epochs"]
    if found != epochs:
        raise ValueError(
            f"Expected trials of {epochs} epochs. Received: {path} with {found}; choose another "
            "folder with --out, or give --epochs as before"
        )


def _scores(scores: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in scores.items())


def _draw_losses(table: Table, trials: Sequence[dict[str, Any]], path: Path) -> None:
    """Draws FID beside the discriminator's loss over the training, a panel for each row."""
    first = {(t["preset"], t["data"]): t for t in reversed(trials) if "losses" in t}
    shown = [first[row[:2]] for row in table.rows if row[:2] in first]
    shown = [t for t in shown if len(t["curve"].get("fid", ())) > 1]
    if not shown:
        return
    columns = min(3, len(shown))
    rows = -(-len(shown) // columns)
    figure = Figure(figsize=(3.4 * columns, 2.5 * rows), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in panels[len(shown) :]:
        axes.set_axis_off()
    for axes, trial in zip(panels, shown, strict=False):
        epochs, right = trial["curve"]["epoch"], axes.twinx()
        axes.plot(epochs, trial["curve"]["fid"], color="C0")
        right.plot(epochs, trial["losses"]["d_loss"], color="C1", linestyle="--")
        axes.set(title=trial["preset"], xlabel="epoch", ylim=(0, None))
        axes.set_ylabel("FID", color="C0")
        right.set_ylabel("d_loss", color="C1")
    with replacing(path) as aside:
        figure.savefig(aside, dpi=80)
