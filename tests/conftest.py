"""What the tests share: small networks, small data, and the list of all variants."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

import keras_gans as kg

# Two devices, for the tests of strategies; has to happen before TensorFlow starts.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)

# All but DCGAN, which is GAN under another name, as its networks make it one; and those whose
# discriminator returns more than logits, in tests/test_headed.py.
APART = ("DCGAN", "ACGAN", "InfoGAN")
VARIANTS = [getattr(kg.models, name) for name in kg.models.__all__ if name not in APART]


def represented_by(*fast, among):
    """Parameters of a contract: the fast ones stand for the others, which are marked slow."""
    assert all(case in among for case in fast)
    return [case if case in fast else pytest.param(case, marks=pytest.mark.slow) for case in among]


# For what costs next to nothing: what the constructor and `compile` do and refuse, a step by hand.
every_variant = pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.__name__)


def vector_networks(latent_dim=3, dim=2, batch_norm=False, dropout=0.0):
    """Networks of a few weights, for points in the plane."""
    generator = keras.Sequential([keras.Input((latent_dim,)), layers.Dense(8)])
    if batch_norm:
        generator.add(layers.BatchNormalization())
    generator.add(layers.Activation("relu"))
    generator.add(layers.Dense(dim))
    discriminator = keras.Sequential([keras.Input((dim,)), layers.Dense(8), layers.LeakyReLU(0.2)])
    if dropout:
        discriminator.add(layers.Dropout(dropout))
    discriminator.add(layers.Dense(1))
    return generator, discriminator


def labelled_networks(latent_dim=3, dim=2, classes=3, batch_norm=False, dropout=0.0):
    """The same for points with a class: labels are embedded beside the other input."""

    def with_labels(size, body):
        inputs, labels = keras.Input((size,)), keras.Input((), dtype="int32")
        both = layers.Concatenate()([inputs, layers.Embedding(classes, 2)(labels)])
        return keras.Model([inputs, labels], body(both))

    generator, discriminator = vector_networks(latent_dim + 2, dim, batch_norm, dropout)
    _, discriminator = vector_networks(dim=dim + 2, dropout=dropout)
    return with_labels(latent_dim, generator), with_labels(dim, discriminator)


def classes(n=64, count=3, seed=1):
    return np.random.default_rng(seed).integers(0, count, n)


def image_networks(size=8, channels=1):
    """Convolutional networks of a few weights."""
    generator = kg.networks.conv_generator(
        4, (size // 2, size // 2, 4), (4, channels), (3, 3), (1, 1), (2, 1), batch_norm_momentum=0.9
    )
    discriminator = kg.networks.conv_discriminator((size, size, channels), (4,), (3,), (2,))
    return generator, discriminator


def points(n=64, seed=0):
    return np.random.default_rng(seed).normal(size=(n, 2)).astype("float32")


def images(n=64, size=8, channels=1, seed=0):
    shape = (n, size, size, channels)
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype("float32")


def make(variant, networks=None, seed=0, **compile_arguments):
    """A compiled model with the same initial weights at each call."""
    keras.utils.set_random_seed(seed)
    gan = variant(*(networks or vector_networks)(), seed=seed)
    gan.compile(**compile_arguments)
    return gan


def with_head(discriminator, name, size):
    """A discriminator with one more output, of what its logits are made of."""
    if isinstance(discriminator.layers[-1], keras.Model):
        inner = with_head(discriminator.layers[-1], name, size)
        return keras.Model(discriminator.inputs, inner(discriminator.layers[-2].output))
    head = layers.Dense(size)(layers.Flatten()(discriminator.layers[-1].input))
    outputs = {"logits": discriminator.outputs[0], name: head}
    return keras.Model(discriminator.inputs, outputs)


def penalty_names(variant):
    return {penalty.name for penalty in variant.default_penalties}


def callbacks_of(variant):
    """What a variant needs to be trained as in its paper."""
    return [kg.callbacks.WeightClipping(0.05)] if variant is kg.WGAN else []


def state_of(gan):
    """All that training changes, by name."""
    parts = {"model": gan.variables, "d": gan.d_optimizer.variables, "g": gan.g_optimizer.variables}
    return {
        f"{part}/{i}/{v.path}": np.array(v) for part in parts for i, v in enumerate(parts[part])
    }


def assert_same_state(a, b, rtol=0.0, atol=0.0):
    a, b = (list(state_of(gan).values()) for gan in (a, b))
    assert len(a) == len(b)
    for x, y in zip(a, b, strict=True):
        np.testing.assert_allclose(x, y, rtol=rtol, atol=atol)


@pytest.fixture(
    params=represented_by(kg.GAN, kg.WGANGP, among=VARIANTS), ids=lambda variant: variant.__name__
)
def variant(request):
    """Each variant in turn: a new one inherits every test that asks for it."""
    return request.param


@pytest.fixture(scope="session")
def mirrored():
    """A strategy of two replicas; one for all, as several break each other's collectives."""
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


@pytest.fixture(scope="session", autouse=True)
def cache_folder(tmp_path_factory):
    """Classifiers and features of this session's tests, apart from the user's."""
    os.environ["KERAS_GANS_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    return os.environ["KERAS_GANS_CACHE"]


class Recorded:
    """Stands for a trained model: makes the samples that it was given."""

    def __init__(self, samples):
        self.samples = samples
        self.sample_shape = samples.shape[1:]

    def generate(self, n, seed=None):
        return np.roll(self.samples, seed or 0, axis=0)[:n]
