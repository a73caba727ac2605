"""`keras-gans sample`: pictures from a trained run."""

import argparse
import functools
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_gans.callbacks.files import replacing
from keras_gans.callbacks.pictures import as_pixels, image_grid, near_square, write_film
from keras_gans.latents import walk
from keras_gans.models import GAN
from keras_gans.scripts.arguments import add_seed, integer


def add_parser(commands: Any, help: str) -> None:
    """Adds the command and its arguments to the command line."""
    command = commands.add_parser(
        "sample",
        help=help,
        description="Draw samples from a trained run: a grid, separate pictures, walks between "
        "latents, or a film of one.",
        epilog="Example: keras-gans sample runs/hinge-mnist -n 64",
    )
    command.add_argument("run_dir", metavar="RUN", help="a run folder, or a .keras file")
    command.add_argument(
        "-n",
        type=integer(1),
        metavar="N",
        help="how many samples, walks, or latents that a film passes (default: 64, of a film 8)",
    )
    add_seed(command)
    command.add_argument(
        "--labels",
        nargs="+",
        type=integer(0),
        metavar="L",
        help="classes of a conditional model, in turn (default: all, in turn)",
    )
    command.add_argument(
        "--out",
        metavar="PATH",
        help="the picture, or with --separate the folder (default: inside the run folder)",
    )
    command.add_argument(
        "--truncation",
        type=float,
        metavar="T",
        help="draw values of latents beyond T again: better samples that vary less",
    )
    _add_how(command)
    command.set_defaults(run=run)


def _add_how(command: argparse.ArgumentParser) -> None:
    """Adds the arguments that say what is drawn, if not a grid."""
    how = command.add_mutually_exclusive_group()
    how.add_argument("--separate", action="store_true", help="one PNG a sample")
    how.add_argument(
        "--interpolate",
        type=integer(2),
        metavar="STEPS",
        nargs="?",
        const=8,
        help="rows of walks between two latents each, with this many steps (8 if not said)",
    )
    how.add_argument(
        "--film",
        type=integer(1),
        metavar="STEPS",
        nargs="?",
        const=16,
        help="a film of a closed walk through N latents, with this many pictures from one to the "
        "next (16 if not said): film.gif, or what --out says, .gif or .mp4",
    )


def run(arguments: argparse.Namespace) -> None:
    """Samples as the command line says."""
    path = Path(arguments.run_dir)
    gan = load_run(path)
    folder = path if path.is_dir() else path.parent
    n = arguments.n or (8 if arguments.film else 64)
    labels = _labels(gan, n, arguments.labels)
    seed, truncation = arguments.seed, arguments.truncation
    grid, name = near_square(n), "separate" if arguments.separate else "samples.png"
    if arguments.interpolate:
        samples = interpolate(gan, n, arguments.interpolate, seed, labels, truncation)
        grid, name = (n, arguments.interpolate), "interpolation.png"
    elif arguments.film:
        samples = film(gan, n, arguments.film, seed, labels, truncation)
        name = "film.gif"
    else:
        samples = gan.generate(n, seed=seed, labels=labels, truncation=truncation)
    out = Path(arguments.out or folder / name)
    if arguments.separate:
        _write_separately(samples, out, gan.value_range)
    else:
        draw = functools.partial(image_grid, value_range=gan.value_range)
        with replacing(out) as aside:
            if arguments.film:
                write_film((draw(sample[None], 1, 1) for sample in samples), aside)
            else:
                draw(samples, *grid).save(aside)
    print(f"Wrote {len(samples)} samples of {path} to {out}.")


def load_run(path: Path) -> GAN:
    """Loads the model of a run folder, or of a .keras file."""
    file = path / "model.keras" if path.is_dir() else path
    if not file.is_file():
        raise ValueError(
            f"Expected a run folder with model.keras, or a .keras file. Received: {path}; train "
            "one with `keras-gans train`"
        )
    try:
        gan = keras.saving.load_model(file)
    except Exception as error:  # Of zip, JSON, HDF5 and Keras, each with types of its own.
        raise ValueError(
            f"Expected a whole model file. Received: {file} ({str(error)[:200]}); restore it, or "
            "use one of its checkpoints"
        ) from error
    if not isinstance(gan, GAN):
        raise ValueError(f"Expected a saved GAN. Received: {file} with a {type(gan).__name__}")
    return gan


def _labels(gan: GAN, n: int, classes: list[int] | None) -> np.ndarray | None:
    """Returns n labels, the classes in turn; None where the model has its own, or has none."""
    if classes is not None and not gan.conditional:
        raise ValueError(
            f"Expected no --labels, as {gan.name} is not conditional. Received: {classes}"
        )
    if classes is None and gan.conditional and gan.num_classes:
        classes = list(range(gan.num_classes))
    return None if classes is None else np.resize(np.array(classes, "int32"), n)


def interpolate(
    gan: GAN,
    rows: int,
    steps: int,
    seed: int,
    labels: np.ndarray | None = None,
    truncation: float | None = None,
) -> np.ndarray:
    """Walks between pairs of latents.

    Args:
        gan: The model.
        rows: How many walks.
        steps: Samples in a walk, both ends included.
        seed: Integer seed of the ends.
        labels: The class of each walk, of conditional models.
        truncation: As for `gan.generate`.

    Returns:
        float32 array of shape `(rows * steps, *sample_shape)`, one walk after the other.
    """
    ends = _latents(gan, 2 * rows, seed, truncation)
    pairs = zip(ends[:rows], ends[rows:], strict=True)
    walks = [walk(pair, steps - 1, gan.latent_distribution) for pair in pairs]
    return _samples(gan, np.concatenate(walks), labels)


def film(
    gan: GAN,
    n: int,
    steps: int,
    seed: int,
    labels: np.ndarray | None = None,
    truncation: float | None = None,
) -> np.ndarray:
    """Walks through latents and back to the first.

    Args:
        gan: The model.
        n: How many latents the walk passes.
        steps: Samples from each one up to the next.
        seed: Integer seed of the latents.
        labels: The class from each latent to the next, of conditional models.
        truncation: As for `gan.generate`.

    Returns:
        float32 array of shape `(n * steps, *sample_shape)`.
    """
    stops = _latents(gan, n, seed, truncation)
    return _samples(gan, walk(stops, steps, gan.latent_distribution, closed=True), labels)


def _latents(gan: GAN, n: int, seed: int, truncation: float | None) -> np.ndarray:
    latents = keras.ops.convert_to_numpy(gan.sample_latents(n, seed=seed))
    return latents if truncation is None else gan.truncate_latents(latents, truncation, seed)


def _samples(gan: GAN, latents: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
    inputs: Any = latents
    if labels is not None:
        inputs = (latents, np.repeat(labels, len(latents) // len(labels)))
    return np.asarray(gan.predict(inputs, verbose=0), "float32")


def _write_separately(
    samples: np.ndarray, folder: Path, value_range: tuple[float, float] | None
) -> None:
    pixels = as_pixels(samples, value_range)
    # As data for other tools: pixel for pixel, grey where the samples are.
    pixels = pixels[..., :1] if samples.shape[-1] < 3 else pixels
    for i, image in enumerate(pixels):
        with replacing(folder / f"{i:05d}.png") as aside:
            keras.utils.save_img(aside, image, scale=False)
