"""`keras-gans evaluate`: a trained run in numbers and pictures."""

import argparse
import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from keras_gans import datasets, models
from keras_gans.callbacks import figures
from keras_gans.callbacks.files import replacing, write_json
from keras_gans.metrics import Extractor, Mixture, extractors, nearest_neighbours, protocol
from keras_gans.metrics.features import Features
from keras_gans.metrics.samples import as_array
from keras_gans.scripts.arguments import integer
from keras_gans.scripts.sample import load_run

_ROWS, _NEIGHBOURS, _POINTS = 8, 5, 1000  # Of the pictures.


class RealData(NamedTuple):
    """Training samples, samples that were held out, and how these were found."""

    train: np.ndarray
    held_out: np.ndarray
    held_out_split: str


def add_parser(commands: Any) -> None:
    """Adds the command and its arguments to the command line."""
    command = commands.add_parser(
        "evaluate",
        help="measure a trained run",
        description="Measure a trained run against its training data: FID, KID, precision, recall, "
        "density, coverage, duplicates, and what else the data allows. Beside it stand two floors: "
        "held-out real data, which no generator can be expected to beat, and noise. The table is "
        "printed; evaluation.json and pictures are written.",
        epilog="Example: keras-gans evaluate runs/wgan_gp-digits",
    )
    command.add_argument("run_dir", metavar="RUN", help="a run folder, or a .keras file")
    command.add_argument(
        "--data", metavar="NAME|PATH", help="as for `keras-gans train` (default: the run's)"
    )
    command.add_argument(
        "--data-dir", metavar="DIR", help="where TensorFlow Datasets keeps its data"
    )
    command.add_argument(
        "--extractor",
        metavar="E",
        help="samples (the pixels or points themselves), inception, or a labelled data set for a "
        "classifier trained on it (default: the data, where it has labels)",
    )
    command.add_argument(
        "--metrics", nargs="+", metavar="M", help="such as fid coverage (default: all)"
    )
    command.add_argument(
        "-n", type=integer(1), metavar="N", help="how many samples (default: as many as held out)"
    )
    command.add_argument(
        "--seed",
        type=integer(0),
        default=0,
        metavar="S",
        help="seed of the latents (default: %(default)s)",
    )
    command.add_argument("--out", metavar="DIR", help="where to write (default: RUN/evaluation)")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Evaluates as the command line says."""
    path = Path(arguments.run_dir)
    gan = load_run(path)
    folder = path if path.is_dir() else path.parent
    name = arguments.data or _data_name(folder)
    data = real_data(name, gan.sample_shape, arguments.data_dir)
    extractor = extractors.get(
        arguments.extractor or default_extractor(name, len(gan.sample_shape) == 3), gan.sample_shape
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
        **protocol.protocol_of(extractor, gan.sample_shape),
        "counts": {kind: len(each.vectors) for kind, each in features.items()},
        "seed": arguments.seed,
        "scores": scores,
    }
    print(table(report))
    out = Path(arguments.out or folder / "evaluation")
    write_json(out / "evaluation.json", report)
    drawings = _curves(folder / "history.csv") | _classes(features["real"], features["samples"])
    if len(gan.sample_shape) == 3:
        drawings |= _nearest(drawn["samples"], data.train, extractor)
    elif gan.sample_shape == (2,):
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
    drawn = {
        "samples": gan.generate(n, seed=seed),
        # As many of all kinds, where there are: most metrics depend on how many are compared.
        "held_out": as_array(data.held_out, gan.sample_shape, n),
        "noise": _noise(data.train, n, seed),
    }
    features = {kind: extractor(samples) for kind, samples in drawn.items()}
    features["real"] = protocol.real_features(data.train, extractor, gan.sample_shape, n)
    scores = {
        kind: protocol.compare(features["real"], features[kind], metrics, _mixture(name))
        for kind in drawn
    }
    return drawn, features, scores


def _mixture(name: str) -> Mixture | None:
    modes = datasets.modes(name)
    return Mixture(*modes) if modes else None


def real_data(name: str, sample_shape: tuple[int, ...], data_dir: str | None) -> RealData:
    """Loads the training samples, and held-out ones where the data set has any.

    Args:
        name: For `datasets.load`.
        sample_shape: Of the model; images are brought to its size.
        data_dir: For `datasets.load`.

    Returns:
        `RealData`: the splits "train" and "test", or every other sample of "train" where there is
        no "test", each of at most 10,000 samples.
    """
    size = sample_shape[:2] if len(sample_shape) == 3 else None

    def read(split, most):
        data = datasets.load(name, split=split, size=size, data_dir=data_dir)
        return as_array(data, sample_shape, most)

    try:
        held_out = read("test", protocol.MOST)
    except ValueError:  # No such split.
        train = read("train", 2 * protocol.MOST)
        return RealData(train[::2], train[1::2], "every other sample of train")
    return RealData(read("train", protocol.MOST), held_out, "test")


def table(report: dict[str, Any]) -> str:
    """Lays a report out for people."""
    scores = report["scores"]
    counts = report["counts"]
    lines = [
        f"{report['run']} at step {report['step']}, against {counts['real']} training samples of "
        f"{report['data']}",
        f"extractor {report['extractor']}, resize {report['resize']}, seed {report['seed']}",
        "",
        f"{'':<14}{'samples':>12}{'held-out':>12}{'noise':>12}",
        f"{'count':<14}" + "".join(f"{counts[kind]:>12}" for kind in scores),
    ]
    for name in scores["samples"]:
        lines.append(f"{name:<14}" + "".join(f"{each[name]:>12.4f}" for each in scores.values()))
    return "\n".join([*lines, "", f"held-out: real samples, {report['held_out_split']}"])


def _noise(train: np.ndarray, n: int, seed: int) -> np.ndarray:
    """Draws uniformly from the range of the data."""
    noise = np.random.default_rng(seed).uniform(train.min(), train.max(), (n, *train.shape[1:]))
    return noise.astype("float32")


def _data_name(folder: Path) -> str:
    config = folder / "config.json"
    if not config.is_file():
        raise ValueError(
            f"Expected a run folder with config.json. Received: {folder}; name the data by --data"
        )
    return json.loads(config.read_text())["data"]["name"]


def default_extractor(name: str, is_image: bool) -> str:
    """A classifier of the data set where it has labelled images, else the samples themselves."""
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
    curves = {}
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
    if real.probabilities is None:
        return {}
    return {"classes.png": figures.class_counts(real.probabilities, fake.probabilities).savefig}


def _nearest(samples, images, extractor) -> dict[str, Any]:
    samples = samples[:_ROWS]
    train = protocol.real_features(images, extractor, images.shape[1:])
    near = nearest_neighbours(extractor(samples).vectors, train.vectors, _NEIGHBOURS)
    return {"nearest.png": figures.nearest_grid(samples, images[near.indices]).save}


def _surface(gan, train, samples, mixture) -> dict[str, Any]:
    def critic(points):
        return np.asarray(gan.discriminator(points, training=False))

    centers = mixture.centers if mixture else None
    figure = figures.value_surface(train[:_POINTS], samples[:_POINTS], critic, centers)
    return {"surface.png": figure.savefig}
