"""A contract that all callbacks share, and what they have in common."""

import functools
import inspect
import json
import os
import random
import signal
import warnings
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest

import keras_gans as kg
from callback_cases import (
    X,
    assert_equal_states,
    data_of,
    fit,
    grid_by_hand,
    image_networks,
    interrupted,
    model,
    names,
    pixels,
)
from conftest import assert_same_state, images, make, points, state_of
from keras_gans.callbacks.files import check_writable, has_workers, is_chief, numbered, replacing

# A constructor for each callback, from a folder; WeightClipping so wide that it clips nothing.
MAKERS = {
    "Checkpoint": lambda folder: kg.callbacks.Checkpoint(folder / "checkpoints"),
    "CollapseWarning": lambda folder: kg.callbacks.CollapseWarning(),
    "EpochSamples": lambda folder: kg.callbacks.EpochSamples(folder / "rows.png", (1, 2), 2),
    "Evaluation": lambda folder: kg.callbacks.Evaluation(X),
    "ForOptimizer": lambda folder: kg.callbacks.ForOptimizer(
        "d_optimizer", keras.callbacks.LambdaCallback()
    ),
    "HistoryCSV": lambda folder: kg.callbacks.HistoryCSV(folder / "history.csv"),
    "LossCurves": lambda folder: kg.callbacks.LossCurves(folder / "losses.png"),
    "MetricCurves": lambda folder: kg.callbacks.MetricCurves(folder / "metrics.png"),
    "NaNGuard": lambda folder: kg.callbacks.NaNGuard(),
    "NearestImages": lambda folder: kg.callbacks.NearestImages(folder / "nearest.png", X),
    "SampleGrid": lambda folder: kg.callbacks.SampleGrid(folder / "samples", (2, 3)),
    "TrainState": lambda folder: kg.callbacks.TrainState(folder, max_overhead=1.0),
    "ValueSurface": lambda folder: kg.callbacks.ValueSurface(folder, points(16)),
    "WeightClipping": lambda folder: kg.callbacks.WeightClipping(1e6),
}
# What only models of points in the plane can have.
PLANAR = {"ValueSurface": {"planar": True}}


# The contract


@functools.cache
def reference(**arguments):
    """Two fits without a callback, and the state after each."""
    return list(two_fits(arguments))


def two_fits(arguments, make_callback=None):
    gan = model(**arguments)
    keras.utils.set_random_seed(0)
    for i in range(2):
        callbacks = [make_callback(i)] if make_callback else []
        history = fit(gan, *callbacks, x=data_of(gan)).history
        # The global states too: a callback that draws from them changes what the user draws next.
        yield state_of(gan), history, random.getstate(), np.random.get_state()


def test_the_contract_is_complete():
    public = {name: getattr(kg.callbacks, name) for name in kg.callbacks.__all__}
    assert all(issubclass(each, keras.callbacks.Callback) for each in public.values())
    # Base classes are for callbacks of one's own.
    assert set(MAKERS) == {name for name, each in public.items() if not inspect.isabstract(each)}


@pytest.mark.filterwarnings("ignore:CollapseWarning found no metrics")
@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("arguments", [{}, {"steps_per_execution": 3}], ids=str)
def test_training_is_the_same_with_and_without(name, arguments, tmp_path):
    arguments = {**arguments, **PLANAR.get(name, {})}
    expected = reference(**arguments)
    runs = two_fits(arguments, lambda i: MAKERS[name](tmp_path / str(i)))
    for (a, history_a, *random_a), (b, history_b, *random_b) in zip(runs, expected, strict=True):
        assert_equal_states(a, b)
        assert {
            name: values for name, values in history_a.items() if name in history_b
        } == history_b
        assert all(name.startswith("val_") for name in history_a.keys() - history_b.keys())
        assert str(random_a) == str(random_b)


# But for TrainState, which goes on where the first one stopped.
@pytest.mark.filterwarnings("ignore:CollapseWarning found no metrics")
@pytest.mark.parametrize("name", sorted(MAKERS.keys() - {"TrainState"}))
def test_a_fit_after_an_interrupted_one_is_as_the_first(name, tmp_path):
    callback, arguments = MAKERS[name](tmp_path / "a"), PLANAR.get(name, {})
    interrupted(model(**arguments), callback, x=data_of(model(**arguments)))
    states = []
    for used in (callback, MAKERS[name](tmp_path / "b")):
        gan = model(**arguments)
        fit(gan, used, x=data_of(gan))
        states.append(state_of(gan))
    assert_equal_states(*states)
    for path in sorted((tmp_path / "b").rglob("*.*")):
        other = tmp_path / "a" / path.relative_to(tmp_path / "b")
        if path.suffix != ".keras":  # Archives hold the time.
            assert path.read_bytes() == other.read_bytes(), path.name
        else:
            load = keras.saving.load_model
            assert_same_state(load(path), load(other))


# Resumable


class Epochs(kg.callbacks.Resumable):
    """A callback of one's own: remembers the epochs that it has seen end."""

    def initial_state(self):
        return {"epochs": []}

    def on_epoch_end(self, epoch, logs=None):
        self._state["epochs"].append(epoch)


def test_a_state_of_ones_own_goes_on_after_an_interruption(tmp_path):
    def callbacks():
        return Epochs(), kg.callbacks.TrainState(tmp_path, max_overhead=1.0)

    first, second = callbacks(), callbacks()
    interrupted(model(), *first)
    fit(model(), *second, epochs=3)
    assert first[0].state() == {"epochs": [0]} and second[0].state() == {"epochs": [0, 1, 2]}


def test_a_state_is_restored_once():
    callback = Epochs()
    callback.restore_state({"epochs": [7]})
    fit(model(), callback)
    assert callback.state() == {"epochs": [7, 0]}
    fit(model(), callback, epochs=2)
    assert callback.state() == {"epochs": [0, 1]}


def test_an_empty_state_is_a_state_too():
    class Empty(kg.callbacks.Resumable):
        def initial_state(self):
            return ["something"]

    callback = Empty()
    callback.restore_state([])
    callback.on_train_begin()
    assert callback.state() == []


@pytest.mark.parametrize("others", [[], [Epochs, Epochs]])
def test_a_state_of_other_callbacks_is_refused(others, tmp_path):
    fit(model(), Epochs(), kg.callbacks.TrainState(tmp_path))
    gan = model()
    before = state_of(gan)
    with pytest.raises(ValueError, match="saved with, 1 of them with a state .* anew") as error:
        fit(gan, *[each() for each in others], kg.callbacks.TrainState(tmp_path), epochs=2)
    message = str(error.value)
    assert "\n" not in message and f"Received: {['Epochs'] * len(others)}" in message
    assert_equal_states(state_of(gan), before)


# Files


def test_replacing_is_whole_or_absent(tmp_path):
    path = tmp_path / "new" / "file.txt"
    with replacing(path) as aside:
        assert aside.parent == path.parent and aside.suffix == ".txt"
        aside.write_text("first")
        assert not path.exists()
    assert path.read_text() == "first" and names(path.parent) == ["file.txt"]
    with pytest.raises(RuntimeError), replacing(path) as aside:
        aside.write_text("sec")
        raise RuntimeError
    assert path.read_text() == "first" and names(path.parent) == ["file.txt"]
    with replacing(os.fspath(path)) as aside:
        aside.write_text("second")
    assert path.read_text() == "second" and names(path.parent) == ["file.txt"]


WRITERS = sorted(MAKERS.keys() - {"CollapseWarning", "Evaluation", "ForOptimizer", "NaNGuard"})
WRITERS.remove("WeightClipping")


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files as Linux does")
def test_an_interrupted_training_leaves_nothing_open_or_half_written(tmp_path):
    def train(folder):
        interrupted(model(), *(MAKERS[name](folder) for name in WRITERS if name not in PLANAR))
        return len(os.listdir("/proc/self/fd"))

    opened, handler = train(tmp_path / "a"), signal.getsignal(signal.SIGINT)
    assert train(tmp_path / "b") <= opened
    assert signal.getsignal(signal.SIGINT) is handler
    assert len(list((tmp_path / "b").rglob("*.*"))) >= 5
    assert not list((tmp_path / "b").rglob(".*"))


@pytest.mark.parametrize("name", WRITERS)
def test_what_cannot_be_written_is_refused_before_training(name, tmp_path):
    """The folder of a file is itself a file."""
    (tmp_path / "file").write_text("")
    gan = model(**PLANAR.get(name, {}))
    with pytest.raises(ValueError, match="file that can be written. Received: .*is a file$") as e:
        fit(gan, MAKERS[name](tmp_path / "file"), x=data_of(gan))
    assert "\n" not in str(e.value) and gan.step == 0
    assert names(tmp_path) == ["file"]


def test_check_writable(tmp_path, monkeypatch):
    check_writable(tmp_path / "new" / "and new" / "file.txt")
    check_writable("file.txt")
    (tmp_path / "file.txt").write_text("")
    check_writable(tmp_path / "file.txt")
    assert names(tmp_path) == ["file.txt"]
    with pytest.raises(ValueError, match="which is a folder$"):
        check_writable(tmp_path)
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(ValueError, match=f"but {tmp_path} may not be written to$"):
        check_writable(tmp_path / "new" / "file.txt")


def test_numbered_is_in_order_of_the_numbers(tmp_path):
    assert numbered(tmp_path / "absent", "epoch", ".png") == {}
    kept = {2: "epoch_000002.png", 10: "epoch_10.png", 1_000_000: "epoch_1000000.png"}
    others = ["epoch_3.jpg", "epoch_.png", "step_000004.png", ".epoch_5.png", "epoch_6xpng"]
    for name in [*kept.values(), *others, "epoch_7.png.png", "an_epoch_8.png", "epoch_-9.png"]:
        (tmp_path / name).touch()
    found = numbered(str(tmp_path), "epoch", ".png")
    assert list(found.items()) == [(number, tmp_path / name) for number, name in kept.items()]


# Workers


class Worker:
    """Stands for a model on one of several workers, or on none."""

    def __init__(self, cluster=None, role=None, number=None):
        spec = SimpleNamespace(as_dict=lambda: cluster or {})
        resolver = SimpleNamespace(cluster_spec=lambda: spec, task_type=role, task_id=number)
        self.distribute_strategy = SimpleNamespace(cluster_resolver=resolver)


TWO = {"worker": ["a:1", "b:1"]}
THREE = {**TWO, "chief": ["c:1"]}
AS_SECOND = json.dumps({"cluster": TWO, "task": {"type": "worker", "index": 1}})


@pytest.mark.parametrize(
    ("worker", "chief", "several"),
    [
        ((), True, False),
        ((TWO, "worker", 0), True, True),
        ((TWO, "worker", 1), False, True),
        ((THREE, "worker", 0), False, True),
        ((THREE, "chief", 0), True, True),
        (({"worker": ["a:1"]}, "worker", 0), True, False),
    ],
)
def test_the_strategy_of_the_model_tells_its_workers(worker, chief, several, tmp_path):
    model = Worker(*worker)
    assert (is_chief(model), has_workers(model)) == (chief, several)
    with replacing(tmp_path / "file.txt", model) as aside:
        aside.write_text("")
    assert (tmp_path / "file.txt").exists() == chief


def test_tf_config_without_a_strategy_joins_nobody(tmp_path, monkeypatch):
    """The process is a worker like the first: it trains, and writes, for itself."""
    callbacks = [
        MAKERS[name](tmp_path / "a") for name in ("HistoryCSV", "SampleGrid", "TrainState")
    ]
    fit(model(), *callbacks)
    monkeypatch.setenv("TF_CONFIG", AS_SECOND)
    callbacks = [
        MAKERS[name](tmp_path / "b") for name in ("HistoryCSV", "SampleGrid", "TrainState")
    ]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")  # As Python has it, each warning once.
        fit(model(), *callbacks)
    told = [str(each.message) for each in caught if "TF_CONFIG" in str(each.message)]
    assert len(told) == 1 and told[0].startswith("TF_CONFIG names 2 workers, but no strategy joins")
    assert (
        names(tmp_path / "a") == names(tmp_path / "b") == ["history.csv", "samples", "state.keras"]
    )


def test_workers_under_another_name_bring_no_warning(monkeypatch, recwarn):
    monkeypatch.setenv("TF_CONFIG", AS_SECOND)
    assert not is_chief(Worker(TWO, "worker", 1)) and not recwarn.list
    monkeypatch.delenv("TF_CONFIG")
    assert is_chief(model()) and not recwarn.list


# Conditional models


def test_a_conditional_model_trains_with_its_pictures_and_scores(tmp_path):
    shape, classes = (8, 8, 1), 3
    gan = make(
        kg.GAN,
        lambda: (
            kg.networks.mlp_generator(3, shape, hidden=(8,), num_classes=classes),
            kg.networks.mlp_discriminator(shape, hidden=(8,), num_classes=classes),
        ),
    )
    x, y = images(48), np.arange(48) % classes
    callbacks = [
        kg.callbacks.SampleGrid(tmp_path / "samples", seed=5),
        kg.callbacks.EpochSamples(tmp_path / "rows.png", (1,)),
        kg.callbacks.NearestImages(tmp_path / "nearest.png", (x, y)),
        kg.callbacks.Evaluation((x, y), metrics=["fid"], seed=2),
        kg.callbacks.TrainState(tmp_path),
    ]
    history = fit(gan, *callbacks, x=x, y=y).history
    scores = gan.evaluate((x, y), ["fid"], seed=2)
    assert history["val_fid"] == [scores["fid"]] and list(scores.by_class) == [0, 1, 2]
    samples = gan.generate(24, seed=5, labels=np.repeat([0, 1, 2], 8))
    expected = grid_by_hand(samples, 3, 8, scale=7)
    np.testing.assert_array_equal(pixels(tmp_path / "samples/epoch_000001.png"), expected)
    assert {"rows.png", "nearest.png"} <= set(names(tmp_path))


# Keras' own callbacks of learning rates


def rates(gan):
    return [float(o.learning_rate) for o in (gan.d_optimizer, gan.g_optimizer)]


def two_rates(**arguments):
    sgd = {"d_optimizer": keras.optimizers.SGD(0.4), "g_optimizer": keras.optimizers.SGD(0.1)}
    return make(kg.GAN, lambda: image_networks(), **sgd, **arguments)


@pytest.mark.parametrize("arguments", [{}, {"steps_per_execution": 3}], ids=str)
def test_a_learning_rate_scheduler_keeps_the_ratio(arguments, tmp_path):
    gan = two_rates(**arguments)
    halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2 if epoch else rate)
    history = fit(gan, halve, epochs=3).history
    assert rates(gan) == pytest.approx([0.1, 0.025])
    assert history["learning_rate_d_optimizer"] == pytest.approx([0.4, 0.2, 0.1])
    assert history["learning_rate_g_optimizer"] == pytest.approx([0.1, 0.05, 0.025])
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert rates(loaded) == pytest.approx([0.1, 0.025])
    assert_same_state(gan, loaded)


def test_the_rate_is_that_of_the_updates():
    """With a rate of 0 from the second epoch on, nothing is trained any more."""
    gan = model(batch_norm=False)
    stop = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.0 if epoch else rate)
    fit(gan, stop)
    before = [np.array(w) for w in gan.weights]
    fit(gan, stop, epochs=2, initial_epoch=1)
    for a, b in zip(before, gan.weights, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_plateau_reduces_both_rates():
    gan = two_rates()
    plateau = keras.callbacks.ReduceLROnPlateau("d_loss", 0.5, 1, mode="min", min_delta=1e9)
    fit(gan, plateau, epochs=3)
    assert rates(gan) == pytest.approx([0.1, 0.025])
