"""Spectral normalisation against the singular values, and inside a GAN's updates."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

import keras_gans as kg
from conftest import make, points, vector_networks
from keras_gans.layers import (
    EmbeddingProjection,
    SpectralNormalization,
    TapwiseConv2D,
    UpSampledConv2D,
)

rng = np.random.default_rng(0)
LABELS = np.array([0, 2, 1, 4], "int32")
# What is wrapped, its inputs, and the axis of its kernel that is of outputs.
KINDS = {
    "Dense": (lambda **k: layers.Dense(5, "tanh", **k), (4, 7), 1),
    "Conv1D": (lambda **k: layers.Conv1D(5, 4, **k), (4, 6, 3), 2),
    "Conv2D": (lambda **k: layers.Conv2D(5, 2, **k), (4, 6, 6, 3), 3),
    "grouped Conv2D": (lambda **k: layers.Conv2D(6, 2, groups=3, **k), (4, 6, 6, 3), 3),
    "Conv1DTranspose": (lambda **k: layers.Conv1DTranspose(5, 4, 2, **k), (4, 6, 3), 1),
    "Conv2DTranspose": (lambda **k: layers.Conv2DTranspose(5, 2, 2, **k), (4, 6, 6, 3), 2),
    "UpSampledConv2D": (lambda **k: UpSampledConv2D(5, 2, **k), (4, 3, 3, 3), 3),
    "TapwiseConv2D": (lambda **k: TapwiseConv2D(5, 4, 2, "same", **k), (4, 3, 3, 2), 3),
    "Embedding": (lambda **k: layers.Embedding(5, 3, **k), None, 1),
    "EmbeddingProjection": (lambda **k: EmbeddingProjection(5, **k), (4, 3), 1),
}


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


def wrapped(kind, power_iterations=1, **options):
    """A layer, its inputs, and its kernel as a matrix of one column an output."""
    keras.utils.set_random_seed(0)
    inner, shape, axis = KINDS[kind]
    inputs = LABELS if shape is None else rng.normal(size=shape).astype("float32")
    inputs = [inputs, LABELS] if kind == "EmbeddingProjection" else inputs
    layer = SpectralNormalization(inner(**options), power_iterations)
    layer(inputs)

    def matrix():
        kernel = np.moveaxis(np.array(layer.kernel), axis, -1)
        return kernel.reshape(-1, kernel.shape[-1])

    return layer, inputs, matrix


def sigma(layer):
    ratios = np.array(layer.kernel) / np.array(layer.normalized_kernel())
    np.testing.assert_allclose(ratios, ratios.mean(), rtol=1e-4)
    return ratios.mean()


@pytest.mark.parametrize(("power_iterations", "calls"), [(1, 200), (100, 2)])
def test_it_settles_on_the_largest_singular_value(kind, power_iterations, calls):
    layer, _, matrix = wrapped(kind, power_iterations)
    call = tf.function(lambda: layer.normalized_kernel(training=True))
    for _ in range(calls):
        call() if power_iterations == 1 else layer.normalized_kernel(training=True)
    assert sigma(layer) == pytest.approx(np.linalg.norm(matrix(), 2), rel=1e-3)


def test_the_layer_computes_with_the_normalised_kernel(kind):
    layer, inputs, _ = wrapped(kind)
    kernel, *others = layer.layer.get_weights()
    others = [rng.normal(size=each.shape) for each in others]  # Of which a bias starts with zeros.
    layer.layer.set_weights([kernel, *others])
    plain = type(layer.layer).from_config(layer.layer.get_config())
    plain(inputs)
    plain.set_weights([layer.normalized_kernel(), *others])
    np.testing.assert_allclose(layer(inputs), plain(inputs), rtol=1e-5, atol=1e-5)
    assert abs(sigma(layer) - 1) > 1e-3
    layer(inputs, training=True)
    np.testing.assert_array_equal(layer.kernel, kernel)  # Which stays as it is.


@pytest.mark.parametrize("power_iterations", [1, 3])
def test_a_call_is_so_many_power_iterations(power_iterations):
    layer, x, _ = wrapped("Dense", power_iterations, dtype="float64")
    w, b, u = (np.array(weight) for weight in (layer.kernel, layer.layer.bias, layer.u))
    outputs = layer(x, training=True)
    for _ in range(power_iterations):
        v = w @ u / np.linalg.norm(w @ u)
        u = w.T @ v / np.linalg.norm(w.T @ v)
    np.testing.assert_allclose(layer.u, u, rtol=1e-12)
    expected = np.tanh(x @ w / np.linalg.norm(w @ u) + b)
    np.testing.assert_allclose(outputs, expected, rtol=1e-12)
    np.testing.assert_allclose(layer(x), expected, rtol=1e-12)  # So it is in inference.


def test_inference_leaves_u(kind):
    layer, inputs, _ = wrapped(kind)
    before = np.array(layer.u)
    first, second = layer(inputs), layer(inputs, training=False)
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(layer.u, before)
    layer(inputs, training=True)
    assert np.abs(np.array(layer.u) - before).max() > 1e-3


def test_u_starts_as_a_random_direction():
    """Another one for each layer, with no axis preferred."""
    keras.utils.set_random_seed(0)
    drawn = []
    for _ in range(100):
        layer = SpectralNormalization(layers.Dense(4))
        layer.build((None, 3))
        drawn.append(np.array(layer.u) / np.linalg.norm(layer.u))
    # Of a uniform direction in 4 dimensions each number has mean 0 and variance 1 / 4.
    np.testing.assert_allclose(np.mean(drawn, 0), 0.0, atol=4 * np.sqrt(1 / 4 / 100))
    np.testing.assert_allclose(np.cov(np.transpose(drawn)), np.eye(4) / 4, atol=0.12)


def test_the_length_of_u_does_not_matter(kind):
    """An averaged network has averages of u, which are shorter."""
    layer, inputs, _ = wrapped(kind)
    outputs = layer(inputs)
    layer.u.assign(0.3 * layer.u)
    np.testing.assert_allclose(layer(inputs), outputs, rtol=1e-5, atol=1e-6)


# Gradients


def test_the_gradient_passes_through_sigma():
    """By kernel and bias, against central differences with u and v held."""
    layer, x, _ = wrapped("Dense", dtype="float64", bias_initializer="normal")
    w, b, u = (np.array(weight) for weight in (layer.kernel, layer.layer.bias, layer.u))
    u = w.T @ w @ u / np.linalg.norm(w.T @ w @ u)
    v = w @ u / np.linalg.norm(w @ u)
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(tf.sin(3.0 * layer(x, training=True)))
    gradients = tape.gradient(value, [layer.kernel.value, layer.layer.bias.value])

    def by_hand(w, b):
        return np.sum(np.sin(3.0 * np.tanh(x @ (w / (v @ w @ u)) + b)))

    for i, gradient in enumerate(gradients):
        expected = np.zeros(gradient.shape)
        for index in np.ndindex(*expected.shape):
            step = np.zeros(expected.shape)
            step[index] = 1e-6
            steps = [step if j == i else 0.0 for j in range(2)]
            ahead, behind = (by_hand(w + s * steps[0], b + s * steps[1]) for s in (1, -1))
            expected[index] = (ahead - behind) / 2e-6
        np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-7)


def test_a_kernel_of_zeros_is_not_divided():
    layer, x, _ = wrapped("Dense", kernel_initializer="zeros")
    u = np.array(layer.u) / np.linalg.norm(layer.u)
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(layer(x, training=True))
    assert value == 0
    np.testing.assert_allclose(layer.u, u, rtol=1e-6)  # Or it had no direction to start from.
    expected = np.repeat(x.sum(0)[:, None], 5, axis=1)
    np.testing.assert_allclose(tape.gradient(value, layer.kernel.value), expected, rtol=1e-5)


def test_losses_are_those_of_the_layer():
    """Of the kernel as it is trained, and of the outputs."""
    options = {"kernel_regularizer": "l2", "activity_regularizer": "l2"}
    x = rng.normal(size=(4, 7)).astype("float32")
    fresh = SpectralNormalization(layers.Dense(5, **options))
    outputs = fresh(x, training=True)
    expected = [0.01 * np.sum(np.square(outputs)) / 4, 0.01 * np.sum(np.square(fresh.kernel))]
    np.testing.assert_allclose(sorted(fresh.losses), sorted(expected), rtol=1e-5)


# Where another has set values


def test_values_of_a_scope_around_it_are_seen_and_changes_stay_in_it():
    layer, x, _ = wrapped("Dense", dtype="float64")
    variables = (layer.kernel, layer.layer.bias, layer.u)
    kernel, bias, u = (rng.normal(size=variable.shape) for variable in variables)
    u /= np.linalg.norm(u)
    before = layer.get_weights()
    with keras.StatelessScope(zip(variables, (kernel, bias, u), strict=True)) as scope:
        outputs = layer(x, training=True)
    u = kernel.T @ kernel @ u / np.linalg.norm(kernel.T @ kernel @ u)
    expected = np.tanh(x @ kernel / np.linalg.norm(kernel @ u) + bias)
    np.testing.assert_allclose(outputs, expected, rtol=1e-12)
    np.testing.assert_allclose(scope.get_current_value(layer.u), u, rtol=1e-12)
    for a, b in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


# In a GAN


def spectral_networks():
    generator, _ = vector_networks()
    body = [SpectralNormalization(layers.Dense(units)) for units in (8, 5, 1)]
    return generator, keras.Sequential([keras.Input((2,)), *body])


def spectral_layers(gan):
    return gan.discriminator.layers


PENALTIES = [[], [kg.penalties.GradientPenalty(1.0), kg.penalties.R1(1.0)]]


@pytest.mark.parametrize("penalties", PENALTIES, ids=["none", "two"])
@pytest.mark.parametrize("loss", ["hinge", "relativistic"])
def test_an_update_of_the_discriminator_is_one_iteration_and_one_of_the_generator_none(
    penalties, loss
):
    """Penalties, and a loss whose generator needs reals, call the discriminator more often."""
    gan = make(kg.GAN, spectral_networks, penalties=penalties, loss=loss, run_eagerly=True)
    expected = []
    for layer in spectral_layers(gan):
        w, u = np.array(layer.kernel), np.array(layer.u)
        expected.append(w.T @ (w @ u) / np.linalg.norm(w.T @ (w @ u)))
    batch = tf.constant(points(8))
    gan.update_discriminator(batch)
    for layer, u in zip(spectral_layers(gan), expected, strict=True):
        np.testing.assert_allclose(layer.u, u, rtol=1e-4, atol=1e-6)
    before = gan.discriminator.get_weights()
    gan.update_generator(batch)
    for a, b in zip(before, gan.discriminator.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


MODES = [{}, {"steps_per_execution": 4}, {"jit_compile": True}]


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_it_settles_in_training(mode):
    """On kernels that a learning rate of 0 leaves alone."""
    still = keras.optimizers.SGD(0.0)
    gan = make(kg.GAN, spectral_networks, d_optimizer=still, **mode)
    gan.fit(points(64), batch_size=4, epochs=8, verbose=0)
    for layer in spectral_layers(gan):
        largest = np.linalg.norm(layer.kernel, 2)
        assert sigma(layer) == pytest.approx(largest, rel=1e-3)


def test_the_discriminator_is_lipschitz():
    """Where kernels have settled, as it is a chain of layers of norm 1."""
    gan = make(kg.GAN, spectral_networks)
    for layer in spectral_layers(gan):
        layer.power_iterations = 100
    gan.discriminator(points(1), training=True)
    a, b = (points(500, seed) for seed in (1, 2))
    moved = np.abs(gan.discriminator(a) - gan.discriminator(b))[:, 0]
    assert (moved <= 1.001 * np.linalg.norm(a - b, axis=1)).all()


# What does not fit


@pytest.mark.parametrize("power_iterations", [0, 1.5])
def test_bad_power_iterations(power_iterations):
    with pytest.raises(ValueError, match="Expected `power_iterations`.*Received: power"):
        SpectralNormalization(layers.Dense(4), power_iterations)


@pytest.mark.parametrize("inner", [layers.ReLU(), layers.DepthwiseConv2D(3)])
def test_a_layer_without_such_a_kernel(inner):
    with pytest.raises(
        ValueError, match=f"Expected a layer with.*Received: {type(inner).__name__}"
    ):
        SpectralNormalization(inner)(np.ones((2, 8, 8, 3), "float32"))


def test_what_is_no_layer():
    with pytest.raises(ValueError, match="valid Keras layer"):
        SpectralNormalization(len)
