"""`keras-gans sample`: pictures from a trained run."""

import argparse
import math
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_gans.callbacks.files import replacing
from keras_gans.callbacks.pictures import as_pixels, image_grid
from keras_gans.models import GAN
from keras_gans.scripts.arguments import integer


def add_parser(commands: Any) -> None:
    """Adds the command and its arguments to the command line."""
    command = commands.add_parser(
        "sample",
        help="draw samples from a trained run",
        description="Draw samples from a trained run: a grid, separate pictures, or a walk between "
        "latents.",
        epilog="Example: keras-gans sample runs/wgan_gp-digits -n 64",
    )
    command.add_argument("run_dir", metavar="RUN", help="a run folder, or a .keras file")
    command.add_argument(
        "-n",
        type=integer(1),
        default=64,
        metavar="N",
        help="how many samples, or walks (default: %(default)s)",
    )
    command.add_argument(
        "--seed",
        type=integer(0),
        default=0,
        metavar="S",
        help="seed of the latents (default: %(default)s)",
    )
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
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Samples as the command line says."""
    path = Path(arguments.run_dir)
    gan = load_run(path)
    folder = path if path.is_dir() else path.parent
    if arguments.interpolate:
        name = "interpolation.png"
        labels = _labels(gan, arguments.n, arguments.labels)
        samples = interpolate(gan, arguments.n, arguments.interpolate, arguments.seed, labels)
        grid = (arguments.n, arguments.interpolate)
    else:
        name = "samples.png"
        labels = _labels(gan, arguments.n, arguments.labels)
        samples = gan.generate(arguments.n, seed=arguments.seed, labels=labels)
        grid = _near_square(arguments.n)
    if arguments.separate:
        out = Path(arguments.out or folder / "separate")
        _write_separately(samples, out, gan.value_range)
    else:
        out = Path(arguments.out or folder / name)
        with replacing(out) as aside:
            image_grid(samples, *grid, value_range=gan.value_range).save(aside)
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
    gan: GAN, rows: int, steps: int, seed: int, labels: np.ndarray | None = None
) -> np.ndarray:
    """Walks in straight lines, or on great circles for normal latents, between pairs of latents.

    Args:
        gan: The model.
        rows: How many walks.
        steps: Samples in a walk, both ends included.
        seed: Integer seed of the ends.
        labels: The class of each walk, of conditional models.

    Returns:
        float32 array of shape `(rows * steps, *sample_shape)`, one walk after the other.

    Reference:
        White, 2016, Sampling Generative Networks, section 2.1.
    """
    ends = keras.ops.convert_to_numpy(gan.sample_latents(2 * rows, seed=seed))
    weights = np.linspace(0.0, 1.0, steps)[:, None]
    spherical = gan.latent_distribution == "normal"
    path = _great_circle if spherical else lambda a, b, t: (1.0 - t) * a + t * b
    latents = [path(a, b, weights) for a, b in zip(ends[:rows], ends[rows:], strict=True)]
    inputs: Any = np.concatenate(latents).astype("float32")
    if labels is not None:
        inputs = (inputs, np.repeat(labels, steps))
    return np.asarray(gan.predict(inputs, verbose=0), "float32")


def _great_circle(a: np.ndarray, b: np.ndarray, t: np.ndarray) -> np.ndarray:
    cosine = np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b))
    angle = np.arccos(np.clip(cosine, -1.0, 1.0))
    if np.sin(angle) < 1e-6:
        return (1.0 - t) * a + t * b
    return (np.sin((1.0 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle)


def _near_square(n: int) -> tuple[int, int]:
    rows = next(r for r in range(math.isqrt(n), 0, -1) if n % r == 0)
    return rows, n // rows


def _write_separately(
    samples: np.ndarray, folder: Path, value_range: tuple[float, float] | None
) -> None:
    pixels = as_pixels(samples, value_range)
    # As data for other tools: pixel for pixel, grey where the samples are.
    pixels = pixels[..., :1] if samples.shape[-1] < 3 else pixels
    for i, image in enumerate(pixels):
        with replacing(folder / f"{i:05d}.png") as aside:
            keras.utils.save_img(aside, image, scale=False)
