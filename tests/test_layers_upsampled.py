"""An up-sampled convolution against the two layers of Keras that it stands for."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_gans.layers import UpSampledConv2D


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
