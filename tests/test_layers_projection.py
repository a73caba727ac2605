"""The projection of a class against NumPy."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_gans.layers import EmbeddingProjection, SpectralNormalization

features = np.random.default_rng(0).normal(size=(4, 5)).astype("float32")
labels = np.array([2, 0, 0, 1], "int32")


def test_it_is_the_inner_product_with_the_classs_vector():
    layer = EmbeddingProjection(3)
    outputs = np.array(layer([features, labels]))
    (vectors,) = layer.get_weights()
    assert vectors.shape == (3, 5) and outputs.shape == (4, 1)
    for output, x, label in zip(outputs[:, 0], features, labels, strict=True):
        assert output == pytest.approx(np.dot(vectors[label], x), rel=1e-5)


def test_a_projection_discriminator_is_equation_4():
    x, y = keras.Input((5,)), keras.Input((), dtype="int32")
    phi, psi = layers.Dense(6, "relu"), layers.Dense(1)
    projection = SpectralNormalization(EmbeddingProjection(3), power_iterations=100)
    logits = layers.Add()([psi(phi(x)), projection([phi(x), y])])
    network = keras.Model([x, y], logits)
    found = network((features, labels), training=True)
    w, b = phi.get_weights()
    hidden = np.maximum(features @ w + b, 0)
    vectors = np.array(projection.kernel)
    vectors /= np.linalg.svd(vectors, compute_uv=False)[0]
    w, b = psi.get_weights()
    expected = np.sum(vectors[labels] * hidden, axis=1, keepdims=True) + hidden @ w + b
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_images_are_refused():
    with pytest.raises(ValueError, match="ndim=2"):
        EmbeddingProjection(3)([np.ones((4, 2, 2, 5), "float32"), labels])


def test_no_classes():
    with pytest.raises(ValueError, match="Expected at least one class. Received: num_classes=0"):
        EmbeddingProjection(0)
