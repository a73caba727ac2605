"""`keras-gans export`: the generator of a run as a file that other tools take."""

import argparse
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np

from keras_gans.models import GAN
from keras_gans.scripts.sample import load_run
from keras_gans_command.export import FORMATS

_SAMPLES = 16


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
