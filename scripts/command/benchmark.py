"""The arguments of `keras-gans benchmark`."""

import argparse
from typing import Any

from keras_gans_command.arguments import integer

# Three published GANs of MNIST, and networks whose steps dispatch rules.
_NETWORKS = ("dcgan-mnist", "wgan_gp-mnist-book", "wgan_gp-mnist", "wgan_gp-digits", "gan-grid")
VARIANTS = ("WGANGP", "WGAN", "GAN")
CONTENDERS = (
    "eager",
    "function",
    "fit",
    "fit_bfloat16",
    "function_100",
    "fit_100",
    "pytorch",
)
# A round's, of networks with convolution and of those without.
STEPS, TINY_STEPS = 3, 30


def add_parser(commands: Any) -> None:
    """Adds the command and its arguments to the command line."""
    command = commands.add_parser(
        "benchmark",
        help="time fit against loops written by hand",
        description="Time a training step: fit of this library, in float32 and mixed_bfloat16, a "
        "tf.function loop and the eager loop of copied examples, both written by hand, and PyTorch "
        "where it is installed. All run in one process, a round each in turn; medians, and medians "
        "of the rounds' ratios, are printed, with the bars they have to keep to, and written as "
        "JSON. Take some minutes of a machine that does nothing else.",
        epilog="Example: keras-gans benchmark --networks dcgan-mnist --variants WGANGP",
    )
    command.add_argument(
        "--networks",
        nargs="+",
        default=_NETWORKS,
        metavar="PRESET",
        help=f"presets whose networks are trained (default: {' '.join(_NETWORKS)})",
    )
    command.add_argument(
        "--variants",
        nargs="+",
        default=VARIANTS,
        choices=VARIANTS,
        metavar="VARIANT",
        help=f"how they are trained (default: {' '.join(VARIANTS)})",
    )
    command.add_argument(
        "--contenders",
        nargs="+",
        default=CONTENDERS,
        choices=CONTENDERS,
        metavar="CONTENDER",
        help=f"beside function and fit (default: {' '.join(CONTENDERS)}; those that end in "
        "_100 run as many steps in one call, for networks without convolution)",
    )
    _add_how(command)


def _add_how(command: argparse.ArgumentParser) -> None:
    """Adds the arguments that say how long, and what else."""
    for name, default, metavar, text in (
        ("--rounds", None, "R", "rounds of all contenders (default: 7, 2 with --quick)"),
        (
            "--steps",
            None,
            "N",
            f"steps a round (default: {STEPS}, {TINY_STEPS} without convolution)",
        ),
        ("--batch-size", 64, "B", "samples in a mini-batch (default: 64)"),
    ):
        command.add_argument(name, type=integer(1), default=default, metavar=metavar, help=text)
    for name, text in (
        ("--growth", "also over batch, image size and n_critic"),
        ("--profile", "also the time by type of operation"),
        ("--overheads", "nothing but what the guard, saved states and a second replica cost"),
        ("--costs", "nothing but what each variant, penalty and augmentation costs a step"),
        ("--quick", "two short rounds, to see that it runs"),
    ):
        command.add_argument(name, action="store_true", help=text)
    command.add_argument(
        "--backends",
        nargs="*",
        choices=("tensorflow", "jax", "torch"),
        metavar="BACKEND",
        help="nothing but fit against loops by hand on TensorFlow, JAX and PyTorch, each in a "
        "process of its own (default: all that are installed)",
    )
    command.add_argument(
        "--presets",
        nargs="*",
        metavar="PRESET",
        help="nothing but what a step of each preset costs, as it is, and so its whole training "
        "(default: all)",
    )
    command.add_argument(
        "--out", default="results", metavar="DIR", help="where to write (default: %(default)s)"
    )
