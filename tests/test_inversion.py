"""Inversion against latents that are known."""

import keras
import numpy as np
import pytest

import keras_gans as kg
from conftest import image_networks, labelled_networks, make


def linear_gan():
    """Samples are a linear map of the latents, so that least squares inverts it."""
    generator = keras.Sequential([keras.Input((3,)), keras.layers.Dense(8)])
    discriminator = keras.Sequential(
        [keras.Input((8,)), keras.layers.Dense(6, activation="tanh"), keras.layers.Dense(1)]
    )
    return kg.GAN(generator, discriminator)


@pytest.mark.parametrize("feature_weight", [0.0, 0.1])
def test_a_linear_generator_is_inverted_as_by_least_squares(feature_weight):
    gan = linear_gan()
    kernel, bias = map(np.array, gan.generator.weights)
    x = gan.generate(5, seed=11)
    noise = np.random.default_rng(0).normal(0, 0.02, x.shape) * (feature_weight == 0)
    x = (x + noise).astype("float32")  # Only pixels' nearest point is that of least squares.
    found = kg.inversion.invert(gan, x, feature_weight=feature_weight)
    expected = np.linalg.lstsq(kernel.T, (x - bias).T, rcond=None)[0].T
    assert np.abs(expected).max() < 3  # Within the bounds of the search.
    np.testing.assert_allclose(found.latents, expected, atol=2e-3)
    np.testing.assert_allclose(found.samples, found.latents @ kernel + bias, rtol=1e-5, atol=1e-6)
    errors = np.square(found.samples - x).mean(axis=1)
    np.testing.assert_allclose(found.errors, errors, rtol=1e-4, atol=1e-12)


@pytest.mark.parametrize("distribution", ["normal", "uniform"])
def test_samples_of_a_network_are_found(distribution):
    gan = make(kg.GAN, image_networks)
    gan.latent_distribution = distribution
    before = [np.array(w) for w in gan.weights]
    x = gan.generate(3, seed=5)
    found = kg.inversion.invert(gan, x, steps=200)
    assert found.latents.shape == (3, gan.latent_dim)
    assert np.abs(found.latents).max() <= (3 if distribution == "normal" else 1)
    # Beside the error of the best of as many random samples.
    candidates = gan.generate(256, seed=0)
    near = [np.square(candidates - image).mean(axis=(1, 2, 3)).min() for image in x]
    assert (found.errors < 0.05 * np.array(near)).all()
    for a, b in zip(gan.weights, before, strict=True):
        np.testing.assert_array_equal(np.array(a), b)
    again = kg.inversion.invert(gan, x, steps=200)
    np.testing.assert_array_equal(found.latents, again.latents)


def test_a_conditional_model_is_inverted_with_its_labels():
    gan = make(kg.GAN, labelled_networks)
    labels = [2, 0, 1]
    x = gan.generate(3, seed=5, labels=labels)
    with pytest.raises(ValueError, match="flat Sequential or Functional"):  # Here D is nested.
        kg.inversion.invert(gan, x, labels)
    found = kg.inversion.invert(gan, x, labels, steps=150, feature_weight=0)
    np.testing.assert_allclose(
        found.samples, gan.predict((found.latents, np.array(labels)), verbose=0), atol=1e-5
    )
    np.testing.assert_allclose(found.samples, x, atol=1e-3)
    with pytest.raises(ValueError, match="Expected labels of the images"):
        kg.inversion.invert(gan, x)


def test_a_model_of_a_preset_is_inverted():
    gan = kg.presets.build("dragan-digits")
    found = kg.inversion.invert(gan, gan.generate(2, seed=5), steps=3)
    assert found.samples.shape == (2, 8, 8, 1)


def test_what_is_refused():
    gan = linear_gan()
    with pytest.raises(ValueError, match="Expected images of shape"):
        kg.inversion.invert(gan, np.zeros((2, 7)))


def test_a_discriminator_whose_features_cannot_be_had():
    class Opaque(keras.Model):
        def __init__(self):
            super().__init__()
            self.last = keras.layers.Dense(1)

        def call(self, x, training=False):
            return self.last(x)

    discriminator = Opaque()
    discriminator(np.zeros((1, 8)))
    gan = kg.GAN(linear_gan().generator, discriminator)
    with pytest.raises(ValueError, match="pass feature_weight=0"):
        kg.inversion.invert(gan, np.zeros((1, 8)))
    assert kg.inversion.invert(gan, np.zeros((1, 8)), steps=2, feature_weight=0).errors.shape == (
        1,
    )


def test_features_pull_where_pixels_do_not():
    """Of images that no latent makes: the heavier the features, the nearer they come."""
    gan = linear_gan()
    x = np.random.default_rng(1).normal(size=(4, 8)).astype("float32")
    first = gan.discriminator.layers[0]
    distances = []
    for weight in (0.0, 100.0):
        found = kg.inversion.invert(gan, x, feature_weight=weight)
        features = [np.array(first(samples)) for samples in (found.samples, x)]
        distances.append(np.square(features[0] - features[1]).mean())
        if not weight:
            pixels = found.errors
    assert distances[1] < 0.8 * distances[0]
    assert (found.errors >= pixels - 1e-5).all()  # Pixels alone came as near as can be.
