"""Models saved while training."""

import keras
import numpy as np
import pytest

import keras_gans as kg
from callback_cases import assert_equal_states, fit, model, names, new
from conftest import assert_same_state, state_of

pytestmark = pytest.mark.core


@pytest.mark.parametrize(
    ("every", "keep", "expected"),
    [(1, 3, [4, 5, 6]), (2, 2, [4, 6]), (1, None, [1, 2, 3, 4, 5, 6]), (4, 3, [4]), (7, 1, [])],
)
def test_checkpoint_files(every, keep, expected, tmp_path):
    (tmp_path / "epoch_000001.keras.txt").write_text("not ours")
    (tmp_path / "best.keras").write_text("not ours")
    fit(model(), kg.callbacks.Checkpoint(tmp_path, every, keep), epochs=6)
    others = ["best.keras", "epoch_000001.keras.txt"]
    assert names(tmp_path) == sorted([*others, *(f"epoch_{i:06d}.keras" for i in expected)])
    assert all((tmp_path / name).read_text() == "not ours" for name in others)


def test_checkpoint_is_the_whole_model_of_its_epoch(tmp_path):
    gan = model()
    fit(gan, epochs=2)
    state, samples = state_of(gan), gan.generate(4, seed=1)
    gan = model()
    fit(gan, kg.callbacks.Checkpoint(tmp_path), epochs=3)
    loaded = keras.saving.load_model(tmp_path / "epoch_000002.keras")
    assert_equal_states(state_of(loaded), state)
    np.testing.assert_array_equal(loaded.generate(4, seed=1), samples)
    fit(loaded, epochs=3, initial_epoch=2)
    assert_same_state(loaded, gan)


def test_checkpoint_leaves_later_files_of_another_run_alone(tmp_path):
    (tmp_path / "epoch_000050.keras").write_text("of a longer run")
    fit(model(), kg.callbacks.Checkpoint(tmp_path, keep=1), epochs=2)
    assert names(tmp_path) == ["epoch_000002.keras", "epoch_000050.keras"]


def test_a_checkpoint_that_fails_midway_leaves_nothing(tmp_path):
    gan = new()
    fit(gan, kg.callbacks.Checkpoint(tmp_path))
    whole = (tmp_path / "epoch_000001.keras").read_bytes()

    def fail(path):
        with open(path, "wb") as file:
            file.write(whole[: len(whole) // 2])
        assert len(names(tmp_path)) == 2
        raise OSError("No space left on device")

    object.__setattr__(gan, "save", fail)
    for epochs in (1, 2):  # In place of an earlier file, and anew.
        with pytest.raises(OSError, match="No space"):
            fit(gan, kg.callbacks.Checkpoint(tmp_path), epochs=epochs, initial_epoch=epochs - 1)
        assert names(tmp_path) == ["epoch_000001.keras"]
        assert (tmp_path / "epoch_000001.keras").read_bytes() == whole


@pytest.mark.parametrize("bad", [{"every_epochs": 0}, {"keep": 0}, {"keep": -1}])
def test_checkpoint_arguments(bad, tmp_path):
    with pytest.raises(ValueError, match="at least 1. Received: every_epochs="):
        kg.callbacks.Checkpoint(tmp_path, **bad)
