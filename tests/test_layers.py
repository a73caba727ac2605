"""The layers against those of Keras that they stand for."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_gans import backend
from keras_gans.layers import Maxout, TapwiseConv2D, UpSampledConv2D


@pytest.fixture
def no_gpu(monkeypatch):
    monkeypatch.setattr(backend, "has_gpu", lambda: False)


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [(UpSampledConv2D, (3, 5)), (TapwiseConv2D, (3, 4, 2, "same")), (Maxout, (3, 2))],
)
def test_layers_are_saved_under_the_name_of_the_library(kind, arguments):
    layer = kind(*arguments)
    saved = keras.saving.serialize_keras_object(layer)
    assert saved["registered_name"] == f"keras_gans>{kind.__name__}"
    loaded = keras.saving.deserialize_keras_object(saved)
    assert type(loaded) is kind and loaded.get_config() == layer.get_config()


# An up-sampled image, convolved


@pytest.mark.parametrize("kernel_size", [1, 2, 3, 4, 5, (2, 5), 7])
@pytest.mark.parametrize("size", [(1, 1), (2, 5), (4, 3)])
def test_an_upsampled_convolution_is_keras_two_layers(kernel_size, size):
    """Outputs, and the gradients of a function of them by inputs and weights."""
    options = {"activation": "tanh", "kernel_initializer": "normal", "dtype": "float64"}
    ours = UpSampledConv2D(3, kernel_size, bias_initializer="normal", **options)
    theirs = keras.Sequential(
        [
            layers.UpSampling2D(dtype="float64"),
            layers.Conv2D(3, kernel_size, padding="same", **options),
        ]
    )
    x = tf.constant(np.random.default_rng(0).normal(size=(2, *size, 4)), "float64")
    assert ours(x).shape == ours.compute_output_shape(x.shape) == theirs(x).shape
    theirs.set_weights(ours.get_weights())
    results = []
    for layer in (ours, theirs):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x)
            value = tf.reduce_sum(tf.sin(3.0 * y))
        variables = [v.value for v in layer.trainable_variables]
        results.append([y, *tape.gradient(value, [x, *variables])])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    "changes",
    [{"strides": 2}, {"dilation_rate": 2}, {"groups": 2}, {"data_format": "channels_first"}],
)
def test_an_upsampled_convolution_takes_no_strides(changes):
    with pytest.raises(ValueError, match="Expected no strides, .* channels last.*Received: "):
        UpSampledConv2D(4, 3, **changes)


# An image smaller than its kernel, convolved


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


# The largest of several pieces


def test_a_maxout_unit_is_the_largest_of_its_pieces():
    layer = Maxout(3, pieces=4)
    x = np.random.default_rng(0).normal(size=(5, 2)).astype("float32")
    outputs, (kernel, bias) = layer(x), layer.get_weights()
    assert kernel.shape == (2, 12) and bias.shape == (12,)
    layer.set_weights([kernel, bias + np.arange(12, dtype="float32")])
    outputs = layer(x)
    for sample, row in zip(x, np.array(outputs), strict=True):
        for unit in range(3):
            pieces = [sample @ kernel[:, 3 * k + unit] + 3 * k + unit for k in range(4)]
            assert row[unit] == pytest.approx(max(pieces), rel=1e-5)


@pytest.mark.parametrize("arguments", [{"units": 0}, {"units": 3, "pieces": 1}])
def test_bad_maxout(arguments):
    with pytest.raises(ValueError, match="Expected `units` of at least 1 and.*Received: u"):
        Maxout(**arguments)
