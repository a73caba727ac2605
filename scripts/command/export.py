"""The arguments of `keras-gans export`."""

from typing import Any

# What Keras calls a format, and how its file ends; a SavedModel is a folder.
FORMATS = {
    "savedmodel": ("tf_saved_model", ""),
    "tflite": ("litert", ".tflite"),
    "onnx": ("onnx", ".onnx"),
    "keras": ("keras", ".keras"),
}


def add_parser(commands: Any) -> None:
    """Adds the command and its arguments to the command line."""
    command = commands.add_parser(
        "export",
        help="export a run's generator for use without this library",
        description="Write the generator of a run, the averaged one where there is one, and tell "
        "how far what the file makes of 16 latents is from what the model makes of them.",
        epilog="Example: keras-gans export runs/hinge-mnist --format onnx",
    )
    command.add_argument("run_dir", metavar="RUN", help="a run folder, or a .keras file")
    command.add_argument(
        "--format",
        choices=tuple(FORMATS),
        default="savedmodel",
        metavar="F",
        help="savedmodel, tflite, onnx (with the extra onnx) or keras (default: %(default)s)",
    )
    command.add_argument(
        "--out", metavar="PATH", help="the file or folder (default: RUN/generator, with its ending)"
    )
