"""Pictures of samples while training."""

import itertools
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import keras_gans as kg
from callback_cases import Conditional, Painted, draw, fit, grid_by_hand, model, names, pixels
from conftest import Recorded, image_networks, images, make, vector_networks


@pytest.mark.parametrize(
    ("arguments", "compiled", "expected"),
    [
        ({}, {}, ["epoch", 0, 1, 2, 3]),
        ({"every_epochs": 2}, {}, ["epoch", 0, 2, 3]),
        ({"every_steps": 3}, {}, ["step", 0, 3, 6, 9, 12]),
        ({"every_steps": 5, "every_epochs": 1}, {}, ["step", 0, 5, 10, 12]),
        # Executions end after steps 3, 4, 7, 8, 11, 12.
        ({"every_steps": 6}, {"steps_per_execution": 3}, ["step", 0, 6, 12]),
        ({"every_epochs": 9}, {}, ["epoch", 0, 3]),
        ({"every_steps": 99}, {}, ["step", 0, 12]),
    ],
)
def test_sample_grid_files(arguments, compiled, expected, tmp_path):
    """The first is of the untrained model, the last of the trained one."""
    gan = model(**compiled, rate=1.0)
    untrained = gan.generate(16, seed=0)
    fit(gan, kg.callbacks.SampleGrid(tmp_path / "s", **arguments), epochs=3)
    kind, *numbers = expected
    pictures = [f"{kind}_{number:06d}.png" for number in numbers]
    assert names(tmp_path / "s") == [*pictures, "training.gif"]
    for picture, samples in ((pictures[0], untrained), (pictures[-1], gan.generate(16, seed=0))):
        by_hand = grid_by_hand(samples, 4, 4, scale=7)
        np.testing.assert_array_equal(pixels(tmp_path / "s" / picture), by_hand)
    assert len(frames_of(tmp_path / "s" / "training.gif")) == len(pictures)


def test_sample_grid_counts_steps_through_several_fits(tmp_path):
    gan, grids = model(), kg.callbacks.SampleGrid(tmp_path, every_steps=3, gif=False)
    fit(gan, grids)
    fit(gan, grids)
    assert names(tmp_path) == [f"step_{i:06d}.png" for i in (0, 3, 4, 6, 8)]


@pytest.mark.parametrize(
    ("grid", "channels"), [((1, 1), 1), ((2, 3), 1), ((3, 2), 3), ((1, 5), 3), ([4, 1], 1)]
)
def test_sample_grid_is_generate_of_the_seed(grid, channels, tmp_path):
    gan = model(channels=channels, rate=0.0)
    x = images(16, channels=channels)
    fit(gan, kg.callbacks.SampleGrid(tmp_path, grid, seed=5, gif=False), x=x)
    expected = grid_by_hand(gan.generate(grid[0] * grid[1], seed=5), *grid, scale=7)
    np.testing.assert_array_equal(pixels(tmp_path / "epoch_000001.png"), expected)


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
    expected = [pixels(tmp_path / f"step_{i:06d}.png") for i in range(9)]
    assert [duration for _, duration in frames] == [70] * 9
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
    assert len(frames_of(tmp_path / "training.gif")) == (9 if by_step else 5)
    assert all((tmp_path / name).read_bytes() == content for name, content in kept.items())

    # Back to epoch 2: what lies beyond belongs to another future.
    gan = keras.saving.load_model(tmp_path / "gan.keras")
    fit(gan, kg.callbacks.SampleGrid(tmp_path, **every), epochs=3, initial_epoch=2)
    frames = frames_of(tmp_path / "training.gif")
    paths = sorted(tmp_path.glob("*_*.png"))
    assert len(frames) == len(paths) - (2 if by_step else 1) == (7 if by_step else 4)
    for (frame, _), path in zip(frames, paths, strict=False):
        np.testing.assert_array_equal(frame, pixels(path))


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
    assert gan.asked[1:] == [(len(labels), 5, labels)] * 2  # Before training too.
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


def test_sample_grid_is_drawn_in_the_range_of_the_model(tmp_path):
    samples = images(16)
    draw(kg.callbacks.SampleGrid(tmp_path, gif=False), Painted(samples / 2 + 0.5))
    expected = grid_by_hand(samples, 4, 4, scale=7)
    np.testing.assert_array_equal(pixels(tmp_path / "epoch_000001.png"), expected)


def test_sample_grid_keeps_opacity_and_the_gif_is_on_white(tmp_path):
    gan = Painted(images(4, channels=4) / 2 + 0.5)
    draw(kg.callbacks.SampleGrid(tmp_path, (2, 2)), gan)
    picture = pixels(tmp_path / "epoch_000001.png").astype("float64")
    assert picture.shape[-1] == 4 and len(np.unique(picture[..., 3])) > 100
    share = picture[..., 3:] / 255
    ((frame, _),) = frames_of(tmp_path / "training.gif")
    # Of 256 colours.
    assert np.abs(frame - picture[..., :3] * share - 255 * (1 - share)).mean() < 6


def test_sample_grid_says_once_which_channels_it_draws(tmp_path):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        draw(kg.callbacks.SampleGrid(tmp_path), Painted(images(16, channels=7)), epochs=3)
    assert [str(each.message)[:14] for each in caught] == ["Of 7 channels,"]


@pytest.mark.parametrize("folder", ["file", "file/below"])
def test_sample_grid_refuses_a_folder_that_is_a_file_before_training(folder, tmp_path):
    (tmp_path / "file").write_text("")
    grids = kg.callbacks.SampleGrid(tmp_path / folder)
    grids.set_model(Painted(images(16)))
    with pytest.raises(ValueError, match="file that can be written. Received: .*is a file$"):
        grids.on_train_begin()


# TensorBoard


def events(folder):
    """Tags, steps and values of the event files of a folder."""
    for path in sorted(folder.rglob("events*")):
        for event in tf.compat.v1.train.summary_iterator(str(path)):
            for value in event.summary.value:
                yield value.tag, event.step, value


def test_grids_are_shown_in_tensorboard(tmp_path):
    pytest.importorskip("tensorboard")
    gan, x = make(kg.GAN, image_networks), images(8)
    board = keras.callbacks.TensorBoard(tmp_path / "board", histogram_freq=1)
    grids = kg.callbacks.SampleGrid(
        tmp_path / "samples", (2, 2), log_dir=tmp_path / "board" / "train"
    )
    gan.fit(x, batch_size=4, epochs=2, verbose=0, callbacks=[grids, board])
    found = {}
    for tag, step, value in events(tmp_path / "board"):
        found.setdefault(tag, []).append((step, value))
    assert [step for step, _ in found["samples"]] == [0, 1, 2]
    picture = tf.io.decode_png(found["samples"][-1][1].tensor.string_val[2]).numpy()
    written = np.asarray(Image.open(tmp_path / "samples" / "epoch_000002.png"))
    np.testing.assert_array_equal(picture, written)
    # Scalars of both networks, and a histogram of each weight.
    assert {"epoch_d_loss", "epoch_g_loss"} <= set(found)
    histograms = {tag for tag in found if "histogram" in tag}
    for network in (gan.generator, gan.discriminator):
        for weight in network.trainable_weights:
            assert any(weight.path in tag for tag in histograms), weight.path


def test_tensorboard_has_to_be_there(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ValueError, match="Expected TensorBoard to be installed"):
        kg.callbacks.SampleGrid(tmp_path, log_dir=tmp_path)
