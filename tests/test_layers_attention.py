"""Self-attention against the paper's equations, pixel by pixel."""

import keras
import numpy as np
import pytest

from keras_gans.layers import SelfAttention2D, SpectralNormalization

rng = np.random.default_rng(0)


def kernels(layer):
    parts = (layer.f, layer.g, layer.h, layer.v)
    if layer.spectral_normalization:
        return [np.array(part.normalized_kernel()) for part in parts]
    return [np.array(part.kernel) for part in parts]


@pytest.mark.parametrize("spectral_normalization", [False, True])
@pytest.mark.parametrize("channels", [16, 3])
def test_it_is_equations_1_to_3(channels, spectral_normalization):
    x = rng.normal(size=(2, 2, 3, channels)).astype("float32")
    layer = SelfAttention2D(spectral_normalization)
    np.testing.assert_array_equal(layer(x), x)  # gamma starts at 0
    layer.gamma.assign(0.7)
    wf, wg, wh, wv = kernels(layer)
    narrow, half = max(channels // 8, 1), max(channels // 2, 1)
    assert wf.shape == wg.shape == (channels, narrow)
    assert wh.shape == (channels, half) and wv.shape == (half, channels)
    outputs = np.array(layer(x)).reshape(2, 6, channels)
    for sample, found in zip(x.reshape(2, 6, channels), outputs, strict=True):
        for j in range(6):
            s = [(sample[i] @ wf) @ (sample[j] @ wg) for i in range(6)]
            beta = np.exp(s) / np.sum(np.exp(s))
            o = sum(beta[i] * (sample[i] @ wh) for i in range(6)) @ wv
            np.testing.assert_allclose(found[j], 0.7 * o + sample[j], rtol=1e-4, atol=1e-5)


def test_weights():
    """Of C channels, C * C / 8 twice, C * C / 2 twice, and gamma; normalised, a u for each."""
    layers = [SelfAttention2D(), SelfAttention2D(True)]
    for layer in layers:
        layer.build((None, 4, 4, 32))
        assert sum(w.shape.num_elements() if w.shape else 1 for w in layer.trainable_weights) == (
            2 * 32 * 4 + 2 * 32 * 16 + 1
        )
    assert [len(layer.non_trainable_weights) for layer in layers] == [0, 4]
    assert isinstance(layers[1].v, SpectralNormalization)


def test_images_of_unknown_size():
    network = keras.Sequential([keras.Input((None, None, 8)), SelfAttention2D()])
    network.layers[0].gamma.assign(1.0)
    x = rng.normal(size=(2, 3, 5, 8)).astype("float32")
    np.testing.assert_allclose(network.predict(x, verbose=0), network.layers[0](x), rtol=1e-5)


def test_vectors_are_refused():
    with pytest.raises(ValueError, match="ndim=4"):
        SelfAttention2D()(np.ones((2, 8), "float32"))
