"""Minibatch discrimination against a loop over pairs of samples."""

import numpy as np
import pytest

from keras_gans.layers import MinibatchDiscrimination


def test_it_is_the_sum_over_all_pairs():
    x = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")
    layer = MinibatchDiscrimination(3, 2)
    outputs = np.array(layer(x))
    (tensor,) = layer.get_weights()
    assert tensor.shape == (4, 6) and outputs.shape == (5, 7)
    np.testing.assert_array_equal(outputs[:, :4], x)
    for i in range(5):
        for b in range(3):
            rows = x @ tensor.reshape(4, 3, 2)[:, b]  # Of each sample's matrix.
            closeness = sum(np.exp(-np.abs(rows[i] - rows[j]).sum()) for j in range(5))
            assert outputs[i, 4 + b] == pytest.approx(closeness, rel=1e-5)


def test_a_collapse_shows():
    """Equal samples are as close as can be: each exponential is 1."""
    same = np.repeat(np.random.default_rng(0).normal(size=(1, 4)), 6, axis=0).astype("float32")
    np.testing.assert_allclose(MinibatchDiscrimination(3, 2)(same)[:, 4:], 6.0, rtol=1e-6)


@pytest.mark.parametrize("arguments", [(0, 2), (2, 0)])
def test_bad_arguments(arguments):
    with pytest.raises(ValueError, match="Expected `num_kernels` and .*Received: num_kernels="):
        MinibatchDiscrimination(*arguments)


def test_images_are_refused():
    with pytest.raises(ValueError, match="ndim=2"):
        MinibatchDiscrimination(3, 2)(np.ones((2, 4, 4, 3), "float32"))
