"""What a discriminator of points in the plane has learnt."""

import keras
import numpy as np
import pytest
from keras import layers

import keras_gans as kg
from callback_cases import Conditional, X, fit, model, names, recorded_figures
from conftest import points
from keras_gans.callbacks.figures import value_surface
from keras_gans.networks.inspection import logits_at


@pytest.fixture
def figures(monkeypatch):
    return recorded_figures(monkeypatch)


def test_value_surface_files_and_points(figures, tmp_path):
    gan, x = model(rate=0.0, planar=True), points(16)
    centers = [[0.0, 0.0], [1.0, 1.0]]
    fit(gan, kg.callbacks.ValueSurface(tmp_path, x, centers, 2, n=10), x=x, epochs=4)
    assert names(tmp_path) == ["epoch_000002.png", "epoch_000004.png"]
    axes = figures[-1].axes[0]
    found = {each.get_label(): each for each in axes.collections}
    np.testing.assert_allclose(found["real"].get_offsets(), x[[0, 2, 4, 5, 7, 8, 10, 12, 13, 15]])
    np.testing.assert_allclose(found["generated"].get_offsets(), gan.generate(10, seed=0))
    np.testing.assert_allclose(found["modes"].get_offsets(), centers)


def test_level_sets_lie_where_the_critic_has_its_values():
    real = np.array([[-1.0, 0.0], [1.0, 10.0]], "float32")
    figure = value_surface(real, real + 100, lambda x: x[:, 0] + 0.1 * x[:, 1] ** 2)
    axes = figure.axes[0]
    np.testing.assert_allclose([axes.get_xlim(), axes.get_ylim()], [(-1.4, 1.4), (-2, 12)])
    (lines,) = [
        each
        for each in axes.collections
        if np.ndim(each.get_edgecolor()) == 2 and hasattr(each, "levels") and not each.filled
    ]
    segments = [
        (level, s)
        for level, found in zip(lines.levels, lines.allsegs, strict=True)
        for s in found
        if len(s)
    ]
    assert len(segments) > 5
    for level, segment in segments:
        x, y = np.transpose(segment)
        np.testing.assert_allclose(x + 0.1 * y**2, level, atol=0.01)
    assert axes.get_title() == "2 of 2 generated points lie outside"


def test_the_surface_of_several_outputs_is_that_of_the_logits():
    inputs = keras.Input((2,))
    logits = layers.Dense(1)(inputs)
    network = keras.Model(inputs, {"features": layers.Dense(3)(inputs), "logits": logits})
    found = logits_at(network, points(5))
    np.testing.assert_array_equal(found, logits_at(keras.Model(inputs, logits), points(5)))
    assert found.shape == (5, 1)


def test_value_surface_refuses_images_and_classes(tmp_path):
    gan = model()
    with pytest.raises(ValueError, match="points in the plane. Received: samples of shape"):
        fit(gan, kg.callbacks.ValueSurface(tmp_path, X))
    assert gan.step == 0
    surface = kg.callbacks.ValueSurface(tmp_path, points())
    surface.set_model(Conditional(3))
    surface.model.sample_shape = (2,)
    with pytest.raises(ValueError, match="unconditional model.*Received: a conditional one"):
        surface.on_train_begin()
    with pytest.raises(ValueError, match="at least 1. Received: every_epochs=1, n=0"):
        kg.callbacks.ValueSurface(tmp_path, X, n=0)


def test_the_surface_of_a_critic_of_packs_is_that_of_equal_samples():
    network = kg.networks.maxout_discriminator((2,), (4,), pack=3)
    x = points(5)
    found, by_hand = logits_at(network, x), np.array(network(np.repeat(x, 3, axis=0)))
    np.testing.assert_array_equal(found, by_hand)
    assert found.shape == (5, 1) and np.ptp(found) > 0
    np.testing.assert_allclose(found[3], np.array(network(np.stack([x[3]] * 3)))[0], rtol=1e-5)
