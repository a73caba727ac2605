"""Weights that stay small while training, and only then."""

import keras
import numpy as np
import pytest
from keras import layers

import keras_gans as kg
from callback_cases import fit, image_networks, interrupted
from conftest import make

pytestmark = pytest.mark.filterwarnings("ignore:WGAN trains without weight clipping")


def critic_with_batch_norm():
    generator, _ = image_networks()
    hidden = [layers.Flatten(), layers.Dense(8), layers.BatchNormalization(), layers.ReLU()]
    return generator, keras.Sequential([keras.Input((8, 8, 1)), *hidden, layers.Dense(1)])


def wgan(networks=critic_with_batch_norm, **arguments):
    sgd = keras.optimizers.SGD
    optimizers = {"d_optimizer": sgd(10.0), "g_optimizer": sgd(0.1)}
    return make(kg.WGAN, networks, n_critic=2, **optimizers, **arguments)


def largest(gan):
    return max(float(np.abs(v).max()) for v in gan.critic.trainable_variables)


class Constraints(keras.callbacks.Callback):
    """Records, at each step, which of the critic's weights have a constraint."""

    def __init__(self):
        super().__init__()
        self.seen = set()

    def on_train_batch_begin(self, batch, logs=None):
        critic = self.model.critic
        self.seen.add(tuple(v.path for v in critic.weights if v.constraint is not None))


def test_weight_clipping_comes_and_goes_with_training():
    gan, seen = wgan(run_eagerly=True), Constraints()
    fit(gan, kg.callbacks.WeightClipping(0.02), seen)
    assert seen.seen == {tuple(v.path for v in gan.critic.trainable_variables)}
    assert all(v.constraint is None for v in gan.variables)
    assert largest(gan) == pytest.approx(0.02)
    fit(gan)
    assert largest(gan) > 0.1


def test_a_compiled_step_clips_only_while_the_callback_is_there():
    gan = wgan(image_networks)
    fit(gan)
    assert largest(gan) > 0.1
    fit(gan, kg.callbacks.WeightClipping(0.02))
    assert largest(gan) == pytest.approx(0.02)
    fit(gan)
    assert largest(gan) > 0.1


def test_moving_statistics_are_not_clipped():
    gan = wgan(run_eagerly=True)
    fit(gan, kg.callbacks.WeightClipping(0.02))
    moving = gan.critic.layers[2].moving_variance
    assert float(np.min(moving)) > 0.5
    assert float(np.abs(gan.critic.layers[2].gamma).max()) == pytest.approx(0.02)


def test_the_generator_is_not_clipped():
    gan = wgan(run_eagerly=True)
    fit(gan, kg.callbacks.WeightClipping(0.02))
    assert max(float(np.abs(v).max()) for v in gan.generator.trainable_variables) > 0.1


@pytest.mark.parametrize(
    "constraint", [keras.constraints.NonNeg(), kg.constraints.ClipWeights(0.1)]
)
def test_other_constraints_are_refused_and_kept(constraint):
    def networks():
        dense = layers.Dense(1, kernel_constraint=constraint)
        critic = keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), dense])
        return image_networks()[0], critic

    gan = wgan(networks, run_eagerly=True)
    received = f"Received: .*kernel with {type(constraint).__name__}"
    with pytest.raises(ValueError, match=f"without constraints. {received}"):
        fit(gan, kg.callbacks.WeightClipping())
    kernel, bias = gan.critic.layers[1].variables
    assert kernel.constraint is constraint and bias.constraint is None and gan.step == 0


def test_weight_clipping_after_an_interrupted_training():
    gan = wgan(run_eagerly=True)
    interrupted(gan, kg.callbacks.WeightClipping(0.05))
    assert all(v.constraint is None for v in gan.variables)
    interrupted(gan, kg.callbacks.WeightClipping(0.05))
    fit(gan, kg.callbacks.WeightClipping(0.02))  # Another one, as when a cell is run again.
    assert largest(gan) == pytest.approx(0.02)
    assert all(v.constraint is None for v in gan.variables)


@pytest.mark.parametrize("bad", [0.0, -0.01, float("nan")])
def test_weight_clipping_arguments(bad):
    with pytest.raises(ValueError, match="`clip_value` > 0. Received: clip_value="):
        kg.callbacks.WeightClipping(bad)
