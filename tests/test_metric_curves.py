"""The metrics over the training."""

import numpy as np
import pytest
from PIL import Image

import keras_gans as kg
from callback_cases import X, fit, model, recorded_figures, scores_of


@pytest.fixture
def figures(monkeypatch):
    return recorded_figures(monkeypatch)


def test_metric_curves_are_the_logs(figures, tmp_path):
    callbacks = [
        kg.callbacks.MetricCurves(tmp_path / "metrics.png"),
        kg.callbacks.Evaluation(X, every=2),
    ]
    history = fit(model(), *callbacks, epochs=5).history
    assert len(figures) == 3
    panels = {axes.get_title(): axes for axes in figures[-1].axes if axes.get_title()}
    assert [f"val_{name}" for name in panels] == list(scores_of(history))
    for name, axes in panels.items():
        (line,) = axes.lines
        np.testing.assert_array_equal(line.get_xdata(), [1, 2, 4])
        values = history[f"val_{name}"]
        np.testing.assert_array_equal(line.get_ydata(), [values[0], values[1], values[3]])
    with Image.open(tmp_path / "metrics.png") as picture:
        picture.verify()


def test_metric_curves_without_metrics_write_nothing(tmp_path):
    fit(model(), kg.callbacks.MetricCurves(tmp_path / "metrics.png"), epochs=2)
    assert not list(tmp_path.iterdir())
