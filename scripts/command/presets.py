"""The arguments of `keras-gans presets`."""

from typing import Any


def add_parser(commands: Any) -> None:
    """Adds the command to the command line."""
    commands.add_parser(
        "presets",
        help="list the presets",
        description="List the presets with the sizes of their networks and their sources.",
    )
