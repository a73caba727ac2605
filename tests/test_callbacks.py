"""Every callback: a contract that all share, then what each one writes or holds."""

import csv
import functools
import inspect
import itertools
import json
import os
import random
import re
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from matplotlib.figure import Figure
from PIL import Image

import keras_gans as kg
from conftest import (
    Recorded,
    assert_same_state,
    images,
    make,
    points,
    state_of,
    vector_networks,
)
from keras_gans.callbacks.figures import value_surface
from keras_gans.callbacks.files import numbered, replacing
from keras_gans.callbacks.pictures import as_pixels, image_grid
from keras_gans.callbacks.value_surface import logits_at

pytestmark = pytest.mark.filterwarnings("ignore:WGAN trains without weight clipping")

X = images(16)  # Four steps an epoch, with batches of four.

# A constructor for each callback, from a folder; WeightClipping so wide that it clips nothing.
MAKERS = {
    "Checkpoint": lambda folder: kg.callbacks.Checkpoint(folder / "checkpoints"),
    "CollapseWarning": lambda folder: kg.callbacks.CollapseWarning(),
    "EpochSamples": lambda folder: kg.callbacks.EpochSamples(folder / "rows.png", (1, 2), 2),
    "Evaluation": lambda folder: kg.callbacks.Evaluation(X),
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


def image_networks(channels=1, batch_norm=True):
    """Fully connected, so that each test traces or runs in no time."""
    shape = (8, 8, channels)
    return (
        kg.networks.mlp_generator(3, shape, hidden=(8,), batch_norm=batch_norm),
        kg.networks.mlp_discriminator(shape, hidden=(8,)),
    )


def new(channels=1, batch_norm=True, planar=False, **arguments):
    sgd = keras.optimizers.SGD
    optimizers = {"d_optimizer": sgd(0.1), "g_optimizer": sgd(0.1)}
    networks = vector_networks if planar else lambda: image_networks(channels, batch_norm)
    return make(kg.GAN, networks, **optimizers, **arguments)


_MODELS = {}


def model(rate=0.1, **arguments):
    """The same compiled model for all tests, put back to its initial state: traced only once."""
    key = tuple(sorted(arguments.items()))
    if key not in _MODELS:
        gan = new(**arguments)
        _MODELS[key] = gan, [np.array(v) for v in variables(gan)]
    gan, state = _MODELS[key]
    for variable, value in zip(variables(gan), state, strict=True):
        variable.assign(value)
    gan.step = 0
    gan.d_optimizer.learning_rate = gan.g_optimizer.learning_rate = rate
    return gan


def variables(gan):
    return [*gan.variables, *gan.d_optimizer.variables, *gan.g_optimizer.variables]


def assert_equal_states(a, b):
    for x, y in zip(a.values(), b.values(), strict=True):
        np.testing.assert_array_equal(x, y)


def fit(gan, *callbacks, x=X, epochs=1, **arguments):
    return gan.fit(
        x, batch_size=4, epochs=epochs, verbose=0, callbacks=list(callbacks), **arguments
    )


def pixels(path):
    return np.asarray(Image.open(path))


def names(folder):
    return sorted(path.name for path in folder.iterdir())


class Raise(keras.callbacks.Callback):
    """Interrupts training at the end of a step of an epoch, both counted from 0."""

    def __init__(self, epoch=1, step=1):
        super().__init__()
        self.at = (epoch, step)

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == self.at:
            raise KeyboardInterrupt


def interrupted(gan, *callbacks, **arguments):
    with pytest.raises(KeyboardInterrupt):
        fit(gan, *callbacks, Raise(), epochs=3, **arguments)


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


def data_of(gan):
    return points(16) if gan.sample_shape == (2,) else X


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


# SampleGrid


@pytest.mark.parametrize(
    ("arguments", "compiled", "expected"),
    [
        ({}, {}, ["epoch_000001", "epoch_000002", "epoch_000003"]),
        ({"every_epochs": 2}, {}, ["epoch_000002"]),
        ({"every_steps": 3}, {}, [f"step_{i:06d}" for i in (3, 6, 9, 12)]),
        ({"every_steps": 5, "every_epochs": 1}, {}, ["step_000005", "step_000010"]),
        # Executions end after steps 3, 4, 7, 8, 11, 12.
        ({"every_steps": 6}, {"steps_per_execution": 3}, ["step_000006", "step_000012"]),
        ({"every_epochs": 9}, {}, ["epoch_000003"]),  # One at least.
        ({"every_steps": 99}, {}, ["step_000012"]),
    ],
)
def test_sample_grid_files(arguments, compiled, expected, tmp_path):
    fit(model(**compiled), kg.callbacks.SampleGrid(tmp_path / "s", **arguments), epochs=3)
    assert names(tmp_path / "s") == [*(f"{name}.png" for name in expected), "training.gif"]


def test_sample_grid_counts_steps_through_several_fits(tmp_path):
    gan, grids = model(), kg.callbacks.SampleGrid(tmp_path, every_steps=3, gif=False)
    fit(gan, grids)
    fit(gan, grids)
    assert names(tmp_path) == ["step_000003.png", "step_000006.png"]


@pytest.mark.parametrize(
    ("grid", "channels"), [((1, 1), 1), ((2, 3), 1), ((3, 2), 3), ((1, 5), 3), ([4, 1], 1)]
)
def test_sample_grid_is_generate_of_the_seed(grid, channels, tmp_path):
    gan = model(channels=channels, rate=0.0)
    x = images(16, channels=channels)
    fit(gan, kg.callbacks.SampleGrid(tmp_path, grid, seed=5, gif=False), x=x)
    expected = grid_by_hand(gan.generate(grid[0] * grid[1], seed=5), *grid, scale=7)
    np.testing.assert_array_equal(pixels(tmp_path / "epoch_000001.png"), expected)


def grid_by_hand(samples, rows, columns, scale):
    """One pixel of the picture after the other: 127 on the lines, else the sample's."""
    height, width = samples.shape[1:3]
    cell_height, cell_width = height * scale + 1, width * scale + 1
    picture = np.full((rows * cell_height + 1, columns * cell_width + 1, 3), 127, "uint8")
    for y, x in np.ndindex(picture.shape[:2]):
        (row, i), (column, j) = divmod(y, cell_height), divmod(x, cell_width)
        if i and j:
            sample = samples[row * columns + column]
            color = sample[(i - 1) // scale, (j - 1) // scale]
            picture[y, x] = np.round((np.minimum(np.maximum(color, -1), 1) + 1) / 2 * 255)
    return picture


@pytest.mark.parametrize(("rate", "equal"), [(0.0, True), (1.0, False)])
def test_sample_grid_uses_the_same_latents_each_time(rate, equal, tmp_path):
    gan = model(rate=rate, batch_norm=False)  # Whose statistics would move at any rate.
    fit(gan, kg.callbacks.SampleGrid(tmp_path), epochs=3)
    pictures = [pixels(tmp_path / f"epoch_00000{i}.png") for i in (1, 2, 3)]
    for a, b in itertools.pairwise(pictures):
        assert np.array_equal(a, b) == equal


@pytest.mark.parametrize("channels", [1, 3])
def test_sample_grid_gif(channels, tmp_path):
    grids = kg.callbacks.SampleGrid(tmp_path, (1, 2), every_steps=1, gif_ms=70)
    fit(model(channels=channels, rate=1.0), grids, x=images(16, channels=channels), epochs=2)
    frames = frames_of(tmp_path / "training.gif")
    expected = [pixels(tmp_path / f"step_{i:06d}.png") for i in range(1, 9)]
    assert [duration for _, duration in frames] == [70] * 8
    for (frame, _), picture in zip(frames, expected, strict=True):
        difference = np.abs(frame.astype(int) - picture)
        # 256 colours are all that grey pictures have; those of colour pictures are chosen to fit.
        assert difference.max() == 0 if channels == 1 else difference.mean() < 4


def frames_of(path):
    with Image.open(path) as gif:
        frames = []
        for i in range(gif.n_frames):
            gif.seek(i)
            frames.append((np.asarray(gif.convert("RGB")), gif.info["duration"]))
    return frames


@pytest.mark.parametrize("by_step", [False, True])
def test_sample_grid_keeps_the_frames_of_an_interrupted_run(by_step, tmp_path):
    every = {"every_steps": 2} if by_step else {"every_epochs": 1}
    gan = model(rate=1.0)
    fit(gan, kg.callbacks.SampleGrid(tmp_path, **every), epochs=2)
    gan.save(tmp_path / "gan.keras")
    kept = {path.name: path.read_bytes() for path in tmp_path.glob("*_*.png")}
    fit(gan, kg.callbacks.SampleGrid(tmp_path, **every), epochs=4, initial_epoch=2)
    assert len(frames_of(tmp_path / "training.gif")) == (8 if by_step else 4)
    assert all((tmp_path / name).read_bytes() == content for name, content in kept.items())

    # Back to epoch 2: what lies beyond belongs to another future.
    gan = keras.saving.load_model(tmp_path / "gan.keras")
    fit(gan, kg.callbacks.SampleGrid(tmp_path, **every), epochs=3, initial_epoch=2)
    frames = frames_of(tmp_path / "training.gif")
    paths = sorted(tmp_path.glob("*_*.png"))
    assert len(frames) == len(paths) - (2 if by_step else 1) == (6 if by_step else 3)
    for (frame, _), path in zip(frames, paths, strict=False):
        np.testing.assert_array_equal(frame, pixels(path))


class Conditional(Recorded):
    """Stands for a conditional model: an image's grey level is its class."""

    conditional = True
    step = 0

    def __init__(self, num_classes, size=8):
        super().__init__(np.zeros((1, size, size, 1), "float32"))
        self.num_classes = num_classes
        self.asked = []

    def generate(self, n, seed=None, labels=None):
        self.asked.append((n, seed, None if labels is None else list(labels)))
        if labels is None:
            if self.num_classes is None:
                raise ValueError("Expected the number of classes")
            labels = np.arange(n) % self.num_classes
        return self.level(np.asarray(labels))[:, None, None, None] * np.ones(self.sample_shape)

    @staticmethod
    def level(label):
        return label / 20 - 0.5


def draw(callback, gan, epochs=1):
    """Calls a callback as `fit` would."""
    callback.set_model(gan)
    callback.on_train_begin()
    for epoch in range(epochs):
        callback.on_epoch_begin(epoch)
        callback.on_epoch_end(epoch, {})
    callback.on_train_end()


@pytest.mark.parametrize(
    ("grid", "classes", "rows", "columns"),
    [
        (None, 3, [0, 1, 2], 8),
        (None, 10, range(10), 8),
        (None, 12, range(10), 8),
        (None, 1, [0], 8),
        ((5, 3), 2, [0, 1, 0, 1, 0], 3),
        ([2, 4], 9, [0, 1], 4),
    ],
)
def test_sample_grid_of_a_conditional_model_has_a_row_a_class(
    grid, classes, rows, columns, tmp_path
):
    gan = Conditional(classes)
    draw(kg.callbacks.SampleGrid(tmp_path, grid, seed=5, gif=False), gan)
    labels = [label for label in rows for _ in range(columns)]
    assert gan.asked[1:] == [(len(labels), 5, labels)]
    samples = gan.generate(len(labels), labels=labels)
    expected = grid_by_hand(samples, len(rows), columns, scale=7)
    np.testing.assert_array_equal(pixels(tmp_path / "epoch_000001.png"), expected)


@pytest.mark.parametrize("grid", [None, (2, 2)])
def test_sample_grid_of_unknown_classes_is_the_models_error(grid, tmp_path):
    grids = kg.callbacks.SampleGrid(tmp_path, grid)
    grids.set_model(Conditional(None))
    with pytest.raises(ValueError, match="Expected the number of classes"):
        grids.on_train_begin()


def test_sample_grid_asks_an_unconditional_model_for_no_labels(tmp_path):
    samples = images(40)
    gan = Recorded(samples)  # Whose `generate` takes none.
    gan.step = 0
    draw(kg.callbacks.SampleGrid(tmp_path, gif=False), gan)
    expected = grid_by_hand(samples[:16], 4, 4, scale=7)
    np.testing.assert_array_equal(pixels(tmp_path / "epoch_000001.png"), expected)


def test_sample_grid_refuses_what_is_not_an_image_before_training(tmp_path):
    gan = make(kg.GAN, vector_networks, run_eagerly=True)
    with pytest.raises(ValueError, match=r"Received: samples of shape \(\d+, 2\)") as error:
        fit(gan, kg.callbacks.SampleGrid(tmp_path), x=np.zeros((16, 2), "float32"))
    assert "\n" not in str(error.value) and gan.step == 0


@pytest.mark.parametrize(
    "bad", [{"grid": (0, 4)}, {"every_epochs": 0}, {"every_steps": 0}, {"grid": (4, -1)}]
)
def test_sample_grid_arguments(bad, tmp_path):
    with pytest.raises(ValueError, match="at least 1. Received: grid="):
        kg.callbacks.SampleGrid(tmp_path, **bad)


# Checkpoint


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


# WeightClipping


def critic_with_batch_norm():
    generator, _ = image_networks()
    hidden = [layers.Flatten(), layers.Dense(8), layers.BatchNormalization(), layers.ReLU()]
    return generator, keras.Sequential([keras.Input((8, 8, 1)), *hidden, layers.Dense(1)])


def wgan(networks=critic_with_batch_norm, **arguments):
    sgd = keras.optimizers.SGD
    optimizers = {"d_optimizer": sgd(10.0), "g_optimizer": sgd(0.1)}
    return make(kg.WGAN, networks, n_critic=2, **optimizers, **arguments)


def largest(gan):
    return max(float(np.abs(v).max()) for v in gan.critic.trainable_variables)


class Constraints(keras.callbacks.Callback):
    """Records, at each step, which of the critic's weights have a constraint."""

    def __init__(self):
        super().__init__()
        self.seen = set()

    def on_train_batch_begin(self, batch, logs=None):
        critic = self.model.critic
        self.seen.add(tuple(v.path for v in critic.weights if v.constraint is not None))


def test_weight_clipping_comes_and_goes_with_training():
    gan, seen = wgan(run_eagerly=True), Constraints()
    fit(gan, kg.callbacks.WeightClipping(0.02), seen)
    assert seen.seen == {tuple(v.path for v in gan.critic.trainable_variables)}
    assert all(v.constraint is None for v in gan.variables)
    assert largest(gan) == pytest.approx(0.02)
    fit(gan)
    assert largest(gan) > 0.1


def test_a_compiled_step_clips_only_while_the_callback_is_there():
    gan = wgan(image_networks)
    fit(gan)
    assert largest(gan) > 0.1
    fit(gan, kg.callbacks.WeightClipping(0.02))
    assert largest(gan) == pytest.approx(0.02)
    fit(gan)
    assert largest(gan) > 0.1


def test_moving_statistics_are_not_clipped():
    gan = wgan(run_eagerly=True)
    fit(gan, kg.callbacks.WeightClipping(0.02))
    moving = gan.critic.layers[2].moving_variance
    assert float(np.min(moving)) > 0.5
    assert float(np.abs(gan.critic.layers[2].gamma).max()) == pytest.approx(0.02)


def test_the_generator_is_not_clipped():
    gan = wgan(run_eagerly=True)
    fit(gan, kg.callbacks.WeightClipping(0.02))
    assert max(float(np.abs(v).max()) for v in gan.generator.trainable_variables) > 0.1


@pytest.mark.parametrize(
    "constraint", [keras.constraints.NonNeg(), kg.constraints.ClipWeights(0.1)]
)
def test_other_constraints_are_refused_and_kept(constraint):
    def networks():
        dense = layers.Dense(1, kernel_constraint=constraint)
        critic = keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), dense])
        return image_networks()[0], critic

    gan = wgan(networks, run_eagerly=True)
    received = f"Received: .*kernel with {type(constraint).__name__}"
    with pytest.raises(ValueError, match=f"without constraints. {received}"):
        fit(gan, kg.callbacks.WeightClipping())
    kernel, bias = gan.critic.layers[1].variables
    assert kernel.constraint is constraint and bias.constraint is None and gan.step == 0


def test_weight_clipping_after_an_interrupted_training():
    gan = wgan(run_eagerly=True)
    interrupted(gan, kg.callbacks.WeightClipping(0.05))
    assert all(v.constraint is None for v in gan.variables)
    interrupted(gan, kg.callbacks.WeightClipping(0.05))
    fit(gan, kg.callbacks.WeightClipping(0.02))  # Another one, as when a cell is run again.
    assert largest(gan) == pytest.approx(0.02)
    assert all(v.constraint is None for v in gan.variables)


@pytest.mark.parametrize("bad", [0.0, -0.01, float("nan")])
def test_weight_clipping_arguments(bad):
    with pytest.raises(ValueError, match="`clip_value` > 0. Received: clip_value="):
        kg.callbacks.WeightClipping(bad)


# LossCurves


@pytest.fixture
def figures(monkeypatch):
    """The figures that were saved, as long as their artists can still be asked."""
    saved, save = [], Figure.savefig

    def recorded(figure, *args, **kwargs):
        saved.append(figure)
        save(figure, *args, **kwargs)

    monkeypatch.setattr(Figure, "savefig", recorded)
    return saved


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


# HistoryCSV


def read(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def assert_rows(path, *histories):
    rows = read(path)
    expected = {name: [v for history in histories for v in history[name]] for name in histories[0]}
    assert [int(row["epoch"]) for row in rows] == list(range(1, len(rows) + 1))
    assert list(rows[0]) == ["epoch", *histories[0]]
    for name, values in expected.items():
        assert [float(row[name]) for row in rows] == values, name


def test_history_is_kerass_to_the_last_digit(tmp_path):
    history = fit(model(), kg.callbacks.HistoryCSV(tmp_path / "a" / "history.csv"), epochs=3)
    assert_rows(tmp_path / "a" / "history.csv", history.history)
    assert names(tmp_path / "a") == ["history.csv"]


def test_history_goes_on_after_an_interruption(tmp_path):
    path = tmp_path / "history.csv"
    gan = model()
    first = fit(gan, kg.callbacks.HistoryCSV(path), epochs=3).history
    second = fit(gan, kg.callbacks.HistoryCSV(path), epochs=5, initial_epoch=2).history
    assert_rows(path, {name: values[:2] for name, values in first.items()}, second)
    third = fit(gan, kg.callbacks.HistoryCSV(path), epochs=1).history
    assert_rows(path, third)


def test_history_is_on_disk_after_each_epoch(tmp_path):
    interrupted(model(), kg.callbacks.HistoryCSV(tmp_path / "history.csv"))
    assert [row["epoch"] for row in read(tmp_path / "history.csv")] == ["1"]


# NaNGuard


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


# Evaluation


def scores_of(history):
    return {name: values for name, values in history.items() if name.startswith("val_")}


def test_evaluation_logs_what_evaluate_returns():
    gan = model(ema_decay=0.5)
    evaluation = kg.callbacks.Evaluation(images(20, seed=1), n=12, seed=3)
    history = fit(gan, evaluation, epochs=2).history
    expected = gan.evaluate(images(20, seed=1), n=12, seed=3)
    assert {name: values[-1] for name, values in scores_of(history).items()} == {
        f"val_{name}": value for name, value in expected.items()
    }
    assert history["val_fid"][0] != history["val_fid"][1]


def test_evaluation_of_every_other_epoch(tmp_path):
    evaluation = kg.callbacks.Evaluation(X, every=2, metrics=["fid", "coverage"])
    history = fit(model(), evaluation, kg.callbacks.HistoryCSV(tmp_path / "h.csv"), epochs=5)
    assert len(history.history["val_fid"]) == 2 and len(history.history["d_loss"]) == 5
    rows = read(tmp_path / "h.csv")
    assert [row["val_fid"] for row in rows] == [
        "" if value is None else repr(value)
        for value in (None, *intersperse(history.history["val_fid"]), None)
    ]
    assert list(scores_of(rows[0])) == ["val_fid", "val_coverage"]


def intersperse(values):
    return [values[0], None, values[1]]


@pytest.mark.parametrize("position", [0, 1, 3])
def test_other_callbacks_find_the_scores_wherever_evaluation_stands(position, tmp_path, capsys):
    gan, path = model(rate=1.0, batch_norm=False), tmp_path / "best.keras"
    callbacks = [
        keras.callbacks.ModelCheckpoint(path, "val_fid", mode="min", save_best_only=True),
        kg.callbacks.HistoryCSV(tmp_path / "history.csv"),
        keras.callbacks.EarlyStopping("val_coverage", mode="max", patience=99),
    ]
    callbacks.insert(position, kg.callbacks.Evaluation(X))
    history = fit(gan, *callbacks, epochs=4).history
    assert len(set(history["val_fid"])) == 4
    best = keras.saving.load_model(path).evaluate(X)["fid"]
    assert best == pytest.approx(min(history["val_fid"]), rel=1e-6)
    assert_rows(
        tmp_path / "history.csv",
        {n: history[n] for n in read(tmp_path / "history.csv")[0] if n != "epoch"},
    )


def test_early_stopping_by_a_score_that_stands_still():
    gan = model(rate=0.0, batch_norm=False)
    stopping = keras.callbacks.EarlyStopping("val_fid", mode="min", patience=2)
    history = fit(gan, stopping, kg.callbacks.Evaluation(X), epochs=9).history
    assert len(history["val_fid"]) == 3


def test_scores_go_on_after_an_interruption(tmp_path):
    def callbacks(folder):
        curves = kg.callbacks.MetricCurves(folder / "metrics.png")
        return [
            curves,
            kg.callbacks.Evaluation(X),
            kg.callbacks.HistoryCSV(folder / "history.csv"),
            kg.callbacks.TrainState(folder, max_overhead=0.1),
        ]

    whole = fit(model(), *callbacks(tmp_path / "a"), epochs=3).history
    interrupted(model(), *callbacks(tmp_path / "b"))
    assert fit(model(), *callbacks(tmp_path / "b"), epochs=3).history == whole
    for name in ("history.csv", "metrics.png"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"metrics": ["is"]}, "is needs probabilities"),
        ({"metrics": ["nothing"]}, "metrics among"),
        ({"data": points(16)}, r"samples of shape \(8, 8, 1\)"),
        ({"data": images(16, 9)}, r"Received: data of shape \(16, 9, 9, 1\)"),
    ],
)
def test_evaluation_refuses_before_training(arguments, message):
    gan = model()
    with pytest.raises(ValueError, match=message):
        fit(gan, kg.callbacks.Evaluation(**{"data": X, **arguments}))
    assert gan.step == 0


def test_evaluation_arguments():
    with pytest.raises(ValueError, match="at least 1. Received: every=0"):
        kg.callbacks.Evaluation(X, every=0)


# CollapseWarning


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


# MetricCurves


def test_metric_curves_are_the_logs(figures, tmp_path):
    callbacks = [
        kg.callbacks.MetricCurves(tmp_path / "metrics.png"),
        kg.callbacks.Evaluation(X, every=2),
    ]
    history = fit(model(), *callbacks, epochs=5).history
    assert len(figures) == 2
    panels = {axes.get_title(): axes for axes in figures[-1].axes if axes.get_title()}
    assert [f"val_{name}" for name in panels] == list(scores_of(history))
    for name, axes in panels.items():
        (line,) = axes.lines
        np.testing.assert_array_equal(line.get_xdata(), [2, 4])
        np.testing.assert_array_equal(line.get_ydata(), history[f"val_{name}"])
    with Image.open(tmp_path / "metrics.png") as picture:
        picture.verify()


def test_metric_curves_without_metrics_write_nothing(tmp_path):
    fit(model(), kg.callbacks.MetricCurves(tmp_path / "metrics.png"), epochs=2)
    assert not list(tmp_path.iterdir())


# NearestImages


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


# ValueSurface


def test_value_surface_files_and_points(figures, tmp_path):
    gan, x = model(rate=0.0, planar=True), points(16)
    centers = [[0.0, 0.0], [1.0, 1.0]]
    fit(gan, kg.callbacks.ValueSurface(tmp_path, x, centers, 2, n=10), x=x, epochs=4)
    assert names(tmp_path) == ["epoch_000002.png", "epoch_000004.png"]
    axes = figures[-1].axes[0]
    found = {each.get_label(): each for each in axes.collections}
    np.testing.assert_allclose(found["real"].get_offsets(), x[[0, 2, 4, 5, 7, 8, 10, 12, 13, 15]])
    np.testing.assert_allclose(found["generated"].get_offsets(), gan.generate(10, seed=0))
    np.testing.assert_allclose(found["modes"].get_offsets(), centers)


def test_level_sets_lie_where_the_critic_has_its_values():
    real = np.array([[-1.0, 0.0], [1.0, 10.0]], "float32")
    figure = value_surface(real, real + 100, lambda x: x[:, 0] + 0.1 * x[:, 1] ** 2)
    axes = figure.axes[0]
    np.testing.assert_allclose([axes.get_xlim(), axes.get_ylim()], [(-1.4, 1.4), (-2, 12)])
    (lines,) = [
        each
        for each in axes.collections
        if np.ndim(each.get_edgecolor()) == 2 and hasattr(each, "levels") and not each.filled
    ]
    segments = [
        (level, s)
        for level, found in zip(lines.levels, lines.allsegs, strict=True)
        for s in found
        if len(s)
    ]
    assert len(segments) > 5
    for level, segment in segments:
        x, y = np.transpose(segment)
        np.testing.assert_allclose(x + 0.1 * y**2, level, atol=0.01)
    assert axes.get_title() == "2 of 2 generated points lie outside"


def test_the_surface_of_several_outputs_is_that_of_the_logits():
    inputs = keras.Input((2,))
    logits = layers.Dense(1)(inputs)
    network = keras.Model(inputs, {"features": layers.Dense(3)(inputs), "logits": logits})
    found = logits_at(network, points(5))
    np.testing.assert_array_equal(found, logits_at(keras.Model(inputs, logits), points(5)))
    assert found.shape == (5, 1)


def test_value_surface_refuses_images_and_classes(tmp_path):
    gan = model()
    with pytest.raises(ValueError, match="points in the plane. Received: samples of shape"):
        fit(gan, kg.callbacks.ValueSurface(tmp_path, X))
    assert gan.step == 0
    surface = kg.callbacks.ValueSurface(tmp_path, points())
    surface.set_model(Conditional(3))
    surface.model.sample_shape = (2,)
    with pytest.raises(ValueError, match="unconditional model.*Received: a conditional one"):
        surface.on_train_begin()
    with pytest.raises(ValueError, match="at least 1. Received: every_epochs=1, n=0"):
        kg.callbacks.ValueSurface(tmp_path, X, n=0)


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


def test_numbered_is_in_order_of_the_numbers(tmp_path):
    assert numbered(tmp_path / "absent", "epoch", ".png") == {}
    kept = {2: "epoch_000002.png", 10: "epoch_10.png", 1_000_000: "epoch_1000000.png"}
    others = ["epoch_3.jpg", "epoch_.png", "step_000004.png", ".epoch_5.png", "epoch_6xpng"]
    for name in [*kept.values(), *others, "epoch_7.png.png", "an_epoch_8.png", "epoch_-9.png"]:
        (tmp_path / name).touch()
    found = numbered(str(tmp_path), "epoch", ".png")
    assert list(found.items()) == [(number, tmp_path / name) for number, name in kept.items()]


# Pictures


def test_as_pixels():
    values = np.array([-1, 0, 1, -3, 3, 1 / 255, -1 / 255], "float32")
    expected = np.array([0, 128, 255, 0, 255, 128, 127], "uint8")
    grey = as_pixels(values.reshape(1, 1, 7, 1))
    assert grey.shape == (1, 1, 7, 3) and grey.dtype == np.uint8
    for channel in range(3):
        np.testing.assert_array_equal(grey[0, 0, :, channel], expected)
    colour = as_pixels(values[:6].reshape(1, 2, 1, 3))
    np.testing.assert_array_equal(colour.ravel(), expected[:6])


def test_as_pixels_undoes_the_scaling_of_pixels():
    stored = np.arange(256, dtype="uint8")
    scaled = (stored.astype("float32") / 127.5 - 1).reshape(1, 16, 16, 1)
    np.testing.assert_array_equal(as_pixels(scaled)[0, ..., 0].ravel(), stored)


@pytest.mark.parametrize("shape", [(4, 2), (4, 8, 8), (4, 8, 8, 2), (4, 8, 8, 4)])
def test_as_pixels_refuses_what_is_not_an_image(shape):
    with pytest.raises(ValueError, match=r"\(n, height, width, 1 or 3\). Received: samples of"):
        as_pixels(np.zeros(shape, "float32"))


@pytest.mark.parametrize(("size", "scale"), [(2, 28), (8, 7), (28, 2), (32, 1), (64, 1)])
def test_small_images_are_enlarged(size, scale):
    samples = images(6, size, channels=3)
    np.testing.assert_array_equal(image_grid(samples, 2, 3), grid_by_hand(samples, 2, 3, scale))


def test_oblong_images_and_a_scale_of_ones_own():
    samples = np.random.default_rng(0).uniform(-1, 1, (2, 5, 3, 1))
    expected = grid_by_hand(samples, 1, 2, scale=4)
    np.testing.assert_array_equal(image_grid(samples, 1, 2, scale=4), expected)
    with pytest.raises(ValueError, match="Expected 2 x 3 images. Received: 2 images"):
        image_grid(samples, 2, 3)


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
