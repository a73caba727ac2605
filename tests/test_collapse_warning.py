"""Modes that are lost are told of."""

import itertools
import json
import re
import warnings

import keras
import numpy as np
import pytest

import keras_gans as kg
from callback_cases import fit, model
from conftest import points


def warned(coverages=(), duplicates=(), **arguments):
    """The epochs at which logs of these values bring a warning."""
    callback, epochs = kg.callbacks.CollapseWarning(**arguments), []
    callback.on_train_begin()
    for epoch, values in enumerate(itertools.zip_longest(coverages, duplicates)):
        names = ("val_coverage", "val_duplicates")
        logs = {name: v for name, v in zip(names, values, strict=True) if v is not None}
        with warnings.catch_warnings(record=True) as caught:
            callback.on_epoch_end(epoch, {"d_loss": 0.0, **logs})
        epochs += [epoch + 1] * len(caught)
    return epochs


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"coverages": [0.2, 0.8, 0.3, 0.3, 0.3, 0.3, 0.3]}, [5]),
        ({"coverages": [0.2, 0.8, 0.3, 0.3, 0.5, 0.3, 0.3]}, []),
        ({"coverages": [0.8, 0.3, 0.3, 0.3, 0.9, 0.4, 0.4, 0.4]}, [4, 8]),
        ({"coverages": [0.8, 0.3, 0.5, 0.7], "coverage_drop": 0.2, "patience": 1}, [2]),
        ({"coverages": [0.0] * 9}, []),
        ({"duplicates": [0.9, 0.9, 0.9, 0.9, 0.1, 0.9, 0.9, 0.9]}, [8]),
        ({"duplicates": [0.1, 0.4, 0.4], "max_duplicates": 0.3, "patience": 1}, [2]),
        ({"coverages": [0.8, 0.3, 0.8, 0.8], "duplicates": [0, 0, 1, 1], "patience": 3}, [4]),
        ({"coverages": [0.8, None, 0.3, None, 0.3, None, 0.3]}, [7]),
    ],
)
def test_collapse_warning_of_logs(arguments, expected):
    assert warned(**arguments) == expected


class Collapse(keras.callbacks.Callback):
    """Makes the generator forget its latents after an epoch, but for one unit."""

    def __init__(self, after):
        super().__init__()
        self.after = after

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.after:
            kernel = self.model.generator.layers[0].kernel
            kernel.assign(np.zeros(kernel.shape))


def test_a_generator_that_collapses_is_reported(recwarn):
    gan = model(rate=0.0, planar=True)
    real = gan.generate(200, seed=1)
    callbacks = [kg.callbacks.CollapseWarning(patience=2), kg.callbacks.Evaluation(real)]
    fit(gan, *callbacks, x=real, epochs=5)
    assert not [each for each in recwarn.list if "generator" in str(each.message)]
    fit(gan, *callbacks, Collapse(2), x=real, epochs=5)
    (message,) = [str(w.message) for w in recwarn.list if "generator" in str(w.message)]
    # Of the same distribution, 1 - 2^-5 of the reals are covered.
    expected = r"loses modes at epoch 4: coverage fell from 0.9\d to 0.0\d; 100% of the samples"
    assert re.search(expected, message)


def test_a_generator_that_was_never_alive_is_reported_at_the_end():
    gan = model(rate=0.0, planar=True)
    callbacks = [kg.callbacks.Evaluation(points(40)), kg.callbacks.CollapseWarning()]
    with pytest.warns(UserWarning, match="never made different samples: at least 100%"):
        fit(gan, *callbacks, Collapse(0), x=points(40), epochs=1)


def test_collapse_warning_without_evaluation():
    with pytest.warns(UserWarning, match="found no metrics in the logs. Pass Evaluation too"):
        fit(model(), kg.callbacks.CollapseWarning())


def test_collapse_warning_goes_on_after_an_interruption():
    first, second = (kg.callbacks.CollapseWarning(patience=2) for _ in range(2))
    first.on_train_begin()
    for coverage in (0.8, 0.1):
        first.on_epoch_end(0, {"val_coverage": coverage})
    second.restore_state(json.loads(json.dumps(first.state())))
    second.on_train_begin()
    with pytest.warns(UserWarning, match="epoch 8: coverage fell from 0.80 to 0.10"):
        second.on_epoch_end(7, {"val_coverage": 0.1})


@pytest.mark.parametrize("bad", [{"coverage_drop": 1}, {"max_duplicates": 0}, {"patience": 0}])
def test_collapse_warning_arguments(bad):
    with pytest.raises(ValueError, match="Received: coverage_drop="):
        kg.callbacks.CollapseWarning(**bad)
