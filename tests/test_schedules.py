import keras
import numpy as np
import pytest

import keras_gans as kg
from conftest import make, points

pytestmark = pytest.mark.core


@pytest.mark.parametrize("step", [0, 25, 50, 100, 1000])
def test_cosine(step):
    value = float(kg.schedules.Cosine(2.0, 0.2, steps=100)(step))
    share = min(step / 100, 1)
    np.testing.assert_allclose(value, 0.2 + 1.8 * np.cos(np.pi * share / 2) ** 2, rtol=1e-5)


def test_cosine_is_that_of_keras():
    theirs = keras.optimizers.schedules.CosineDecay(1.0, 80, alpha=0.1)
    ours = kg.schedules.Cosine(1.0, 0.1, steps=80)
    for step in range(0, 100, 7):
        np.testing.assert_allclose(ours(step), theirs(step), rtol=1e-5)


def test_the_exponential_is_that_of_keras_down_to_its_end():
    theirs = keras.optimizers.schedules.ExponentialDecay(1.0, 30, 0.8, staircase=True)
    ours = kg.schedules.Exponential(1.0, 0.3, rate=0.8, steps=30)
    for step in (0, 29, 30, 59, 60, 179, 180, 100_000):
        np.testing.assert_allclose(ours(step), max(float(theirs(step)), 0.3), rtol=1e-6)
    assert float(ours(0)) == 1.0 and float(ours(100_000)) == pytest.approx(0.3)


def test_a_weight_halves_over_its_images():
    decay = float(kg.schedules.HalfLife(640, batch_size=64)(3))
    np.testing.assert_allclose(decay**10, 0.5, rtol=1e-5)


def test_the_ramp_is_a_share_of_the_images_seen():
    schedule = kg.schedules.HalfLife(1000, batch_size=10, ramp=0.05)
    for step in (1, 100, 1999, 2000, 10_000):
        images = min(1000, 0.05 * step * 10)
        np.testing.assert_allclose(schedule(step), 0.5 ** (10 / images), rtol=1e-4)
    assert float(schedule(0)) == 0.0


def test_the_images_may_change():
    """As R3GAN has it, from an average that forgets at once to one over millions of images."""
    schedule = kg.schedules.HalfLife(kg.schedules.Cosine(0.0, 5000.0, steps=100), batch_size=10)
    assert float(schedule(0)) == 0.0
    np.testing.assert_allclose(schedule(50), 0.5 ** (10 / 2500), rtol=1e-5)
    np.testing.assert_allclose(schedule(200), 0.5 ** (10 / 5000), rtol=1e-5)


@pytest.mark.parametrize(
    "schedule",
    [
        kg.schedules.Cosine(0.9, 0.5, 4),
        kg.schedules.Exponential(0.9, 0.5, 0.8, 2),
        kg.schedules.HalfLife(100, 4, 0.5),
        kg.schedules.HalfLife(kg.schedules.Cosine(10.0, 50.0, 4), 4),
    ],
)
def test_schedules_are_saved_with_the_model(schedule, tmp_path):
    gan = make(kg.WGANGP, ema_decay=schedule, gp_weight=schedule, n_critic=1)
    gan.fit(points(16), batch_size=4, verbose=0)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert loaded.ema_decay.get_config() == loaded.gp_weight.get_config() == schedule.get_config()


@pytest.mark.parametrize(
    "build",
    [
        lambda: kg.schedules.Cosine(1.0, 0.0, 0),
        lambda: kg.schedules.Exponential(1.0, 0.0, 1.0, 4),
        lambda: kg.schedules.Exponential(1.0, 0.0, 0.9, 0),
        lambda: kg.schedules.HalfLife(0, 4),
        lambda: kg.schedules.HalfLife(10, 4, ramp=-1.0),
    ],
)
def test_bad_arguments(build):
    with pytest.raises(ValueError, match="^Expected .*Received: "):
        build()
