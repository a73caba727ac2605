"""What every layer of the library fulfils; a new one is one more row.

What each computes is tested in a file of its own.
"""

import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

import keras_gans as kg
from conftest import assert_same_state, make, points, represented_by
from conftest import classes as random_labels
from keras_gans.layers import (
    Blur2D,
    ConditionalBatchNormalization,
    EmbeddingProjection,
    FourierFeatures,
    GroupedConv2D,
    LearnedBasis2D,
    Maxout,
    MinibatchDiscrimination,
    MinibatchStdDev,
    Pack,
    SelfAttention2D,
    SpectralNormalization,
    TapwiseConv2D,
    UpSampledConv2D,
)
from keras_gans.networks import inspection
from test_strategies import arrays, copies, train_with_given_numbers

pytestmark = pytest.mark.filterwarnings("ignore:The critic has a BatchNormalization layer")
CLASSES = 3


class Row(NamedTuple):
    """A layer, what it is called with, and what depends on the whole batch."""

    make: Callable[[], keras.Layer]
    shape: tuple[int, ...]  # Of one sample of its inputs.
    labels: str = "no"  # "beside" the inputs, or labels "only".
    apart: bool = True  # Whether each sample's output depends on that sample alone.
    replicas: bool = True  # Whether two replicas compute what one does.


def spectral(layer, *arguments, **options):
    return lambda: SpectralNormalization(layer(*arguments, **options))


ROWS = {
    "ConditionalBatchNormalization": Row(
        lambda: ConditionalBatchNormalization(CLASSES), (2, 2, 4), "beside", False, False
    ),
    "Blur2D": Row(Blur2D, (3, 4, 2)),
    "FourierFeatures": Row(lambda: FourierFeatures(1), (4,)),
    "GroupedConv2D": Row(lambda: GroupedConv2D(4, 3, 2), (4, 4, 4)),
    "LearnedBasis2D": Row(lambda: LearnedBasis2D((2, 3)), (4,)),
    "Spectral GroupedConv2D": Row(spectral(GroupedConv2D, 4, 3, 2), (4, 4, 4)),
    "EmbeddingProjection": Row(lambda: EmbeddingProjection(CLASSES), (4,), "beside"),
    "Maxout": Row(lambda: Maxout(6, 2), (4,)),
    "MinibatchDiscrimination": Row(
        lambda: MinibatchDiscrimination(3, 2), (4,), apart=False, replicas=False
    ),
    "MinibatchStdDev": Row(lambda: MinibatchStdDev(2), (2, 2, 4), apart=False),
    "MinibatchStdDev of vectors": Row(lambda: MinibatchStdDev(4, 2), (4,), apart=False),
    "Pack": Row(lambda: Pack(2), (2, 2, 3), apart=False),
    "Pack of vectors": Row(lambda: Pack(4), (3,), apart=False),
    "Spectral SelfAttention2D": Row(lambda: SelfAttention2D(True), (2, 3, 8)),
    "SelfAttention2D": Row(SelfAttention2D, (2, 3, 8)),
    "Spectral Conv2D": Row(spectral(layers.Conv2D, 3, 3), (4, 4, 2)),
    "Spectral Conv2DTranspose": Row(spectral(layers.Conv2DTranspose, 3, 3, 2, "same"), (2, 2, 2)),
    "Spectral Dense": Row(spectral(layers.Dense, 6, "relu"), (4,)),
    "Spectral Embedding": Row(spectral(layers.Embedding, CLASSES, 4), (4,), "only"),
    "Spectral EmbeddingProjection": Row(spectral(EmbeddingProjection, CLASSES), (4,), "beside"),
    "Spectral TapwiseConv2D": Row(spectral(TapwiseConv2D, 3, 4, 2, "same"), (3, 3, 2)),
    "Spectral UpSampledConv2D": Row(spectral(UpSampledConv2D, 3, 3), (2, 2, 2)),
    "TapwiseConv2D": Row(lambda: TapwiseConv2D(3, 4, 2, "same"), (3, 3, 2)),
    "UpSampledConv2D": Row(lambda: UpSampledConv2D(3, 3), (2, 2, 2)),
}


@pytest.fixture(params=ROWS)
def row(request):
    return ROWS[request.param]


# The first row of each class; those that stand for the others have labels, a state, groups.
FIRST = {type(row.make()): name for name, row in reversed(ROWS.items())}.values()
FAST = "ConditionalBatchNormalization", "Spectral GroupedConv2D", "MinibatchStdDev"


@pytest.fixture(params=represented_by(*FAST, among=FIRST))
def one_each(request):
    return ROWS[request.param]


def test_every_layer_has_a_row():
    made = {type(row.make()).__name__ for row in ROWS.values()}
    assert made == set(kg.layers.__all__)


def of(row, x, labels):
    """What the layer is called with."""
    return {"no": x, "beside": [x, labels], "only": labels}[row.labels]


def batch(row, n=8, seed=0):
    x = np.random.default_rng(seed).normal(size=(n, *row.shape)).astype("float32")
    return of(row, tf.constant(x), tf.constant(random_labels(n, CLASSES), "int32"))


def symbols(row, n=None):
    x = keras.Input(batch_shape=(n, *row.shape))
    return of(row, x, keras.Input(batch_shape=(n,), dtype="int32"))


def made(row, seed=0):
    """The layer with weights of which none is as initialised: some start with zeros."""
    keras.utils.set_random_seed(seed)
    layer = row.make()
    layer(batch(row))
    rng = np.random.default_rng(seed)
    for weight in layer.trainable_weights:
        weight.assign(weight + 0.3 * rng.normal(size=weight.shape))
    return layer


def computed(layer, inputs):
    """Its outputs in training mode, which leaves it as it was."""
    weights = layer.get_weights()
    outputs = layer(inputs, training=True)
    layer.set_weights(weights)
    return np.array(outputs, "float64")


# Alone


def test_it_is_saved_under_the_name_of_the_library(row):
    layer = row.make()
    saved = keras.saving.serialize_keras_object(layer)
    assert saved["registered_name"] == f"keras_gans>{type(layer).__name__}"
    loaded = keras.saving.deserialize_keras_object(saved)
    assert type(loaded) is type(layer) and loaded.get_config() == layer.get_config()


@pytest.mark.parametrize("policy", ["float32", "mixed_float16", "float64"])
@pytest.mark.parametrize("n", [None, 8])
def test_symbolic_outputs_are_like_actual_ones(row, n, policy, dtype_policy):
    dtype_policy(policy)
    layer = row.make()
    symbolic, actual = layer(symbols(row, n)), layer(batch(row))
    assert symbolic.shape == (n and actual.shape[0], *actual.shape[1:])
    assert symbolic.dtype == actual.dtype.name == keras.config.dtype_policy().compute_dtype


@pytest.fixture
def dtype_policy():
    yield keras.config.set_dtype_policy
    keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize(
    ("policy", "tolerance"),
    [("float64", 1e-5), ("mixed_float16", 1e-2), ("mixed_bfloat16", 6e-2), ("bfloat16", 0.1)],
)
def test_every_precision_computes_the_same(row, policy, tolerance, dtype_policy):
    reference = made(row)
    expected = computed(reference, batch(row))
    dtype_policy(policy)
    layer = made(row)
    layer.set_weights(reference.get_weights())
    np.testing.assert_allclose(
        computed(layer, batch(row)), expected, rtol=tolerance, atol=tolerance * abs(expected).max()
    )


def test_graphs_compute_what_eager_calls_do(row):
    """A functional network of unknown batch size, in a function of unknown batch size."""
    layer = made(row)
    inputs = symbols(row)
    network = keras.Model(inputs, layer(inputs))
    specs = keras.tree.map_structure(
        lambda tensor: tf.TensorSpec((None, *tensor.shape[1:]), tensor.dtype), batch(row)
    )
    function = tf.function(lambda x: network(x, training=True), input_signature=[specs])
    for n in (4, 8):
        expected = computed(layer, batch(row, n))
        weights = layer.get_weights()
        np.testing.assert_allclose(function(batch(row, n)), expected, rtol=1e-4, atol=1e-5)
        layer.set_weights(weights)


@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
@pytest.mark.parametrize("scale", [0.0, 1.0])
def test_gradients_are_finite(row, scale, policy, dtype_policy):
    """Also where all samples of a batch are equal."""
    dtype_policy(policy)
    layer = made(row)
    inputs = keras.tree.map_structure(
        lambda tensor: scale * tensor if tensor.dtype.is_floating else tensor, batch(row)
    )
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        value = tf.reduce_sum(tf.sin(3.0 * tf.cast(layer(inputs, training=True), "float32")))
    by = [weight.value for weight in layer.trainable_weights]
    by += [each for each in keras.tree.flatten(inputs) if each.dtype.is_floating]
    for gradient in tape.gradient(value, by):
        assert gradient is not None and np.isfinite(tf.convert_to_tensor(gradient)).all()


def test_whether_it_keeps_samples_apart(row):
    """In fact, and as the training takes it to."""
    layer = made(row)
    inputs = batch(row)
    half = keras.tree.map_structure(lambda tensor: tensor[:4], inputs)
    alone, within = computed(layer, half), computed(layer, inputs)
    apart = alone.shape[0] == 4 and np.allclose(alone, within[:4], rtol=1e-5, atol=1e-6)
    if not isinstance(layer, MinibatchStdDev | Pack):  # Nothing of whole groups goes beyond them.
        assert apart == row.apart
    inputs = symbols(row)
    assert inspection.keeps_samples_apart(keras.Model(inputs, layer(inputs))) == row.apart


# In a discriminator


def networks(row):
    """Networks for points in the plane, with the layer inside the discriminator."""
    labels = keras.Input((), dtype="int32")
    x = keras.Input((2,))
    hidden = layers.Reshape(row.shape)(layers.Dense(math.prod(row.shape))(x))
    outputs = layers.Flatten()(row.make()(of(row, hidden, labels)))
    if row.labels == "only":
        outputs = layers.Concatenate()([layers.Flatten()(hidden), outputs])
    # Smooth: at a kink, rounding decides between two gradients.
    logits = layers.Dense(1)(layers.Activation("tanh")(outputs))
    z = keras.Input((3,))
    if row.labels == "no":
        return keras.Model(z, layers.Dense(2)(z)), keras.Model(x, logits)
    both = layers.Concatenate()([z, layers.Embedding(CLASSES, 2)(labels)])
    return keras.Model([z, labels], layers.Dense(2)(both)), keras.Model([x, labels], logits)


class Trained(NamedTuple):
    """What is left of a training: models keep their graphs, which take memory."""

    state: list[np.ndarray]
    logs: dict[str, list[float]]

    def is_close(self, other):
        for a, b in zip(self.state, other.state, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
        for name, values in self.logs.items():
            np.testing.assert_allclose(values, other.logs[name], rtol=1e-4, atol=1e-5)


def labels_of(row, n):
    return None if row.labels == "no" else random_labels(n, CLASSES)


PENALTY = kg.penalties.GradientPenalty(0.1)  # For its second derivatives.


def train(row, strategy=None, **compile_arguments):
    strategy = strategy or tf.distribute.get_strategy()
    gan, logs = train_with_given_numbers(
        kg.GAN,
        strategy,
        lambda: networks(row),
        labels_of(row, 64),
        penalties=[PENALTY],
        **compile_arguments,
    )
    return gan, Trained(arrays(gan), logs)


@functools.cache
def trained(row):
    return train(row)[1]


def test_a_gan_with_it_trains(one_each):
    """Each weight of the discriminator moves, and what is logged is finite."""
    gan = make(kg.GAN, lambda: networks(one_each), d_optimizer="sgd", penalties=[PENALTY])
    after = trained(one_each)
    assert all(np.isfinite(values).all() for values in after.logs.values())
    for i, variable in enumerate(gan.variables):
        if any(variable is weight for weight in gan.discriminator.trainable_weights):
            moved = np.abs(np.array(variable) - after.state[i]).max()
            assert moved > 0, variable.path


MODES = [{"run_eagerly": True}, {"jit_compile": True, "steps_per_execution": 3}]


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES, ids=["eager", "XLA"])
def test_modes_agree(one_each, mode):
    train(one_each, **mode)[1].is_close(trained(one_each))


def test_replicas_stay_equal_and_are_one(one_each, mirrored):
    gan, after = train(one_each, mirrored)
    for variable in gan.weights:
        first, second = copies(variable)
        np.testing.assert_array_equal(first, second, variable.path)
    if one_each.replicas:
        after.is_close(trained(one_each))


def test_a_saved_gan_goes_on_as_if_never_saved(one_each, tmp_path):
    gan = make(kg.GAN, lambda: networks(one_each), run_eagerly=True)
    data = points(16), labels_of(one_each, 16)
    gan.fit(*data, batch_size=8, verbose=0)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert_same_state(gan, loaded)
    for model in (gan, loaded):
        model.fit(*data, batch_size=8, verbose=0)
    assert_same_state(gan, loaded)
