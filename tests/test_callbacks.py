"""Every callback: a contract that all share, then what each one writes or holds."""

import csv
import itertools
import os
import random

import keras
import numpy as np
import pytest
from keras import layers
from matplotlib.figure import Figure
from PIL import Image

import keras_gans as kg
from conftest import assert_same_state, images, make, state_of, vector_networks
from keras_gans.callbacks.files import numbered, replacing
from keras_gans.callbacks.pictures import as_pixels, image_grid

pytestmark = pytest.mark.filterwarnings("ignore:WGAN trains without weight clipping")

X = images(16)  # Four steps an epoch, with batches of four.

# A constructor for each callback, from a folder; WeightClipping so wide that it clips nothing.
MAKERS = {
    "Checkpoint": lambda folder: kg.callbacks.Checkpoint(folder / "checkpoints"),
    "EpochSamples": lambda folder: kg.callbacks.EpochSamples(folder / "rows.png", (1, 2), 2),
    "HistoryCSV": lambda folder: kg.callbacks.HistoryCSV(folder / "history.csv"),
    "LossCurves": lambda folder: kg.callbacks.LossCurves(folder / "losses.png"),
    "NaNGuard": lambda folder: kg.callbacks.NaNGuard(),
    "SampleGrid": lambda folder: kg.callbacks.SampleGrid(folder / "samples", (2, 3)),
    "WeightClipping": lambda folder: kg.callbacks.WeightClipping(1e6),
}


def image_networks(channels=1, batch_norm=True):
    """Fully connected, so that each test traces or runs in no time."""
    shape = (8, 8, channels)
    return (
        kg.networks.mlp_generator(3, shape, hidden=(8,), batch_norm=batch_norm),
        kg.networks.mlp_discriminator(shape, hidden=(8,)),
    )


def new(channels=1, batch_norm=True, **arguments):
    sgd = keras.optimizers.SGD
    optimizers = {"d_optimizer": sgd(0.1), "g_optimizer": sgd(0.1)}
    return make(kg.GAN, lambda: image_networks(channels, batch_norm), **optimizers, **arguments)


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


@pytest.fixture(scope="module", params=[{}, {"steps_per_execution": 3}], ids=str)
def reference(request):
    """Two fits without a callback, and the state after each."""
    return request.param, list(two_fits(request.param))


def two_fits(arguments, *callbacks):
    gan = model(**arguments)
    keras.utils.set_random_seed(0)
    for _ in range(2):
        history = fit(gan, *callbacks).history
        # The global states too: a callback that draws from them changes what the user draws next.
        yield state_of(gan), history, random.getstate(), np.random.get_state()


def test_the_contract_is_complete():
    assert set(MAKERS) == set(kg.callbacks.__all__)
    for name in MAKERS:
        assert issubclass(getattr(kg.callbacks, name), keras.callbacks.Callback)


@pytest.mark.parametrize("name", MAKERS)
def test_training_is_the_same_with_and_without(name, reference, tmp_path):
    arguments, expected = reference
    runs = two_fits(arguments, MAKERS[name](tmp_path))
    for (a, history_a, *random_a), (b, history_b, *random_b) in zip(runs, expected, strict=True):
        assert_equal_states(a, b)
        assert history_a == history_b
        assert str(random_a) == str(random_b)


@pytest.mark.parametrize("name", MAKERS)
def test_a_fit_after_an_interrupted_one_is_as_the_first(name, tmp_path):
    callback = MAKERS[name](tmp_path / "a")
    interrupted(model(), callback)
    states = []
    for used in (callback, MAKERS[name](tmp_path / "b")):
        gan = model()
        fit(gan, used)
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
        ({"every_epochs": 9}, {}, []),
    ],
)
def test_sample_grid_files(arguments, compiled, expected, tmp_path):
    fit(model(**compiled), kg.callbacks.SampleGrid(tmp_path / "s", **arguments), epochs=3)
    written = names(tmp_path / "s") if expected else []
    assert written == [f"{name}.png" for name in expected] + ["training.gif"] * bool(expected)
    assert expected or not (tmp_path / "s").exists()


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
    gan = model()
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

        minimize(wrapped, network, optimizer)

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
