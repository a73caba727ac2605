"""`keras-gans export`: what files make of latents is what the model makes of them."""

import importlib.util
import json
import re

import keras
import numpy as np
import pytest

import keras_gans as kg
from conftest import image_networks, labelled_networks, make, points
from keras_gans.scripts import export
from keras_gans.scripts.main import main

LIBRARIES = {"onnx": ("onnxruntime", "tf2onnx")}


@pytest.fixture
def folder(tmp_path):
    """A model whose averages differ from its weights."""
    gan = make(kg.WGANGP, image_networks, ema_decay=0.5)
    rng = np.random.default_rng(0)
    for network in (gan.generator, gan.ema_generator):
        for weight in network.weights:
            weight.assign(weight + rng.uniform(0.0, 0.5, weight.shape))
    gan.save(tmp_path / "model.keras")
    assert np.abs(gan.generate(4, seed=0) - gan.generate(4, seed=0, ema=False)).max() > 0.1
    return tmp_path


@pytest.mark.parametrize("kind", export.FORMATS)
def test_a_run_is_exported(kind, folder, capsys):
    for library in LIBRARIES.get(kind, ()):
        pytest.importorskip(library)
    assert main(["export", str(folder), "--format", kind]) == 0
    printed = capsys.readouterr().out
    assert float(re.search(r"at most (\S+)\.$", printed, re.M)[1]) < 1e-5
    out = folder / f"generator{export.FORMATS[kind][1]}"
    gan = keras.saving.load_model(folder / "model.keras")
    latents = np.array(gan.sample_latents(5, seed=9))  # Any number of them.
    found = export.READERS[kind](out)([latents])
    np.testing.assert_allclose(found, gan.predict(latents, verbose=0), atol=1e-5)


@pytest.mark.parametrize("kind", export.FORMATS)
def test_a_conditional_run_is_exported(kind, tmp_path, capsys):
    for library in LIBRARIES.get(kind, ()):
        pytest.importorskip(library)
    gan = make(kg.GAN, labelled_networks)
    gan.fit(points(8), np.arange(8) % 3, batch_size=4, verbose=0)
    gan.save(tmp_path / "model.keras")
    out = tmp_path / "elsewhere" / f"g{export.FORMATS[kind][1]}"
    assert main(["export", str(tmp_path), "--format", kind, "--out", str(out)]) == 0
    assert float(re.search(r"at most (\S+)\.$", capsys.readouterr().out, re.M)[1]) < 1e-5


def presets_by_generator():
    """The first preset of each generator; the others export the same network."""
    first = {}
    for name in kg.presets.names():
        first.setdefault(json.dumps(kg.presets.get(name)["generator"], sort_keys=True), name)
    return list(first.values())


@pytest.mark.slow
@pytest.mark.parametrize("preset", presets_by_generator())
def test_every_presets_generator_is_exported(preset, tmp_path):
    """With a last kernel so large that samples fill their range, as those of a trained one do."""
    keras.utils.set_random_seed(0)
    gan = kg.presets.build(preset)
    gan.ema_generator = None
    latents = np.array(gan.sample_latents(4, seed=0))
    labels = np.arange(4, dtype="int32")
    inputs = [latents, labels] if gan.conditional else [latents]
    kernels = [weight for weight in gan.generator.trainable_weights if len(weight.shape) > 1]
    while (std := np.std(expected := gan.predict(tuple(inputs), verbose=0))) < 0.3:
        kernels[-1].assign(max(1.5, 0.4 / std) * kernels[-1])
    for kind in ("savedmodel", "tflite", "onnx"):
        if not all(map(importlib.util.find_spec, LIBRARIES.get(kind, ()))):
            continue
        path = tmp_path / f"generator{export.FORMATS[kind][1]}"
        export.write(gan, path, export.FORMATS[kind][0])
        np.testing.assert_allclose(export.READERS[kind](path)(inputs), expected, atol=1e-5)


def test_what_cannot_be_exported(folder, capsys):
    assert main(["export", str(folder), "--format", "onnx", "--out", "g.pb"]) == 2
    assert "Expected a file that ends in .onnx. Received: --out g.pb" in capsys.readouterr().err
