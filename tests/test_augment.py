"""What the discriminator sees: DiffAugment and ADA against NumPy, their laws, their training."""

import functools
import itertools

import keras
import numpy as np
import pytest
import scipy.ndimage
import tensorflow as tf
from keras import layers, ops
from scipy.spatial.transform import Rotation
from scipy.stats import norm

import keras_gans as kg
from conftest import assert_same_state, image_networks, images, make
from keras_gans.augment import ada, colour, diff_augment, geometry
from keras_gans.networks import inspection
from test_train_state import Stop, StopAt

LAYERS = {
    "DiffAugment": lambda seed=1: kg.augment.DiffAugment(seed=seed),
    "ADA": lambda seed=1: kg.augment.ADA(p=0.7, kimg=0.2, every=3, seed=seed),
}


@pytest.fixture(params=LAYERS)
def new(request):
    return LAYERS[request.param]


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def numbers(*values):
    """One number for each image."""
    return [np.asarray(v, "float32").reshape(-1, 1, 1, 1) for v in values]


def uniforms(n, count, seed=0):
    """Such as the layers draw."""
    draw = np.random.default_rng(seed).integers(0, 2**23, (count, n, 1, 1, 1))
    return list((draw / 2**23).astype("float32"))


def assert_moments(values, mean, variance):
    """Mean and variance of a sample, within four standard errors of the law's."""
    values = np.asarray(values, "float64").ravel()
    deviations = (values - mean) ** 2
    for got, expected, spread in (
        (values.mean(), mean, np.sqrt(variance)),
        (deviations.mean(), variance, deviations.std()),
    ):
        assert abs(got - expected) <= 4 * spread / np.sqrt(values.size), (got, expected)


# What all random augmentations have in common


def draw_thrice(mode):
    layer = kg.augment.DiffAugment(seed=5)

    def draw():
        return ops.stack(layer.uniforms(images(4), 3))

    if mode != "eager":
        draw = tf.function(draw, jit_compile=mode == "xla", autograph=False)
    return np.array([draw() for _ in range(3)])


def test_numbers_are_the_same_with_and_without_xla():
    eager = draw_thrice("eager")
    assert eager.shape == (3, 3, 4, 1, 1, 1) and len(np.unique(eager)) == eager.size
    for mode in ("graph", "xla"):
        np.testing.assert_array_equal(eager, draw_thrice(mode))


def test_numbers_are_uniform():
    layer = kg.augment.DiffAugment(seed=5)
    u = np.array(layer.uniforms(np.zeros((5000, 2, 2, 1)), 7))
    assert u.min() >= 0 and u.max() < 1
    assert_moments(u, 1 / 2, 1 / 12)
    correlations = np.corrcoef(u.reshape(7, -1)) - np.eye(7)
    assert abs(correlations).max() < 4 / np.sqrt(5000)


def test_each_replica_draws_its_own(mirrored, new):
    with mirrored.scope():
        layer = new()
    x = tf.constant(images(8))
    a, b = mirrored.experimental_local_results(mirrored.run(lambda: layer(x)))
    assert not any(np.allclose(p, q) for p, q in zip(a, b, strict=True))


def test_each_image_and_each_call_has_its_own_draw(new):
    layer, x = new(), np.repeat(images(1, channels=3), 16, axis=0)
    first, second = np.array(layer(x)), np.array(layer(x))
    seen = [*first, *second]
    # ADA may leave one or two images as they are.
    equal = sum(np.allclose(a, b) for a, b in itertools.combinations(seen, 2))
    assert equal <= 1 and all(np.isfinite(image).all() for image in seen)


def test_reals_and_fakes_have_one_law(new):
    """With the same numbers both undergo the same affine map, whatever their values."""
    x, y = images(16, channels=3, seed=1), 5 * images(16, channels=3, seed=2) + 3
    of_x, of_y, of_middle = (np.array(new()(batch)) for batch in (x, y, (x + y) / 2))
    np.testing.assert_allclose(of_middle, (of_x + of_y) / 2, atol=1e-4)


def test_only_training_augments(new):
    x = images(4)
    np.testing.assert_array_equal(new()(x, training=False), x)
    network = keras.Sequential([keras.Input((8, 8, 1)), new()])
    np.testing.assert_array_equal(network.predict(x, verbose=0), x)
    assert network.output_shape == (None, 8, 8, 1)
    assert not np.allclose(network(x, training=True), x)


def test_one_pass_over_reals_and_fakes(new):
    assert inspection.keeps_samples_apart(new())
    x = images(6, channels=3)
    other = x.copy()
    other[:3] = 0
    a, b = new()(x), new()(other)
    np.testing.assert_array_equal(a[3:], b[3:])


def test_gradient_by_the_images(new):
    """As the map is affine, a difference of any size tells the gradient."""
    x, direction, weights = (images(8, channels=3, seed=seed) for seed in range(3))

    def value(x):
        return ops.sum(new()(x) * weights)

    variable = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(variable)
        loss = value(variable)
    gradient = ops.convert_to_tensor(tape.gradient(loss, variable))
    expected = value(x + direction / 2) - value(x - direction / 2)
    np.testing.assert_allclose(np.sum(gradient * direction), expected, rtol=1e-3, atol=1e-3)


def test_gradient_by_the_generator(new, rng):
    """The objective's derivative by the generator's weights, along a random direction."""
    keras.utils.set_random_seed(0)
    generator, discriminator = image_networks()
    latents = rng.normal(size=(16, 4)).astype("float32")
    discriminator.set_weights([10 * w for w in discriminator.get_weights()])
    variables = generator.trainable_variables

    def objective():
        logits = discriminator(new()(generator(latents, training=True)), training=True)
        return ops.mean(ops.softplus(-logits)), None

    gradients, _ = kg.backend.gradients(objective, variables)
    step = [ops.convert_to_numpy(g) for g in gradients]
    size = np.sqrt(sum((s**2).sum() for s in step))
    step = [1e-3 * s / size for s in step]

    def value(sign):
        before = [ops.convert_to_numpy(v) for v in variables]
        for variable, value, s in zip(variables, before, step, strict=True):
            variable.assign(value + sign * s)
        loss = float(objective()[0])
        for variable, value in zip(variables, before, strict=True):
            variable.assign(value)
        return loss

    assert size > 1e-3
    np.testing.assert_allclose((value(1) - value(-1)) / 2e-3, size, rtol=0.02)


def test_gradient_of_a_gradient_penalty(new):
    """Penalties differentiate through the augmentation, and the update their result."""
    weights, direction, x = (images(4, channels=3, seed=seed) for seed in range(3))

    def objective(weights):
        def critic(x):
            return ops.sum(weights * ops.square(new()(x)), axis=(1, 2, 3))

        return kg.penalties.R1().at(critic, tf.constant(x))

    variable = tf.constant(weights)
    with tf.GradientTape() as tape:
        tape.watch(variable)
        loss = objective(variable)
    slope = np.sum(tape.gradient(loss, variable) * direction)
    # Quadratic in the weights, whatever the augmentation.
    expected = (objective(weights + direction) - objective(weights - direction)) / 2
    np.testing.assert_allclose(slope, expected, rtol=1e-3)


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (kg.augment.DiffAugment, (4, 2), r"images of shape \(batch, height.* shape=\(4, 2\)"),
        (kg.augment.ADA, (None, None, 8, 3), "known size. Received: shape"),
        (kg.augment.ADA, (4, 8, 8, 2), "1 or 3 channels.* shape=.4, 8, 8, 2.; use policy='bg'"),
        (kg.augment.ADA, (4, 1, 8, 1), "at least 2x2 pixels"),
    ],
)
def test_bad_images(layer, shape, message):
    with pytest.raises(ValueError, match=message):
        layer().build(shape)


@pytest.mark.parametrize(
    ("layer", "arguments", "message"),
    [
        ("DiffAugment", {"policy": "colour"}, r"out of \['color', .*Received: policy='colour'"),
        ("DiffAugment", {"policy": ""}, "Received: policy=''"),
        ("DiffAugment", {"policy": None}, "Received: policy=None"),
        ("ADA", {"policy": "bgx"}, "letters out of 'bgc'. Received: policy='bgx'"),
        ("ADA", {"policy": ""}, "Received: policy=''"),
        ("ADA", {"target": 1.5}, "`target` to be None or in .-1, 1.. Received: target=1.5"),
        ("ADA", {"every": 0}, "`every` to be an integer >= 1. Received: every=0"),
        ("ADA", {"kimg": 0}, "`kimg` to be a number > 0. Received: kimg=0"),
        ("ADA", {"max_p": 2}, r"`max_p` to be in \[0, 1\]. Received: max_p=2"),
        ("ADA", {"p": 0.5, "max_p": 0.4}, r"`p` to be in \[0, max_p\]. Received: p=0.5"),
        ("ADA", {"p": "0"}, "Received: p='0'"),
    ],
)
def test_bad_arguments(layer, arguments, message):
    with pytest.raises(ValueError, match=message):
        getattr(kg.augment, layer)(**arguments)


def test_configuration():
    for layer in (
        kg.augment.DiffAugment("cutout,color", seed=3, name="a"),
        kg.augment.ADA(0.5, "gc", 2, 100.0, 0.25, 0.8, 7, name="b"),
        kg.augment.ADA(None, p=0.3),
    ):
        config = keras.saving.serialize_keras_object(layer)
        assert config["registered_name"] == f"keras_gans>{type(layer).__name__}"
        copy = keras.saving.deserialize_keras_object(config)
        assert copy.get_config() == layer.get_config() and copy.name == layer.name
        x = images(8)
        np.testing.assert_array_equal(copy(x), layer(x))
    assert kg.augment.ADA().seed != kg.augment.ADA().seed


# DiffAugment


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_colour_operations(channels):
    x, (u,) = images(5, channels=channels), uniforms(5, 1)
    for i in range(5):
        one, number = x[i].astype("float64"), float(u[i, 0, 0, 0])
        expected = {
            diff_augment.brightness: one + number - 0.5,
            diff_augment.saturation: np.stack(
                [g + 2 * number * (p - g) for p in one.reshape(-1, channels) for g in [p.mean()]]
            ).reshape(one.shape),
            diff_augment.contrast: one.mean() + (number + 0.5) * (one - one.mean()),
        }
        for operation, value in expected.items():
            np.testing.assert_allclose(operation(x, u)[i], value, atol=1e-6)
    if channels == 1:
        np.testing.assert_array_equal(diff_augment.saturation(x, u), x)


@pytest.mark.parametrize(("height", "width"), [(8, 8), (9, 13), (28, 20)])
def test_translation(height, width, rng):
    n = 200
    x = rng.uniform(-1, 1, (n, height, width, 2)).astype("float32")
    u = uniforms(n, 2)
    u[0][:2].flat, u[1][:2].flat = [0.0, 1 - 2**-23], [1 - 2**-23, 0.0]
    moved, shifts = np.array(diff_augment.translation(x, *u)), []
    for i in range(n):
        most = [round(size / 8 + 1e-9) for size in (height, width)]
        dy, dx = (
            int(np.floor(v[i].item() * (2 * m + 1))) - m for v, m in zip(u, most, strict=True)
        )
        padded = np.pad(x[i], [(most[0],) * 2, (most[1],) * 2, (0, 0)])
        y, x0 = most[0] - dy, most[1] - dx
        np.testing.assert_array_equal(moved[i], padded[y : y + height, x0 : x0 + width])
        shifts.append((dy, dx))
    assert shifts[:2] == [(-most[0], most[1]), (most[0], -most[1])]
    assert {dy for dy, _ in shifts} == set(range(-most[0], most[0] + 1))


@pytest.mark.parametrize(("height", "width"), [(8, 8), (9, 13), (28, 20)])
def test_cutout(height, width):
    """Every middle is equally likely; the rectangle is cut at the border."""
    h, w = round(height / 2 + 1e-9), round(width / 2 + 1e-9)
    counts = height + 1 - h % 2, width + 1 - w % 2
    middles = list(itertools.product(*map(range, counts)))
    u = (np.array(middles) + 0.5) / counts
    x = np.ones((len(middles), height, width, 1), "float32")
    cut = np.array(diff_augment.cutout(x, *numbers(*u.T)))
    for image, (y, x0) in zip(cut, middles, strict=True):
        expected = np.ones((height, width))
        expected[max(y - h // 2, 0) : y - h // 2 + h, max(x0 - w // 2, 0) : x0 - w // 2 + w] = 0
        np.testing.assert_array_equal(image[..., 0], expected)
    outside = 1 - (cut == 0).sum((1, 2, 3)) / (h * w)
    assert outside.min() == 0 and 0.5 < outside.max() <= 0.75


def test_laws_of_colour():
    """The three numbers are read off the layer's output: each keeps what the next ones change."""
    x = np.repeat(images(1, channels=3), 4000, axis=0).astype("float64")
    y = np.array(kg.augment.DiffAugment("color", seed=2)(x), "float64")
    mean, grey = x.mean((1, 2, 3), keepdims=True), x.mean(-1, keepdims=True)
    mean_y, grey_y = y.mean((1, 2, 3), keepdims=True), y.mean(-1, keepdims=True)
    contrast = (grey_y - mean_y).std((1, 2, 3)) / (grey - mean).std((1, 2, 3))
    saturation = (y - grey_y).std((1, 2, 3)) / (x - grey).std((1, 2, 3)) / contrast
    assert_moments((mean_y - mean).ravel(), 0, 1 / 12)
    assert_moments(saturation, 1, 1 / 3)
    assert_moments(contrast, 1, 1 / 12)
    drawn = [(mean_y - mean).ravel(), saturation, contrast]
    assert abs(np.corrcoef(drawn) - np.eye(3)).max() < 4 / np.sqrt(4000)


def test_the_policy_is_in_order():
    x = np.ones((16, 8, 8, 1), "float32")
    hole_last = np.array(kg.augment.DiffAugment("color,cutout", seed=2)(x))
    hole_first = np.array(kg.augment.DiffAugment("cutout,color", seed=2)(x))
    assert (hole_last == 0).any((1, 2, 3)).all() and not (hole_first == 0).any()
    only = np.array(kg.augment.DiffAugment("cutout", seed=2)(x))
    assert set(np.unique(only)) == {0.0, 1.0}


# ADA: geometry

SYM6 = [
    *(0.015404109327027373, 0.0034907120842174702, -0.11799011114819057, -0.048311742585633),
    *(0.4910559419267466, 0.787641141030194, 0.3379294217276218, -0.07263752278646252),
    *(-0.021060292512300564, 0.04472490177066578, 0.0017677118642428036, -0.007800708325034148),
]


def test_doubling_is_what_the_wavelet_leaves(rng):
    """By the paper: zeros between, sym6, half a pixel on, sym6 transposed, every second value."""
    h, signal = np.array(SYM6), rng.normal(size=40)
    np.testing.assert_allclose([h @ h, h[2:] @ h[:-2], h.sum()], [1, 0, np.sqrt(2)], atol=1e-8)
    fine = np.zeros(80)
    fine[::2] = signal
    up = np.convolve(fine, h)
    for shift in (0, 1):
        down = np.convolve(np.roll(up, -shift), h[::-1])[11 : 11 + 80 : 2]
        expected = geometry._halfway(40) @ signal if shift else signal
        np.testing.assert_allclose(down[6:-7], expected[6:-7], atol=1e-6)


def reference(x, matrix):
    """Resampled by SciPy, from an image doubled by hand."""

    def double(x):
        padded = np.pad(x, [(6, 6)] + [(0, 0)] * (x.ndim - 1), mode="reflect")
        halfway = scipy.interpolate.BarycentricInterpolator(np.arange(12.0))
        out = []
        for i in range(len(x) - 1):
            halfway.set_yi(padded[i + 1 : i + 13])
            out += [x[i], halfway(5.5)]
        return np.stack([*out, x[-1]])

    fine = np.swapaxes(double(np.swapaxes(double(x.astype("float64")), 0, 1)), 0, 1)
    middle = (np.array(x.shape[:2]) - 1) / 2
    linear, offset = matrix[:2, :2], matrix[:2, 2] + middle - matrix[:2, :2] @ middle
    grid = np.stack(np.meshgrid(*map(np.arange, x.shape[:2]), indexing="ij")).reshape(2, -1)
    at = 2 * (linear @ grid + offset[:, None])
    channels = [
        scipy.ndimage.map_coordinates(fine[..., c], at, order=1, mode="mirror")
        for c in range(x.shape[2])
    ]
    return np.stack(channels, -1).reshape(x.shape)


def as_affine(matrices):
    entries = [(0, 0), (0, 1), (1, 0), (1, 1), (0, 2), (1, 2)]
    return geometry.Affine(*numbers(*(matrices[:, i, j] for i, j in entries)))


@pytest.mark.parametrize("shape", [(8, 8, 1), (16, 9, 3), (3, 5, 1)])
def test_resampling(shape, rng):
    n = 12
    x = rng.uniform(-1, 1, (n, *shape)).astype("float32")
    matrices = np.zeros((n, 3, 3))
    matrices[:, :2, :2] = np.eye(2) + rng.normal(size=(n, 2, 2))
    matrices[:, :2, 2] = 5 * rng.normal(size=(n, 2))
    got = geometry.resampled(x, as_affine(matrices))
    for i in range(n):
        np.testing.assert_allclose(got[i], reference(x[i], matrices[i]), atol=2e-4)


def test_resampling_of_a_smooth_image():
    """A wave that is rotated, scaled and moved is known everywhere."""
    back = (
        geometry.Affine().translated(0.3, -0.6).rotated(np.cos(0.5), np.sin(0.5)).scaled(1.1, 0.9)
    )

    def wave(y, x):
        return np.cos(0.7 * y + 0.4 * x)

    place = np.arange(64.0) - 31.5
    y, x = np.meshgrid(place, place, indexing="ij")
    image = wave(y, x)[None, ..., None].astype("float32")
    inside = np.all(np.abs(back.places(y, x)) < 25, axis=0)
    got = np.array(geometry.resampled(image, back))[0, ..., 0]
    error = np.abs(got - wave(*back.places(y, x)))[inside].max()
    linear = 1 - np.cos(np.hypot(0.7, 0.4) / 2)  # Of one that is not doubled, halfway.
    assert inside.mean() > 0.3 and error < 0.35 * linear


def test_whole_pixels_move_exactly():
    x = images(1, size=9, channels=3)
    identity = geometry.Affine()
    padded = np.pad(x, [(0, 0), (3, 3), (3, 3), (0, 0)], mode="reflect")
    for back, expected in (
        (identity, x),
        (identity.scaled(1.0, -1.0), x[:, :, ::-1]),
        (identity.rotated(0.0, 1.0), np.rot90(x, 1, (1, 2))),
        (identity.rotated(-1.0, 0.0), x[:, ::-1, ::-1]),
        (identity.translated(2.0, -3.0), padded[:, 5:14, 0:9]),
    ):
        np.testing.assert_array_equal(geometry.resampled(x, back), expected)


# ADA: the pipeline against the paper's pseudocode


def matrix(*rows):
    return np.array([*rows, [0, 0, 1]], "float64")


def scale(y, x):
    return matrix([y, 0, 0], [0, x, 0])


def turn(angle):
    return matrix([np.cos(angle), np.sin(angle), 0], [-np.sin(angle), np.cos(angle), 0])


def move(y, x):
    return matrix([1, 0, y], [0, 1, x])


def blit_by_hand(u, p, height, width):
    def on(gate):
        return gate < p

    result = scale(1, 1 - 2 * on(u[0]) * np.floor(2 * u[1]))
    result = result @ turn(on(u[2]) * np.floor(4 * u[3]) * np.pi / 2)
    y, x = (on(u[4]) * (2 * v - 1) / 8 for v in u[5:7])
    return result @ move(np.round(y * height), np.round(x * width))


def warp_by_hand(u, p, height, width):
    def quantile(v):
        return norm.ppf(v + 2.0**-24)

    p_rot = 1 - np.sqrt(1 - p)
    s = 2 ** ((u[0] < p) * 0.2 * quantile(u[1]))
    result = scale(s, s) @ turn((u[2] < p_rot) * (2 * u[3] - 1) * np.pi)
    s = 2 ** ((u[4] < p) * 0.2 * quantile(u[5]))
    result = result @ scale(1 / s, s) @ turn((u[6] < p_rot) * (2 * u[7] - 1) * np.pi)
    y, x = ((u[8] < p) * 0.125 * quantile(v) for v in u[9:11])
    return result @ move(y * height, x * width)


@pytest.mark.parametrize("p", [0.0, 0.4, 1.0])
@pytest.mark.parametrize(
    ("operations", "by_hand", "count"),
    [(ada.blitted, blit_by_hand, 7), (ada.warped, warp_by_hand, 11)],
)
def test_maps_of_the_paper(operations, by_hand, count, p):
    n, height, width = 300, 20, 32
    u = uniforms(n, count)
    for number in u:  # The ends of the law.
        number[:2].flat = [0.0, 1 - 2**-23]
    back = operations(geometry.Affine(), ada.Parameters(u, np.float32(p)), height, width)
    got = np.stack([np.broadcast_to(entry, (n, 1, 1, 1)) for entry in back])[..., 0, 0, 0]
    for i in range(n):
        expected = by_hand([float(v[i, 0, 0, 0]) for v in u], p, height, width)
        expected = [*expected[:2, :2].ravel(), *expected[:2, 2]]
        np.testing.assert_allclose(got[:, i], expected, atol=2e-4)
    if p == 0:
        np.testing.assert_array_equal(got.T, [[1, 0, 0, 1, 0, 0]] * n)


def colour_by_hand(brightness, contrast, flip, hue, saturation):
    """4x4 matrices on (R, G, B, 1), multiplied in the paper's order."""
    v = np.array([1, 1, 1, 0]) / np.sqrt(3)
    on_grey = np.outer(v, v)
    rotation = np.eye(4)
    rotation[:3, :3] = Rotation.from_rotvec(hue * v[:3]).as_matrix()
    result = np.eye(4)
    result[:3, 3] = brightness
    result = np.diag([contrast] * 3 + [1]) @ result
    result = (np.eye(4) - 2 * on_grey * flip) @ result
    result = rotation @ result
    return (on_grey + (np.eye(4) - on_grey) * saturation) @ result


@pytest.mark.parametrize("only", [None, 0, 1, 2, 3, 4])
def test_colours_of_the_paper(only, rng):
    n = 20
    x = images(n, channels=3)
    values = [
        *(rng.normal(size=n), 2 ** rng.normal(size=n), rng.integers(0, 2, n)),
        *(rng.uniform(-np.pi, np.pi, n), 2 ** rng.normal(size=n)),
    ]
    for i, identity in enumerate((0, 1, 0, 0, 1)):
        if only not in (None, i):
            values[i] = np.full(n, identity)
    got = np.array(colour.recoloured(x, *numbers(*values)))
    grey = np.array(colour.recoloured(x[..., :1], *numbers(*values)))
    for i in range(n):
        c = colour_by_hand(*(value[i] for value in values))
        np.testing.assert_allclose(got[i], x[i] @ c[:3, :3].T + c[:3, 3], atol=2e-5)
        rows = c[:3].mean(0)  # The paper's, for images of one channel.
        np.testing.assert_allclose(grey[i], x[i, ..., :1] * rows[:3].sum() + rows[3], atol=2e-5)
    assert np.abs(got - x).max() > 0.1


def test_laws_of_parameters():
    n = 20000
    u = [0.5 * np.ones((n, 1, 1, 1), "float32"), *uniforms(n, 1)]
    for law, mean, variance in (
        (ada.integer(2), 0.5, 0.25),
        (ada.integer(4), 1.5, 1.25),
        (ada.uniform(0.125), 0.0, 0.125**2 / 3),
        (ada.normal(0.2), 0.0, 0.2**2),
    ):
        always = ada.Parameters(u, 1.0).one(law)
        assert_moments(always, mean, variance)
        assert len(np.unique(ada.Parameters(u, 0.4).one(law))) == 1  # As .5 is not below .4.
    ends = np.array([0.0, 0.5 - 2**-23, 0.5, 1 - 2**-23], "float32")
    got = np.array(ada.normal(1.0)(ends))
    np.testing.assert_allclose(got, norm.ppf(ends.astype("float64") + 2**-24), rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("p", [0.2, 0.75])
def test_each_operation_takes_place_with_probability_p(p):
    """Rotations in front and behind: at least one with probability p."""
    n = 5000
    u = uniforms(n, ada.NUMBERS, seed=4)
    draw = ada.Parameters(u, np.float32(p))
    happened = [np.array(draw.one(lambda u: 1.0 + 0 * u)) for _ in range(5)]
    for one in happened:
        assert_moments(one, p, p * (1 - p))
    assert abs(np.corrcoef(np.squeeze(happened)) - np.eye(5)).max() < 4 / np.sqrt(n)
    # With no scaling and no stretching, what is left of a map is the sum of its rotations.
    never, half = np.ones((n, 1, 1, 1), "float32"), np.full((n, 1, 1, 1), 0.5, "float32")
    turns = [never, half, *u[0:2], never, half, *u[2:4], never, half, half]
    back = ada.warped(geometry.Affine(), ada.Parameters(turns, np.float32(p)), 8, 8)
    assert_moments(np.array(back.yy) != 1.0, p, p * (1 - p))


@pytest.mark.parametrize("policy", ["b", "g", "c", "bg", "bgc"])
def test_p_of_0_is_the_identity_to_the_bit(policy):
    for channels in (1, 3):
        x = images(64, size=11, channels=channels)
        np.testing.assert_array_equal(kg.augment.ADA(policy=policy, seed=1)(x), x)
        changed = np.array(kg.augment.ADA(policy=policy, seed=1, p=1.0)(x))
        assert np.mean(np.any(changed != x, axis=(1, 2, 3))) > 0.9


@pytest.mark.parametrize("p", [0.3, 1.0])
def test_the_layer_is_the_pipeline(p):
    """The layer's own draw: how many images blitting leaves alone; one colour map for an image."""
    x = images(400, size=8, channels=3)
    blits = np.array(kg.augment.ADA(policy="b", p=p, seed=3)(x))
    unmoved = np.mean([np.array_equal(a, b) for a, b in zip(blits, x, strict=True)])
    # Of 2 mirror images, 4 quarter turns, and translations by U(-1, 1) pixels, rounded, each way.
    expected = np.prod([1 - p + p * same for same in (1 / 2, 1 / 4, 1 / 4)])
    assert abs(unmoved - expected) < 4 * np.sqrt(expected * (1 - expected) / 400)
    colours = np.array(kg.augment.ADA(policy="c", p=p, seed=3)(x))
    for image, before in zip(colours, x, strict=True):
        design = np.c_[before.reshape(-1, 3), np.ones(64)]
        _, residual, _, _ = np.linalg.lstsq(design, image.reshape(-1, 3), rcond=None)
        assert residual.max() < 1e-6 * max(1.0, np.square(image).sum())


# ADA: how p follows the discriminator


def logits_of(r, n=20):
    """Logits whose mean sign is r."""
    positive = round(n * (1 + r) / 2)
    return np.r_[np.full(positive, 0.3), np.full(n - positive, -2.0)].astype("float32")[:, None]


def follow(layer, logits):
    terms = layer.statistics({"logits": ops.convert_to_tensor(logits)})
    layer.after_discriminator(terms)
    return {name: float(value) for name, value in terms.items()}


@pytest.mark.parametrize(
    "arguments", [{"kimg": 0.4}, {"kimg": 0.4, "every": 3, "max_p": 0.5, "p": 0.3, "target": 0.0}]
)
def test_p_follows_the_papers_rule(arguments, rng):
    layer = kg.augment.ADA(**arguments)
    target, every = arguments.get("target", 0.6), arguments.get("every", 4)
    p, signs, reals, seen = arguments.get("p", 0.0), [], 0, []
    # Up to the most, down to 0, and on.
    for r in [1.0] * 40 + list(rng.choice([-1, 0.5, 0.6, 0.7, 1], 60)) + [-1.0] * 40 + [1.0] * 8:
        logs = follow(layer, logits_of(r))
        signs, reals = [*signs, r], reals + 20
        if len(signs) == every:
            p += np.sign(round(np.mean(signs) - target, 6)) * reals / 400
            p, signs, reals = min(max(p, 0.0), arguments.get("max_p", 1.0)), [], 0
        assert set(logs) == {"ada_p", "ada_r"}
        np.testing.assert_allclose([logs["ada_r"], logs["ada_p"]], [r, p], atol=1e-5)
        seen.append(p)
    assert min(seen) == 0 and max(seen) == arguments.get("max_p", 1.0)


def test_kimg_is_the_time_from_0_to_1():
    layer, reals = kg.augment.ADA(kimg=0.8), 0
    while float(layer.p) < 1 - 1e-6:
        follow(layer, logits_of(1.0))
        reals += 20
    assert reals == 800


def test_a_fixed_p():
    layer = kg.augment.ADA(target=None, p=0.3, kimg=0.1)
    for _ in range(8):
        assert follow(layer, logits_of(1.0)) == {"ada_r": 1.0, "ada_p": np.float32(0.3)}


def test_logits_of_patches_are_images_of_a_batch():
    layer = kg.augment.ADA(kimg=0.8, every=1)
    logs = follow(layer, np.ones((8, 4, 4, 1), "float32"))
    np.testing.assert_allclose(logs["ada_p"], 8 / 800)


def test_two_replicas_are_one(mirrored):
    """One replica alone would see r on the other side of the target."""
    with mirrored.scope():
        layer = kg.augment.ADA(kimg=0.4, every=2)
    alone = kg.augment.ADA(kimg=0.4, every=2)
    for first, second in ((1.0, 0.6), (1.0, 0.4), (0.6, 0.4), (1.0, 1.0), (0.0, 1.0), (0.9, 0.5)):
        parts = tf.constant(np.stack([logits_of(first), logits_of(second)]))

        def step(parts=parts):
            replica = tf.distribute.get_replica_context().replica_id_in_sync_group
            terms = layer.statistics({"logits": parts[replica]})
            layer.after_discriminator(terms)
            return terms["ada_p"]

        mirrored.run(tf.function(step, autograph=False))
        logs = follow(alone, np.concatenate([logits_of(first), logits_of(second)]))
        copies = [np.array(v) for v in layer.p.value.values]
        assert copies[0] == copies[1]
        np.testing.assert_allclose(copies[0], logs["ada_p"], rtol=1e-6)
    assert float(alone.p) > 0


class Recording(kg.augment.ADA):
    """Writes down r of each update and p after it."""

    def after_discriminator(self, terms):
        super().after_discriminator(terms)
        self.__dict__.setdefault("record", []).append(
            (float(terms["ada_r"]), float(terms["ada_p"]))
        )


def test_p_in_training():
    """Of each update of the discriminator, and equal to the loop over what it saw."""
    augment = Recording(kimg=0.1, every=3, seed=0, target=0.2)
    gan = make(kg.GAN, image_networks, augment=augment, n_critic=2, run_eagerly=True)
    history = gan.fit(images(), batch_size=8, epochs=2, verbose=0).history
    assert len(augment.record) == 2 * gan.step == 16
    p, ps = 0.0, []
    for i in range(16):
        if i % 3 == 2:
            r = np.mean([r for r, _ in augment.record[i - 2 : i + 1]])
            p = min(max(p + np.sign(r - 0.2) * 24 / 100, 0.0), 1.0)
        ps.append(p)
    np.testing.assert_allclose([p for _, p in augment.record], ps, atol=1e-6)
    np.testing.assert_allclose(history["ada_p"], [np.mean(ps[:8]), np.mean(ps[8:])], atol=1e-6)
    rs = [r for r, _ in augment.record]
    np.testing.assert_allclose(history["ada_r"], [np.mean(rs[:8]), np.mean(rs[8:])], atol=1e-6)
    assert max(ps) > 0


def memorising(images_known, target=0.6, steps=100):
    """Trains D against a generator that stands still, whose images have the law of the reals."""
    keras.utils.set_random_seed(0)
    generator = keras.Sequential(
        [keras.Input((16,)), layers.Dense(64, "tanh"), layers.Reshape((8, 8, 1))]
    )
    generator.layers[0].kernel.assign(2 * generator.layers[0].kernel)
    hidden = [layers.Dense(128, "relu") for _ in range(2)]
    discriminator = keras.Sequential(
        [keras.Input((8, 8, 1)), layers.Flatten(), *hidden, layers.Dense(1)]
    )
    gan = kg.GAN(generator, discriminator, seed=0)
    gan.compile(
        keras.optimizers.Adam(2e-3),
        keras.optimizers.SGD(0.0),
        augment=kg.augment.ADA(target, kimg=2.0, seed=0),
    )
    reals = np.resize(gan.generate(images_known, seed=1), (10 * steps, 8, 8, 1))
    history = gan.fit(reals, batch_size=10, verbose=0, epochs=3).history
    return history["ada_r"][-1], history["ada_p"][-1]


@pytest.mark.slow
def test_p_rises_if_the_discriminator_overfits_and_not_otherwise():
    """Of ten images it knows each, unless p rises: until r is what it should be."""
    r, p = memorising(10, target=None)
    assert r > 0.8 and p == 0
    r, p = memorising(10)
    assert abs(r - 0.6) < 0.05 and p > 0.1
    r, p = memorising(1000)
    assert r < 0.3 and p == 0


# In training


def train(new, epochs=1, callbacks=(), **arguments):
    sgd = {name: keras.optimizers.SGD(0.1) for name in ("d_optimizer", "g_optimizer")}
    gan = make(kg.GAN, image_networks, augment=new(), **sgd, **arguments)
    history = gan.fit(images(), batch_size=8, epochs=epochs, verbose=0, callbacks=list(callbacks))
    return gan, history.history


reference_run = functools.cache(train)
MODES = [
    {"run_eagerly": True},
    {"steps_per_execution": 2},
    pytest.param({"jit_compile": True}, marks=pytest.mark.slow),
]


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_all_modes_give_the_same_numbers(new, mode):
    gan, history = reference_run(new)
    other, other_history = train(new, **mode)
    assert_same_state(gan, other, rtol=1e-4, atol=1e-5)
    for name, values in history.items():
        np.testing.assert_allclose(values, other_history[name], rtol=1e-4, atol=1e-5)


def test_mixed_precision(new):
    """Networks compute in float16, augmentations in float32."""
    keras.config.set_dtype_policy("mixed_float16")
    try:
        layer = new()
        assert layer.compute_dtype == layer(images(2).astype("float16")).dtype == "float32"
        _, history = train(new)
    finally:
        keras.config.set_dtype_policy("float32")
    assert all(np.isfinite(values).all() for values in history.values())


def test_resumed_to_the_bit(new, tmp_path):
    def run(folder, *callbacks):
        state = kg.callbacks.TrainState(folder, max_overhead=1.0)
        return train(new, epochs=2, callbacks=[state, *callbacks])

    straight, history = run(tmp_path / "a")
    with pytest.raises(Stop):
        run(tmp_path / "b", StopAt(straight.step // 2 + 1))
    resumed, resumed_history = run(tmp_path / "b")
    assert_same_state(straight, resumed)
    assert history == resumed_history
    if isinstance(resumed.augment, kg.augment.ADA):
        assert min(history["ada_p"]) < 0.7  # Which it began with.


def test_saved_whole(new, tmp_path):
    gan = make(kg.GAN, image_networks, augment=new())
    x, adapts = images(4), isinstance(gan.augment, kg.augment.ADA)
    gan.augment(x)
    for _ in range(4 * adapts):
        follow(gan.augment, logits_of(1.0))
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert loaded.augment.get_config() == gan.augment.get_config()
    assert_same_state(gan, loaded)
    np.testing.assert_array_equal(gan.augment(x), loaded.augment(x))
    if adapts:
        assert float(loaded.augment.p) > 0.7 and float(loaded.augment.updates) == 1


def test_replicas_stay_equal(new, mirrored):
    with mirrored.scope():
        gan = make(kg.GAN, image_networks, augment=new(), steps_per_execution=2)
    history = gan.fit(images(), batch_size=8, epochs=2, verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())
    for variable in gan.variables:
        first, second = (np.array(v) for v in variable.value.values)
        np.testing.assert_array_equal(first, second, variable.path)
