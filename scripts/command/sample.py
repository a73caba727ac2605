"""The arguments of `keras-gans sample`."""

import argparse
from typing import Any

from keras_gans_command.arguments import add_seed, integer


def add_parser(commands: Any) -> None:
    """Adds the command and its arguments to the command line."""
    command = commands.add_parser(
        "sample",
        help="draw samples from a trained run",
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
