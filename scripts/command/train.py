"""The arguments of `keras-gans train`."""

import argparse
from typing import Any

from keras_gans_command.arguments import add_data, integer

DEFAULT_PRESET = "hinge-mnist"


def add_parser(commands: Any) -> None:
    """Adds the command and its arguments to the command line."""
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
        metavar="PRESET",
        help="a name of `keras-gans presets`, or a .json or .yaml file (default: that of the run "
        f"with --resume --run-dir D, else {DEFAULT_PRESET})",
    )
    add_data(
        command,
        "digits, a TensorFlow Datasets name, a .npy or .npz array, or a folder of images; brought "
        "to the size and channels of the preset's images (default: the preset's)",
    )
    command.add_argument(
        "--labels",
        nargs="+",
        type=integer(0),
        metavar="L",
        help="classes of the data to train on (default: all)",
    )
    command.add_argument(
        "--run-dir",
        metavar="D",
        help="a new or empty folder (default: runs/PRESET, numbered if that exists)",
    )
    command.add_argument(
        "--seed",
        type=integer(0),
        metavar="S",
        help="the same seed gives the same weights (default: 0)",
    )
    _add_how(command)
    _add_changes(command)


def _add_how(command: argparse.ArgumentParser) -> None:
    """Adds the arguments that say how to run, and change no number."""
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
        "--tensorboard",
        action="store_true",
        help="also write scalars and grids for TensorBoard, to RUN/tensorboard",
    )
    command.add_argument(
        "--verbose",
        type=int,
        choices=(0, 1, 2),
        help="0 is silent, 1 a progress bar, 2 a line an epoch (default: 1 in a terminal, else 2)",
    )


def _add_changes(command: argparse.ArgumentParser) -> None:
    """Adds the arguments that change the preset."""
    command.add_argument(
        "--set",
        nargs="+",
        default=[],
        metavar="FIELD=VALUE",
        help="change fields of the preset, values as in YAML: generator.hidden=[128,128] "
        "compile.d_optimizer.learning_rate=1e-4",
    )
    length = command.add_mutually_exclusive_group()
    length.add_argument(
        "--epochs", type=integer(1), metavar="N", help="epochs to train (default: the preset's)"
    )
    length.add_argument(
        "--steps",
        type=integer(1),
        metavar="N",
        help="steps to train, in epochs of at most as many as the preset's (default: the preset's)",
    )
    for name, read, metavar, text in (
        ("--batch-size", integer(1), "B", "samples in a mini-batch, over all replicas"),
        ("--n-critic", integer(1), "N", "updates of the discriminator in a step"),
        ("--gp-weight", float, "W", "weight of the gradient penalty"),
        ("--ema-decay", float, "E", "decay of the averaged generator that samples come from"),
        ("--steps-per-execution", integer(1), "K", "steps in one call of the compiled function"),
    ):
        text = f"{text} (default: the preset's)"
        command.add_argument(name, type=read, metavar=metavar, help=text)
    command.add_argument(
        "--dtype-policy",
        choices=("float32", "mixed_bfloat16", "mixed_float16"),
        metavar="POLICY",
        help="Keras dtype policy of both networks: float32, mixed_bfloat16 or mixed_float16 "
        "(default: float32)",
    )
    command.add_argument(
        "--evaluate-every",
        type=integer(1),
        metavar="K",
        help="epochs between two measurements of samples against training data, in history.csv and "
        "metrics.png (default: none)",
    )
