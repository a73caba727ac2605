"""Pictures for notebooks."""

import io

import numpy as np
import pytest
from PIL import Image

import keras_gans as kg
from conftest import image_networks, images, make
from keras_gans.callbacks.pictures import image_grid


def test_a_grid_of_any_number():
    x = images(7)
    np.testing.assert_array_equal(kg.plot.grid(x), image_grid(x, 3, 3))
    np.testing.assert_array_equal(kg.plot.grid(x, columns=4), image_grid(x, 2, 4))
    shifted = kg.plot.grid((x + 1) / 2, value_range=(0, 1), scale=2)
    difference = np.abs(np.asarray(shifted, int) - np.asarray(image_grid(x, 3, 3, 2), int))
    assert difference.max() <= 1  # A level, where rounding decides.


def test_losses_are_those_of_the_history():
    gan = make(kg.GAN, image_networks)
    history = gan.fit(images(8), batch_size=4, epochs=3, verbose=0)
    for given in (history, history.history):
        figure = kg.plot.losses(given, ["d_loss", "g_loss"])
        for axes, name in zip(figure.axes, ("d_loss", "g_loss"), strict=True):
            assert axes.get_title() == name
            epochs, values = axes.lines[0].get_data()
            np.testing.assert_array_equal(epochs, [1, 2, 3])
            np.testing.assert_allclose(values, history.history[name])
    assert len([a for a in kg.plot.losses(history).axes if a.lines]) == len(history.history)


def test_what_cannot_be_drawn():
    with pytest.raises(ValueError, match=r"Expected terms among \['d_loss'\]. Received"):
        kg.plot.losses({"d_loss": [1.0]}, ["loss"])
    with pytest.raises(ValueError, match="Expected terms among"):
        kg.plot.losses({})


def test_scores_are_drawn_where_they_were_measured_and_shown_in_notebooks():
    gan = make(kg.GAN, image_networks)
    scores = kg.callbacks.Evaluation(images(20), every=2, metrics=["fid"])
    history = gan.fit(images(8), batch_size=4, epochs=4, verbose=0, callbacks=[scores])
    assert len(history.history["val_fid"]) == 4
    figure = kg.plot.losses(history, ["val_fid"])
    assert figure.axes[0].lines[0].get_data()[0].tolist() == [1, 2, 4]
    with Image.open(io.BytesIO(figure._repr_png_())) as shown:
        assert shown.width > 100
