"""Maxout against its pieces, one by one."""

import numpy as np
import pytest

from keras_gans.layers import Maxout


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
