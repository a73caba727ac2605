"""Extractors: what they extract, and what the cache keeps."""

import functools
import os
import random
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from PIL import Image

import keras_gans as kg
from conftest import images, points
from keras_gans.metrics import cache, extractors
from keras_gans.metrics.samples import as_array, as_arrays


def network(shape=(8, 8, 1), output=5):
    """With layers that behave differently in training."""
    return keras.Sequential(
        [
            keras.Input(shape),
            layers.Flatten(),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
            layers.Dense(output),
        ]
    )


def passes_on(shape):
    inputs = keras.Input(shape)
    return keras.Model(inputs, layers.Identity()(inputs))


@pytest.fixture
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_GANS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@functools.cache
def digits(split):
    pairs = kg.datasets.load("digits", split=split, labels=True)
    x, y = zip(*pairs.as_numpy_iterator(), strict=True)
    return np.stack(x), np.array(y)


# What is extracted


@pytest.mark.parametrize("batch_size", [3, 8, 256])
def test_features_are_the_networks_outputs_in_inference(batch_size):
    model, x = network(), images(8)
    features = kg.metrics.Extractor(model)(x, batch_size=batch_size)
    expected = model.predict(x, verbose=0)
    np.testing.assert_allclose(features.vectors, expected, rtol=1e-5, atol=1e-6)
    assert features.probabilities is None


def test_samples_stand_for_themselves():
    x = images(6)
    features = extractors.get(None, (8, 8, 1))(x)
    np.testing.assert_array_equal(features.vectors, [sample.ravel() for sample in x])


def test_a_classifier_of_ones_own_gives_probabilities():
    inputs = keras.Input((2,))
    hidden = layers.Dense(4)(inputs)
    outputs = {"features": hidden, "probabilities": layers.Softmax()(hidden)}
    features = kg.metrics.Extractor(keras.Model(inputs, outputs))(points(5))
    exponentials = np.exp(features.vectors)
    expected = exponentials / exponentials.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(features.probabilities, expected, rtol=1e-5)


def test_maps_are_flattened():
    x = images(3, channels=3)
    vectors = kg.metrics.Extractor(passes_on((8, 8, 3)))(x).vectors
    np.testing.assert_array_equal(vectors, x.reshape(3, -1))


@pytest.mark.parametrize(("size", "to"), [(8, 16), (16, 8), (12, 5)])
def test_resizing_is_pillows(size, to):
    x = images(2, size)
    extractor = kg.metrics.Extractor(passes_on((to, to, 1)))
    for sample, vector in zip(x, extractor(x).vectors, strict=True):
        # Pillow's is antialiased, and not TensorFlow's code.
        picture = Image.fromarray(sample[..., 0]).resize((to, to), Image.Resampling.BILINEAR)
        np.testing.assert_allclose(vector.reshape(to, to), np.asarray(picture), atol=1e-5)
    assert extractor.resize_method((size, size, 1)) == "bilinear, antialiased"
    assert extractor.resize_method((to, to, 1)) == "none"


def test_channels():
    grey, colour = images(2), images(2, channels=3)
    as_colour = kg.metrics.Extractor(passes_on((8, 8, 3)))(grey).vectors
    np.testing.assert_array_equal(as_colour.reshape(2, 8, 8, 3), np.concatenate([grey] * 3, -1))
    as_grey = kg.metrics.Extractor(passes_on((8, 8, 1)))(colour).vectors
    expected = [sum(pixel) / 3 for sample in colour for row in sample for pixel in row]
    np.testing.assert_allclose(as_grey.ravel(), expected, atol=1e-6)


def test_preprocessing_sees_the_resized_images():
    seen = []

    def preprocess(x):
        seen.append(tuple(x.shape))
        return 2.0 * x

    x = images(2, 4)
    extractor = kg.metrics.Extractor(passes_on((8, 8, 3)), preprocess=preprocess)
    plain = kg.metrics.Extractor(passes_on((8, 8, 3)))
    np.testing.assert_allclose(extractor(x).vectors, 2.0 * plain(x).vectors)
    assert seen == [(2, 8, 8, 3)]


@pytest.mark.parametrize("shape", [(4, 2), (4, 8, 8), (4, 8, 8, 2)])
def test_samples_that_do_not_fit(shape):
    with pytest.raises(ValueError, match=r"extractor 'mine' of input shape .* Received: samples"):
        kg.metrics.Extractor(network(), name="mine")(np.zeros(shape))


def test_names_and_versions():
    a, b = network(), network()
    assert kg.metrics.Extractor(a).name == a.name
    assert kg.metrics.Extractor(a).version != kg.metrics.Extractor(b).version
    b.set_weights(a.get_weights())
    assert kg.metrics.Extractor(a).version == kg.metrics.Extractor(b).version
    assert kg.metrics.Extractor(a, "mine", version="7").version == "7"
    with pytest.raises(ValueError, match="Expected a model, or a name"):
        kg.metrics.Extractor()


# The classifier


def test_the_classifier_knows_digits_it_has_not_seen():
    extractor = kg.metrics.classifier("digits")
    x, y = digits("test")
    features = extractor(x)
    assert extractor.name == "digits-classifier-8x8"
    assert np.mean(features.probabilities.argmax(axis=1) == y) > 0.95
    np.testing.assert_allclose(features.probabilities.sum(axis=1), 1, rtol=1e-5)
    train = extractor(digits("train")[0])
    assert np.mean(np.square(train.vectors)) == pytest.approx(1, rel=1e-4)


def test_normalising_changes_no_probability():
    model, (x, _) = extractors._small_network((8, 8, 1), 10), digits("test")
    before = kg.metrics.Extractor(model)(x)
    extractors._normalise(model, x)
    after = kg.metrics.Extractor(model)(x)
    np.testing.assert_allclose(after.probabilities, before.probabilities, rtol=1e-4)
    ratio = np.sqrt(np.mean(np.square(before.vectors)))
    # Small values are what is left of sums of large ones, rounded in float32.
    np.testing.assert_allclose(after.vectors * ratio, before.vectors, rtol=1e-4, atol=1e-5)


@pytest.fixture
def few_digits(monkeypatch, tmp_path):
    """A file of some digits; training on them is cut short."""
    monkeypatch.setattr(extractors, "RECIPE", {**extractors.RECIPE, "steps": 10})
    x, y = digits("test")
    np.savez(tmp_path / "mine.npz", x=x[:100], y=y[:100])
    return tmp_path / "mine.npz"


def test_the_classifier_is_trained_once(own_cache, few_digits, monkeypatch):
    x = images(9)
    states = random.getstate(), str(np.random.get_state())
    first = kg.metrics.classifier(few_digits)
    assert states == (random.getstate(), str(np.random.get_state()))
    assert first.name == "mine.npz-classifier-8x8"
    monkeypatch.setattr(extractors, "_trained_weights", lambda *_: pytest.fail("trained again"))
    second = extractors.get(few_digits, (8, 8, 1))
    assert first.version == second.version
    np.testing.assert_array_equal(first(x).vectors, second(x).vectors)
    with pytest.raises(pytest.fail.Exception, match="trained again"):
        extractors.get(few_digits, (9, 9, 1))
    monkeypatch.setitem(extractors.RECIPE, "steps", 11)
    with pytest.raises(pytest.fail.Exception, match="trained again"):
        kg.metrics.classifier(few_digits)


def test_the_classifier_is_the_same_in_each_training(few_digits, monkeypatch, tmp_path):
    versions = set()
    for i in range(2):
        keras.utils.set_random_seed(i)
        monkeypatch.setenv("KERAS_GANS_CACHE", str(tmp_path / str(i)))
        versions.add(kg.metrics.classifier(few_digits).version)
    assert len(versions) == 1


def test_a_classifier_needs_labelled_images(tmp_path):
    np.save(tmp_path / "x.npy", images(20))
    with pytest.raises(ValueError, match="with labels"):
        kg.metrics.classifier(tmp_path / "x.npy")
    with pytest.raises(ValueError, match="data set of images.*'ring'"):
        kg.metrics.classifier("ring")


def test_inception_says_that_it_is_not_the_network_of_fid(monkeypatch):
    extractor = kg.metrics.inception(weights=None)
    assert "not comparable with published FID" in extractor.name
    assert "random weights" in extractor.name
    features = extractor(images(2, 32))
    assert features.vectors.shape == (2, 2048) and features.probabilities.shape == (2, 1000)
    assert extractor.resize_method((32, 32, 1)) != "none"

    def offline(weights):
        raise Exception("URL fetch failure")

    monkeypatch.setattr(keras.applications, "InceptionV3", offline)
    with pytest.raises(ConnectionError, match="URL fetch failure; pass the path of a weights file"):
        kg.metrics.inception()


# The cache


def test_arrays_are_made_once(own_cache):
    made = []

    def make(value):
        made.append(value)
        return {"a": np.full((2, 3), value), "b": np.arange(4, dtype="float32")}

    for _ in range(2):
        arrays = cache.cached("name", (1, "x"), lambda: make(1.5))
        np.testing.assert_array_equal(arrays["a"], np.full((2, 3), 1.5))
        assert arrays["b"].dtype == np.float32
    assert cache.cached("name", (2, "x"), lambda: make(2.5))["a"][0, 0] == 2.5
    assert made == [1.5, 2.5]
    assert [path.suffix for path in own_cache.iterdir()] == [".npz"] * 2


@pytest.mark.parametrize("damage", [b"", b"not an archive", None])
def test_a_damaged_file_is_made_anew(damage, own_cache):
    cache.cached("name", ("key",), lambda: {"a": np.zeros(100)})
    (path,) = own_cache.iterdir()
    path.write_bytes(path.read_bytes()[:300] if damage is None else damage)
    again = cache.cached("name", ("key",), lambda: {"a": np.ones(100)})
    assert again["a"].sum() == 100
    assert cache.cached("name", ("key",), lambda: pytest.fail("made"))["a"].sum() == 100


def test_fingerprints_tell_values_shapes_types_and_order_apart():
    x = np.arange(6, dtype="float32")
    others = [x.reshape(2, 3), x.reshape(3, 2), x.astype("float64"), x[::-1], x[:5], x + 1e-6]
    prints = [cache.fingerprint(array) for array in (x, *others)]
    assert len(set(prints)) == len(prints)
    assert cache.fingerprint(x[::2]) == cache.fingerprint(x[::2].copy())
    assert cache.fingerprint("a", "b") != cache.fingerprint("ab")


def test_the_cache_lies_in_the_users_home(monkeypatch):
    monkeypatch.delenv("KERAS_GANS_CACHE")
    assert cache.folder() == Path(os.path.expanduser("~"), ".cache", "keras_gans")


# The data as arrays


@pytest.mark.parametrize("count", [1, 3, 7, 10, 50])
def test_samples_are_spread_evenly(count):
    x, y = np.arange(10.0)[:, None], np.arange(10)
    expected = x if count >= 10 else [[float(np.ceil(10 * i / count))] for i in range(count)]
    samples = tf.data.Dataset.from_tensor_slices
    for data in (x, (x, y), x.tolist(), samples(x), samples((x, y))):
        np.testing.assert_array_equal(as_array(data, (1,), count), expected)
    batched = as_array(samples((x, y)).batch(4), (1,), count)
    assert len(batched) == min(count, 10) and set(batched.ravel()) <= set(range(10))


def forms(x, y):
    """Every form that labelled data may have."""
    dataset = tf.data.Dataset.from_tensor_slices((x, y))
    return {
        "arrays": (x, y),
        "lists": (x.tolist(), y.tolist()),
        "samples": dataset,
        "batches": dataset.batch(4),
        "whole batches": dataset.batch(5, drop_remainder=True),
        "of unknown length": dataset.filter(lambda x, y: True),
        "columns": dataset.map(lambda x, y: (x, y[None])),
    }


FORMS = list(forms(np.zeros((5, 1)), np.zeros(5)))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("count", [1, 3, 7, 10, 50])
def test_each_sample_keeps_its_label(form, count):
    x = np.random.default_rng(0).permutation(10).astype("float32")[:, None]
    data = forms(x, 2 * x[:, 0].astype("int64"))[form]
    samples, labels = as_arrays(data, (1,), count)
    assert labels.shape == (min(count, 10),) and labels.dtype.kind == "i"
    np.testing.assert_array_equal(labels, 2 * samples[:, 0])
    np.testing.assert_array_equal(samples, as_array(data, (1,), count))


def test_more_samples_than_are_read_at_a_time_keep_their_labels():
    x = np.arange(5000.0)[:, None]
    for data in forms(x, np.arange(5000)).values():
        samples, labels = as_arrays(data, (1,), 3000)
        assert len(samples) == 3000
        np.testing.assert_array_equal(labels, samples[:, 0])


@pytest.mark.parametrize("count", [10, 40, 80])
@pytest.mark.parametrize("batch_size", [None, 8])
def test_shuffled_streams_are_read_in_one_pass(count, batch_size):
    passes = []

    def stream():
        passes.append(1)
        for i in np.random.default_rng(len(passes)).permutation(40):
            yield [float(i)], i

    signature = (tf.TensorSpec((1,), tf.float32), tf.TensorSpec((), tf.int64))
    data = tf.data.Dataset.from_generator(stream, output_signature=signature)
    data = data.apply(tf.data.experimental.assert_cardinality(40)).shuffle(20)
    data = data.batch(batch_size) if batch_size else data
    samples, labels = as_arrays(data, (1,), count)
    assert len(passes) == 1 and len(set(labels)) == min(count, 40)
    np.testing.assert_array_equal(labels, samples[:, 0])


def test_data_without_labels_has_none():
    x = points(6)
    dataset = tf.data.Dataset.from_tensor_slices(x)
    nested = tf.data.Dataset.from_tensor_slices((x, {"a": np.arange(6)}))
    ragged = dataset.map(lambda x: (x, tf.range(tf.cast(tf.abs(x[0]), tf.int32))))
    ragged = ragged.map(lambda x, y: (x, tf.ensure_shape(y, (None,))))
    for data in (x, (x,), (x, None), dataset, dataset.batch(4), nested, nested.batch(2), ragged):
        samples, labels = as_arrays(data, (2,), 10)
        np.testing.assert_array_equal(samples, x)
        assert labels is None


def test_labels_of_several_numbers_stay():
    x, y = points(6), np.eye(6)
    for data in (x, y), tf.data.Dataset.from_tensor_slices((x, y)).batch(4):
        np.testing.assert_array_equal(as_arrays(data, (2,), 10)[1], y)


@pytest.mark.parametrize("y", [np.arange(5), np.arange(7), 3, {"a": 1}])
def test_labels_of_another_number(y):
    with pytest.raises(ValueError, match=r"one label for each sample. Received: x.shape=\(6, 2\)"):
        as_arrays((points(6), y), (2,), 10)


@pytest.mark.parametrize(
    "data", [np.zeros((0, 2)), np.zeros((4, 2, 2)), np.zeros((4, 3)), np.zeros(4)]
)
def test_data_of_another_shape(data):
    with pytest.raises(ValueError, match=r"samples of shape \(2,\).*Received: data of shape \("):
        as_array(data, (2,), 10)
