"""A feature map that a vector scales channel by channel."""

import numpy as np

from keras_gans.layers import LearnedBasis2D


def test_each_number_scales_the_image_of_its_channel():
    x = np.random.default_rng(0).normal(size=(3, 5)).astype("float32")
    layer = LearnedBasis2D((4, 2))
    outputs, (basis,) = np.array(layer(x)), layer.get_weights()
    assert outputs.shape == layer.compute_output_shape(x.shape) == (3, 4, 2, 5)
    for n, i, j, c in np.ndindex(*outputs.shape):
        assert outputs[n, i, j, c] == basis[i, j, c] * x[n, c]


def test_images_start_standard_normal():
    layer = LearnedBasis2D((32, 32))
    layer.build((None, 16))
    n = 32 * 32 * 16
    assert abs(np.std(layer.basis) - 1) < 4 / np.sqrt(2 * n)
    assert abs(np.mean(layer.basis)) < 4 / np.sqrt(n)
