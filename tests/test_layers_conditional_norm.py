"""Batch normalisation by class against Keras' own and NumPy."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

import keras_gans as kg
from conftest import labelled_networks
from keras_gans.layers import ConditionalBatchNormalization

rng = np.random.default_rng(0)
LABELS = np.array([0, 2, 2, 1, 0, 2], "int32")


def data(*shape):
    return rng.normal(2.0, 3.0, (len(LABELS), *shape)).astype("float32")


@pytest.mark.parametrize("shape", [(4,), (5, 4), (2, 3, 4)])
def test_each_sample_is_scaled_and_moved_as_its_class(shape):
    x = data(*shape)
    layer = ConditionalBatchNormalization(3, epsilon=1e-4)
    layer.build([x.shape, (len(x),)])
    gamma, beta = rng.normal(size=(2, 3, 4)).astype("float32")
    layer.gamma.assign(gamma)
    layer.beta.assign(beta)
    outputs = np.array(layer([x, LABELS], training=True))
    axes = tuple(range(x.ndim - 1))
    normalised = (x - x.mean(axes)) / np.sqrt(x.var(axes) + 1e-4)
    for sample, label, found in zip(normalised, LABELS, outputs, strict=True):
        np.testing.assert_allclose(found, gamma[label] * sample + beta[label], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("options", [{}, {"axis": 1, "momentum": 0.7, "epsilon": 0.1}], ids=str)
def test_it_starts_as_keras_batch_normalisation(options):
    """In training, in inference after it, and in its moving statistics."""
    ours, theirs = ConditionalBatchNormalization(3, **options), layers.BatchNormalization(**options)
    for _ in range(3):
        x = data(2, 3, 4)
        np.testing.assert_allclose(
            ours([x, LABELS], training=True), theirs(x, training=True), rtol=1e-5, atol=1e-5
        )
    np.testing.assert_allclose(ours([x, LABELS]), theirs(x), rtol=1e-5, atol=1e-5)
    for name in ("moving_mean", "moving_variance"):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-6)
    assert ours.gamma.shape == ours.beta.shape == (3, x.shape[options.get("axis", -1)])
    frozen = ConditionalBatchNormalization(3, trainable=False)  # As in Keras: inference.
    assert np.abs(np.array(frozen([x, LABELS], training=True)) - x).max() < 0.02


def test_a_gradient_reaches_the_classes_of_the_batch_only():
    layer = ConditionalBatchNormalization(5)
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(layer([data(4), LABELS], training=True) ** 3)
    for gradient in tape.gradient(value, [layer.gamma.value, layer.beta.value]):
        moved = np.abs(tf.convert_to_tensor(gradient)).max(1) > 1e-6
        np.testing.assert_array_equal(moved, [True, True, True, False, False])


@pytest.mark.parametrize("synchronized", [False, True])
def test_synchronized_statistics_are_of_all_replicas(synchronized, mirrored):
    x = data(4)
    with mirrored.scope():
        layer = ConditionalBatchNormalization(3, synchronized=synchronized)
        layer.build([(None, 4), (None,)])
    halves = mirrored.experimental_distribute_values_from_function(
        lambda context: tf.constant(np.split(x, 2)[context.replica_id_in_sync_group])
    )
    labels = mirrored.experimental_distribute_values_from_function(
        lambda context: tf.constant(np.split(LABELS, 2)[context.replica_id_in_sync_group])
    )
    run = tf.function(lambda *inputs: layer(list(inputs), training=True))
    outputs = mirrored.run(run, args=(halves, labels)).values
    whole = ConditionalBatchNormalization(3)([x, LABELS], training=True)
    assert np.allclose(np.concatenate(outputs), whole, rtol=1e-4, atol=1e-4) == synchronized
    assert layer.get_config()["synchronized"] is synchronized


def test_a_penalty_of_each_sample_warns_of_it():
    generator, _ = labelled_networks()
    x, labels = keras.Input((2,)), keras.Input((), dtype="int32")
    hidden = ConditionalBatchNormalization(3)([layers.Dense(4)(x), labels])
    critic = keras.Model([x, labels], layers.Dense(1)(hidden))
    with pytest.warns(UserWarning, match="BatchNormalization"):
        kg.WGANGP(generator, critic).compile()


def test_it_has_no_further_scale_or_offset():
    config = ConditionalBatchNormalization(3).get_config()
    assert "center" not in config and "scale" not in config


def test_no_classes():
    with pytest.raises(ValueError, match="Expected at least one class. Received: num_classes=0"):
        ConditionalBatchNormalization(0)
