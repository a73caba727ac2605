"""The command `keras-gans`."""

import importlib
import sys
from collections.abc import Sequence

from keras_gans_command import COMMANDS, parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line; returns its exit status.

    Args:
        argv: Arguments, those of the process by default.

    Example:
        >>> main(["presets"])
        0
    """
    top, commands = parser()
    for name, text in COMMANDS.items():
        importlib.import_module(f"keras_gans.scripts.{name}").add_parser(commands, text)
    arguments = top.parse_args(argv)
    try:
        arguments.run(arguments)
    except (ValueError, OSError, RuntimeError) as error:
        print(f"keras-gans: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("keras-gans: interrupted", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
