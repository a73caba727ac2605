"""Samples beside the training images that they are nearest to."""

import numpy as np
import pytest

import keras_gans as kg
from callback_cases import Painted, X, draw, fit, model, names, pixels
from conftest import points
from keras_gans.callbacks.pictures import as_pixels


def test_nearest_images_are_nearest(tmp_path):
    gan = model(rate=0.0, batch_norm=False)
    kernel = gan.generator.layers[0].kernel
    kernel.assign(30.0 * kernel)  # For samples that differ.
    nearest = kg.callbacks.NearestImages(tmp_path / "n.png", X, samples=3, k=2, seed=4)
    fit(gan, nearest)
    samples = gan.generate(3, seed=4)
    picture = pixels(tmp_path / "n.png")
    seen = set()
    for row, sample in enumerate(samples):
        near = sorted(X, key=lambda x, sample=sample: np.sum((x - sample) ** 2))[:2]
        seen.add(near[0].tobytes())
        for column, image in enumerate([sample, *near]):
            top, left = 57 * row + 1, 57 * column + 1 + (9 if column else 0)
            expected = as_pixels(image[None])[0].repeat(7, 0).repeat(7, 1)
            np.testing.assert_array_equal(picture[top : top + 56, left : left + 56], expected)
    assert len(seen) > 1
    assert (picture[:, 58:66] == 255).all() and picture.shape == (172, 58 + 8 + 115, 3)


def test_nearest_images_every_few_epochs(tmp_path):
    nearest = kg.callbacks.NearestImages(tmp_path / "n.png", X, every_epochs=3)
    fit(model(), nearest, epochs=2)
    assert not list(tmp_path.iterdir())
    fit(model(), nearest, epochs=3)
    assert names(tmp_path) == ["n.png"]


def test_nearest_images_refuses_points(tmp_path):
    with pytest.raises(ValueError, match="Expected images"):
        fit(
            model(planar=True),
            kg.callbacks.NearestImages(tmp_path / "n.png", points(16)),
            x=points(16),
        )
    for bad in ({"k": 0}, {"max_images": 0}):
        with pytest.raises(ValueError, match="at least 1. Received: samples=8, k="):
            kg.callbacks.NearestImages(tmp_path / "n.png", X, **bad)


def test_nearest_images_of_some_of_the_data(tmp_path):
    gan = model(rate=0.0, batch_norm=False)
    few = kg.callbacks.NearestImages(tmp_path / "few.png", X, samples=2, k=4, max_images=4)
    same = kg.callbacks.NearestImages(tmp_path / "same.png", X[::4], samples=2, k=4)
    fit(gan, few, same)
    np.testing.assert_array_equal(pixels(tmp_path / "few.png"), pixels(tmp_path / "same.png"))


def test_nearest_images_are_drawn_in_the_range_of_the_model(tmp_path):
    """Of uint8 pixels, which are mapped onto it, as of floats."""
    stored = np.random.default_rng(0).integers(0, 256, (16, 8, 8, 1), "uint8")
    gan = Painted((stored / 255).astype("float32"))
    for name, data in (("floats", gan.samples[4:]), ("bytes", stored[4:])):
        draw(kg.callbacks.NearestImages(tmp_path / f"{name}.png", data, samples=4, k=2), gan)
    picture = pixels(tmp_path / "floats.png")
    for row in range(4):
        cell = picture[57 * row + 1 : 57 * row + 57 : 7, 1:57:7]
        np.testing.assert_array_equal(cell, np.repeat(stored[row], 3, axis=-1))
    np.testing.assert_array_equal(pixels(tmp_path / "bytes.png"), picture)


def test_nearest_images_refuse_data_of_another_range(tmp_path):
    nearest = kg.callbacks.NearestImages(tmp_path / "n.png", X)
    nearest.set_model(Painted(X))
    message = r"generator's range \[0, 1\]. Received: values in \[-0.99"
    with pytest.raises(ValueError, match=message):
        nearest.on_train_begin()
