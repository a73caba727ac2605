"""Packs against slices, and a GAN whose discriminator judges packs."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

import keras_gans as kg
from conftest import make, points, vector_networks
from keras_gans.layers import Pack


@pytest.mark.parametrize("shape", [(3,), (4, 3), (2, 4, 3)])
@pytest.mark.parametrize("m", [1, 2, 3, 6])
def test_a_pack_is_samples_that_follow_each_other_with_the_first_ones_channels_first(shape, m):
    x = np.random.default_rng(0).normal(size=(6, *shape)).astype("float32")
    packs = np.array(Pack(m)(x))
    assert packs.shape == (6 // m, *shape[:-1], 3 * m)
    for i, pack in enumerate(packs):
        for j in range(m):
            np.testing.assert_array_equal(pack[..., 3 * j : 3 * (j + 1)], x[i * m + j])


def test_images_of_unknown_size():
    network = keras.Sequential([keras.Input((None, None, 2)), Pack(2)])
    assert network.output_shape == (None, None, None, 4)
    function = tf.function(network, input_signature=[tf.TensorSpec((None, None, None, 2))])
    x = np.random.default_rng(0).normal(size=(4, 3, 5, 2)).astype("float32")
    np.testing.assert_array_equal(function(x), Pack(2)(x))


def test_a_batch_of_broken_packs():
    message = "Expected a batch of whole packs of 2 samples. Received: a batch of 5; choose"
    with pytest.raises(ValueError, match=message):
        Pack(2)(np.ones((5, 3), "float32"))
    with pytest.raises(ValueError, match=message):
        Pack(2)(keras.Input(batch_shape=(5, 3)))
    with pytest.raises(ValueError, match=message):
        make(kg.GAN, packed_networks).fit(points(20), batch_size=5, verbose=0)
    function = tf.function(Pack(2), input_signature=[tf.TensorSpec((None, 3))])
    with pytest.raises(tf.errors.InvalidArgumentError, match="reshape"):  # Known too late.
        function(np.ones((5, 3), "float32"))


@pytest.mark.parametrize("m", [0, -1, 1.5])
def test_bad_m(m):
    with pytest.raises(ValueError, match="Expected an integer `m` of at least 1. Received: m="):
        Pack(m)


# In a GAN


def packed_networks(m=2):
    body = [Pack(m), layers.Dense(8, "tanh"), layers.Dense(1)]
    return vector_networks()[0], keras.Sequential([keras.Input((2,)), *body])


def test_a_logit_a_pack_of_reals_or_of_fakes():
    """Never of both: each logit is that of the pack alone."""
    gan = make(kg.GAN, packed_networks)
    real, fake = points(6, 1), points(6, 2)
    outputs = gan.judge_both(tf.constant(real), tf.constant(fake))
    (w, b), (w2, b2) = (layer.get_weights() for layer in gan.discriminator.layers[1:])
    for samples, each in zip((real, fake), outputs, strict=True):
        expected = np.tanh(samples.reshape(3, 4) @ w + b) @ w2 + b2
        np.testing.assert_allclose(each["logits"], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("loss", ["hinge", "relativistic"])
def test_it_trains_and_is_evaluated(loss):
    gan = make(kg.GAN, packed_networks, loss=loss, n_critic=2)
    history = gan.fit(points(64), batch_size=8, epochs=2, verbose=0)
    assert all(np.isfinite(values).all() for values in history.history.values())
    assert gan.generate(5).shape == (5, 2)
    assert np.isfinite(gan.evaluate(points(33), ["fid"])["fid"])


def test_labels_are_packed_once_embedded():
    x, labels = keras.Input((2,)), keras.Input((), dtype="int32")
    packs = [Pack(2)(part) for part in (x, layers.Embedding(3, 4)(labels))]
    network = keras.Model([x, labels], layers.Dense(1)(layers.Concatenate()(packs)))
    assert network((points(6), np.arange(6) % 3)).shape == (3, 1)


@pytest.mark.parametrize("penalty", [kg.penalties.GradientPenalty, kg.penalties.R1])
def test_a_penalty_is_of_the_whole_pack(penalty):
    """By the gradient of a network of packs that are joined by hand."""
    rng = np.random.default_rng(0)
    kernel = rng.normal(size=(6, 5)).astype("float32")
    last = rng.normal(size=(5, 1)).astype("float32")
    x = rng.normal(size=(8, 3)).astype("float32")
    discriminator = keras.Sequential(
        [
            keras.Input((3,)),
            kg.layers.Pack(2),
            keras.layers.Dense(5, "tanh", use_bias=False),
            keras.layers.Dense(1, use_bias=False),
        ]
    )
    discriminator.set_weights([kernel, last])
    hidden = np.tanh(x.reshape(4, 6).astype("float64") @ kernel)
    gradients = ((1 - hidden**2) * last[:, 0]) @ kernel.T
    norms = np.sqrt((gradients**2).sum(axis=1))
    costs = {"gp": (norms - 1) ** 2, "r1": norms**2 / 2}[penalty.default_name]
    found = penalty(1.0)(discriminator, x, x, seed=0)  # Between a point and itself: the point.
    np.testing.assert_allclose(found, costs.mean(), rtol=1e-5)
