"""A convolution tap by tap against that of Keras."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_gans import backend
from keras_gans.layers import TapwiseConv2D


@pytest.fixture
def no_gpu(monkeypatch):
    monkeypatch.setattr(backend, "has_gpu", lambda: False)


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("strides", [1, 2, (1, 3)])
@pytest.mark.parametrize("kernel_size", [1, 2, 3, 4, (2, 5)])
@pytest.mark.parametrize("size", [(1, 1), (2, 5), (3, 3), (7, 6)])
def test_a_convolution_tap_by_tap_is_keras(size, kernel_size, strides, padding, no_gpu):
    """Outputs, gradients, and the gradients of a function of the gradients by the inputs."""
    arguments = {"strides": strides, "padding": padding, "activation": "tanh", "dtype": "float64"}
    ours = TapwiseConv2D(
        3, kernel_size, bias_initializer="normal", kernel_initializer="normal", **arguments
    )
    theirs = layers.Conv2D(3, kernel_size, **arguments)
    x = tf.constant(np.random.default_rng(0).normal(size=(2, *size, 4)), "float64")
    if padding == "valid" and np.any(np.less(size, kernel_size)):
        with pytest.raises(ValueError, match="output"):
            ours(x)
        return
    assert ours(x).shape == theirs(x).shape
    theirs.set_weights(ours.get_weights())
    results = []
    for layer in (ours, theirs):
        variables = [v.value for v in layer.trainable_variables]
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = layer(x)
                value = tf.reduce_sum(tf.sin(3.0 * y))
            first = inner.gradient(value, [x, *variables])
            penalty = tf.reduce_sum(tf.sin(5.0 * first[0]))
        results.append([y, *first, *outer.gradient(penalty, [x, *variables])])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)


def test_a_convolution_tap_by_tap_is_one_of_keras_on_a_gpu(monkeypatch):
    """On it, one operation beats one for each tap."""
    layer = TapwiseConv2D(3, 4, 2, "same")
    x = tf.ones((2, 3, 3, 4))
    on_cpu = layer(x)
    monkeypatch.setattr(backend, "has_gpu", lambda: True)
    graph = tf.function(layer).get_concrete_function(x).graph
    assert {op.type for op in graph.get_operations()} & {"Conv2D", "MatMul"} == {"Conv2D"}
    np.testing.assert_allclose(layer(x), on_cpu, rtol=1e-5, atol=1e-6)


def test_a_convolution_tap_by_tap_takes_images_of_any_size():
    network = keras.Sequential([keras.Input((None, None, 2)), TapwiseConv2D(3, 4, 2, "same")])
    assert network.output_shape == (None, None, None, 3)
    assert network(tf.ones((1, 5, 6, 2))).shape == (1, 3, 3, 3)


@pytest.mark.parametrize(
    "changes", [{"dilation_rate": 2}, {"groups": 2}, {"data_format": "channels_first"}]
)
def test_a_convolution_tap_by_tap_takes_no_dilation(changes):
    with pytest.raises(ValueError, match="Expected no dilation or groups and channels last.*Rec"):
        TapwiseConv2D(4, 3, **changes)
