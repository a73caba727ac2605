"""`keras-gans export`: the generator of a run as a file that other tools take."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_gans.models import GAN
from keras_gans.scripts.sample import load_run

_SAMPLES = 16
# What Keras calls a format, and how its file ends; a SavedModel is a folder.
FORMATS = {
    "savedmodel": ("tf_saved_model", ""),
    "tflite": ("litert", ".tflite"),
    "onnx": ("onnx", ".onnx"),
    "keras": ("keras", ".keras"),
}


def add_parser(commands: Any, help: str) -> None:
    """Adds the command and its arguments to the command line."""
    command = commands.add_parser(
        "export",
        help=help,
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
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Exports as the command line says."""
    path = Path(arguments.run_dir)
    gan = load_run(path)
    kind, ending = FORMATS[arguments.format]
    folder = path if path.is_dir() else path.parent
    out = Path(arguments.out or folder / f"generator{ending}")
    if ending and out.suffix != ending:
        raise ValueError(f"Expected a file that ends in {ending}. Received: --out {out}")
    latents = np.asarray(keras.ops.convert_to_numpy(gan.sample_latents(_SAMPLES, seed=0)))
    inputs = [latents]
    if gan.conditional:
        inputs.append((np.arange(_SAMPLES) % (gan.num_classes or 1)).astype("int32"))
    expected = gan.predict(tuple(inputs) if gan.conditional else latents, verbose=0)
    write(gan, out, kind)
    difference = float(np.abs(READERS[arguments.format](out)(inputs) - expected).max())
    print(
        f"Wrote {out}. Of {_SAMPLES} latents it makes what the model does, but for at most "
        f"{difference:.1e}."
    )


def write(gan: GAN, path: Path, kind: str) -> None:
    """Writes a model's generator.

    Args:
        gan: The model, whose generator takes on its averages where the format is "keras".
        path: Where to.
        kind: A format of `GAN.export`, or "keras".
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind != "keras":
        gan.export(path, format=kind, verbose=False)
        return
    if gan.ema_generator:
        for weight, average in zip(gan.generator.weights, gan.ema_generator.averages, strict=True):
            weight.assign(average.value)
    gan.generator.save(path)


def _saved_model(path: Path) -> Callable[[list[np.ndarray]], np.ndarray]:
    import tensorflow as tf

    loaded = tf.saved_model.load(path)
    return lambda inputs: np.asarray(loaded.serve(inputs if len(inputs) > 1 else inputs[0]))


def _keras(path: Path) -> Callable[[list[np.ndarray]], np.ndarray]:
    loaded = keras.saving.load_model(path)
    return lambda inputs: loaded.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0)


def _tflite(path: Path) -> Callable[[list[np.ndarray]], np.ndarray]:
    import tensorflow as tf

    interpreter = tf.lite.Interpreter(str(path))

    def predict(inputs: list[np.ndarray]) -> np.ndarray:
        details = interpreter.get_input_details()
        given = {each.dtype: each for each in inputs}
        for each in details:
            interpreter.resize_tensor_input(each["index"], given[np.dtype(each["dtype"])].shape)
        interpreter.allocate_tensors()
        for each in details:
            interpreter.set_tensor(each["index"], given[np.dtype(each["dtype"])])
        interpreter.invoke()
        return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])

    return predict


def _onnx(path: Path) -> Callable[[list[np.ndarray]], np.ndarray]:
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_inputs()]
    return lambda inputs: session.run(None, dict(zip(names, inputs, strict=True)))[0]


READERS = {"savedmodel": _saved_model, "keras": _keras, "tflite": _tflite, "onnx": _onnx}
