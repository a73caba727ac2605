"""The networks of papers: their sizes, first weights, and what they compute by NumPy alone."""

import functools
import itertools
import math
from collections import defaultdict

import keras
import numpy as np
import pytest
from keras import layers

import keras_gans as kg
from conftest import classes, make
from keras_gans.layers import SelfAttention2D, SpectralNormalization
from keras_gans.networks import (
    dcgan_discriminator,
    dcgan_generator,
    r3gan_discriminator,
    r3gan_generator,
    sagan_discriminator,
    sagan_generator,
    sngan_discriminator,
    sngan_generator,
)

CLASSES = 3

# Small networks: builder, the shape of an image, further arguments. The sides of images differ, so
# that they cannot be confused.
R3GAN = {"image_shape": (8, 16, 2), "widths": (4, 4, 6), "groups": (2, 4, 3), "blocks": 2}
PUBLISHED = {
    "DCGAN": (
        (dcgan_generator, {"image_shape": (8, 12, 2), "latent_dim": 5, "filters": 8, "blocks": 2}),
        (dcgan_discriminator, {"image_shape": (8, 12, 2), "filters": 3, "blocks": 2}),
    ),
    "R3GAN": (
        (r3gan_generator, {**R3GAN, "latent_dim": 5}),
        (r3gan_discriminator, R3GAN),
    ),
    "SNGAN": (
        (sngan_generator, {"image_shape": (8, 16, 2), "latent_dim": 5, "filters": 4}),
        (sngan_discriminator, {"image_shape": (8, 16, 2), "filters": 4}),
    ),
    "SAGAN": (
        (sagan_generator, {"image_shape": (8, 16, 2), "latent_dim": 5, "filters": 16}),
        (sagan_discriminator, {"image_shape": (8, 16, 2), "filters": 16}),
    ),
}
VARIANTS = {"DCGAN": kg.DCGAN, "R3GAN": kg.R3GAN, "SNGAN": kg.HingeGAN, "SAGAN": kg.HingeGAN}
CASES = [
    (name, part, num_classes)
    for name, part, num_classes in itertools.product(PUBLISHED, (0, 1), (None, CLASSES))
    if num_classes is None or name != "DCGAN"
]


@functools.cache
def small(name, part, num_classes):
    """A small network, the generator 0 or the discriminator 1, with weights that are never 0."""
    builder, arguments = PUBLISHED[name][part]
    network = builder(**arguments, **({} if num_classes is None else {"num_classes": num_classes}))
    rng = np.random.default_rng(0)
    for weight in network.weights:
        if weight.dtype == "float32":
            value = rng.uniform(0.5, 1.5, weight.shape) * rng.choice([-1, 1], weight.shape)
            value *= 1.5 / math.sqrt(math.prod(weight.shape[:-1]))  # Nothing grows or saturates.
            weight.assign(np.abs(value) if "variance" in weight.name else value)
    return network


def inputs_of(network, n=3):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(n, *network.inputs[0].shape[1:])).astype("float32")
    return [x, np.arange(n) % CLASSES] if len(network.inputs) > 1 else x


# Sizes


def trainable(network):
    return sum(math.prod(weight.shape) for weight in network.trainable_weights)


CIFAR10 = {"image_shape": (32, 32, 3), "widths": [768] * 4, "groups": [96] * 4}
FFHQ64 = {"image_shape": (64, 64, 3), "widths": [*[768] * 4, 384], "groups": [*[96] * 4, 48]}
IMAGENET32 = {"image_shape": (32, 32, 3), "widths": [1536] * 4, "groups": [96] * 4}


@pytest.mark.parametrize(
    ("arguments", "num_classes", "counts"),
    [
        pytest.param({}, None, (20_732_160, 20_683_776), id="CIFAR-10"),
        pytest.param(CIFAR10, 10, (20_781_952, 21_280_512), id="CIFAR-10 conditional"),
        pytest.param(FFHQ64, None, (22_429_824, 22_381_440), id="FFHQ-64"),
        pytest.param(IMAGENET32, 1000, (82_914_304, 86_548_992), id="ImageNet-32"),
    ],
)
def test_r3gan_has_the_published_sizes(arguments, num_classes, counts):
    for builder, count in zip((r3gan_generator, r3gan_discriminator), counts, strict=True):
        network = builder(**arguments, num_classes=num_classes)
        assert network.count_params() == trainable(network) == count


def test_sngan_has_the_published_sizes():
    """Of mimicry's networks; D's vectors of power iteration are no parameters."""
    assert trainable(sngan_generator()) == 4_276_739
    assert trainable(sngan_discriminator()) == 1_053_825


def test_classes_add_tables():
    """A scale and an offset a class in each of six normalisations; an embedding in D."""
    for g, d in ((sngan_generator, sngan_discriminator), (sagan_generator, sagan_discriminator)):
        with_classes, without = (
            [trainable(b(filters=16, num_classes=n)) for b in (g, d)] for n in (10, None)
        )
        assert np.subtract(with_classes, without).tolist() == [(10 - 1) * 6 * 2 * 16, 10 * 16]


def test_sagan_is_sngan_with_attention():
    """Four 1x1 convolutions without biases, to 2, 2, 8 and 16 channels, and gamma."""
    for ours, theirs in (
        (sagan_generator, sngan_generator),
        (sagan_discriminator, sngan_discriminator),
    ):
        more = trainable(ours(filters=16)) - trainable(theirs(filters=16))
        assert more == 16 * (2 + 2 + 8) + 8 * 16 + 1


def test_dcgan_has_the_papers_sizes():
    """Figure 1: 4x4x1024, then 5x5 to 512, 256, 128 and 3 channels; biases, gamma and beta."""
    widths = [1024, 512, 256, 128]
    pairs = list(itertools.pairwise([*widths, 3]))
    dense = (100 + 1) * 4 * 4 * 1024
    assert trainable(dcgan_generator()) == (
        dense + sum(25 * a * b + b for a, b in pairs) + sum(2 * a for a in widths)
    )
    logit = 4 * 4 * 1024 + 1
    assert trainable(dcgan_discriminator()) == (
        logit + sum(25 * a * b + a for a, b in pairs) + sum(2 * a for a in widths[:-1])
    )
    shapes = [layer.output.shape[1:] for layer in dcgan_generator().layers]
    assert [s for s in dict.fromkeys(shapes) if len(s) == 3] == [
        (4, 4, 1024), (8, 8, 512), (16, 16, 256), (32, 32, 128), (64, 64, 3)
    ]  # fmt: skip


@pytest.mark.parametrize("builder", [sagan_generator, sagan_discriminator])
def test_attention_is_at_half_the_image(builder):
    (layer,) = (each for each in builder().layers if isinstance(each, SelfAttention2D))
    assert layer.input.shape[1:3] == (16, 16)


# First weights


def first_weights(builder, **arguments):
    """Yields each layer with its trainable weights by name."""
    keras.utils.set_random_seed(0)
    for layer in builder(**arguments).layers:
        layer = layer.layer if isinstance(layer, SpectralNormalization) else layer
        if layer.trainable_weights:
            yield layer, {weight.name: np.array(weight) for weight in layer.trainable_weights}


def assert_std(weights, std):
    """Within four standard errors, of the mean too."""
    n = np.size(weights)
    assert abs(np.std(weights) - std) < 4 * std / math.sqrt(2 * n)
    assert abs(np.mean(weights)) < 4 * std / math.sqrt(n)


@pytest.mark.parametrize("num_classes", [None, 10])
@pytest.mark.parametrize("builder", [r3gan_generator, r3gan_discriminator])
def test_r3gan_starts_as_in_its_source(builder, num_classes):
    """N(0, gain^2 / fan in): the gain in the six blocks is by Fixup, elsewhere 1, and last 0."""
    inside = math.sqrt(2 / 1.04) * 6**-0.25
    expected = {
        ("Conv2D", True): lambda k: inside / math.sqrt(k.shape[2]),
        ("Conv2D", False): lambda k: 1 / math.sqrt(k.shape[2]),
        ("GroupedConv2D", True): lambda k: inside / math.sqrt(9 * 16),
        ("Dense", False): lambda k: 1 / math.sqrt(k.shape[0]),
        ("LearnedBasis2D", None): lambda k: 1.0,
        ("DepthwiseConv2D", False): lambda k: 1 / math.sqrt(4 * 4),
        ("Embedding", None): lambda k: 1 / math.sqrt(10),
        ("EmbeddingProjection", None): lambda k: 1 / math.sqrt(10 * 32),
    }
    zeros = []
    arguments = {"image_shape": (16, 16, 3), "widths": (32, 32, 64), "groups": (4, 4, 8)}
    for layer, weights in first_weights(builder, **arguments, num_classes=num_classes):
        assert not np.any(weights.pop("bias", 0.0))
        (kernel,) = weights.values()
        if np.any(kernel):
            std = expected[type(layer).__name__, getattr(layer, "use_bias", None)](kernel)
            assert_std(kernel, std)
        else:
            zeros.append(kernel.shape)
    assert sorted(zeros) == [(1, 1, 64, 32)] * 4 + [(1, 1, 128, 64)] * 2


@pytest.mark.parametrize(
    "builder", [sngan_generator, sngan_discriminator, sagan_generator, sagan_discriminator]
)
def test_residual_networks_start_as_in_their_source(builder):
    """Glorot's uniform distribution, of gain sqrt(2) for the 3x3 convolutions of blocks."""
    for layer, weights in first_weights(builder, filters=64, num_classes=10):
        if isinstance(layer, SelfAttention2D):
            assert weights["gamma"] == 0
            continue
        for name, weight in weights.items():
            if name not in ("kernel", "embeddings"):
                assert np.all(weight == (name == "gamma"))
                continue
            *taps, fan_in, fan_out = weight.shape
            in_block = math.prod(taps) == 9 and (fan_out > 3 or fan_in == 3)
            fans = math.prod(taps) * (fan_in + fan_out) / 2
            std = math.sqrt((2 if in_block else 1) / fans)
            assert_std(weight, std)
            assert np.abs(weight).max() <= 1.001 * math.sqrt(3) * std


@pytest.mark.parametrize("builder", [dcgan_generator, dcgan_discriminator])
def test_dcgan_starts_as_in_its_paper(builder):
    for _, weights in first_weights(builder, filters=32):
        for name, weight in weights.items():
            if name == "kernel":
                assert_std(weight, 0.02)
            else:
                assert np.all(weight == (name == "gamma"))


# What they compute


def leaky(x):
    return np.where(x > 0, x, 0.2 * x)


def relu(x):
    return np.maximum(x, 0)


def before(size, kernel, stride):
    """Zeros before the first pixel where there are `size / stride` places, rounded up."""
    return max((-(-size // stride) - 1) * stride + kernel - size, 0) // 2


def convolution(x, kernel, bias=0.0, stride=1, groups=1):
    """With zeros around it, pixel by pixel and group by group."""
    n, height, width, channels = x.shape
    high, wide, inside, filters = kernel.shape
    top, left = before(height, high, stride), before(width, wide, stride)
    padded = np.zeros((n, height + 2 * high, width + 2 * wide, channels))
    padded[:, top : top + height, left : left + width] = x
    y = np.zeros((n, -(-height // stride), -(-width // stride), filters))
    for i, j, group in np.ndindex(*y.shape[1:3], groups):
        seen = slice(group * inside, (group + 1) * inside)
        made = slice(group * filters // groups, (group + 1) * filters // groups)
        pixels = padded[:, i * stride : i * stride + high, j * stride : j * stride + wide, seen]
        y[:, i, j, made] = np.einsum("nhwc,hwcf->nf", pixels, kernel[..., made])
    return y + bias


def transposed(x, kernel, bias):
    """Each pixel leaves the kernel around twice its place."""
    n, height, width, _ = x.shape
    high, wide, filters, _ = kernel.shape
    top, left = before(2 * height, high, 2), before(2 * width, wide, 2)
    y = np.zeros((n, 2 * height + high, 2 * width + wide, filters))
    for i, j in np.ndindex(height, width):
        y[:, 2 * i : 2 * i + high, 2 * j : 2 * j + wide] += np.einsum(
            "nc,hwfc->nhwf", x[:, i, j], kernel
        )
    return y[:, top : top + 2 * height, left : left + 2 * width] + bias


def repeated(x):
    return np.repeat(np.repeat(x, 2, axis=1), 2, axis=2)


def halved(x):
    return (x[:, ::2, ::2] + x[:, 1::2, ::2] + x[:, ::2, 1::2] + x[:, 1::2, 1::2]) / 4


def filtered(x, up, down, zeros):
    """Up-sampled by zeros, filtered by [1, 3, 3, 1] along both axes, every `down`-th kept."""
    weights = up * np.array([1, 3, 3, 1]) / 8
    for axis in (1, 2):
        x = np.moveaxis(x, axis, 0)
        sparse = np.zeros((up * len(x) + sum(zeros), *x.shape[1:]))
        sparse[zeros[0] : len(sparse) - zeros[1] : up] = x
        x = np.array(
            [np.tensordot(weights, sparse[i : i + 4], 1) for i in range(0, len(sparse) - 3, down)]
        )
        x = np.moveaxis(x, 0, axis)
    return x


def test_the_filter_is_that_of_interpolation():
    """Between pixels 0 and 4, and 0 outside: (3a + b) / 4."""
    x = np.array([0.0, 4.0]).reshape(1, 2, 1, 1).repeat(4, axis=2)
    np.testing.assert_allclose(filtered(x, 2, 1, (2, 1))[0, :, 3, 0], [0, 1, 3, 3])
    np.testing.assert_allclose(filtered(x, 1, 2, (1, 1))[0, :, 1, 0], [1.5 * 7 / 8])


class Weights:
    """Hands out the weights of a network's layers, of each kind in their order.

    Kernels of spectrally normalised layers are divided by their largest singular value, whose
    vector is put into the layer.
    """

    def __init__(self, network):
        self.network = network
        self.queues = defaultdict(list)
        for layer in network.layers:
            inner = layer.layer if isinstance(layer, SpectralNormalization) else layer
            size = getattr(inner, "kernel_size", None)
            kind = type(inner).__name__ + (f" {size[0]}" if size else "")
            self.queues[kind].append(layer)

    def of(self, kind):
        return self.values(self.queues[kind].pop(0))

    def values(self, layer):
        if not isinstance(layer, SpectralNormalization):
            return [np.array(weight, "float64") for weight in layer.weights]
        kernel = np.array(layer.kernel, "float64")
        _, sigma, vectors = np.linalg.svd(kernel.reshape(-1, kernel.shape[-1]))
        layer.u.assign(vectors[0])
        rest = [w for w in layer.layer.weights if w is not layer.kernel]
        return [kernel / sigma[0], *(np.array(weight, "float64") for weight in rest)]

    def used_up(self):
        return not any(layer.weights for queue in self.queues.values() for layer in queue)


def normalised(weights, x, labels, epsilon=1e-5):
    """By the moving statistics, with the scale and offset of the class where there are classes."""
    if labels is None or not weights.queues["ConditionalBatchNormalization"]:
        gamma, beta, mean, variance = weights.of("BatchNormalization")
    else:
        kind = weights.queues["ConditionalBatchNormalization"].pop(0)
        mean, variance, gamma, beta = (
            np.array(w, "float64")
            for w in (kind.moving_mean, kind.moving_variance, kind.gamma, kind.beta)
        )
        gamma, beta = (table[labels][:, None, None] for table in (gamma, beta))
    return gamma * (x - mean) / np.sqrt(variance + epsilon) + beta


def dcgan_0(weights, x, labels):
    kernel, bias = weights.of("Dense")
    x = (x @ kernel + bias).reshape(-1, 2, 3, 8)
    for _ in range(2):
        x = relu(normalised(weights, x, None, epsilon=1e-3))
        x = transposed(x, *weights.of("Conv2DTranspose 5"))
    return np.tanh(x)


def dcgan_1(weights, x, labels):
    x = leaky(convolution(x, *weights.of("Conv2D 5"), stride=2))
    x = convolution(x, *weights.of("Conv2D 5"), stride=2)
    x = leaky(normalised(weights, x, None, epsilon=1e-3))
    kernel, bias = weights.of("Dense")
    return x.reshape(len(x), -1) @ kernel + bias


def r3gan_blocks(weights, x, groups):
    for _ in range(2):
        y = leaky(convolution(x, *weights.of("Conv2D 1")))
        y = leaky(convolution(y, *weights.of("GroupedConv2D 3"), groups=groups))
        x = x + convolution(y, *weights.of("Conv2D 1"))
    return x


def r3gan_0(weights, x, labels):
    if labels is not None:
        x = np.concatenate([x, weights.of("Embedding")[0][labels]], axis=1)
    x = np.einsum("nc,hwc->nhwc", x @ weights.of("Dense")[0], weights.of("LearnedBasis2D")[0])
    assert x.shape[1:3] == (2, 4)
    x = r3gan_blocks(weights, x, 2)
    x = r3gan_blocks(weights, filtered(x, 2, 1, (2, 1)), 4)
    x = filtered(convolution(x, *weights.of("Conv2D 1")), 2, 1, (2, 1))
    x = r3gan_blocks(weights, x, 3)
    return convolution(x, *weights.of("Conv2D 1"))


def r3gan_1(weights, x, labels):
    x = convolution(x, *weights.of("Conv2D 1"))
    x = r3gan_blocks(weights, x, 3)
    x = convolution(filtered(x, 1, 2, (1, 1)), *weights.of("Conv2D 1"))
    x = r3gan_blocks(weights, x, 4)
    x = r3gan_blocks(weights, filtered(x, 1, 2, (1, 1)), 2)
    (basis,) = (np.array(w) for w in weights.queues["DepthwiseConv2D 2"].pop(0).weights)
    x = np.einsum("nhwc,hwc->nc", x, basis[..., 0]) @ weights.of("Dense")[0]
    if labels is None:
        return x
    return np.sum(x * weights.of("EmbeddingProjection")[0][labels], axis=1, keepdims=True)


def attention(weights, x):
    (layer,) = weights.queues["SelfAttention2D"]
    weights.queues["SelfAttention2D"].clear()
    f, g, h, v = (weights.values(part)[0] for part in (layer.f, layer.g, layer.h, layer.v))
    outputs = []
    for image in x:
        pixels = image.reshape(-1, image.shape[-1])
        scores = np.exp((pixels @ f) @ (pixels @ g).T)  # [i, j]: of pixel i, for pixel j.
        found = (scores / scores.sum(axis=0)).T @ (pixels @ h) @ v
        outputs.append(float(layer.gamma) * found.reshape(image.shape) + image)
    return np.array(outputs)


def residual_0(weights, x, labels, filters, attentive):
    kernel, bias = weights.of("Dense")
    x = (x @ kernel + bias).reshape(-1, 1, 2, filters)
    for i in range(3):
        y = repeated(relu(normalised(weights, x, labels)))
        y = convolution(y, *weights.of("UpSampledConv2D 3"))
        y = convolution(relu(normalised(weights, y, labels)), *weights.of("Conv2D 3"))
        x = y + convolution(repeated(x), *weights.of("Conv2D 1"))
        x = attention(weights, x) if attentive and i == 1 else x
    return np.tanh(convolution(relu(normalised(weights, x, labels)), *weights.of("Conv2D 3")))


def residual_1(weights, x, labels, filters, attentive):
    y = relu(convolution(x, *weights.of("Conv2D 3")))
    y = halved(convolution(y, *weights.of("Conv2D 3")))
    x = y + convolution(halved(x), *weights.of("Conv2D 1"))
    x = attention(weights, x) if attentive else x
    for down in (True, False, False):
        y = convolution(relu(x), *weights.of("Conv2D 3"))
        y = convolution(relu(y), *weights.of("Conv2D 3"))
        x = halved(y) + halved(convolution(x, *weights.of("Conv2D 1"))) if down else y + x
    features = relu(x).sum(axis=(1, 2))
    kernel, bias = weights.of("Dense")
    logits = features @ kernel + bias
    if labels is None:
        return logits
    rows = weights.of("EmbeddingProjection")[0][labels]
    return logits + np.sum(features * rows, axis=1, keepdims=True)


NUMPY = {
    "DCGAN": (dcgan_0, dcgan_1),
    "R3GAN": (r3gan_0, r3gan_1),
    "SNGAN": tuple(lambda *a, f=f: f(*a, 4, False) for f in (residual_0, residual_1)),
    "SAGAN": tuple(lambda *a, f=f: f(*a, 16, True) for f in (residual_0, residual_1)),
}


@pytest.mark.parametrize(("name", "part", "num_classes"), CASES)
def test_outputs(name, part, num_classes):
    network = small(name, part, num_classes)
    inputs, weights = inputs_of(network), Weights(network)
    x, labels = inputs if num_classes else (inputs, None)
    expected = NUMPY[name][part](weights, x.astype("float64"), labels)
    assert weights.used_up()
    assert np.std(expected) > 1e-3
    scale = np.abs(expected).max()
    np.testing.assert_allclose(network(inputs) / scale, expected / scale, atol=1e-5)


# As networks of this library


@pytest.mark.parametrize(("name", "part", "num_classes"), CASES)
def test_shapes_and_serialisation(name, part, num_classes, tmp_path):
    network, shape = small(name, part, num_classes), PUBLISHED[name][1][1]["image_shape"]
    assert network.name == ("generator", "discriminator")[part]
    assert network.inputs[0].shape[1:] == (shape if part else (5,))
    assert network.outputs[0].shape[1:] == ((1,) if part else shape)
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    np.testing.assert_array_equal(loaded(inputs_of(network)), network(inputs_of(network)))
    assert loaded.count_params() == network.count_params()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The critic has a BatchNormalization layer")
@pytest.mark.parametrize("name", PUBLISHED)
def test_training_moves_every_kernel(name):
    """Within three steps: at first, blocks that end in 0 and attention pass no gradient."""
    num_classes = None if name == "DCGAN" else CLASSES
    arguments = {} if num_classes is None else {"num_classes": num_classes}

    def networks():
        return [builder(**rest, **arguments) for builder, rest in PUBLISHED[name]]

    gan = make(VARIANTS[name], networks, n_critic=1)
    before = [np.array(weight) for weight in gan.trainable_weights]
    shape = PUBLISHED[name][1][1]["image_shape"]
    x = np.random.default_rng(0).uniform(-1, 1, (24, *shape)).astype("float32")
    history = gan.fit(x, classes(24, CLASSES), batch_size=8, epochs=1, verbose=0).history
    assert np.all(np.isfinite([history[key] for key in ("d_loss", "g_loss")]))
    for old, weight in zip(before, gan.trainable_weights, strict=True):
        moved = np.any(old != np.array(weight))
        assert moved or weight.name in ("bias", "beta"), weight.path
    assert gan.generate(3, seed=0).shape == (3, *shape)


@pytest.mark.parametrize("builder", [dcgan_generator, sngan_generator, sagan_generator])
@pytest.mark.parametrize("num_classes", [None, CLASSES])
def test_synchronized_reaches_every_batch_normalisation(builder, num_classes):
    arguments = {"filters": 16, "num_classes": num_classes}
    if builder is dcgan_generator:
        arguments.pop("num_classes")
    for synchronized in (True, False):
        network = builder(**arguments, synchronized=synchronized)
        norms = [each for each in network.layers if isinstance(each, layers.BatchNormalization)]
        assert norms and {each.synchronized for each in norms} == {synchronized}


@pytest.mark.parametrize(
    "build",
    [
        lambda: r3gan_generator((16, 20, 3)),
        lambda: r3gan_discriminator((20, 16, 3)),
        lambda: dcgan_generator((64, 40, 3)),
        lambda: sngan_generator((36, 32, 3)),
        lambda: sagan_discriminator((32, 30, 3)),
    ],
)
def test_sides_that_cannot_be_halved_are_refused(build):
    with pytest.raises(ValueError, match="Expected image sides divisible by .*Received: height="):
        build()


@pytest.mark.parametrize("builder", [r3gan_generator, r3gan_discriminator])
@pytest.mark.parametrize("changes", [{"groups": (4, 4)}, {"groups": (4, 4, 4, 7)}])
def test_groups_that_do_not_fit_are_refused(builder, changes):
    with pytest.raises(ValueError, match="Expected for each stage a number of groups.*Received: w"):
        builder(widths=(8, 8, 8, 8), **changes)


@pytest.mark.parametrize(
    "builder", [r3gan_generator, r3gan_discriminator, sngan_generator, sagan_discriminator]
)
def test_no_classes_are_refused(builder):
    with pytest.raises(ValueError, match="Expected at least one class.*num_classes=0"):
        builder(num_classes=0)
