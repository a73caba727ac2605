"""Arrays of samples as pictures."""

import sys
import warnings

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from callback_cases import grid_by_hand
from conftest import images
from keras_gans.callbacks.figures import nearest_grid
from keras_gans.callbacks.pictures import as_pixels, image_grid, near_square, opaque, write_film


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


@pytest.mark.parametrize(
    ("value_range", "low", "high"),
    [(None, -1.0, 1.0), ((-1.0, 1.0), -1.0, 1.0), ((0.0, 1.0), 0.0, 1.0), ((0, 255), 0.0, 255.0)],
)
def test_black_and_white_are_the_ends_of_the_range(value_range, low, high):
    stored = np.arange(256, dtype="uint8")
    values = (low + stored / 255 * (high - low)).astype("float32").reshape(1, 16, 16, 1)
    found = as_pixels(values, value_range)[0, ..., 0]
    np.testing.assert_array_equal(found.ravel(), stored)
    beyond = np.array([low - 9, high + 9]).reshape(1, 1, 2, 1)
    assert as_pixels(beyond, value_range)[0, 0, :, 0].tolist() == [0, 255]


def test_four_channels_are_colours_and_opacity():
    values = np.array([0.0, 0.2, 0.6, 1.0, 1.0, 0.0, 0.4, 0.0]).reshape(1, 1, 2, 4)
    found = as_pixels(values, (0.0, 1.0))
    np.testing.assert_array_equal(found.ravel(), [0, 51, 153, 255, 255, 0, 102, 0])


@pytest.mark.parametrize(
    ("channels", "drawn", "told"),
    [
        (2, [0, 0, 0], "Of 2 channels, pictures show the first one as grey."),
        (5, [0, 1, 2], "Of 5 channels, pictures show the first three as red, green and blue."),
        (7, [0, 1, 2], "Of 7 channels, pictures show the first three as red, green and blue."),
    ],
)
def test_of_other_channels_some_are_drawn_and_a_warning_says_which(channels, drawn, told):
    samples = images(6, channels=channels)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")  # As Python has it, each warning once.
        pixels = as_pixels(samples)
        image_grid(samples, 2, 3)
        nearest_grid(samples[:2], samples[2:].reshape(2, 2, *samples.shape[1:]))
    assert [str(each.message) for each in caught] == [told]
    np.testing.assert_array_equal(pixels, as_pixels(samples[..., drawn]))


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_what_can_be_drawn_whole_brings_no_warning(channels, recwarn):
    as_pixels(images(2, channels=channels))
    assert not recwarn.list


@pytest.mark.parametrize("shape", [(4, 2), (4, 8, 8), (4, 8, 8, 0), (4, 8, 8, 8, 3)])
def test_as_pixels_refuses_what_is_not_an_image(shape):
    with pytest.raises(ValueError, match=r"\(n, height, width, channels\). Received: samples of"):
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


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_grids_of_a_range_and_of_channels(channels):
    samples = images(6, channels=channels) / 2 + 0.5
    picture = image_grid(samples, 2, 3, value_range=(0.0, 1.0))
    assert picture.mode == ("RGBA" if channels == 4 else "RGB")
    by_hand = grid_by_hand(2 * samples[..., :3] - 1, 2, 3, scale=7)
    np.testing.assert_array_equal(np.asarray(picture)[..., :3], by_hand)
    if channels == 4:
        opacity = grid_by_hand(2 * samples[..., 3:] - 1, 2, 3, scale=7)[..., 0]
        gaps = np.ones(opacity.shape, bool)
        for row, column in np.ndindex(2, 3):
            gaps[57 * row + 1 : 57 * row + 57, 57 * column + 1 : 57 * column + 57] = False
        opacity[gaps] = 255  # The lines are there, whatever the images.
        np.testing.assert_array_equal(np.asarray(picture)[..., 3], opacity)


@pytest.mark.parametrize("channels", [1, 4])
def test_samples_and_their_neighbours_of_a_range_and_of_channels(channels):
    samples = images(6, channels=channels) / 2 + 0.5
    neighbours = samples[2:].reshape(2, 2, *samples.shape[1:])
    picture = np.asarray(nearest_grid(samples[:2], neighbours, (0.0, 1.0)))
    left = np.asarray(image_grid(samples[:2], 2, 1, value_range=(0.0, 1.0)))
    right = np.asarray(image_grid(samples[2:], 2, 2, value_range=(0.0, 1.0)))
    np.testing.assert_array_equal(picture[:, : left.shape[1]], left)
    np.testing.assert_array_equal(picture[:, left.shape[1] + 8 :], right)
    assert (picture[:, left.shape[1] : left.shape[1] + 8] == 255).all()


def test_opacity_is_laid_on_white():
    colours = np.random.default_rng(0).integers(0, 256, (4, 5, 4), "uint8")
    share = colours[..., 3:] / 255
    expected = colours[..., :3] * share + 255 * (1 - share)
    found = opaque(Image.fromarray(colours))
    assert found.mode == "RGB"
    np.testing.assert_allclose(np.asarray(found), expected, atol=1)


@pytest.mark.parametrize("n", range(1, 70))
def test_a_grid_is_about_a_square(n):
    rows, columns = near_square(n)
    assert (rows - 1) * columns < n <= rows * columns  # No row is empty.
    assert rows <= columns <= 2 * rows
    if any(n == r * c for r in range(1, 9) for c in range(r, 2 * r + 1)):
        assert n == rows * columns  # No gap, where that can be.


def test_the_last_row_may_have_gaps():
    x = images(5)
    grid = np.asarray(image_grid(x, 2, 3))
    whole = np.asarray(image_grid(np.concatenate([x, 0 * x[:1]]), 2, 3))
    height, width = grid.shape[0] // 2, grid.shape[1] // 3
    np.testing.assert_array_equal(grid[:height], whole[:height])
    np.testing.assert_array_equal(grid[height:, : 2 * width], whole[height:, : 2 * width])
    assert set(grid[height + 1 :, 2 * width + 1 :].ravel()) == {127}


# Films


def frames_of(size, n=3):
    rng = np.random.default_rng(0)
    return [Image.fromarray(rng.integers(0, 256, (*size, 3), "uint8")) for _ in range(n)]


def test_a_gif_holds_its_frames_and_their_time(tmp_path):
    grey = [Image.fromarray(np.full((4, 5, 3), level, "uint8")) for level in (3, 128, 250)]
    write_film(iter(grey), tmp_path / "film.gif", frame_ms=70)
    with Image.open(tmp_path / "film.gif") as film:
        assert film.n_frames == 3 and film.info["duration"] == 70 and film.info["loop"] == 0
        for index, frame in enumerate(grey):
            film.seek(index)
            np.testing.assert_array_equal(np.asarray(film.convert("RGB")), np.asarray(frame))


@pytest.mark.parametrize("size", [(32, 48), (31, 47)], ids=["even", "odd"])
def test_an_mp4_is_read_back_by_ffmpeg(size, tmp_path):
    smooth = [Image.fromarray(np.full((*size, 3), level, "uint8")) for level in (40, 120, 200, 240)]
    write_film(smooth, tmp_path / "film.mp4", frame_ms=100)
    reader = imageio_ffmpeg.read_frames(str(tmp_path / "film.mp4"))
    about = next(reader)
    assert about["codec"] == "h264" and about["fps"] == 10
    width, height = about["size"]
    assert (height, width) == (size[0] + size[0] % 2, size[1] + size[1] % 2)
    shown = [np.frombuffer(frame, "uint8").reshape(height, width, 3) for frame in reader]
    assert len(shown) == 4
    for frame, expected in zip(shown, smooth, strict=True):
        inside = frame[: size[0] - 2, : size[1] - 2].astype(int)
        assert np.abs(inside - np.asarray(expected)[0, 0]).max() < 12


def test_films_that_cannot_be_written(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="ends in .gif or .mp4"):
        write_film(frames_of((4, 4)), tmp_path / "film.avi")
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)  # As if it were not installed.
    with pytest.raises(ValueError, match=r"Expected ffmpeg.*write a \.gif, or run pip install"):
        write_film(frames_of((4, 4)), tmp_path / "film.mp4")
    assert not list(tmp_path.iterdir())
