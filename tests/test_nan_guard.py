"""A number that is no longer one ends training."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_gans as kg
from callback_cases import fit, model, new
from conftest import images


def test_nan_guard_names_term_value_and_step():
    guard = kg.callbacks.NaNGuard()
    guard.on_train_batch_end(4, {"d_loss": 1.0, "g_loss": np.float32(-1e30)})
    guard.on_train_batch_end(4)
    for bad, shown in ((float("nan"), "nan"), (np.float32("-inf"), "-inf")):
        message = f"Received: g_loss={shown} at step 5 of the epoch"
        with pytest.raises(ValueError, match=message) as error:
            guard.on_train_batch_end(4, {"d_loss": 1.0, "g_loss": bad})
        assert "d_loss" not in str(error.value) and "\n" not in str(error.value)


def test_nan_guard_stops_at_the_step_that_spoils_the_loss():
    gan = model()

    class Spoil(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            if batch == 2:
                bias = self.model.discriminator.layers[-1].bias
                bias.assign(np.full(bias.shape, np.nan))

    with pytest.raises(ValueError, match=r"d_loss=nan, .* at step 3 of the epoch"):
        fit(gan, Spoil())
    assert gan.step == 3


class OwnGuard(kg.callbacks.NaNGuard):
    def __init__(self):
        super().__init__()
        self.steps = 0

    def on_train_batch_end(self, batch, logs=None):
        self.steps += 1


def test_a_guard_of_ones_own_replaces_the_default():
    gan, guard = new(), OwnGuard()

    class Spoil(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            bias = self.model.discriminator.layers[-1].bias
            bias.assign(np.full(bias.shape, np.nan if batch == 1 else 0.0))

    with pytest.raises(ValueError, match="Expected finite weights"):  # At the epoch's end only.
        fit(gan, Spoil(), guard)
    assert guard.steps == gan.step == 4


@pytest.mark.parametrize("kind", ["array", "data set"])
def test_a_nan_in_the_last_sample(kind):
    """An activation may turn it into 0 in the losses."""
    x = images(16)
    x[-1, 0, 0, 0] = np.nan
    gan = new()
    if kind == "array":
        with pytest.raises(ValueError, match="Expected finite data. Received: NaN"):
            fit(gan, x=x, shuffle=False)
        assert gan.step == 0
    else:
        data = tf.data.Dataset.from_tensor_slices(x).batch(4, drop_remainder=True)
        with pytest.raises(ValueError, match="Expected finite (weights|losses). Received: "):
            gan.fit(data, verbose=0)
