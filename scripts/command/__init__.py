"""What the console script `keras-gans` starts: all that can be said without TensorFlow.

It is a package of its own, as `keras_gans` imports Keras. The arguments of each command are in a
module here; `run` of the module of the same name in `keras_gans.scripts` is what it does.
"""

import argparse
import contextlib
import difflib
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from importlib import metadata
from typing import Any, NoReturn

from keras_gans_command import (
    benchmark,
    card,
    evaluate,
    export,
    presets,
    report,
    reproduce,
    sample,
    train,
)

# In the order of `--help`.
_COMMANDS = (train, sample, evaluate, report, card, export, presets, reproduce, benchmark)


class Parser(argparse.ArgumentParser):
    """Says in one line what is wrong, without the usage."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Knows all arguments: of commands too, whose parsers are asked by this name."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            options = re.findall(r"--?[\w-]+", self.format_usage())
            words = (word.partition("=")[0] for word in unknown)
            near = [each for word in words for each in difflib.get_close_matches(word, options, 1)]
            hint = f"; did you mean {' '.join(near)}" if near else ""
            self.error(f"unrecognized arguments: {' '.join(unknown)}{hint}")
        return found, unknown

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see `{self.prog} --help`\n")


def parser() -> Parser:
    """Returns the parser of the command line, which calls what is to be run `command`."""
    parser = Parser(
        prog="keras-gans",
        description="Train generative adversarial networks with Keras, and sample from them.",
        epilog="Start with `keras-gans train`: it learns handwritten digits in some minutes, "
        "offline.",
    )
    version = f"keras-gans {metadata.version('keras_gans')}"
    parser.add_argument("--version", action="version", version=version)
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    for command in _COMMANDS:
        command.add_parser(commands)
    return parser


def main() -> int:
    """Runs the command line; imports TensorFlow where all is understood, without its log lines."""
    arguments = parser().parse_args()  # Exits where it is help, the version, or a mistake.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _without_log_lines():
        import tensorflow  # noqa: F401  # Reads data on every backend.

        from keras_gans.scripts import main as scripts
    return scripts.run(arguments)


@contextlib.contextmanager
def _without_log_lines() -> Iterator[None]:
    """Holds back what libraries log while they are loaded, which obeys no level of logging."""
    with tempfile.TemporaryFile() as written:
        stderr = os.dup(2)
        os.dup2(written.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(stderr, 2)
            os.close(stderr)
            written.seek(0)
            for line in written:
                if not re.match(rb"WARNING: All log messages before absl|[IWE]\d{4} ", line):
                    os.write(2, line)
