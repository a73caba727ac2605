"""The arguments of `keras-gans report`."""

from typing import Any


def add_parser(commands: Any) -> None:
    """Adds the command and its arguments to the command line."""
    command = commands.add_parser(
        "report",
        help="show a run as one HTML page",
        description="Write one HTML page of a run that needs no other file: its settings, losses, "
        "samples over time, and what `keras-gans evaluate` has measured, by class too, if it has.",
        epilog="Example: keras-gans report runs/hinge-mnist",
    )
    command.add_argument("run_dir", metavar="RUN", help="a run folder")
    command.add_argument("--out", metavar="FILE", help="the page (default: RUN/report.html)")
