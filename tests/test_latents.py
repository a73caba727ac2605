"""Truncated latents, and walks."""

import keras
import numpy as np
import pytest
import scipy.stats

import keras_gans as kg
from conftest import make, vector_networks
from keras_gans.latents import truncated, walk

NORMAL = np.random.default_rng(0).normal(size=(4000, 5)).astype("float32")
UNIFORM = np.random.default_rng(0).uniform(-1, 1, (4000, 5)).astype("float32")


@pytest.mark.parametrize("bound", [0.04, 0.7, 2.0])
@pytest.mark.parametrize("latents", [NORMAL, UNIFORM], ids=["normal", "uniform"])
def test_values_beyond_the_bound_are_drawn_again(latents, bound):
    """Their law is that of values which are drawn until they are within it."""
    name = "normal" if latents is NORMAL else "uniform"
    found = truncated(latents, bound, name, seed=1)
    assert found.dtype == "float32" and np.abs(found).max() <= bound
    within = np.abs(latents) <= bound
    np.testing.assert_array_equal(found[within], latents[within])
    law = {
        "normal": scipy.stats.truncnorm(-bound, bound),
        "uniform": scipy.stats.uniform(-min(bound, 1), 2 * min(bound, 1)),
    }
    assert scipy.stats.kstest(found.ravel(), law[name].cdf).pvalue > 0.01
    if not within.all():
        assert scipy.stats.kstest(found[~within], law[name].cdf).pvalue > 0.01


def test_generate_with_truncation():
    gan = make(kg.GAN, vector_networks)
    latents = truncated(np.array(gan.sample_latents(6, seed=3)), 0.5, "normal", seed=3)
    samples = gan.generate(6, seed=3, truncation=0.5)
    np.testing.assert_array_equal(samples, np.array(gan.generator(latents)))
    np.testing.assert_array_equal(gan.generate(6, seed=3, truncation=9.0), gan.generate(6, seed=3))
    for wrong in (0, -1.0, np.nan):
        with pytest.raises(ValueError, match="Expected a positive bound"):
            gan.generate(2, truncation=wrong)


def test_codes_are_not_truncated():
    latents = keras.Input((9,))
    generator = keras.Model(latents, keras.layers.Dense(2)(latents))
    samples = keras.Input((2,))
    heads = {"logits": keras.layers.Dense(1)(samples), "codes": keras.layers.Dense(4)(samples)}
    gan = kg.InfoGAN(generator, keras.Model(samples, heads), categorical=(3,), continuous=1)
    before = np.array(gan.sample_latents(50, seed=0))
    after = gan.truncate_latents(before, 0.3, seed=0)
    np.testing.assert_array_equal(after[:, 5:], before[:, 5:])
    assert np.abs(after[:, :5]).max() <= 0.3


@pytest.mark.parametrize("closed", [False, True])
def test_a_walk_passes_its_latents(closed):
    stops = NORMAL[:4]
    path = walk(stops, 3, closed=closed)
    assert path.shape == ((12 if closed else 10), 5) and path.dtype == "float32"
    np.testing.assert_allclose(path[::3][:4], stops, rtol=1e-6)
    if closed:  # The last part returns to the first.
        np.testing.assert_allclose(path[9:], walk(stops[[3, 0]], 3)[:3], rtol=1e-6)


def test_walks_of_normal_latents_turn_evenly():
    a, b = np.array([[3.0, 0.0], [0.0, 3.0]])
    path = walk([a, b], 6)
    angles = np.degrees(np.arctan2(path[:, 1], path[:, 0]))
    np.testing.assert_allclose(angles, [0, 15, 30, 45, 60, 75, 90], atol=1e-9)
    np.testing.assert_allclose(np.hypot(*path.T), 3.0)
    opposite = walk([a, -a], 2)  # No circle is the shortest.
    np.testing.assert_allclose(opposite, [a, 0 * a, -a], atol=1e-12)


def test_walks_of_uniform_latents_are_straight():
    path = walk(UNIFORM[:2], 4, "uniform")
    np.testing.assert_allclose(path, np.linspace(*UNIFORM[:2], 5), rtol=1e-5)
