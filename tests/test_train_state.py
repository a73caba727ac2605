"""Training that survives its process, to the bit."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import keras_gans as kg
from conftest import assert_same_state, callbacks_of, make, points
from interrupted import train
from keras_gans.callbacks.train_state import _read_progress

EPOCHS = 4


class Stop(BaseException):
    """What no code expects: training ends at once, nothing is tidied up."""


class StopAt(keras.callbacks.Callback):
    def __init__(self, step):
        super().__init__()
        self.at = step

    def on_train_batch_end(self, batch, logs=None):
        if self.model.step == self.at and not self.model.progress.passes_done_steps:
            raise Stop


def assert_same_run(a, b):
    a, b = Path(a), Path(b)
    with np.load(a / "final.npz") as x, np.load(b / "final.npz") as y:
        assert x.files == y.files
        for name in x.files:
            np.testing.assert_array_equal(x[name], y[name])
    assert (a / "history.csv").read_text() == (b / "history.csv").read_text()
    pictures = sorted(p.relative_to(a) for p in a.rglob("*.png"))
    assert pictures == sorted(p.relative_to(b) for p in b.rglob("*.png")) and len(pictures) > 10
    for picture in [*pictures, Path("samples", "training.gif")]:
        with Image.open(a / picture) as x, Image.open(b / picture) as y:
            assert getattr(x, "n_frames", 1) == getattr(y, "n_frames", 1)
            np.testing.assert_array_equal(np.asarray(x), np.asarray(y))


def train_straight(run, steps_per_execution=1):
    """The run that nothing interrupts."""
    _, history = train(run, EPOCHS, steps_per_execution)
    return run, history.history


def fit(gan, directory, *callbacks, x=None, epochs=3, batch_size=4, overhead=1.0, **arguments):
    state = kg.callbacks.TrainState(directory, max_overhead=overhead)
    return gan.fit(
        points() if x is None else x,
        batch_size=batch_size,
        epochs=epochs,
        verbose=0,
        callbacks=[*callbacks_of(type(gan)), state, *callbacks],
        **arguments,
    )


@pytest.mark.slow
def test_killed_at_random_moments_it_ends_the_same(tmp_path):
    """A real process, killed by SIGKILL at least five times in one run."""
    script = Path(__file__).with_name("interrupted.py")
    run, kills, chance = tmp_path / "run", 0, random.Random(time.time())
    log = []
    while True:
        process = subprocess.Popen(
            [sys.executable, script, run, str(EPOCHS)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout.readline() == "ready\n"
        state = run / "state.keras"
        for _ in range(chance.randint(1, 8)):  # Killed before any, it would never get anywhere.
            before = _modified(state)
            while process.poll() is None and _modified(state) == before:
                time.sleep(0.001)
        time.sleep(chance.uniform(0, 0.05))
        if kills >= 5 or process.poll() is not None:
            process.wait()
            break
        process.kill()
        process.wait()
        kills += 1
        log.append(_read_progress(state)["steps"])
    assert process.returncode == 0 and kills >= 5 and max(log) > 1, (process.returncode, log)
    assert_same_run(train_straight(tmp_path / "straight")[0], run)


def _modified(path):
    return path.stat().st_mtime_ns if path.exists() else None


@pytest.mark.parametrize("steps_per_execution", [1, 5])
def test_stopped_within_epochs_it_ends_the_same(tmp_path, steps_per_execution):
    straight, expected = train_straight(tmp_path / "straight", steps_per_execution)
    run = tmp_path / "run"
    for step in (3, 12, 13, 31):
        with pytest.raises(Stop):
            _train_until(step, run, steps_per_execution)
    _, history = train(run, EPOCHS, steps_per_execution)
    assert_same_run(straight, run)
    assert history.history == expected and history.epoch == list(range(EPOCHS))


def test_stopped_again_while_it_passes_done_steps(tmp_path):
    """The weights are then ahead of the step that `fit` is at."""
    straight, resumed = make(kg.WGANGP), make(kg.WGANGP)
    fit(straight, tmp_path / "a", batch_size=2)
    assert straight.steps_per_epoch > 3
    with pytest.raises(Stop):
        fit(resumed, tmp_path / "b", StopAt(3), batch_size=2)

    class StopAtOnce(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise Stop

    with pytest.raises(Stop):
        fit(make(kg.WGANGP), tmp_path / "b", StopAtOnce(), batch_size=2)
    last = make(kg.WGANGP)
    fit(last, tmp_path / "b", batch_size=2)
    assert_same_state(straight, last)


def _train_until(step, run, steps_per_execution):
    step = -(-step // steps_per_execution) * steps_per_execution
    original = kg.callbacks.TrainState.on_train_batch_end

    def stopping(self, batch, logs=None):
        original(self, batch, logs)
        if self.model.step >= step and not self.model.progress.passes_done_steps:
            raise Stop

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kg.callbacks.TrainState, "on_train_batch_end", stopping)
        train(run, EPOCHS, steps_per_execution)


def test_every_variant_goes_on(variant, tmp_path):
    straight, resumed = make(variant, ema_decay=0.9), make(variant, ema_decay=0.9)
    fit(straight, tmp_path / "a")
    with pytest.raises(Stop):
        fit(resumed, tmp_path / "b", StopAt(straight.step // 2 + 1))
    fresh = make(variant, seed=5, ema_decay=0.9)  # Another process starts with other weights.
    fit(fresh, tmp_path / "b")
    assert_same_state(straight, fresh)


@pytest.mark.parametrize("kind", ["samples", "batches", "samples, other epochs"])
def test_every_kind_of_data_goes_on(kind, tmp_path):
    x = tf.data.Dataset.from_tensor_slices(points())
    data = (
        {"x": x.batch(4, drop_remainder=True), "batch_size": None}
        if kind == "batches"
        else {"x": x}
    )
    if "other" in kind:
        data["steps_per_epoch"] = 11  # Not those of the data.
    straight = make(kg.GAN)
    fit(straight, tmp_path / "a", **data)
    with pytest.raises(Stop):
        fit(make(kg.GAN), tmp_path / "b", StopAt(19), **data)
    resumed = make(kg.GAN)
    fit(resumed, tmp_path / "b", **data)
    assert_same_state(straight, resumed)


def test_data_of_unknown_length_goes_on_at_epochs(tmp_path):
    x = tf.data.Dataset.from_tensor_slices(points()).filter(lambda _: True)
    data = {"x": x.batch(4, drop_remainder=True), "batch_size": None}
    straight = make(kg.GAN)
    fit(straight, tmp_path / "a", **data)
    with pytest.raises(Stop):
        fit(make(kg.GAN), tmp_path / "b", StopAt(20), **data)
    resumed = make(kg.GAN)
    fit(resumed, tmp_path / "b", **data)
    assert_same_state(straight, resumed)


def test_replicas_go_on(mirrored, tmp_path):
    def new():
        with mirrored.scope():
            return make(kg.WGANGP, ema_decay=0.9, n_critic=2)

    straight, resumed = new(), new()
    fit(straight, tmp_path / "a")
    with pytest.raises(Stop):
        fit(new(), tmp_path / "b", StopAt(straight.step // 2 + 1))
    fit(resumed, tmp_path / "b")
    pairs = zip(straight.variables, resumed.variables, strict=True)
    for a, b in pairs:
        to_numpy = keras.ops.convert_to_numpy
        np.testing.assert_array_equal(to_numpy(a), to_numpy(b))


def test_a_finished_training_is_not_repeated_and_can_be_made_longer(tmp_path):
    straight, gan = make(kg.GAN), make(kg.GAN)
    fit(straight, tmp_path / "a", epochs=4)
    fit(gan, tmp_path / "b", epochs=2)
    step = gan.step
    fit(make(kg.GAN), tmp_path / "b", epochs=2)
    assert gan.step == step
    longer = make(kg.GAN)
    history = fit(longer, tmp_path / "b", epochs=4)
    assert_same_state(straight, longer)
    assert history.epoch == [0, 1, 2, 3] and len(history.history["d_loss"]) == 4


def test_the_state_is_a_model(tmp_path):
    gan = make(kg.GAN, ema_decay=0.9)
    fit(gan, tmp_path)
    loaded = keras.saving.load_model(tmp_path / "state.keras")
    assert_same_state(gan, loaded)


def test_sigterm_saves_at_the_next_step_and_exits(tmp_path, capsys):
    class Terminate(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            if self.model.step == 5:
                os.kill(os.getpid(), signal.SIGTERM)

    straight, gan, resumed = make(kg.GAN), make(kg.GAN), make(kg.GAN)
    fit(straight, tmp_path / "a")
    handler = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as exit:
        # So little overhead that nothing but the signal saves after the first step.
        fit(gan, tmp_path / "b", Terminate(), overhead=1e-9)
    assert exit.value.code == 128 + signal.SIGTERM and gan.step == 6
    assert "start again to go on" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGTERM) is handler
    assert keras.saving.load_model(tmp_path / "b" / "state.keras").step == 6
    fit(resumed, tmp_path / "b")
    assert_same_state(straight, resumed)


def test_an_error_gives_the_signal_back(tmp_path):
    handler = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Stop):
        fit(make(kg.GAN), tmp_path, StopAt(3))
    assert signal.getsignal(signal.SIGTERM) is handler


def test_a_killed_write_leaves_the_last_state(tmp_path, monkeypatch):
    gan = make(kg.GAN)
    fit(gan, tmp_path, epochs=1)
    before = (tmp_path / "state.keras").read_bytes()

    def killed(model, path, **_):
        Path(path).write_bytes(before[: len(before) // 2])
        raise Stop

    with monkeypatch.context() as patch:
        patch.setattr(keras.Model, "save", killed)
        with pytest.raises(Stop):
            fit(make(kg.GAN), tmp_path, epochs=2)
    assert (tmp_path / "state.keras").read_bytes() == before
    fit(make(kg.GAN), tmp_path, epochs=2)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    directory = tmp_path_factory.mktemp("saved")
    fit(make(kg.GAN), directory, epochs=1)
    return directory / "state.keras"


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.9, 0.999])
def test_a_truncated_state_is_one_error(saved, tmp_path, share):
    content = saved.read_bytes()
    (tmp_path / "state.keras").write_bytes(content[: int(len(content) * share)])
    gan = make(kg.GAN)
    before = make(kg.GAN)
    with pytest.raises(ValueError, match="readable state of training. Received: .*state.keras"):
        fit(gan, tmp_path)
    assert_same_state(gan, before)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_flipped_bytes_are_one_error(saved, tmp_path, share):
    content = bytearray(saved.read_bytes())
    content[int(len(content) * share)] ^= 0xFF
    (tmp_path / "state.keras").write_bytes(content)
    with pytest.raises(ValueError, match="readable state of training"):
        fit(make(kg.GAN), tmp_path)


def test_a_state_of_another_model_is_refused(saved, tmp_path):
    shutil.copy(saved, tmp_path)
    others = [
        (make(kg.WGANGP), "Received: .*GAN"),
        (make(kg.GAN, d_optimizer="sgd"), "fits the model.*optimizer"),
    ]
    for gan, message in others:
        with pytest.raises(ValueError, match=message):
            fit(gan, tmp_path)


def test_a_plain_model_file_is_no_state(tmp_path):
    make(kg.GAN).save(tmp_path / "state.keras")
    with pytest.raises(ValueError, match="readable state of training.*progress.json"):
        fit(make(kg.GAN), tmp_path)


def test_weights_that_are_not_finite_are_not_saved(tmp_path):
    gan = make(kg.GAN)
    fit(gan, tmp_path, epochs=1)
    before = (tmp_path / "state.keras").read_bytes()

    class Spoil(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            if self.model.step == 20:
                weight = self.model.ema_generator.weights[0]
                weight.assign(np.full(weight.shape, np.nan))

    other = make(kg.GAN, ema_decay=0.5)
    with pytest.raises(ValueError, match=r"finite weights. Received: NaN .* in .*kernel"):
        fit(other, tmp_path / "other", Spoil(), epochs=2)
    assert np.isfinite(keras.saving.load_model(tmp_path / "other/state.keras").weights[0]).all()
    assert (tmp_path / "state.keras").read_bytes() == before


@pytest.mark.parametrize("bad", [0, -1, 1.5])
def test_bad_overhead(bad, tmp_path):
    with pytest.raises(ValueError, match=r"`max_overhead` in \(0, 1\]. Received: max_overhead="):
        kg.callbacks.TrainState(tmp_path, max_overhead=bad)


def test_saving_takes_no_more_than_its_share(tmp_path, monkeypatch):
    """By a clock that stands still but for steps of 10 ms and saves of 100 ms."""
    now, saves = [0.0], []
    monkeypatch.setattr("keras_gans.callbacks.train_state.time.monotonic", lambda: now[0])
    save = keras.Model.save

    def slow_save(*args, **kwargs):
        saves.append(now[0])
        now[0] += 0.1
        return save(*args, **kwargs)

    class Tick(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            now[0] += 0.01

    monkeypatch.setattr(keras.Model, "save", slow_save)
    fit(make(kg.GAN), tmp_path, Tick(), epochs=40, overhead=0.2)
    trained, saved = 40 * (64 // 4) * 0.01, len(saves) * 0.1
    assert 10 < len(saves) and saved <= 0.2 * (trained + saved) + 2 * 0.1  # The first and the last.


def test_no_pickle_in_the_file(saved):
    with zipfile.ZipFile(saved) as archive:
        assert set(archive.namelist()) == {
            "metadata.json",
            "config.json",
            "model.weights.h5",
            "progress.json",
        }
