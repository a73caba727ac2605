"""The arguments of `keras-gans card`."""

from typing import Any


def add_parser(commands: Any) -> None:
    """Adds the command and its arguments to the command line."""
    command = commands.add_parser(
        "card",
        help="write a run's model card",
        description="Write a model card in Markdown, with the front matter of the Hugging Face "
        "Hub: what the model is, what it was trained on and how, its scores if `keras-gans "
        "evaluate` has measured it, and how to use it. What only its makers know is left to them.",
        epilog="Example: keras-gans card runs/hinge-mnist",
    )
    command.add_argument("run_dir", metavar="RUN", help="a run folder")
    command.add_argument("--out", metavar="FILE", help="the card (default: RUN/README.md)")
