"""A convolution of groups of channels against loops, and its gradients to second order."""

import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_gans import backend
from keras_gans.layers import GroupedConv2D

# Channels, filters and groups: one group; all joined; joined by two; a convolution a group.
SIZES = [(4, 6, 1), (6, 12, 3), (32, 8, 4), (48, 6, 3)]
KERNEL = (3, 2)


@pytest.fixture
def no_gpu(monkeypatch):
    monkeypatch.setattr(backend, "has_gpu", lambda: False)


def image(channels, dtype="float64"):
    return tf.constant(np.random.default_rng(0).normal(size=(2, 5, 4, channels)), dtype)


def build(kind, channels, filters, groups, weights=None, **options):
    layer = kind(filters, KERNEL, groups=groups, **{"dtype": "float64", **options})
    layer.build((None, 5, 4, channels))
    if weights is None:
        weights = [layer.get_weights()[0], np.linspace(-1.0, 1.0, filters)]
    layer.set_weights(weights)
    return layer


def places(channels, filters, groups):
    """For each filter, the channels of its group."""
    inside = channels // groups
    return [[f // (filters // groups) * inside + i for i in range(inside)] for f in range(filters)]


@pytest.mark.parametrize(("channels", "filters", "groups"), SIZES)
def test_a_filter_sees_the_channels_of_its_group(channels, filters, groups, no_gpu):
    layer, x = build(GroupedConv2D, channels, filters, groups, activation="tanh"), image(channels)
    kernel, bias = layer.get_weights()
    seen = places(channels, filters, groups)
    y = np.zeros((2, 3, 3, filters))
    for n, i, j, f in np.ndindex(*y.shape):
        pixels = x.numpy()[n, i : i + 3, j : j + 2][..., seen[f]]
        y[n, i, j, f] = np.tanh(np.sum(pixels * kernel[..., f]) + bias[f])
    np.testing.assert_allclose(layer(x), y, rtol=1e-9, atol=1e-9)


def derivatives(layer, x):
    """Outputs, gradients, and the gradients of a function of the gradients by the inputs."""
    variables = [v.value for v in layer.trainable_variables]
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = layer(x)
            value = tf.reduce_sum(tf.sin(3.0 * y))
        first = inner.gradient(value, [x, *variables])
        penalty = tf.reduce_sum(tf.sin(5.0 * first[0]))
    return [y, *first, *outer.gradient(penalty, [x, *variables])]


@pytest.mark.parametrize(
    "options", [{}, {"padding": "same"}, {"strides": 2}, {"dilation_rate": (2, 3)}]
)
@pytest.mark.parametrize(("channels", "filters", "groups"), SIZES)
def test_gradients_are_those_of_a_kernel_with_zeros_elsewhere(
    channels, filters, groups, options, no_gpu
):
    """Of all channels to all filters, which TensorFlow differentiates."""
    layer = build(GroupedConv2D, channels, filters, groups, activation="tanh", **options)
    kernel, bias = layer.get_weights()
    seen = np.array(places(channels, filters, groups)).T  # (channels of a group, filters)
    own = (slice(None), slice(None), seen, np.arange(filters))
    whole = np.zeros((*KERNEL, channels, filters))
    whole[own] = kernel
    plain = build(layers.Conv2D, channels, filters, 1, [whole, bias], activation="tanh", **options)
    x = image(channels)
    assert layer(x).shape == layer.compute_output_shape(x.shape)
    for ours, theirs in zip(derivatives(layer, x), derivatives(plain, x), strict=True):
        theirs = theirs.numpy()[own] if theirs.shape == whole.shape else theirs
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)


def test_it_is_keras_layer(no_gpu):
    """With the same weights; Keras' runs in XLA."""
    ours = build(GroupedConv2D, 6, 12, 3, padding="same")
    theirs = build(layers.Conv2D, 6, 12, 3, ours.get_weights(), padding="same")
    assert {**ours.get_config(), "name": ""} == {**theirs.get_config(), "name": ""}
    for a, b in zip(*(derivatives(layer, image(6)) for layer in (ours, theirs)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)


def convolutions(layer, x):
    """How many its graph has, those inside functions counted."""
    graph = tf.function(layer).get_concrete_function(x).graph.as_graph_def()
    nodes = [*graph.node, *(node for f in graph.library.function for node in f.node_def)]
    return sum(node.op == "Conv2D" for node in nodes)


@pytest.mark.parametrize(
    ("channels", "groups", "expected"), [(16, 1, 1), (64, 16, 4), (48, 12, 3), (10, 5, 1)]
)
def test_groups_of_few_channels_are_joined(channels, groups, expected, no_gpu):
    """Up to at least 16 channels, for a convolution of fewer takes as long."""
    layer = build(GroupedConv2D, channels, groups, groups)
    assert convolutions(layer, image(channels)) == expected


def test_on_a_gpu_it_is_one_convolution(monkeypatch):
    layer = build(GroupedConv2D, 48, 6, 3)
    monkeypatch.setattr(backend, "has_gpu", lambda: True)
    assert convolutions(layer, image(48)) == 1


def test_half_precision(no_gpu):
    layer = build(GroupedConv2D, 6, 12, 3, dtype="mixed_bfloat16")
    outputs = layer(image(6, "float32"))
    assert outputs.dtype == "bfloat16"
    whole = build(GroupedConv2D, 6, 12, 3, layer.get_weights(), dtype="float32")
    np.testing.assert_allclose(tf.cast(outputs, "float32"), whole(image(6, "float32")), atol=0.1)


def test_channels_first_are_refused():
    with pytest.raises(ValueError, match="Expected channels last.*Received: data_format=chan"):
        GroupedConv2D(4, 3, groups=2, data_format="channels_first")
