"""What the arguments of several commands are read by."""

import argparse
import contextlib
from collections.abc import Callable


def integer(smallest: int) -> Callable[[str], int]:
    """Returns the reader of an argument that is an integer of at least `smallest`."""

    def read(text: str) -> int:
        with contextlib.suppress(ValueError):
            if int(text) >= smallest:
                return int(text)
        raise argparse.ArgumentTypeError(
            f"expected an integer of at least {smallest}, received {text}"
        )

    return read


def add_data(command: argparse.ArgumentParser, help: str) -> None:
    """Adds the arguments that say what data is read, and how.

    Args:
        command: Parser of a command.
        help: What `--data` may be, and its default.
    """
    command.add_argument("--data", metavar="NAME|PATH", help=help)
    command.add_argument(
        "--data-dir",
        metavar="DIR",
        help="where TensorFlow Datasets keeps its data (default: its own)",
    )
    command.add_argument(
        "--skip-corrupt",
        action="store_true",
        help="leave out pictures of a folder that cannot be decoded",
    )


def add_seed(command: argparse.ArgumentParser) -> None:
    """Adds the seed of the latents that a command draws."""
    command.add_argument(
        "--seed",
        type=integer(0),
        default=0,
        metavar="S",
        help="seed of the latents (default: %(default)s)",
    )
