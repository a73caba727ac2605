import keras
import numpy as np
import pytest

from keras_gans.constraints import ClipWeights


def test_clips():
    clipped = ClipWeights(0.1)(keras.ops.array([-3.0, -0.1, 0.05, 0.2]))
    np.testing.assert_array_equal(clipped, np.array([-0.1, -0.1, 0.05, 0.1], "float32"))


def test_the_optimizer_applies_it():
    dense = keras.layers.Dense(1, kernel_constraint=ClipWeights(0.01))
    dense.build((None, 2))
    keras.optimizers.SGD(1.0).apply([np.full((2, 1), 5.0, "float32")], [dense.kernel])
    np.testing.assert_allclose(dense.kernel, np.full((2, 1), -0.01), rtol=1e-6)


def test_serialises():
    layer = keras.layers.Dense(1, kernel_constraint=ClipWeights(0.3))
    again = keras.layers.Dense.from_config(layer.get_config())
    assert again.kernel_constraint.clip_value == 0.3


@pytest.mark.parametrize("bad", [0, -1, float("nan")])
def test_rejects(bad):
    with pytest.raises(ValueError, match=r"`clip_value` > 0\. Received: clip_value="):
        ClipWeights(bad)
