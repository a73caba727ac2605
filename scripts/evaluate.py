"""`keras-gans evaluate`: a trained run in numbers and pictures."""

import argparse
import csv
import functools
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np

from keras_gans import datasets, models
from keras_gans.callbacks import figures
from keras_gans.callbacks.files import replacing, write_json
from keras_gans.metrics import Extractor, Mixture, extractors, nearest_neighbours, protocol
from keras_gans.metrics.features import Features
from keras_gans.metrics.samples import as_array, as_arrays
from keras_gans.networks.inspection import logits_at
from keras_gans.scripts.arguments import add_data, add_seed, integer
from keras_gans.scripts.sample import load_run

_ROWS, _NEIGHBOURS, _POINTS = 8, 5, 1000  # Of the pictures.


class RealData(NamedTuple):
    """Training samples, samples that were held out, how these were found, and their labels."""

    train: np.ndarray
    held_out: np.ndarray
    held_out_split: str
    train_labels: np.ndarray | None = None
    held_out_labels: np.ndarray | None = None


def add_parser(commands: Any, help: str) -> None:
    """Adds the command and its arguments to the command line."""
    command = commands.add_parser(
        "evaluate",
        help=help,
        description="Measure a trained run against its training data: FID, KID, precision, recall, "
        "density, coverage, duplicates, and what else the data allows. Beside it stand two floors: "
        "held-out real data, which no generator can be expected to beat, and noise. Samples of a "
        "conditional model have the labels of the training data, and each class is measured too. "
        "The table is printed; evaluation.json and pictures are written.",
        epilog="Example: keras-gans evaluate runs/hinge-mnist",
    )
    command.add_argument("run_dir", metavar="RUN", help="a run folder, or a .keras file")
    add_data(command, "as for `keras-gans train` (default: the run's)")
    command.add_argument(
        "--extractor",
        metavar="E",
        help="samples (the pixels or points themselves), inception, inception-2015 (of published "
        "FID), or a labelled data set for a classifier trained on it (default: the data, where it "
        "has labels)",
    )
    command.add_argument(
        "--metrics", nargs="+", metavar="M", help="such as fid coverage (default: all)"
    )
    command.add_argument(
        "-n", type=integer(1), metavar="N", help="how many samples (default: as many as held out)"
    )
    add_seed(command)
    command.add_argument(
        "--labels",
        nargs="+",
        type=integer(0),
        metavar="CLASS",
        help="of a conditional model, only these classes of data and samples (default: all)",
    )
    command.add_argument("--out", metavar="DIR", help="where to write (default: RUN/evaluation)")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Evaluates as the command line says."""
    path = Path(arguments.run_dir)
    gan = load_run(path)
    folder = path if path.is_dir() else path.parent
    name, skip_corrupt = _data_of(arguments, folder)
    conditional = protocol.is_conditional(gan)
    shape = sample_shape(gan)
    data = real_data(name, shape, arguments.data_dir, conditional, skip_corrupt)
    if arguments.labels:
        data = of_classes(data, arguments.labels)
    extractor = extractors.get(
        arguments.extractor or default_extractor(name, len(shape) == 3), shape
    )
    n = arguments.n or len(data.held_out)
    drawn, features, scores = measure(
        gan, name, data, extractor, n, arguments.seed, arguments.metrics
    )
    report = {
        "run": str(path),
        "step": gan.step,
        "data": name,
        "held_out_split": data.held_out_split,
        **protocol.protocol_of(extractor, shape),
        "counts": {kind: len(each.vectors) for kind, each in features.items()},
        "seed": arguments.seed,
        "scores": scores,
    }
    if conditional:
        report["labels"] = arguments.labels
        report["by_class"] = protocol.compare_by_class(
            features["real"], features["samples"], arguments.metrics, _mixture(name)
        )
    print(table(report))
    out = Path(arguments.out or folder / "evaluation")
    write_json(out / "evaluation.json", report)
    drawings = _curves(folder / "history.csv") | _classes(features["real"], features["samples"])
    if len(shape) == 3:
        drawings |= _nearest(drawn["samples"], data.train, extractor, gan.value_range)
    elif shape == (2,) and not conditional:  # Else each class has a surface.
        drawings |= _surface(gan, data.train, drawn["samples"], _mixture(name))
    for file, save in drawings.items():
        with replacing(out / file) as aside:
            save(aside)
    print(f"Wrote {', '.join(['evaluation.json', *drawings])} to {out}.")


def measure(
    gan: models.GAN,
    name: str,
    data: RealData,
    extractor: Extractor,
    n: int,
    seed: int = 0,
    metrics: Sequence[str] | None = None,
) -> tuple[dict[str, np.ndarray], dict[str, Features], dict[str, dict[str, float]]]:
    """Measures samples of a model, and beside them two floors: held-out samples and noise.

    Samples of a conditional model have the labels of the training samples.

    Args:
        gan: The model.
        name: Of the data set.
        data: What `real_data` has loaded of it.
        extractor: Of the features that are compared.
        n: How many samples of each kind, where there are as many.
        seed: Of latents and noise.
        metrics: Names as for `gan.evaluate`; all that can be had by default.

    Returns:
        The samples by kind ("samples", "held_out", "noise"), the features by kind and "real", which
        are those of training samples, and the scores by kind.
    """
    train = data.train if data.train_labels is None else (data.train, data.train_labels)
    shape = sample_shape(gan)
    real = protocol.real_features(train, extractor, shape, n)
    samples, labels = protocol.draw(gan, real, n, seed)
    drawn = {
        "samples": samples,
        # As many of all kinds, where there are: most metrics depend on how many are compared.
        "held_out": as_array(data.held_out, shape, n),
        "noise": _noise(data.train, n, seed),
    }
    features = {kind: extractor(samples) for kind, samples in drawn.items()}
    features["samples"] = features["samples"]._replace(labels=labels)
    scores = {
        kind: protocol.compare(real, features[kind], metrics, _mixture(name)) for kind in drawn
    }
    return drawn, {**features, "real": real}, scores


def sample_shape(gan: models.GAN) -> tuple[int, ...]:
    """Returns the shape of a model's samples, to load real ones of it.

    Example:
        >>> real_data("digits", sample_shape(gan), None)
    """
    # No data is of a shape with an open size: where that is read, it is an error.
    return cast(tuple[int, ...], gan.sample_shape)


def _mixture(name: str) -> Mixture | None:
    modes = datasets.modes(name)
    return Mixture(*modes) if modes else None


def real_data(
    name: str,
    sample_shape: tuple[int, ...],
    data_dir: str | None,
    labels: bool = False,
    skip_corrupt: bool = False,
) -> RealData:
    """Loads the training samples, and held-out ones where the data set has any.

    Args:
        name: For `datasets.load`.
        sample_shape: Of the model; images are brought to its size and channels.
        data_dir: For `datasets.load`.
        labels: Whether the labels are loaded too.
        skip_corrupt: For `datasets.load`.

    Returns:
        `RealData`: the splits "train" and "test", or every other sample of "train" where there is
        no "test", each of at most 10,000 samples.

    Raises:
        ValueError: If there are no labels to load, or samples are of another shape.

    Example:
        >>> real_data("digits", (8, 8, 1), None).held_out_split
        'test'
    """
    is_image = len(sample_shape) == 3
    load = functools.partial(
        datasets.load,
        name,
        labels=labels,
        data_dir=data_dir,
        skip_corrupt=skip_corrupt,
        size=cast(tuple[int, int], sample_shape[:2]) if is_image else None,
        channels=sample_shape[2] if is_image else None,
    )

    def read(split: str, max_samples: int) -> tuple[np.ndarray, np.ndarray | None]:
        data = load(split=split)
        return as_arrays(data, sample_shape, max_samples)

    try:
        held_out, held_out_labels = read("test", protocol.MAX_SAMPLES)
    except ValueError:  # No such split.
        x, y = read("train", 2 * protocol.MAX_SAMPLES)
        halves = (None, None) if y is None else (y[::2], y[1::2])
        return RealData(x[::2], x[1::2], "every other sample of train", *halves)
    train, train_labels = read("train", protocol.MAX_SAMPLES)
    return RealData(train, held_out, "test", train_labels, held_out_labels)


def of_classes(data: RealData, labels: Sequence[int]) -> RealData:
    """Returns the samples of some classes.

    Args:
        data: What `real_data` has loaded; with labels where the model is conditional.
        labels: The classes.

    Raises:
        ValueError: If the model is not conditional, or a class has no training or no held-out
            samples.

    Example:
        >>> threes_and_sevens = of_classes(real_data("digits", (8, 8, 1), None, True), [3, 7])
    """
    if data.train_labels is None or data.held_out_labels is None:
        raise ValueError(
            f"Expected a conditional model with --labels. Received: --labels {_listed(labels)} and "
            "an unconditional one; leave --labels out"
        )
    classes = np.intersect1d(data.train_labels, data.held_out_labels)
    if not set(labels) <= set(classes.tolist()):
        raise ValueError(
            f"Expected --labels among the classes of the data, {_listed(classes)}. Received: "
            f"--labels {_listed(labels)}"
        )
    train, held_out = np.isin(data.train_labels, labels), np.isin(data.held_out_labels, labels)
    return RealData(
        data.train[train],
        data.held_out[held_out],
        data.held_out_split,
        data.train_labels[train],
        data.held_out_labels[held_out],
    )


def _listed(labels: Iterable[int]) -> str:
    return " ".join(str(label) for label in labels)


def table(report: dict[str, Any]) -> str:
    """Lays a report out for people.

    Args:
        report: What `evaluation.json` holds.

    Returns:
        The lines of the table, and below it one for each class where classes were measured.
    """
    scores = report["scores"]
    counts = report["counts"]
    classes = f", classes {_listed(report['labels'])}" if report.get("labels") else ""
    lines = [
        f"{report['run']} at step {report['step']}, against {counts['real']} training samples of "
        f"{report['data']}{classes}",
        f"extractor {report['extractor']}, resize {report['resize']}, seed {report['seed']}",
        "",
        f"{'':<14}{'samples':>12}{'held-out':>12}{'noise':>12}",
        f"{'count':<14}" + "".join(f"{counts[kind]:>12}" for kind in scores),
    ]
    for name in scores["samples"]:
        lines.append(f"{name:<14}" + "".join(f"{each[name]:>12.4f}" for each in scores.values()))
    lines += ["", f"held-out: real samples, {report['held_out_split']}"]
    return "\n".join([*lines, *_class_lines(report.get("by_class", {}))])


def _class_lines(by_class: dict[int, dict[str, float]]) -> Iterator[str]:
    for names in list(by_class.values())[:1]:
        yield from ("", f"{'class':<14}" + "".join(f"{name:>12}" for name in names))
    for label, scores in by_class.items():
        yield f"{label:<14}" + "".join(f"{value:>12.4f}" for value in scores.values())


def _noise(train: np.ndarray, n: int, seed: int) -> np.ndarray:
    """Draws uniformly from the range of the data."""
    noise = np.random.default_rng(seed).uniform(train.min(), train.max(), (n, *train.shape[1:]))
    return noise.astype("float32")


def _data_of(arguments: argparse.Namespace, folder: Path) -> tuple[str, bool]:
    """Returns the name of the data, and whether corrupt pictures are left out."""
    if arguments.data:
        return arguments.data, arguments.skip_corrupt
    config = folder / "config.json"
    if not config.is_file():
        raise ValueError(
            f"Expected a run folder with config.json. Received: {folder}; name the data by --data"
        )
    settings = json.loads(config.read_text())["data"]
    return settings["name"], arguments.skip_corrupt or settings.get("skip_corrupt", False)


def default_extractor(name: str, is_image: bool) -> str:
    """Returns the data set for a classifier of its labelled images, else the samples themselves.

    Args:
        name: Of the data set.
        is_image: Whether the model makes images.

    Returns:
        The name of the data set, or "samples".

    Example:
        >>> default_extractor("digits", is_image=True)
        'digits'
    """
    if not is_image:
        return "samples"
    try:
        datasets.load(name, labels=True)
    except ValueError:
        return "samples"
    return name


def read_curves(path: Path) -> dict[str, tuple[list[int], list[float]]]:
    """Reads the metrics that `Evaluation` left in a run's history.

    Args:
        path: The file of `HistoryCSV`.

    Returns:
        Epochs and values of each log `val_...`.
    """
    curves: dict[str, tuple[list[int], list[float]]] = {}
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            for name in (name for name in row if name.startswith("val_") and row[name]):
                epochs, values = curves.setdefault(name, ([], []))
                epochs.append(int(row["epoch"]))
                values.append(float(row[name]))
    return curves


# The pictures: each function returns how to save it by file name, or nothing.


def _curves(history: Path) -> dict[str, Any]:
    curves = read_curves(history) if history.is_file() else {}
    return {"metrics.png": figures.metric_curves(curves).savefig} if curves else {}


def _classes(real: Features, fake: Features) -> dict[str, Any]:
    if real.probabilities is None or fake.probabilities is None:
        return {}
    return {"classes.png": figures.class_counts(real.probabilities, fake.probabilities).savefig}


def _nearest(
    samples: np.ndarray,
    images: np.ndarray,
    extractor: Extractor,
    value_range: tuple[float, float] | None,
) -> dict[str, Any]:
    samples = samples[:_ROWS]
    train = protocol.real_features(images, extractor, images.shape[1:])
    near = nearest_neighbours(extractor(samples).vectors, train.vectors, _NEIGHBOURS)
    return {"nearest.png": figures.nearest_grid(samples, images[near.indices], value_range).save}


def _surface(
    gan: models.GAN, train: np.ndarray, samples: np.ndarray, mixture: Mixture | None
) -> dict[str, Any]:
    critic = functools.partial(logits_at, gan.discriminator)
    centers = mixture.centers if mixture else None
    figure = figures.value_surface(train[:_POINTS], samples[:_POINTS], critic, centers)
    return {"surface.png": figure.savefig}
