"""Does it learn? The check of the README on a shorter training, with lower thresholds."""

import json

import numpy as np
import pytest

import keras_gans as kg
from digits_quality import quality, real_digits


@pytest.mark.slow
def test_the_default_preset_learns_digits():
    images = real_digits("train")[0].reshape(-1, 8, 8, 1)
    preset = kg.presets.get("wgan_gp-digits")
    preset["model"]["seed"] = 0
    gan = kg.presets.build(preset)
    untrained = quality(gan.generate(1000, seed=1))
    gan.fit(images, **{**preset["fit"], "epochs": 12}, verbose=0)
    trained = quality(gan.generate(1000, seed=1))
    print(json.dumps(trained))
    assert untrained["top_probability"] < 0.5
    assert trained["accuracy"] > 0.98
    assert trained["top_probability"] > 0.75
    assert trained["smallest_class"] >= 0.03


def test_noise_is_not_readable():
    noise = np.random.default_rng(0).uniform(-1, 1, (500, 8, 8, 1))
    assert quality(noise)["top_probability"] < 0.5
