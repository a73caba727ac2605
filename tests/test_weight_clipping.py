"""Weights that stay small while training, and only then."""

from contextlib import nullcontext

import keras
import numpy as np
import pytest
from keras import layers, ops

import keras_gans as kg
from callback_cases import fit, image_networks, interrupted
from conftest import make, represented_by

pytestmark = pytest.mark.filterwarnings("ignore:WGAN trains without weight clipping")


def critic_with_batch_norm():
    generator, _ = image_networks()
    hidden = [layers.Flatten(), layers.Dense(8), layers.BatchNormalization(), layers.ReLU()]
    return generator, keras.Sequential([keras.Input((8, 8, 1)), *hidden, layers.Dense(1)])


def wgan(networks=critic_with_batch_norm, variant=kg.WGAN, **arguments):
    sgd = keras.optimizers.SGD
    optimizers = {"d_optimizer": sgd(10.0), "g_optimizer": sgd(0.1)}
    return make(variant, networks, n_critic=2, **optimizers, **arguments)


def largest(gan):
    weights = map(ops.convert_to_numpy, gan.critic.trainable_variables)
    return max(np.abs(weight).max() for weight in weights)


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


class Counted(kg.WGAN):
    """Counts how often its step is traced, and logs the largest weight after each update of D."""

    traces = 0

    def train_step(self, batches):
        self.traces += 1
        return super().train_step(batches)

    def after_discriminator(self, terms):
        weights = self.critic.trainable_variables
        terms["largest"] = ops.max(ops.stack([ops.max(ops.abs(weight)) for weight in weights]))


def test_a_step_is_compiled_once_for_each_clipping():
    """The weights are clipped as each `fit` says, whatever was compiled before."""
    gan = wgan(variant=Counted)
    for clip_value, traces in (
        (None, 1),
        (0.02, 2),
        (0.02, 2),
        (None, 2),
        (0.05, 3),
        (0.02, 3),
        (None, 3),
    ):
        fit(gan, *([kg.callbacks.WeightClipping(clip_value)] if clip_value else []))
        assert gan.traces == traces
        assert largest(gan) > 0.1 if clip_value is None else largest(gan) == np.float32(clip_value)


@pytest.mark.core
def test_weights_are_clipped_on_every_backend():
    gan = wgan(image_networks, steps_per_execution=2)
    fit(gan, kg.callbacks.WeightClipping(0.02))
    assert largest(gan) == np.float32(0.02)
    assert all(v.constraint is None for v in gan.variables)


MODES = [{}, {"steps_per_execution": 3}, {"jit_compile": True}, {"ema_decay": 0.5}]
REPLICAS = {"mirrored": True}


@pytest.mark.parametrize(
    "arguments", represented_by({}, REPLICAS, among=[*MODES, REPLICAS]), ids=str
)
def test_clipping_holds_after_each_update_of_the_discriminator(arguments, request):
    arguments = dict(arguments)
    replicated = arguments.pop("mirrored", False)
    scope = request.getfixturevalue("mirrored").scope() if replicated else nullcontext()
    with scope:
        gan = wgan(variant=Counted, **arguments)
    # Four updates an epoch; their mean is the bound only if each is.
    history = fit(gan, kg.callbacks.WeightClipping(0.0625), epochs=2).history
    assert history["largest"] == [0.0625, 0.0625] and largest(gan) == 0.0625
    assert fit(gan).history["largest"][0] > 0.1


def test_constraints_of_ones_own_hold_from_the_next_fit_on():
    gan = wgan(variant=Counted)
    fit(gan)
    for weight in gan.critic.trainable_variables:
        weight.constraint = kg.constraints.ClipWeights(0.02)
    fit(gan)
    assert largest(gan) == np.float32(0.02) and gan.traces == 2


def test_an_interrupted_training_leaves_no_clipping_in_the_compiled_step():
    gan = wgan(image_networks)
    interrupted(gan, kg.callbacks.WeightClipping(0.02))
    assert largest(gan) == np.float32(0.02)
    assert all(v.constraint is None for v in gan.variables)
    fit(gan)
    assert largest(gan) > 0.1


def test_neither_files_nor_other_optimizers_clip(tmp_path):
    gan = wgan(run_eagerly=True)
    fit(gan, kg.callbacks.WeightClipping(0.02), kg.callbacks.Checkpoint(tmp_path))
    gan.save(tmp_path / "after.keras")
    for name in ("epoch_000001", "after"):
        loaded = keras.saving.load_model(tmp_path / f"{name}.keras")
        assert all(v.constraint is None for v in loaded.variables)
        fit(loaded)
        assert largest(loaded) > 0.1
    weights = gan.critic.trainable_variables
    keras.optimizers.SGD(1.0).apply([ops.ones_like(weight) for weight in weights], weights)
    assert largest(gan) == pytest.approx(1.02)


def test_two_clippings_are_refused():
    gan = wgan(run_eagerly=True)
    two = [kg.callbacks.WeightClipping(value) for value in (0.01, 0.1)]
    with pytest.raises(ValueError, match="without constraints. Received: .* with ClipWeights"):
        fit(gan, *two)
    assert gan.step == 0 and all(v.constraint is None for v in gan.variables)


def test_an_error_before_training_is_the_one_that_is_told():
    """The callback has no model yet."""
    callback = kg.callbacks.WeightClipping()
    callback.on_train_interrupted()
    assert callback.model is None


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
