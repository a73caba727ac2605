"""The command `keras-gans`."""

import argparse
import contextlib
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from keras_gans._version import __version__
from keras_gans.scripts import evaluate, presets, sample, train


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line; returns its exit status.

    Args:
        argv: Arguments, those of the process by default.

    Example:
        >>> main(["presets"])
        0
    """
    arguments = _parser().parse_args(argv)
    try:
        arguments.run(arguments)
    except (ValueError, OSError, RuntimeError) as error:
        print(f"keras-gans: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("keras-gans: interrupted", file=sys.stderr)
        return 130
    return 0


class _Parser(argparse.ArgumentParser):
    """Says in one line what is wrong, without the usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see `{self.prog} --help`\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="keras-gans",
        description="Train generative adversarial networks with Keras, and sample from them.",
        epilog="Start with `keras-gans train`: it learns handwritten digits in some minutes, "
        "offline.",
    )
    parser.add_argument("--version", action="version", version=f"keras-gans {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_train(commands)
    _add_sample(commands)
    _add_evaluate(commands)
    command = commands.add_parser(
        "presets",
        help="list the presets",
        description="List the presets with the sizes of their networks and their sources.",
    )
    command.set_defaults(run=presets.run)
    return parser


def _add_train(commands) -> None:
    command = commands.add_parser(
        "train",
        help="train a preset",
        description="Train a preset. The run folder gets config.json (the resolved preset), "
        "history.csv, samples/, losses.png, checkpoints/ and model.keras, as the preset asks.",
        epilog="Example: keras-gans train dcgan-mnist --data digits --epochs 20 --run-dir run",
    )
    command.add_argument(
        "preset",
        nargs="?",
        default="wgan_gp-digits",
        metavar="PRESET",
        help="see `keras-gans presets` (default: %(default)s)",
    )
    command.add_argument(
        "--data",
        metavar="NAME|PATH",
        help="digits, a TensorFlow Datasets name, a .npy or .npz array, or a folder of images; "
        "resized to the preset's images (default: the preset's)",
    )
    command.add_argument(
        "--data-dir",
        metavar="DIR",
        help="where TensorFlow Datasets keeps its data (default: its own)",
    )
    command.add_argument(
        "--run-dir",
        metavar="D",
        help="a new or empty folder (default: runs/PRESET, numbered if that exists)",
    )
    command.add_argument(
        "--seed",
        type=_integer(0),
        default=0,
        metavar="S",
        help="the same seed gives the same weights (default: %(default)s)",
    )
    command.add_argument(
        "--strategy",
        choices=("none", "mirrored", "multiworker"),
        default="none",
        help="one device, all GPUs of this machine, or all workers of TF_CONFIG "
        "(default: %(default)s)",
    )
    command.add_argument(
        "--resume",
        action="store_true",
        help="go on with the run of the same arguments where it was interrupted, if it was",
    )
    command.add_argument(
        "--verbose",
        type=int,
        choices=(0, 1, 2),
        default=1,
        help="0 is silent, 1 a progress bar, 2 one line an epoch (default: %(default)s)",
    )
    _add_changes(command)
    command.set_defaults(run=train.run)


def _add_changes(command) -> None:
    """Adds the arguments that change a number of the preset."""
    for name, read, metavar, text in (
        ("--epochs", _integer(1), "N", "epochs to train"),
        ("--batch-size", _integer(1), "B", "samples in a mini-batch, over all replicas"),
        ("--n-critic", _integer(1), "N", "updates of the discriminator in a step"),
        ("--gp-weight", float, "W", "weight of the gradient penalty"),
        ("--ema-decay", float, "E", "decay of the averaged generator that samples come from"),
        ("--steps-per-execution", _integer(1), "K", "steps in one call of the compiled function"),
    ):
        text = f"{text} (default: the preset's)"
        command.add_argument(name, type=read, metavar=metavar, help=text)


def _add_sample(commands) -> None:
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
        type=_integer(1),
        default=64,
        metavar="N",
        help="how many samples, or walks (default: %(default)s)",
    )
    command.add_argument(
        "--seed",
        type=_integer(0),
        default=0,
        metavar="S",
        help="seed of the latents (default: %(default)s)",
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
        type=_integer(2),
        metavar="STEPS",
        nargs="?",
        const=8,
        help="rows of walks between two latents each, with this many steps (8 if not said)",
    )
    command.set_defaults(run=sample.run)


def _add_evaluate(commands) -> None:
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
        "-n", type=_integer(1), metavar="N", help="how many samples (default: as many as held out)"
    )
    command.add_argument(
        "--seed",
        type=_integer(0),
        default=0,
        metavar="S",
        help="seed of the latents (default: %(default)s)",
    )
    command.add_argument("--out", metavar="DIR", help="where to write (default: RUN/evaluation)")
    command.set_defaults(run=evaluate.run)


def _integer(smallest: int) -> Callable[[str], int]:
    """Returns the reader of an argument that is an integer of at least `smallest`."""

    def read(text: str) -> int:
        with contextlib.suppress(ValueError):
            if int(text) >= smallest:
                return int(text)
        raise argparse.ArgumentTypeError(
            f"expected an integer of at least {smallest}, received {text}"
        )

    return read


if __name__ == "__main__":
    sys.exit(main())
