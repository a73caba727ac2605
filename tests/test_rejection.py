"""Discriminator rejection against the law that it must give."""

import keras
import numpy as np
import pytest
import scipy.stats
from keras import ops

import keras_gans as kg
from conftest import labelled_networks, make

REAL, FAKE = scipy.stats.norm(0.5, 0.7), scipy.stats.norm(0.0, 1.0)


class LogRatio(keras.layers.Layer):
    """What a perfect discriminator of two normal laws returns."""

    def call(self, x):
        real = -ops.square((x - 0.5) / 0.7) / 2 - np.log(0.7)
        return real + ops.square(x) / 2


def perfect_gan():
    """The generator draws N(0, 1), the reals are N(.5, .7^2)."""
    generator = keras.Sequential([keras.Input((1,)), keras.layers.Identity()])
    discriminator = keras.Sequential([keras.Input((1,)), LogRatio()])
    return kg.GAN(generator, discriminator)


def test_a_perfect_discriminator_gives_the_law_of_the_reals():
    gan = perfect_gan()
    assert scipy.stats.kstest(gan.generate(3000, seed=0).ravel(), REAL.cdf).pvalue < 1e-9
    samples = kg.rejection.sample(gan, 3000, percentile=None, seed=0)
    assert samples.shape == (3000, 1) and samples.dtype == "float32"
    assert scipy.stats.kstest(samples.ravel(), REAL.cdf).pvalue > 0.01


def test_a_higher_percentile_rejects_more():
    """And so the samples are likelier among reals."""
    gan = perfect_gan()
    drawn = [kg.rejection.sample(gan, 3000, percentile, seed=0) for percentile in (0, 50, 80, 95)]
    ratios = [np.mean(gan.discriminator(samples)) for samples in drawn]
    fakes = np.mean(gan.discriminator(gan.generate(3000, 0)))
    assert ratios[1] > fakes and (np.diff(ratios) > 0.01).all()


def test_the_acceptance_is_equation_8():
    """By hand for two logits, in the paper's form."""
    from keras_gans.rejection import _acceptance

    logits, largest, epsilon = np.array([-1.0, 0.4]), 0.5, 1e-6
    expected = logits - largest - np.log(1 - np.exp(logits - largest - epsilon))
    np.testing.assert_allclose(_acceptance(logits, largest), expected, rtol=1e-9)
    assert np.isfinite(_acceptance(np.array([0.5]), 0.5)).all()


def test_seeds_and_what_is_refused():
    gan = perfect_gan()
    a, b, c = (kg.rejection.sample(gan, 5, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, c)
    for wrong in ({"n": 0}, {"n": 1, "percentile": 101}):
        with pytest.raises(ValueError, match="Expected an unconditional model, n of at least 1"):
            kg.rejection.sample(gan, **wrong)
    with pytest.raises(ValueError, match="conditional=True"):
        kg.rejection.sample(make(kg.GAN, labelled_networks), 1)
