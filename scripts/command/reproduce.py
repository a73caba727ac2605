"""The arguments of `keras-gans reproduce`."""

from typing import Any

from keras_gans_command.arguments import integer

# The last is computed; the others are trained.
TABLES = (
    "default",
    "digits",
    "pacgan-table1",
    "pacgan-table3",
    "sources",
    "variants",
    "few",
    "particlegan",
    "wgan_gp-toys",
    "dirac-gan",
)


def add_parser(commands: Any) -> None:
    """Adds the command and its arguments to the command line."""
    command = commands.add_parser(
        "reproduce",
        help="reproduce a published table",
        description="Train the rows of a published table and print the figures beside the "
        "published ones. Each trial is a file of the folder and is not repeated when the command "
        "is given again, and an interrupted one goes on, so that a long table can be made in "
        "pieces.",
        epilog="Example: keras-gans reproduce pacgan-table1 --trials 3 --epochs 40",
    )
    command.add_argument("table", choices=TABLES, metavar="TABLE", help=", ".join(TABLES))
    command.add_argument(
        "--trials", type=integer(1), metavar="N", help="seeds of each row (default: the table's)"
    )
    command.add_argument(
        "--epochs", type=integer(1), metavar="N", help="epochs to train (default: the preset's)"
    )
    command.add_argument(
        "--rows",
        nargs="+",
        metavar="TEXT",
        help="only rows of these names, such as 'gan-grid on ring', and rows whose name contains "
        "one that is no row's whole name",
    )
    command.add_argument(
        "--seed", type=integer(0), default=0, metavar="S", help="first seed (default: %(default)s)"
    )
    command.add_argument(
        "--out", metavar="DIR", help="where trials and table go (default: results/TABLE)"
    )
