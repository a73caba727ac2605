"""The network of published FID against Keras' own of the same paper, and against TensorFlow 1."""

import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_gans as kg
from keras_gans.metrics import reference

# Each convolution of `keras.applications.InceptionV3`, in its order, by the name that it has here.
STEM = ("Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3", "Conv2d_3b_1x1", "Conv2d_4a_3x3")
BRANCHES = {
    "5": "1x1 5x5_1 5x5_2 3x3dbl_1 3x3dbl_2 3x3dbl_3 _pool",
    "6a": "3x3 3x3dbl_1 3x3dbl_2 3x3dbl_3",
    "6": "1x1 7x7_1 7x7_2 7x7_3 7x7dbl_1 7x7dbl_2 7x7dbl_3 7x7dbl_4 7x7dbl_5 _pool",
    "7a": "3x3_1 3x3_2 7x7x3_1 7x7x3_2 7x7x3_3 7x7x3_4",
    "7": "1x1 3x3_1 3x3_2a 3x3_2b 3x3dbl_1 3x3dbl_2 3x3dbl_3a 3x3dbl_3b _pool",
}
MODULES = ["5b", "5c", "5d", "6a", "6b", "6c", "6d", "6e", "7a", "7b", "7c"]


def their_order():
    names = list(STEM)
    for module in MODULES:
        branches = BRANCHES.get(module) or BRANCHES[module[0]]
        names += [f"Mixed_{module}.branch{end}" for end in branches.split()]
    return names


def _number(layer):
    """In the order in which they were made: conv2d_9 before conv2d_10."""
    return int(layer.name.rpartition("_")[2]) if layer.name[-1].isdigit() else 0


def random_arrays(model, seed=0):
    """Weights by their names in PyTorch, such that activations neither die nor explode."""
    rng = np.random.default_rng(seed)
    arrays = {}
    for layer in model.layers:
        for name, weight in zip(reference._names(layer), layer.weights, strict=True):
            shape = tuple(weight.shape)
            if name.endswith("conv.weight"):
                height, width, before, after = shape
                scale = np.sqrt(2 / (height * width * before))
                arrays[name] = rng.normal(0, scale, (after, before, height, width))
            elif name.startswith("fc."):
                arrays[name] = rng.normal(0, 0.1, shape[::-1])
            elif name.endswith("running_var"):
                arrays[name] = rng.uniform(0.5, 1.5, shape)
            else:
                arrays[name] = rng.normal(float(name.endswith("bn.weight")), 0.1, shape)
    return {name: array.astype("float32") for name, array in arrays.items()}


@pytest.mark.slow
def test_it_is_keras_network_but_for_the_last_pooling():
    """Layer by layer up to the last module; there, the other pooling is computed by hand."""
    keras.backend.clear_session()  # Their names count from the first.
    theirs = keras.applications.InceptionV3(weights=None, include_top=False)
    ours = reference.reference_network()
    # Keras' has no scale in its batch normalisation, and no classes.
    channels = sum(layer.filters for layer in ours.layers if isinstance(layer, keras.layers.Conv2D))
    counts = ours.count_params() - (2048 + 1) * 1008 - channels, theirs.count_params()
    assert counts[0] == counts[1] == 21_802_784
    arrays = random_arrays(ours)
    for name in arrays:
        if name.endswith("bn.weight"):
            arrays[name] = np.ones_like(arrays[name])
    reference.load(ours, arrays)
    convolutions, norms = (
        sorted((each for each in theirs.layers if isinstance(each, kind)), key=_number)
        for kind in (keras.layers.Conv2D, keras.layers.BatchNormalization)
    )
    for name, convolution, norm in zip(their_order(), convolutions, norms, strict=True):
        convolution.set_weights([np.transpose(arrays[f"{name}.conv.weight"], (2, 3, 1, 0))])
        names = ("bias", "running_mean", "running_var")
        norm.set_weights([arrays[f"{name}.bn.{each}"] for each in names])

    images = np.random.default_rng(1).uniform(-1, 1, (2, 299, 299, 3)).astype("float32")
    joined = [layer for layer in ours.layers if isinstance(layer, keras.layers.Concatenate)]
    last_relu = [each for each in ours.layers if isinstance(each, keras.layers.ReLU)][-1]
    our_outputs = keras.Model(ours.input, [*(each.output for each in joined), last_relu.output])
    their_outputs = keras.Model(
        theirs.input, [theirs.get_layer(f"mixed{i}").output for i in range(11)]
    )
    *found, pooled = map(np.array, our_outputs(images))
    expected = list(map(np.array, their_outputs(images)))
    for a, b in zip(found[:-1], expected[:-1], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-3 * b.std())
    np.testing.assert_allclose(
        found[-1][..., :-192], expected[-1][..., :-192], rtol=1e-3, atol=1e-3 * expected[-1].std()
    )
    # The largest of 3 x 3, then a dense layer of each pixel.
    padded = np.pad(found[-2], ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=-np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    name = "Mixed_7c.branch_pool"
    dense = windows.max(axis=(-1, -2)) @ arrays[f"{name}.conv.weight"][:, :, 0, 0].T
    mean, variance = arrays[f"{name}.bn.running_mean"], arrays[f"{name}.bn.running_var"]
    by_hand = (dense - mean) / np.sqrt(variance + 1e-3) + arrays[f"{name}.bn.bias"]
    np.testing.assert_allclose(pooled, np.maximum(by_hand, 0), rtol=1e-3, atol=1e-3 * by_hand.std())
    np.testing.assert_array_equal(pooled, found[-1][..., -192:])


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """An extractor of a thirty-second of the filters, its weights from a file."""
    path = tmp_path_factory.mktemp("weights") / "weights.npz"
    arrays = random_arrays(reference.reference_network(1 / 32))
    np.savez(path, **arrays)
    return kg.metrics.ReferenceInception(path, width=1 / 32), arrays


@pytest.mark.parametrize("shape", [(32, 32, 3), (28, 28, 1), (299, 299, 3), (400, 300, 3)])
def test_the_resize_is_that_of_tensorflow_1(shape):
    images = np.random.default_rng(0).uniform(0, 255, (2, *shape)).astype("float32")
    expected = tf.compat.v1.image.resize_bilinear(images, (299, 299), align_corners=False)
    np.testing.assert_allclose(reference.resized(images, 299), expected, rtol=1e-5, atol=1e-3)


def test_features_are_of_whole_pixels(small):
    extractor, _ = small
    pixels = np.random.default_rng(0).integers(0, 256, (3, 12, 10, 3))
    images = pixels / 127.5 - 1 + np.random.default_rng(1).uniform(-0.003, 0.003, pixels.shape)
    found = extractor(images)
    network_input = tf.compat.v1.image.resize_bilinear(pixels.astype("float32"), (299, 299))
    expected = extractor.model((network_input - 128.0) / 128.0)
    np.testing.assert_allclose(found.vectors, expected["features"], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found.probabilities, expected["probabilities"], rtol=1e-4, atol=1e-6)
    assert found.vectors.shape == (3, 64) and found.probabilities.shape == (3, 1008)
    grey = extractor(np.zeros((2, 28, 28, 1))).vectors
    np.testing.assert_array_equal(grey, extractor(np.zeros((2, 28, 28, 3))).vectors)


def test_weights_are_where_their_names_say(small):
    extractor, arrays = small
    kernel = extractor.model.get_layer("Mixed_6b.branch7x7_2.conv").get_weights()[0]
    assert kernel.shape[:2] == (1, 7)
    np.testing.assert_array_equal(
        kernel, np.transpose(arrays["Mixed_6b.branch7x7_2.conv.weight"], (2, 3, 1, 0))
    )
    gamma, beta, mean, variance = extractor.model.get_layer("Conv2d_1a_3x3.bn").get_weights()
    for value, name in ((gamma, "weight"), (beta, "bias"), (mean, "running_mean")):
        np.testing.assert_array_equal(value, arrays[f"Conv2d_1a_3x3.bn.{name}"])
    np.testing.assert_array_equal(variance, arrays["Conv2d_1a_3x3.bn.running_var"])
    np.testing.assert_array_equal(
        extractor.model.get_layer("fc").get_weights()[0], arrays["fc.weight"].T
    )


def test_results_say_whether_they_can_be_compared(small):
    extractor, _ = small
    protocol = kg.metrics.protocol.protocol_of(extractor, (32, 32, 3))
    assert protocol["resize"] == "bilinear, as TensorFlow 1" and not protocol["comparable"]
    assert extractor.resize_method((299, 299, 3)) == "none"
    assert not kg.metrics.classifier("digits").comparable


def test_the_usual_file_is_known_by_its_checksum(tmp_path, monkeypatch):
    torch = pytest.importorskip("torch")
    arrays = random_arrays(reference.reference_network(1 / 32))
    path = tmp_path / "weights.pth"
    torch.save({name: torch.tensor(array) for name, array in arrays.items()}, path)
    with pytest.raises(ValueError, match="whose SHA-256 starts with 6726825d. Received: "):
        kg.metrics.ReferenceInception(path, width=1 / 32)
    digest = reference.hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setattr(reference, "CHECKSUM", digest[:8])  # As if it were that file.
    extractor = kg.metrics.ReferenceInception(path, width=1 / 32)
    assert extractor.comparable
    fc = extractor.model.get_layer("fc").get_weights()[0]
    np.testing.assert_array_equal(fc, arrays["fc.weight"].T)


def test_files_that_cannot_be_used(small, tmp_path, monkeypatch):
    _, arrays = small
    np.savez(tmp_path / "part.npz", **{k: v for k, v in arrays.items() if k != "fc.bias"})
    with pytest.raises(ValueError, match="a file without 'fc.bias'"):
        kg.metrics.ReferenceInception(tmp_path / "part.npz", width=1 / 32)
    np.savez(tmp_path / "other.npz", **{**arrays, "fc.bias": np.zeros(1000)})
    with pytest.raises(ValueError, match=r"Expected weights of shape \(1008,\) for 'fc'"):
        kg.metrics.ReferenceInception(tmp_path / "other.npz", width=1 / 32)
    (tmp_path / "file.pth").write_bytes(b"")
    monkeypatch.setattr(reference, "CHECKSUM", "e3b0c442")  # Of no bytes.
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ValueError, match="Expected PyTorch, to read"):
        kg.metrics.ReferenceInception(tmp_path / "file.pth", width=1 / 32)

    def no_network(*_, **__):
        raise Exception("no network")

    monkeypatch.setattr(keras.utils, "get_file", no_network)
    with pytest.raises(ConnectionError, match="no network; pass the path of the file"):
        kg.metrics.extractors.get("inception-2015", (32, 32, 3))
