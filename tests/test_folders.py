import os
import sys
import time
import unicodedata
import warnings
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_gans import datasets
from keras_gans.datasets import folders, pictures, pixels

RANDOM = np.random.default_rng(0)
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def noise(*shape):
    return RANDOM.integers(0, 256, shape, "uint8")


def read(folder, **arguments):
    """Read all images of a folder, as the levels from 0 to 255 that they had."""
    dataset = datasets.load(folder, **arguments)
    images = np.stack([*dataset.as_numpy_iterator()])
    assert images.dtype == np.float32 and len(dataset) == len(images)
    levels = (images.astype("float64") + 1) * 127.5
    assert np.abs(levels - levels.round()).max() < 1e-3
    return levels.round().astype("uint8")


def plain(folder, colours, size=(4, 4)):
    """Write plain pictures, one a name."""
    for name, colour in colours.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size, colour).save(folder / name)


def colours_of(folder, **arguments):
    """Tell the colours of plain pictures, in the order in which they are read."""
    return [tuple(map(int, image[0, 0])) for image in read(folder, **arguments)]


# Classes and splits


@pytest.fixture
def folder(tmp_path):
    """Two classes of two colour images each, and what they hold by class."""
    images = noise(2, 2, 6, 9, 3)
    for c, name in enumerate(("cat", "dog")):
        (tmp_path / name).mkdir()
        for i in range(2):
            Image.fromarray(images[c, i]).save(tmp_path / name / f"{i}.png")
    return tmp_path, images


def test_folder_of_classes(folder):
    path, stored = folder
    np.testing.assert_array_equal(read(path), stored.reshape(4, 6, 9, 3))
    labels = [int(label) for _, label in datasets.load(path, labels=True).as_numpy_iterator()]
    assert labels == [0, 0, 1, 1]
    assert datasets.load(str(path), size=(3, 3)).element_spec.shape == (3, 3, 3)


def test_folder_of_splits_and_flat_folder(folder, tmp_path_factory):
    path, stored = folder
    parent = tmp_path_factory.mktemp("data")
    path.rename(parent / "train")
    with pytest.raises(ValueError, match=r"\['train'\].*split='test'"):
        datasets.load(parent, "test")
    assert len(datasets.load(parent)) == 4
    np.testing.assert_array_equal(read(parent / "train" / "dog"), stored[1])
    with pytest.raises(ValueError, match="with labels"):
        datasets.load(parent / "train" / "dog", labels=True)


def test_sizes_that_differ_become_that_of_the_first_as_it_is_seen(tmp_path):
    exif = Image.Exif()
    exif[0x112] = 6
    Image.new("RGB", (6, 4), RED).save(tmp_path / "0.png", exif=exif)
    Image.new("RGB", (50, 12), GREEN).save(tmp_path / "1.png")
    images = read(tmp_path)
    assert images.shape == (2, 6, 4, 3)
    assert (images[0] == RED).all() and (images[1] == GREEN).all()


# Which files


def test_what_is_no_picture_is_passed_over(tmp_path):
    plain(tmp_path, {"b.png": RED, "sub/c.png": GREEN, ".thumbnails/a.png": BLUE})
    for name in ("notes.txt", "Thumbs.db", ".DS_Store", "._b.png", ".hidden.jpg", "png", "a.mp4"):
        (tmp_path / name).write_text("not a picture")
    (tmp_path / "a.png").mkdir()
    assert colours_of(tmp_path) == [RED, GREEN]


def test_a_folder_without_pictures(tmp_path):
    for folder in ("empty", "texts", "hidden"):
        (tmp_path / folder).mkdir()
    (tmp_path / "texts" / "a.txt").write_text("text")
    plain(tmp_path / "hidden", {".a.png": RED})
    for folder in tmp_path.iterdir():
        with pytest.raises(ValueError, match=r"^Expected a folder of .png, .jpg.*files\.") as error:
            datasets.load(folder)
        assert str(folder) in str(error.value) and "\n" not in str(error.value)


NAMES = ["A B.png", "[ab]*.png", "a?.PNG", "b.JPG", "c.Jpeg", "d.TIF", "e.tiff", "f.webp", "g.bmp"]
NAMES += ["h.gif", "no.dots.png", "x\ny.png", "ä ö.png", "画.png"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
def test_names_and_suffixes_of_all_kinds(tmp_path):
    folder = tmp_path / "[1] meine Fotos*"
    shades = {name: (16 * i, 0, 0) for i, name in enumerate(NAMES)}
    plain(folder, dict(reversed(shades.items())))
    found = np.array(colours_of(folder))
    assert np.abs(found - list(shades.values())).max() <= 2  # Lossy formats are among them.


@pytest.mark.skipif(sys.platform != "linux", reason="Elsewhere names are text")
def test_names_need_not_be_text(tmp_path):
    plain(tmp_path, {os.fsdecode(b"\xff\xfe.png"): RED})
    assert colours_of(tmp_path) == [RED]


def test_the_content_tells_the_format(tmp_path):
    plain(tmp_path, {"a.png": RED})
    (tmp_path / "a.png").rename(tmp_path / "a.jpg")
    assert colours_of(tmp_path) == [RED]


def test_links_are_followed_and_loops_end(tmp_path):
    plain(tmp_path, {"elsewhere/1.png": GREEN, "photo.png": RED})
    folder = tmp_path / "pictures"
    plain(folder, {"a/own.png": BLUE})
    links = {
        "b.png": tmp_path / "photo.png",
        "c": tmp_path / "elsewhere",
        "a/up": folder,
        "a/higher": tmp_path,
        "a/here": folder / "a",
        "self": folder / "self",
        "broken.png": tmp_path / "nowhere.png",
        "lost": tmp_path / "nowhere",
    }
    for name, target in links.items():
        (folder / name).symlink_to(target)
    # A loop through two folders, neither of which lies inside the other.
    (tmp_path / "elsewhere" / "back").symlink_to(folder / "a")
    assert colours_of(folder) == [RED, BLUE, GREEN, BLUE]


# The order


def test_the_order_is_that_of_code_points(tmp_path, monkeypatch):
    names = ["10.png", "2.png", "B.png", "a.png", "sub a/1.png", "sub/2.png", "sub/deep/1.png"]
    # Folder by folder: "sub" and what it holds come before "sub a", although " " is before "/".
    names = [*names[:4], *names[5:], names[4]]
    plain(tmp_path, {name: (30 * i, 0, 0) for i, name in enumerate(names)})
    wanted = [(30 * i, 0, 0) for i in range(len(names))]
    listed = Path.iterdir
    for way in (sorted, lambda paths: sorted(paths, reverse=True)):
        monkeypatch.setattr(Path, "iterdir", lambda path, way=way: iter(way(listed(path))))
        assert colours_of(tmp_path) == wanted


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_the_order_is_the_same_however_a_system_spells_accents(tmp_path, form):
    e_acute = unicodedata.normalize(form, "é")
    plain(tmp_path, {f"{e_acute}/{e_acute}.png": RED, f"f/{e_acute}.png": GREEN, "f/f.png": BLUE})
    pairs = datasets.load(tmp_path, labels=True).as_numpy_iterator()
    levels = [(int(label), tuple(map(int, (image[0, 0] + 1) * 127.5))) for image, label in pairs]
    assert levels == [(0, BLUE), (0, GREEN), (1, RED)]


def test_a_folder_repeats_itself_and_knows_its_length(folder):
    dataset = datasets.load(folder[0], labels=True)
    assert int(dataset.cardinality()) == 4
    runs = [[*dataset.as_numpy_iterator()], [*dataset.repeat(2).skip(4).as_numpy_iterator()]]
    for (a, x), (b, y) in zip(*runs, strict=True):
        np.testing.assert_array_equal(a, b)
        assert x == y


# Colour


def test_all_files_decide_on_colour(tmp_path):
    grey, colour = noise(5, 6), noise(5, 6, 3)
    Image.fromarray(grey).save(tmp_path / "0.png")
    np.testing.assert_array_equal(read(tmp_path)[0], grey[..., None])
    Image.fromarray(colour).save(tmp_path / "1.png")
    images = read(tmp_path)
    np.testing.assert_array_equal(images[0], np.repeat(grey[..., None], 3, axis=-1))
    np.testing.assert_array_equal(images[1], colour)


def test_grey_in_all_its_forms(tmp_path):
    levels = noise(5, 6)
    bits = np.where(levels > 99, 255, 0).astype("uint8")
    Image.fromarray(levels).save(tmp_path / "0.png")
    Image.fromarray(bits).convert("1").save(tmp_path / "1.png")
    Image.fromarray(levels.astype("uint16") * 256 + 200).save(tmp_path / "2.png")
    Image.merge("LA", (Image.fromarray(levels), Image.new("L", (6, 5), 255))).save(
        tmp_path / "3.png"
    )
    Image.fromarray(levels).save(tmp_path / "4.bmp")
    Image.fromarray(levels).save(tmp_path / "5.gif")
    Image.fromarray(levels).save(tmp_path / "6.tif")
    Image.fromarray(levels).quantize(256).save(tmp_path / "7.png")
    wanted = [levels, bits, levels, levels, levels, levels, levels, levels]
    np.testing.assert_array_equal(read(tmp_path), np.stack(wanted)[..., None])


def test_channels_are_converted_on_demand(tmp_path):
    colour = noise(5, 6, 3)
    colour[0, :3] = (255, 255, 255), (0, 0, 0), RED
    Image.fromarray(colour).save(tmp_path / "a.png")
    np.save(tmp_path / "a.npy", colour[None])
    luma = colour @ np.array([0.299, 0.587, 0.114])
    for source in (tmp_path, tmp_path / "a.npy"):
        (image,) = datasets.load(source, channels=1).as_numpy_iterator()
        np.testing.assert_allclose((image[..., 0] + 1) * 127.5, luma, atol=1e-3)
        assert image.min() == -1 and image.max() <= 1 and image[0, 0] == pytest.approx(1, abs=1e-6)
        np.testing.assert_array_equal(read(source, channels=3)[0], colour)
    grey = noise(5, 6)
    np.save(tmp_path / "a.npy", grey[None])
    image = read(tmp_path / "a.npy", channels=3)[0]
    np.testing.assert_array_equal(image, np.repeat(grey[..., None], 3, axis=-1))
    assert datasets.load(tmp_path / "a.npy", channels=3, size=(3, 3)).element_spec.shape == (
        3,
        3,
        3,
    )


def test_channels_are_checked(folder, tmp_path):
    with pytest.raises(ValueError, match=r"^Expected 1 channel.*channels=4 for images of 3 chan"):
        datasets.load(folder[0], channels=4)
    np.save(tmp_path / "a.npy", noise(2, 5, 5, 2))
    with pytest.raises(ValueError, match=r"^Expected 1 channel.*channels=3 for images of 2 chan"):
        datasets.load(tmp_path / "a.npy", channels=3)
    with pytest.raises(ValueError, match=r"for points.*channels=1"):
        datasets.load("ring", channels=1)


# What is seen


def opaque(colour, alpha):
    """Put colours on white, in exact arithmetic."""
    alpha = alpha[..., None] / 255
    return colour * alpha + 255 * (1 - alpha)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp"])
def test_alpha_is_put_on_white(tmp_path, suffix):
    colour, alpha = noise(5, 6, 3), noise(5, 6)
    alpha[0, :2] = 0, 255
    rgba = Image.fromarray(np.dstack([colour, alpha]))
    rgba.save(
        tmp_path / f"a{suffix}", **({"lossless": True, "exact": True} if suffix == ".webp" else {})
    )
    image = read(tmp_path)[0]
    assert np.abs(image - opaque(colour.astype(float), alpha)).max() <= 1  # Rounding
    assert (image[0, 0] == 255).all() and (image[0, 1] == colour[0, 1]).all()


def test_transparent_colours_are_put_on_white(tmp_path):
    indices = np.array([[0, 1, 2], [2, 1, 0]], "uint8")
    palette = np.array([RED, GREEN, BLUE], "uint8")
    image = Image.fromarray(indices)
    image.putpalette(palette.tobytes())
    image.save(tmp_path / "0.png", transparency=1)
    image.save(tmp_path / "1.png", transparency=bytes([255, 128, 0]))
    image.save(tmp_path / "2.gif", transparency=1)
    Image.fromarray(palette[indices]).save(tmp_path / "3.png", transparency=GREEN)
    images = read(tmp_path)
    hidden = palette[indices]
    hidden[indices == 1] = 255
    for i in (0, 2, 3):
        np.testing.assert_array_equal(images[i], hidden)
    half = opaque(palette[indices].astype(float), np.array([255, 128, 0])[indices])
    assert np.abs(images[1] - half).max() <= 1
    assert (images[1][indices == 2] == 255).all()


def test_transparent_grey_is_put_on_white_and_stays_grey(tmp_path):
    levels, alpha = noise(5, 6), noise(5, 6)
    Image.merge("LA", [*map(Image.fromarray, (levels, alpha))]).save(tmp_path / "0.png")
    Image.fromarray(levels).save(tmp_path / "1.png", transparency=int(levels[0, 0]))
    images = read(tmp_path)
    assert images.shape == (2, 5, 6, 1)
    assert np.abs(images[0] - opaque(levels[..., None].astype(float), alpha)).max() <= 1
    np.testing.assert_array_equal(images[1, ..., 0], np.where(levels == levels[0, 0], 255, levels))


# By the standard: which sides of what is seen the first row and the first column stored are.
UPRIGHT = {
    1: lambda stored: stored,
    2: lambda stored: stored[:, ::-1],
    3: lambda stored: stored[::-1, ::-1],
    4: lambda stored: stored[::-1],
    5: lambda stored: stored.swapaxes(0, 1),
    6: lambda stored: np.rot90(stored, -1),
    7: lambda stored: stored[::-1, ::-1].swapaxes(0, 1),
    8: lambda stored: np.rot90(stored),
}


@pytest.mark.parametrize("orientation", UPRIGHT)
def test_pictures_are_upright(tmp_path, orientation):
    stored = noise(3, 5, 3).repeat(16, axis=0).repeat(16, axis=1)  # Whole blocks of a JPEG.
    exif = Image.Exif()
    exif[0x112] = orientation
    image = Image.fromarray(stored)
    image.save(tmp_path / "0.png", exif=exif)
    image.save(tmp_path / "1.tif", exif=exif)
    image.save(tmp_path / "2.tif", exif=exif, compression="tiff_lzw")
    image.save(tmp_path / "3.webp", exif=exif, lossless=True)
    image.save(tmp_path / "4.jpg", exif=exif, quality=100, subsampling=0)
    images = read(tmp_path)
    wanted = UPRIGHT[orientation](stored)
    for image in images[:4]:
        np.testing.assert_array_equal(image, wanted)
    assert np.abs(images[4].astype(int) - wanted).max() <= 3


def test_damaged_exif_data_is_none(tmp_path):
    Image.new("RGB", (6, 4), RED).save(tmp_path / "a.png", exif=b"Exif\0\0MM\0\x18\0\0\0\x08")
    assert read(tmp_path).shape == (1, 4, 6, 3)


def test_sixteen_bits_become_eight(tmp_path):
    deep = RANDOM.integers(0, 2**16, (5, 6, 3), "uint16")
    deep[0, 0], deep[0, 1] = 0, 2**16 - 1
    (tmp_path / "0.png").write_bytes(tf.io.encode_png(deep).numpy())
    (tmp_path / "1.png").write_bytes(tf.io.encode_png(deep[..., :1]).numpy())
    Image.fromarray(deep[..., 0]).save(tmp_path / "2.tif")
    images = read(tmp_path)
    assert np.abs(images[0] - deep / 257).max() <= 1 and (images[0, 0, 1] == 255).all()
    for image in images[1:]:
        assert (
            np.abs(image - deep[..., :1] / 257).max() <= 1 and (image[0, :2] == [[0], [255]]).all()
        )


def test_other_modes(tmp_path):
    colour = noise(5, 6, 3)
    quantized = Image.fromarray(colour).quantize(7)
    quantized.save(tmp_path / "0.png")
    quantized.save(tmp_path / "1.gif")
    quantized.save(tmp_path / "2.bmp")
    wanted = np.asarray(quantized.convert("RGB"))
    assert len(np.unique(wanted.reshape(-1, 3), axis=0)) > 2
    for image in read(tmp_path):
        np.testing.assert_array_equal(image, wanted)


def test_palettes_of_planes_are_colours(tmp_path):
    image = Image.new("P", (6, 5), 1)
    image.putpalette(bytes(3) + bytes(BLUE) * 255)  # TIFF stores all reds, all greens, all blues.
    image.save(tmp_path / "0.tif")
    assert colours_of(tmp_path) == [BLUE]


@pytest.mark.parametrize("suffix", [".jpg", ".tif"])
def test_inks_become_colours(tmp_path, suffix):
    inks = {(0, 0, 0, 0): WHITE, (255, 0, 0, 0): (0, 255, 255), (0, 255, 0, 0): (255, 0, 255)}
    inks |= {
        (0, 0, 255, 0): (255, 255, 0),
        (0, 0, 0, 255): (0, 0, 0),
        (0, 128, 128, 0): (255, 127, 127),
    }
    for i, ink in enumerate(inks):
        Image.new("CMYK", (16, 16), ink).save(tmp_path / f"{i}{suffix}")
    found = read(tmp_path)
    for image, colour in zip(found, inks.values(), strict=True):
        assert np.abs(image - np.array(colour, int)).max() <= 2


def test_animations_are_their_first_frame(tmp_path):
    frames = [Image.new("RGB", (8, 8), colour) for colour in (RED, GREEN, BLUE)]
    for name, options in {
        "0.gif": {},
        "1.webp": {"lossless": True},
        "2.png": {},
        "3.tif": {},
    }.items():
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:], **options)
    assert colours_of(tmp_path) == [RED] * 4


def test_values_without_a_range_are_refused(tmp_path):
    for i, dtype in enumerate(("float32", "int32")):
        path = tmp_path / f"{i}.tif"
        Image.fromarray(RANDOM.uniform(0, 9, (5, 6)).astype(dtype)).save(path)
        with pytest.raises(ValueError, match=rf"^Expected pictures.*{i}.tif.*no known range;"):
            datasets.load(tmp_path, size=(4, 4))
        path.unlink()


# Ordinary pictures


def decoded(path):
    """Decode a picture with TensorFlow."""
    content = tf.io.read_file(str(path))
    if path.suffix == ".jpg":  # `decode_image` takes the fast cosine transform, which is coarser.
        return tf.io.decode_jpeg(content, dct_method="INTEGER_ACCURATE")
    return tf.io.decode_image(content)


@pytest.fixture
def ordinary(tmp_path):
    """Pictures of 91 x 70 pixels in the common formats."""
    smooth = Image.fromarray(noise(9, 7, 3)).resize((70, 91), Image.Resampling.BICUBIC)
    options = {"0.png": {}, "1.bmp": {}, "2.jpg": {"quality": 95}, "3.jpg": {"subsampling": 0}}
    for name, option in options.items():
        smooth.save(tmp_path / name, **option)
    return tmp_path


def test_ordinary_pictures_are_as_tensorflow_decodes_them(ordinary):
    for image, path in zip(read(ordinary), sorted(ordinary.iterdir()), strict=True):
        np.testing.assert_array_equal(image, decoded(path))


@pytest.mark.parametrize("size", [(32, 32), (20, 45), (45, 20), (91, 70), (200, 100), (1, 1)])
def test_ordinary_pictures_are_as_keras_resizes_them(ordinary, size):
    resize = pixels.CentreResize(size)
    for image, path in zip(read(ordinary, size=size), sorted(ordinary.iterdir()), strict=True):
        levels = (resize(pixels.to_unit_range(decoded(path))) + 1) * 127.5
        assert image.shape == (*size, 3)
        # Pillow rounds after each of two passes, the second of which averages the first's errors.
        assert np.abs(image - levels).max() <= 1.01


def test_sizes_are_checked(ordinary):
    for size in (28, (28,), (0, 28)):
        with pytest.raises(ValueError, match="height, width"):
            datasets.load(ordinary, size=size)


def test_blocks_keep_order_and_labels(tmp_path, monkeypatch):
    """Several blocks, the last one shorter, the first one slow, of pictures of different sizes."""
    decode = pictures.pixels

    def slow_at_first(path, shape):
        time.sleep(0.3 * (path.name == "00.png"))
        return decode(path, shape)

    monkeypatch.setattr(pictures, "pixels", slow_at_first)
    count = 2 * folders.MAX_BLOCK + 3
    for i in range(count):
        plain(tmp_path, {f"{i % 2}/{i:02}.png": (5 * i, 0, 0)}, size=(4 + i, 4 + i))
    pairs = [*datasets.load(tmp_path, labels=True).as_numpy_iterator()]
    order = [*range(0, count, 2), *range(1, count, 2)]
    assert [round((image[0, 0, 0] + 1) * 127.5 / 5) for image, _ in pairs] == order
    assert [label for _, label in pairs] == [i % 2 for i in order]


# Corrupt pictures


def saved(path, **options):
    """Save a picture of some kilobytes; return its bytes."""
    Image.fromarray(noise(40, 40, 3)).save(path, **options)
    return path.read_bytes()


CUT = [".png", ".jpg", ".gif", ".webp"]  # Are seen to be by their headers and ends.


def corrupt(path, how):
    if how in ("empty", "text"):
        path.write_text("" if how == "empty" else "text")
    elif how == "damaged":
        content = bytearray(saved(path))
        content[len(content) // 2] ^= 255
        path.write_bytes(content)
    else:
        path = path.with_suffix(how)
        content = saved(path)
        path.write_bytes(content[: len(content) * 2 // 3])
    return path


@pytest.fixture
def among_others(tmp_path):
    """Three classes, whose second holds nothing yet."""
    plain(tmp_path, {"a/1.png": RED, "a/3.png": GREEN, "c/1.png": BLUE})
    (tmp_path / "b").mkdir()
    return tmp_path


def assert_skipped(folder, bad):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        dataset = datasets.load(folder, labels=True, skip_corrupt=True)
        pairs = [(tuple(map(int, image[0, 0])), int(y)) for image, y in dataset.as_numpy_iterator()]
    (warning,) = caught
    assert str(warning.message).startswith("2 of 5 pictures are corrupt and left out")
    assert repr(str(bad)) in str(warning.message) and warning.filename == __file__
    assert len(dataset) == 3
    assert pairs == [((1, -1, -1), 0), ((-1, 1, -1), 0), ((-1, -1, 1), 2)]  # Classes keep numbers.


@pytest.mark.parametrize("how", ["empty", "text", *CUT])
def test_corrupt_pictures_are_named_at_once(among_others, how):
    bad = corrupt(among_others / "a" / "2.png", how)
    with pytest.raises(
        ValueError, match=r"^Expected pictures that can be read\. Received: "
    ) as error:
        datasets.load(among_others, size=(4, 4))
    message = str(error.value)
    assert repr(str(bad)) in message and "\n" not in message
    assert message.endswith("; remove it or pass skip_corrupt=True")
    corrupt(among_others / "b" / "2.png", how)
    assert_skipped(among_others, bad)


@pytest.mark.parametrize("how", ["damaged", ".bmp", ".tif"])
def test_damage_inside_is_named_when_its_turn_comes(among_others, how):
    bad = corrupt(among_others / "a" / "2.png", how)
    dataset = datasets.load(among_others, size=(4, 4))
    with pytest.raises(tf.errors.InvalidArgumentError, match="Expected pictures that") as error:
        list(dataset)
    assert f"Received: {str(bad)!r}, " in str(error.value)
    assert "; remove it or pass skip_corrupt=True\n" in str(error.value)
    corrupt(among_others / "b" / "2.png", how)
    assert_skipped(among_others, bad)


def test_the_first_picture_is_decoded_at_once(tmp_path):
    corrupt(tmp_path / "0.png", "damaged")
    with pytest.raises(ValueError, match=r"^Expected pictures.*0\.png"):
        datasets.load(tmp_path)


def test_corrupt_pictures_only(tmp_path):
    for name in ("1.png", "2.png"):
        corrupt(tmp_path / name, "text")
    with pytest.raises(ValueError, match=r"^Expected pictures.*2 corrupt ones only.*1\.png"):
        datasets.load(tmp_path, skip_corrupt=True)


def test_reasons_are_on_one_line(tmp_path, monkeypatch):
    def fail(*arguments, **options):
        raise SyntaxError("two\nlines.")

    plain(tmp_path, {"a.png": RED})
    monkeypatch.setattr(Image, "open", fail)
    with pytest.raises(ValueError, match=r"a\.png', two lines; remove it"):
        datasets.load(tmp_path)


def test_bytes_after_the_end_do_no_harm(tmp_path):
    for name in ("0.png", "1.jpg", "2.gif"):
        (tmp_path / name).write_bytes(saved(tmp_path / name) + b"\0more")
    assert len(read(tmp_path)) == 3


def test_pictures_are_decoded_when_their_turn_comes(folder, monkeypatch):
    decoded = []
    shown = pictures._shown
    monkeypatch.setattr(pictures, "_shown", lambda image: decoded.append(1) or shown(image))
    assert len(datasets.load(folder[0], size=(4, 4))) == 4 and not decoded
    dataset = datasets.load(folder[0])
    assert len(decoded) == 1  # The first, for its size.
    list(dataset)
    assert len(decoded) == 1 + 4
    decoded.clear()
    datasets.load(folder[0], size=(4, 4), skip_corrupt=True)
    assert len(decoded) == 4
