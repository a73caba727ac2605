"""A user's script under `mypy --strict`, the package laid out as a wheel has it."""

import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# In strict mode an `ignore` that nothing needs is an error: each marks a mistake that is found, or
# what Keras is to blame for, which has no types.
SCRIPT = """
from typing import Any, assert_type

import keras  # type: ignore[import-untyped]
import keras_gans as kg
import numpy as np
from matplotlib.figure import Figure
from PIL import Image


class MeanLoss(kg.losses.Loss):
    generator_needs_real = True

    def __init__(self, scale: float = 1.0):
        self.scale = scale

    def discriminator_loss(self, real_logits: Any, fake_logits: Any) -> Any:
        return self.scale * keras.ops.mean(fake_logits - real_logits)

    def generator_loss(self, fake_logits: Any, real_logits: Any = None) -> Any:
        return self.discriminator_loss(fake_logits, real_logits)


class Lipschitz(kg.penalties.GradientPenalty):
    default_name = "lipschitz"

    def cost(self, squared_norm: Any) -> Any:
        return keras.ops.relu(squared_norm - 1.0)


class MyGAN(kg.GAN):
    default_loss = MeanLoss()
    default_penalties = (kg.penalties.R1(0.1), Lipschitz())
    default_n_critic = 2

    def generator_terms(
        self, fake: Any, fake_outputs: Any, labels: Any, latents: Any
    ) -> dict[str, Any]:
        return {"size": keras.ops.mean(keras.ops.square(fake))}

    def after_generator(self, terms: dict[str, Any]) -> None:
        terms["one"] = keras.ops.ones(())


class Dimming(kg.augment.ImageAugmentation):
    def augmented(self, images: Any) -> Any:
        (factor,) = self.uniforms(images, 1)
        return factor * images


class LargestLoss(kg.callbacks.Resumable):
    def initial_state(self) -> dict[str, float]:
        return {"largest_loss": 0.0}


class PrintSpread(keras.callbacks.Callback):  # type: ignore[misc]
    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        print(self.model.generate(64, seed=0).std())


def train(options: dict[str, Any]) -> kg.WGANGP:
    images = kg.datasets.load("digits", size=(28, 28))
    generator = kg.networks.upsampling_generator(latent_dim=100)
    critic = kg.networks.conv_discriminator((28, 28, 1), (64, 128), (5, 5), (2, 2))
    gan = kg.WGANGP(generator, critic, seed=0)
    gan.compile(
        kg.optimizers.Adam(1e-4, beta_1=0.0),
        n_critic=5,
        gp_weight=kg.schedules.Cosine(10.0, 1.0, steps=100),
        loss=MeanLoss(),
        penalties=[Lipschitz(10.0)],
        augment=Dimming(),
        ema_decay=0.99,
    )
    gan.compile(**options)
    gan.compile(n_critik=5)  # type: ignore[arg-type]
    callbacks = [kg.callbacks.SampleGrid("samples", grid=(4, 4)), LargestLoss(), PrintSpread()]
    gan.fit(images, batch_size=64, epochs=20, callbacks=callbacks)
    gan.fit(images, **options)
    gan.fit(images, batchsize=64)  # type: ignore[arg-type]
    gan.save("gan.keras")
    return gan


def look_at(gan: kg.GAN) -> None:
    assert_type(gan.generate(16, seed=0), np.ndarray)
    gan.generate("16")  # type: ignore[arg-type]
    assert_type(gan.step, int)
    assert_type(gan.seed, int)
    assert_type(gan.n_critic, int)
    assert_type(gan.latent_dim, int)
    assert_type(gan.num_classes, int | None)
    assert_type(gan.conditional, bool)
    assert_type(gan.value_range, tuple[float, float] | None)
    assert_type(gan.sample_shape, tuple[int | None, ...])
    assert_type(gan.loss, kg.losses.Loss)
    assert_type(gan.loss.generator_needs_real, bool)
    assert_type(gan.penalties, list[kg.penalties.Penalty])
    with gan.frozen(gan.generator):
        gan.draw(gan.sample_latents(4))


def measure(gan: kg.GAN, real: np.ndarray, fake: np.ndarray) -> None:
    scores = gan.evaluate(real, ["fid", "coverage"], extractor="digits")
    assert_type(scores, kg.metrics.Scores)
    assert_type(scores["fid"], float)
    assert_type(scores.protocol, dict[str, Any])
    gan.evaluate(real, sample_weight=real)  # type: ignore[arg-type]
    assert_type(kg.metrics.frechet_distance(real, fake), float)
    assert_type(kg.metrics.kernel_distance(real, fake).mean, float)
    assert_type(kg.metrics.precision_recall(real, fake).recall, float)
    assert_type(kg.metrics.Moments().update(real).covariance, np.ndarray)
    features = kg.metrics.classifier("digits")(real)
    assert_type(features, kg.metrics.Features)
    assert_type(kg.metrics.compare(features, features), dict[str, float])
    assert_type(kg.inversion.invert(gan, real).errors, np.ndarray)
    assert_type(kg.rejection.sample(gan, 64), np.ndarray)
    assert_type(kg.latents.walk(real, steps=3), np.ndarray)
    assert_type(kg.plot.grid(real), Image.Image)
    assert_type(kg.plot.losses({"d_loss": [1.0]}), Figure)


def presets_and_data() -> None:
    preset = kg.presets.get("wgan_gp-digits")
    assert_type(preset, dict[str, Any])
    assert_type(kg.presets.names(), list[str])
    kg.presets.register("short", kg.presets.changed(preset, {"fit.epochs": 1}))
    assert_type(kg.presets.build("wgan_gp-digits", n_critic=3), kg.GAN)
    assert_type(kg.datasets.names(), list[str])
    print(kg.datasets.ring().mean(axis=0))
    points, modes = kg.datasets.grid(labels=True)
    assert_type(kg.constraints.ClipWeights(0.01).get_config(), dict[str, Any])


measure(train({}), np.zeros(1), np.zeros(1))
look_at(MyGAN(keras.Sequential(), keras.Sequential(), loss=MeanLoss(2.0)))
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """Of an environment with the package as it is installed, beside all that this one has."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder)
    packages = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder)}))
    shutil.copytree(ROOT / "keras_gans", packages / "keras_gans")
    for part in ("callbacks", "scripts"):
        shutil.copytree(ROOT / part, packages / "keras_gans" / part)
    (packages / "others.pth").write_text(sysconfig.get_path("purelib"))
    return Path(sysconfig.get_path("scripts", "venv", {"base": str(folder)}), "python")


def errors(script, python, folder):
    """Returns what `mypy --strict` finds, a line an error."""
    pytest.importorskip("mypy")
    (folder / "script.py").write_text(script)
    options = ["--strict", "--no-error-summary", "--python-executable", str(python)]
    cache = str(python.parents[1] / "cache")  # What both scripts import is read once.
    command = ["mypy", *options, "--cache-dir", cache, "script.py"]
    run = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True
    )
    assert run.returncode in (0, 1), run.stdout + run.stderr
    return run.stdout.splitlines()


@pytest.mark.slow
def test_a_script_is_typed(python, tmp_path):
    assert errors(SCRIPT, python, tmp_path) == []


@pytest.mark.slow
def test_every_documented_name_is_found(python, tmp_path):
    """A module that nothing imports by name, or a name that is not exported, would not be."""
    pages = "".join(page.read_text() for page in (ROOT / "docs" / "reference").glob("*.md"))
    names = re.findall(r"^::: (keras_gans\.\S+)$", pages, re.M)
    assert len(names) > 100
    script = "\n".join(["import keras_gans", *names, "keras_gans.no_such_name"])
    (error,) = errors(script, python, tmp_path)
    assert "no_such_name" in error
