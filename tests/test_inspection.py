"""What is told of networks with this library's layers."""

import keras
import pytest
from keras import layers

import keras_gans as kg
from conftest import make, vector_networks
from keras_gans.layers import (
    ConditionalBatchNormalization,
    EmbeddingProjection,
    MinibatchStdDev,
    Pack,
    SpectralNormalization,
)
from keras_gans.networks import inspection


def sequential(*body, size=4):
    return keras.Sequential([keras.Input((size,)), *body])


class Own(layers.Dense):
    """A user's layer, which may do anything."""


APART = {
    "dense": (lambda: SpectralNormalization(layers.Dense(4)), True),
    "user's": (lambda: SpectralNormalization(Own(4)), False),
    "Keras'": (lambda: layers.SpectralNormalization(layers.Dense(4)), False),
    "activity": (lambda: SpectralNormalization(layers.Dense(4, activity_regularizer="l2")), False),
    "own activity": (
        lambda: SpectralNormalization(layers.Dense(4), activity_regularizer="l2"),
        False,
    ),
    "deviation": (MinibatchStdDev, False),
}


@pytest.mark.parametrize("name", APART)
def test_keeps_samples_apart_and_passes_of_a_discriminator(name):
    """The algorithm judges reals and fakes in one pass where they stand apart, or else in two."""
    layer, apart = APART[name]
    network = sequential(layer(), layers.Dense(1), size=2)
    assert inspection.keeps_samples_apart(network) == apart
    gan = make(kg.GAN, lambda: (vector_networks()[0], network), run_eagerly=True)
    sizes, call = [], network.call
    object.__setattr__(network, "call", lambda x, **kw: sizes.append(len(x)) or call(x, **kw))
    gan.update_discriminator(keras.ops.ones((6, 2)))
    assert sizes == ([12] if apart else [6, 6])


@pytest.mark.parametrize("wrapper", [SpectralNormalization, layers.SpectralNormalization])
def test_a_normalised_layer_ends_as_the_layer_itself(wrapper):
    assert inspection.output_range(sequential(wrapper(layers.Dense(3, "tanh")))) == (-1.0, 1.0)
    assert inspection.output_range(sequential(wrapper(layers.Dense(3)))) is None
    assert inspection.ends_in_probabilities(sequential(wrapper(layers.Dense(1, "sigmoid"))))
    assert not inspection.ends_in_probabilities(sequential(wrapper(layers.Dense(1))))


def test_packs_are_moved_values():
    network = sequential(layers.Dense(3, "sigmoid"), Pack(2))
    assert inspection.output_range(network) == (0.0, 1.0)
    assert inspection.ends_in_probabilities(network)
    assert inspection.output_shapes(network) == {"logits": (6,)}


LABELLED = {
    "ConditionalBatchNormalization": lambda x, y: ConditionalBatchNormalization(5)([x, y]),
    "EmbeddingProjection": lambda x, y: EmbeddingProjection(5)([x, y]),
    "spectral projection": lambda x, y: SpectralNormalization(EmbeddingProjection(5))([x, y]),
    "spectral embedding": lambda x, y: SpectralNormalization(layers.Embedding(5, 4))(y),
}


@pytest.mark.parametrize("name", LABELLED)
def test_layers_of_labels_tell_the_classes(name):
    inputs = keras.Input((4,)), keras.Input((), dtype="int32")
    network = keras.Model(inputs, LABELLED[name](*inputs))
    assert inspection.num_classes(network) == 5


def test_batch_normalisation_by_class_is_batch_normalisation():
    inputs = keras.Input((4,)), keras.Input((), dtype="int32")
    network = keras.Model(inputs, ConditionalBatchNormalization(5)(list(inputs)))
    assert inspection.contains(network, layers.BatchNormalization)
