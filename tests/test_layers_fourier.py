"""Fourier features against their formula."""

import numpy as np
import pytest

from keras_gans.layers import FourierFeatures


def test_each_frequency_doubles():
    x = np.array([[0.0, 0.25], [0.5, -1.5]], "float32")
    expected = [x]
    for frequency in (np.pi, 2 * np.pi, 4 * np.pi):
        angle = frequency * x.astype("float64")
        expected += [np.imag(np.exp(1j * angle)), np.real(np.exp(1j * angle))]
    np.testing.assert_allclose(FourierFeatures(3)(x), np.concatenate(expected, 1), atol=1e-5)


def test_a_bad_count():
    with pytest.raises(ValueError, match="Expected `count` of at least 1. Received: count=0"):
        FourierFeatures(0)
