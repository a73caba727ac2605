"""The command `keras-gans`."""

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from keras_gans._version import __version__
from keras_gans.scripts import (
    benchmark,
    evaluate,
    export,
    presets,
    report,
    reproduce,
    sample,
    train,
)

# One module a command, in the order of `--help`.
_COMMANDS = (train, sample, evaluate, report, export, presets, reproduce, benchmark)


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
    for command in _COMMANDS:
        command.add_parser(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
