"""The arguments of `keras-gans evaluate`."""

from typing import Any

from keras_gans_command.arguments import add_data, add_seed, integer


def add_parser(commands: Any) -> None:
    """Adds the command and its arguments to the command line."""
    command = commands.add_parser(
        "evaluate",
        help="measure a trained run",
        description="Measure a trained run against its training data: FID, KID, precision, recall, "
        "density, coverage, duplicates, and what else the data allows. Beside it stand two floors: "
        "held-out real data, which no generator can be expected to beat, and noise. Samples of a "
        "conditional model have the labels of the training data, and each class is measured too. "
        "The table is printed; evaluation.json and pictures are written.",
        epilog="Example: keras-gans evaluate runs/hinge-mnist",
    )
    command.add_argument("run_dir", metavar="RUN", help="a run folder, or a .keras file")
    add_data(command, "as for `keras-gans train` (default: the run's)")
    command.add_argument(
        "--extractor",
        metavar="E",
        help="samples (the pixels or points themselves), inception, inception-2015 (of published "
        "FID), or a labelled data set for a classifier trained on it (default: the data, where it "
        "has labels)",
    )
    command.add_argument(
        "--metrics", nargs="+", metavar="M", help="such as fid coverage (default: all)"
    )
    command.add_argument(
        "-n", type=integer(1), metavar="N", help="how many samples (default: as many as held out)"
    )
    add_seed(command)
    command.add_argument(
        "--labels",
        nargs="+",
        type=integer(0),
        metavar="CLASS",
        help="of a conditional model, only these classes of data and samples (default: all)",
    )
    command.add_argument("--out", metavar="DIR", help="where to write (default: RUN/evaluation)")
