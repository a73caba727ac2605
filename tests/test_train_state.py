"""Training that survives its process, to the bit."""

import json
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
from conftest import assert_same_state, callbacks_of, make, points, represented_by, state_of
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


@pytest.mark.core
@pytest.mark.skipif(
    keras.backend.backend() == "torch", reason="PyTorch draws the masks of dropout by itself"
)
@pytest.mark.parametrize("steps_per_execution", represented_by(1, among=[1, 5]))
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
    straight, resumed, again, last = (make(kg.WGANGP, n_critic=2) for _ in range(4))
    fit(straight, tmp_path / "a", batch_size=8)
    assert straight.steps_per_epoch > 3
    with pytest.raises(Stop):
        fit(resumed, tmp_path / "b", StopAt(3), batch_size=8)

    class StopAtOnce(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise Stop

    with pytest.raises(Stop):
        fit(again, tmp_path / "b", StopAtOnce(), batch_size=8)
    fit(last, tmp_path / "b", batch_size=8)
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


@pytest.mark.core
def test_every_variant_goes_on(variant, tmp_path):
    straight, resumed = (make(variant, ema_decay=0.9, n_critic=2) for _ in range(2))
    fit(straight, tmp_path / "a", batch_size=8)
    with pytest.raises(Stop):
        fit(resumed, tmp_path / "b", StopAt(straight.step // 2 + 1), batch_size=8)
    # Another process starts with other weights.
    fresh = make(variant, seed=5, ema_decay=0.9, n_critic=2)
    fit(fresh, tmp_path / "b", batch_size=8)
    assert_same_state(straight, fresh)


@pytest.mark.parametrize("kind", ["samples", "batches", "samples, other epochs"])
def test_every_kind_of_data_goes_on(kind, tmp_path):
    x = tf.data.Dataset.from_tensor_slices(points())
    data = (
        {"x": x.batch(16, drop_remainder=True), "batch_size": None}
        if kind == "batches"
        else {"x": x, "batch_size": 16}
    )
    if "other" in kind:
        data["steps_per_epoch"] = 3  # Not those of the data.
    straight, stopped, resumed = (eager() for _ in range(3))
    fit(straight, tmp_path / "a", **data)
    with pytest.raises(Stop):
        fit(stopped, tmp_path / "b", StopAt(5), **data)
    fit(resumed, tmp_path / "b", **data)
    assert_same_state(straight, resumed)


def test_data_of_unknown_length_goes_on_at_epochs(tmp_path):
    x = tf.data.Dataset.from_tensor_slices(points()).filter(lambda _: True)
    data = {"x": x.batch(16, drop_remainder=True), "batch_size": None}
    straight, stopped, resumed = (eager() for _ in range(3))
    fit(straight, tmp_path / "a", **data)
    with pytest.raises(Stop):
        fit(stopped, tmp_path / "b", StopAt(6), **data)
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


# What is finished, and what has gone further


class Count(keras.callbacks.Callback):
    """Counts the steps that are trained."""

    def __init__(self):
        super().__init__()
        self.steps = 0

    def on_train_batch_end(self, batch, logs=None):
        self.steps += 1


def eager(seed=0, **arguments):
    """A model that is trained in no time, as nothing is traced."""
    return make(kg.GAN, seed=seed, run_eagerly=True, **arguments)


def short(gan, directory, *callbacks, epochs=2, overhead=0.02, **arguments):
    """Four steps an epoch, and few states."""
    arguments |= {"epochs": epochs, "overhead": overhead, "batch_size": 16}
    return fit(gan, directory, *callbacks, **arguments)


def test_a_finished_training_is_not_repeated(tmp_path, capsys):
    """By a new process, with other weights at first."""
    gan = eager()
    history, count = short(gan, tmp_path), Count()
    assert capsys.readouterr().err == ""
    again = eager(seed=5)
    restored = short(again, tmp_path, count)
    assert count.steps == 0
    assert_same_state(gan, again)
    assert restored.history == history.history and len(history.history["d_loss"]) == 2
    assert restored.epoch == history.epoch == [0, 1]
    message = capsys.readouterr().err
    assert message.startswith("Nothing to train: ") and "has 2 epochs already" in message
    short(eager(seed=5), tmp_path, count, epochs=1)  # Fewer are no other training.
    assert count.steps == 0 and "has 2 epochs already" in capsys.readouterr().err


def test_a_finished_training_on_data_of_unknown_length_is_not_repeated(tmp_path):
    data = tf.data.Dataset.from_tensor_slices(points()).filter(lambda _: True)
    data = data.batch(16, drop_remainder=True)
    history = fit(eager(), tmp_path, x=data, batch_size=None, epochs=1).history
    assert fit(eager(), tmp_path, x=data, batch_size=None, epochs=1).history == history


def test_a_cell_that_is_run_again_repeats_nothing(tmp_path, capsys):
    gan, count = eager(), Count()
    history = short(gan, tmp_path).history
    before = state_of(gan)
    assert short(gan, tmp_path, count).history == history
    assert count.steps == 0 and gan.step == 8
    assert "Nothing to train" in capsys.readouterr().err
    for name, value in state_of(gan).items():
        np.testing.assert_array_equal(value, before[name])


@pytest.mark.core
@pytest.mark.parametrize("new", [False, True], ids=["same model", "new process"])
def test_a_finished_training_can_be_made_longer(new, tmp_path, capsys):
    straight, gan, count = eager(), eager(), Count()
    expected = short(straight, tmp_path / "a", epochs=5).history
    short(gan, tmp_path / "b", epochs=2)
    gan = eager(seed=5) if new else gan
    history = short(gan, tmp_path / "b", count, epochs=5)
    assert_same_state(straight, gan)
    assert history.history == expected and history.epoch == [0, 1, 2, 3, 4] and count.steps == 12
    assert "Nothing" not in capsys.readouterr().err


def test_a_model_that_has_gone_further_keeps_its_weights(tmp_path):
    gan = eager()
    short(gan, tmp_path)
    gan.fit(points(), batch_size=16, epochs=3, verbose=0)
    before, file = state_of(gan), (tmp_path / "state.keras").read_bytes()
    with pytest.raises(ValueError, match="weights would be lost") as error:
        short(gan, tmp_path)
    message = str(error.value)
    assert "at step 0, at which the training of" in message and "saved there at step 8" in message
    assert "Received: one at step 20" in message and "\n" not in message
    assert gan.step == 20 and (tmp_path / "state.keras").read_bytes() == file
    for name, value in state_of(gan).items():
        np.testing.assert_array_equal(value, before[name])
    short(gan, tmp_path / "other")  # What the message says.
    assert gan.step == 28


def test_another_model_at_the_same_step_keeps_its_weights(tmp_path):
    """Trained without, then with the folder of an earlier day."""
    short(eager(), tmp_path)
    gan = eager(seed=5)
    gan.fit(points(), batch_size=16, epochs=2, verbose=0)
    before = state_of(gan)
    with pytest.raises(ValueError, match="Received: one at step 8, whose weights would be lost"):
        short(gan, tmp_path, epochs=3)
    for name, value in state_of(gan).items():
        np.testing.assert_array_equal(value, before[name])


def test_a_loaded_model_of_an_earlier_epoch_keeps_its_weights(tmp_path):
    checkpoint = kg.callbacks.Checkpoint(tmp_path)
    short(eager(), tmp_path, checkpoint)
    early, last = (
        keras.saving.load_model(tmp_path / f"{name}.keras") for name in ("epoch_000001", "state")
    )
    with pytest.raises(ValueError, match="Received: one at step 4, whose weights would be lost"):
        short(early, tmp_path, epochs=3)
    short(last, tmp_path, epochs=3)
    assert early.step == 4 and last.step == 12


def test_a_script_of_two_trainings_goes_on(tmp_path):
    """The second begins where the first has ended, in a new process too."""

    def script(folder, seed, stop):
        gan = eager(seed=seed, ema_decay=0.9)
        keras.utils.set_random_seed(0)
        short(gan, folder / "first")
        short(gan, folder / "second", *stop, overhead=1.0)
        return gan

    straight = script(tmp_path / "a", 0, [])
    with pytest.raises(Stop):
        script(tmp_path / "b", 0, [StopAt(13)])
    assert_same_state(straight, script(tmp_path / "b", 5, []))


def test_the_epochs_of_the_history_are_those_of_the_training(tmp_path):
    straight = short(eager(), tmp_path / "a", initial_epoch=3, epochs=6)
    with pytest.raises(Stop):
        short(eager(), tmp_path / "b", StopAt(6), initial_epoch=3, epochs=6, overhead=1.0)
    resumed = short(eager(), tmp_path / "b", initial_epoch=3, epochs=6)
    assert resumed.epoch == straight.epoch == [3, 4, 5]
    assert resumed.history == straight.history


def test_it_says_where_it_goes_on(tmp_path, capsys):
    with pytest.raises(Stop):
        short(eager(), tmp_path, StopAt(6), overhead=1.0)
    gan, x = eager(), points()
    state = kg.callbacks.TrainState(tmp_path, 1.0)
    gan.fit(x, batch_size=16, epochs=2, verbose=2, callbacks=[state])
    message = capsys.readouterr().err
    assert f"Goes on from {tmp_path / 'state.keras'} in epoch 2, at step 6.\n" in message


def test_two_states_are_refused(tmp_path):
    with pytest.raises(ValueError, match="Expected one TrainState. Received: several"):
        short(eager(), tmp_path / "a", kg.callbacks.TrainState(tmp_path / "b"))


def test_a_state_of_an_earlier_version_is_one_error(tmp_path):
    short(eager(), tmp_path, epochs=1)
    path = tmp_path / "state.keras"
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    progress = json.loads(content["progress.json"])
    del progress["seed"]
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in {**content, "progress.json": json.dumps(progress)}.items():
            archive.writestr(name, data)
    with pytest.raises(ValueError, match="readable state.*an earlier version wrote it"):
        short(eager(), tmp_path)


def test_the_state_is_a_model(tmp_path):
    gan = eager(ema_decay=0.9)
    short(gan, tmp_path)
    loaded = keras.saving.load_model(tmp_path / "state.keras")
    assert_same_state(gan, loaded)


# Signals


class Send(keras.callbacks.Callback):
    """Sends a signal to this process before a step, or when training ends."""

    def __init__(self, signum, step=None):
        super().__init__()
        self.signum, self.at = signum, step

    def on_train_batch_begin(self, batch, logs=None):
        if self.model.step == self.at:
            os.kill(os.getpid(), self.signum)

    def on_train_end(self, logs=None):
        if self.at is None:
            os.kill(os.getpid(), self.signum)


SIGNALS = {signal.SIGTERM: SystemExit, signal.SIGINT: KeyboardInterrupt}


@pytest.fixture(autouse=True)
def ctrl_c():
    """As in the foreground: a shell has background jobs ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def handlers():
    return {signum: signal.getsignal(signum) for signum in SIGNALS}


@pytest.mark.parametrize("signum", SIGNALS)
@pytest.mark.parametrize("new", [False, True], ids=["same model", "new process"])
def test_a_signal_saves_at_the_next_step_and_stops(signum, new, tmp_path, capsys):
    """After Ctrl-C a cell may be run again."""
    straight, gan = eager(), eager()
    short(straight, tmp_path / "a")
    before = handlers()
    with pytest.raises(SIGNALS[signum]) as stop:
        # So little overhead that nothing but the signal saves after the first step.
        short(gan, tmp_path / "b", Send(signum, 5), overhead=1e-9)
    if signum == signal.SIGTERM:
        assert stop.value.code == 128 + signum
    assert gan.step == 6 and handlers() == before
    assert "state.keras is of step 6, start again to go on." in capsys.readouterr().err
    gan = eager(seed=5) if new else gan
    short(gan, tmp_path / "b")
    assert_same_state(straight, gan)


@pytest.mark.parametrize("signum", SIGNALS)
def test_a_signal_at_an_epochs_last_step_waits_for_its_end(signum, tmp_path):
    """What other callbacks do then is in the state too."""
    gan = eager()
    with pytest.raises(SIGNALS[signum]):
        short(gan, tmp_path, Send(signum, 3), overhead=1e-9)
    assert gan.step == 4 and _read_progress(tmp_path / "state.keras")["epoch"] == 1


@pytest.mark.parametrize("signum", SIGNALS)
def test_a_signal_where_nothing_can_be_saved_stops_at_once(signum, tmp_path, capsys):
    data = tf.data.Dataset.from_tensor_slices(points()).filter(lambda _: True)
    data = data.batch(16, drop_remainder=True)
    for at, told in ((1, "nothing is saved yet"), (6, "state.keras is of step 4, start again")):
        gan = eager()
        with pytest.raises(SIGNALS[signum]):
            fit(gan, tmp_path, Send(signum, at), x=data, batch_size=None)
        assert gan.step == at + 1 and told in capsys.readouterr().err


@pytest.mark.parametrize("signum", SIGNALS)
def test_a_signal_in_the_last_moment_is_not_lost(signum, tmp_path):
    state = kg.callbacks.TrainState(tmp_path)
    gan, before = eager(), handlers()
    with pytest.raises(SIGNALS[signum]):
        gan.fit(points(), batch_size=16, verbose=0, callbacks=[Send(signum), state])
    assert handlers() == before and _read_progress(state.path)["epoch"] == 1


def test_a_second_ctrl_c_stops_at_once(tmp_path):
    """In a step of which the callbacks see nothing before it ends."""

    class Twice(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            if self.model.step == 2:
                os.kill(os.getpid(), signal.SIGINT)
                reached.append("after one")
                os.kill(os.getpid(), signal.SIGINT)
                reached.append("after two")

    gan, before, reached = eager(), handlers(), []
    with pytest.raises(KeyboardInterrupt):
        short(gan, tmp_path, Twice())
    assert reached == ["after one"] and gan.step == 2 and handlers() == before


def test_signals_that_a_process_ignores_stay_ignored(tmp_path):
    """As those of one that nohup has started."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gan = eager()
    short(gan, tmp_path, Send(signal.SIGINT, 1))
    assert gan.step == 8 and signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_an_error_gives_the_signals_back(tmp_path):
    before = handlers()
    with pytest.raises(Stop):
        short(eager(), tmp_path, StopAt(3))
    assert handlers() == before


def test_an_error_before_training_is_the_one_that_is_told(tmp_path):
    class Fail(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            raise RuntimeError("of this callback")

    state, before = kg.callbacks.TrainState(tmp_path), handlers()
    with pytest.raises(RuntimeError, match="of this callback"):
        eager().fit(points(), batch_size=16, verbose=0, callbacks=[Fail(), state])
    assert handlers() == before


# Files


@pytest.mark.parametrize("folder", ["file", "file/below"])
def test_a_folder_that_cannot_be_is_refused_before_training(folder, tmp_path):
    (tmp_path / "file").write_text("")
    gan = eager()
    with pytest.raises(ValueError, match="file that can be written. Received: .*state.keras, but"):
        short(gan, tmp_path / folder)
    assert gan.step == 0


def test_a_killed_write_leaves_the_last_state(tmp_path, monkeypatch):
    short(eager(), tmp_path, epochs=1)
    before = (tmp_path / "state.keras").read_bytes()

    def killed(model, path, **_):
        Path(path).write_bytes(before[: len(before) // 2])
        raise Stop

    with monkeypatch.context() as patch:
        patch.setattr(keras.Model, "save", killed)
        with pytest.raises(Stop):
            short(eager(), tmp_path)
    assert (tmp_path / "state.keras").read_bytes() == before
    short(eager(), tmp_path)


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
    fit(eager(), tmp_path, epochs=1)
    before = (tmp_path / "state.keras").read_bytes()

    class Spoil(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            if self.model.step == 20:
                weight = self.model.ema_generator.weights[0]
                weight.assign(np.full(weight.shape, np.nan))

    other = eager(ema_decay=0.5)
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
