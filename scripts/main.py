"""The command `keras-gans`, where Keras is imported."""

import argparse
import importlib
import sys
from collections.abc import Sequence

from keras_gans_command import parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line; returns its exit status.

    Args:
        argv: Arguments, those of the process by default.

    Example:
        >>> main(["presets"])
        0
    """
    return run(parser().parse_args(argv))


def run(arguments: argparse.Namespace) -> int:
    """Runs a command; returns its exit status.

    Args:
        arguments: As the parser of `keras_gans_command` gives them.
    """
    command = importlib.import_module(f"keras_gans.scripts.{arguments.command}")
    try:
        command.run(arguments)
    except (ValueError, OSError, RuntimeError) as error:
        print(f"keras-gans: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("keras-gans: interrupted", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
