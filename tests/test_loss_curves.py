"""The losses, and rows of samples, of a whole training."""

import keras
import numpy as np
import pytest
from PIL import Image

import keras_gans as kg
from callback_cases import Conditional, Painted, draw, fit, model, names, new, recorded_figures
from conftest import images, points
from keras_gans.callbacks.pictures import as_pixels


@pytest.fixture
def figures(monkeypatch):
    return recorded_figures(monkeypatch)


# LossCurves


def spied(gan):
    """Records what each update minimises: one value of d_loss, or one of g_loss."""
    values, minimize = {"d_loss": [], "g_loss": []}, gan.minimize

    def recorded(objective, network, optimizer):
        def wrapped():
            loss, terms = objective()
            (name,) = set(values) & set(terms)
            values[name].append(float(loss))
            return loss, terms

        return minimize(wrapped, network, optimizer)

    object.__setattr__(gan, "minimize", recorded)
    return values


def curves(figure):
    (axes,) = figure.axes
    return {line.get_label(): line.get_data() for line in axes.get_lines()}


def epoch_axis(figure, iteration):
    """The epoch that the second axis shows below an iteration of the first."""
    (axes,) = figure.axes
    (epochs,) = axes.child_axes
    figure.canvas.draw()
    (x0, x1), (e0, e1) = axes.get_xlim(), epochs.get_xlim()
    return e0 + (iteration - x0) / (x1 - x0) * (e1 - e0)


def test_loss_curves_are_the_losses_of_each_step(figures, tmp_path):
    gan = new(n_critic=2, run_eagerly=True)
    values = spied(gan)
    fit(gan, kg.callbacks.LossCurves(tmp_path / "losses.png"), x=images(24), epochs=3)
    assert len(figures) == 3
    drawn = curves(figures[-1])
    assert list(drawn) == ["g_loss", "d_loss"]
    for name, updates in (("g_loss", 1), ("d_loss", 2)):
        expected = np.reshape(values[name], (9, updates)).mean(axis=1)
        np.testing.assert_array_equal(drawn[name][0], np.arange(1, 10))
        np.testing.assert_allclose(drawn[name][1], expected, rtol=1e-5)
    for epoch in (1, 2, 3):
        assert epoch_axis(figures[-1], 3 * epoch) == pytest.approx(epoch)


def test_loss_curves_of_executions_are_their_means(figures, tmp_path):
    gan = new(steps_per_execution=3, run_eagerly=True)
    values = spied(gan)
    fit(gan, kg.callbacks.LossCurves(tmp_path / "losses.png", ("d_loss",)), epochs=2)
    steps, losses = curves(figures[-1])["d_loss"]
    d = np.array(values["d_loss"])
    np.testing.assert_array_equal(steps, [3, 4, 7, 8])
    expected = [d[:3].mean(), d[3], d[4:7].mean(), d[7]]
    np.testing.assert_allclose(losses, expected, rtol=1e-5)


def test_loss_curves_picture(tmp_path):
    fit(model(), kg.callbacks.LossCurves(tmp_path / "a" / "losses.png"), epochs=2)
    with Image.open(tmp_path / "a" / "losses.png") as picture:
        picture.verify()
        assert picture.format == "PNG" and picture.size == (800, 600)
    assert names(tmp_path / "a") == ["losses.png"]


@pytest.mark.parametrize(("every", "drawings"), [(1, 3), (2, 2), (3, 1), (9, 1)])
def test_loss_curves_are_drawn_at_times_and_at_the_end(every, drawings, figures, tmp_path):
    curve = kg.callbacks.LossCurves(tmp_path / "losses.png", every_epochs=every)
    fit(model(), curve, epochs=3)
    assert len(figures) == drawings
    assert curves(figures[-1])["g_loss"][0][-1] == 12


@pytest.mark.parametrize("resumed", [False, True])
def test_epoch_axis_of_a_second_fit(resumed, figures, tmp_path):
    gan = model()
    fit(gan, epochs=3)
    curve = kg.callbacks.LossCurves(tmp_path / "losses.png")
    fit(gan, curve, epochs=5 if resumed else 2, initial_epoch=3 if resumed else 0)
    np.testing.assert_array_equal(curves(figures[-1])["g_loss"][0], np.arange(13, 21))
    for epoch in (1, 2):
        shown = epoch_axis(figures[-1], 12 + 4 * epoch)
        assert shown == pytest.approx(epoch + (3 if resumed else 0))


def test_loss_curves_arguments(tmp_path):
    with pytest.raises(ValueError, match="at least 1. Received: every_epochs=0"):
        kg.callbacks.LossCurves(tmp_path / "losses.png", every_epochs=0)
    curve = kg.callbacks.LossCurves(tmp_path / "losses.png", terms=("g_loss", "gp"))
    with pytest.raises(ValueError, match="'g_loss'.*Received: terms=.*'gp'"):
        fit(model(), curve)


# EpochSamples


@pytest.mark.parametrize("channels", [1, 3])
def test_epoch_samples_of_the_chosen_epochs(channels, figures, tmp_path):
    x = images(16, channels=channels)
    gan, expected = model(channels=channels, rate=1.0), {}
    record = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: expected.update({epoch + 1: gan.generate(3, seed=4)})
    )
    rows = kg.callbacks.EpochSamples(tmp_path / "rows.png", (1, 3, 9), columns=3, seed=4)
    fit(gan, rows, record, x=x, epochs=4)
    with Image.open(tmp_path / "rows.png") as picture:
        picture.verify()
    cells = np.reshape(figures[-1].axes, (2, 3))
    for row, epoch in zip(cells, (1, 3), strict=True):
        assert row[0].get_ylabel() == f"epoch {epoch}"
        for axes, sample in zip(row, expected[epoch], strict=True):
            (picture,) = axes.get_images()
            np.testing.assert_array_equal(picture.get_array(), as_pixels(sample[None])[0])


def test_epoch_samples_starts_anew_with_each_fit(figures, tmp_path):
    gan = model()
    rows = kg.callbacks.EpochSamples(tmp_path / "rows.png", (1, 2), columns=1)
    fit(gan, rows, epochs=2)
    fit(gan, rows)
    assert [len(figure.axes) for figure in figures] == [1, 2, 1]


def test_epoch_samples_show_the_classes_in_turn(figures, tmp_path):
    gan = Conditional(2)
    draw(kg.callbacks.EpochSamples(tmp_path / "rows.png", (1,), columns=3), gan)
    shown = [axes.get_images()[0].get_array()[0, 0, 0] for axes in figures[-1].axes]
    level = [as_pixels(np.full((1, 1, 1, 1), gan.level(label)))[0, 0, 0, 0] for label in (0, 1, 0)]
    assert shown == level


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_epoch_samples_are_drawn_in_the_range_of_the_model(channels, figures, tmp_path):
    samples = images(16, channels=channels) / 2 + 0.5
    draw(kg.callbacks.EpochSamples(tmp_path / "rows.png", (1,), columns=2), Painted(samples))
    for axes, sample in zip(figures[-1].axes, samples, strict=False):
        (picture,) = axes.get_images()
        found = np.asarray(picture.get_array())
        assert found.shape == (8, 8, max(3, channels))
        np.testing.assert_allclose(found, 255 * sample * np.ones(found.shape), atol=0.51)


def test_epoch_samples_refuse_what_is_not_an_image_before_training(tmp_path):
    rows = kg.callbacks.EpochSamples(tmp_path / "rows.png")
    rows.set_model(Painted(points(16)))
    with pytest.raises(ValueError, match="Expected images"):
        rows.on_train_begin()
