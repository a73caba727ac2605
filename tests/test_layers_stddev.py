"""The deviation within a mini-batch against loops over its groups."""

import numpy as np
import pytest
import tensorflow as tf

from keras_gans.layers import MinibatchStdDev

rng = np.random.default_rng(0)


def by_hand(x, group_size, features):
    """Group by group and channel by channel, in float64."""
    n, channels = len(x), x.shape[-1]
    size = group_size if n % group_size == 0 else n
    width = channels // features
    maps = np.zeros((*x.shape[:-1], features))
    for first in range(0, n, size):
        group = x[first : first + size].astype("float64")
        for feature in range(features):
            values = group[..., feature * width : (feature + 1) * width].reshape(size, -1)
            deviations = [np.sqrt(np.var(column) + 1e-8) for column in values.T]
            maps[first : first + size, ..., feature] = np.mean(deviations)
    return np.concatenate([x, maps], axis=-1)


@pytest.mark.parametrize("shape", [(6,), (3, 6), (2, 3, 6)])
@pytest.mark.parametrize("features", [1, 2, 3])
@pytest.mark.parametrize(("n", "group_size"), [(8, 4), (6, 2), (4, 4), (7, 4), (3, 4)])
def test_it_is_the_mean_deviation_of_each_group(n, group_size, features, shape):
    x = rng.normal(size=(n, *shape)).astype("float32") * np.arange(1, n + 1).reshape(
        n, *[1] * len(shape)
    ).astype("float32")
    outputs = MinibatchStdDev(group_size, features)(x)
    np.testing.assert_allclose(outputs, by_hand(x, group_size, features), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_batches_of_unknown_size(jit_compile):
    specs = [tf.TensorSpec((None, None, None, 4))]
    function = tf.function(MinibatchStdDev(), input_signature=specs, jit_compile=jit_compile)
    for n in (8, 6, 3):
        x = rng.normal(size=(n, 2, 3, 4)).astype("float32")
        np.testing.assert_allclose(function(x), by_hand(x, 4, 1), rtol=1e-5, atol=1e-6)


def test_a_collapse_shows():
    same = np.repeat(rng.normal(size=(1, 2, 2, 3)), 8, axis=0).astype("float32")
    np.testing.assert_allclose(MinibatchStdDev()(same)[..., -1], 1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    "arguments", [{"group_size": 1}, {"group_size": 0}, {"features": 0}], ids=str
)
def test_bad_arguments(arguments):
    with pytest.raises(ValueError, match="Expected `group_size` of at least 2.*Received: group_"):
        MinibatchStdDev(**arguments)


def test_features_that_do_not_divide_the_channels():
    with pytest.raises(ValueError, match="Expected `features` to divide.*features=3, 4 channels"):
        MinibatchStdDev(features=3)(np.ones((4, 4), "float32"))
