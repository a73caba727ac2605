"""The low-pass filter against SciPy's."""

import numpy as np
import pytest
from scipy import ndimage

from keras_gans.layers import Blur2D


@pytest.mark.parametrize("weights", [(1, 2, 1), (1, 4, 6, 4, 1), (1, -2, 0.5), (3,)])
def test_channels_are_filtered_apart(weights):
    """With zeros around the image; weights are not flipped."""
    x = np.random.default_rng(0).normal(size=(2, 5, 4, 3)).astype("float32")
    along = np.array(weights) / sum(weights)
    expected = np.array(x, "float64")
    for axis in (1, 2):
        expected = ndimage.correlate1d(expected, along, axis, mode="constant")
    layer = Blur2D(weights)
    np.testing.assert_allclose(layer(x), expected, rtol=1e-4, atol=1e-5)
    assert layer.compute_output_shape(x.shape) == x.shape


def test_half_precision():
    assert Blur2D(dtype="bfloat16")(np.ones((1, 3, 3, 2), "float32")).dtype == "bfloat16"


@pytest.mark.parametrize("weights", [(1, 1), (), (1, -2, 1)])
def test_bad_weights_are_refused(weights):
    with pytest.raises(ValueError, match="Expected an odd number of weights.*Received: weights="):
        Blur2D(weights)
