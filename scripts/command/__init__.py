"""What the console script `keras-gans` starts: all that can be said without TensorFlow."""

import argparse
import contextlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from importlib import metadata
from typing import Any, NoReturn

# In the order of `--help`.
COMMANDS = {
    "train": "train a preset",
    "sample": "draw samples from a trained run",
    "evaluate": "measure a trained run",
    "report": "show a run as one HTML page",
    "card": "write a run's model card",
    "export": "export a run's generator for use without this library",
    "presets": "list the presets",
    "reproduce": "reproduce a published table",
    "benchmark": "time fit against loops written by hand",
}


class Parser(argparse.ArgumentParser):
    """Says in one line what is wrong, without the usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see `{self.prog} --help`\n")


def parser() -> tuple[Parser, Any]:
    """Returns the parser of the command line, and where it takes its commands."""
    parser = Parser(
        prog="keras-gans",
        description="Train generative adversarial networks with Keras, and sample from them.",
        epilog="Start with `keras-gans train`: it learns handwritten digits in some minutes, "
        "offline.",
    )
    version = f"keras-gans {metadata.version('keras_gans')}"
    parser.add_argument("--version", action="version", version=version)
    return parser, parser.add_subparsers(required=True, metavar="COMMAND")


def main() -> int:
    """Runs the command line; imports TensorFlow where a command is named, without its log lines."""
    if not set(COMMANDS) & set(sys.argv[1:2]):
        top, commands = parser()
        for name, text in COMMANDS.items():
            commands.add_parser(name, help=text)
        top.parse_args()  # Exits: it is help, the version, or a mistake.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _without_log_lines():
        import tensorflow  # noqa: F401  # Reads data on every backend.

        from keras_gans.scripts import main as scripts
    return scripts.main()


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
