"""Variants whose discriminator returns more than logits: what all variants do."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_gans as kg
from conftest import (
    assert_same_state,
    classes,
    labelled_networks,
    make,
    points,
    represented_by,
    vector_networks,
    with_head,
)
from test_strategies import arrays, train_with_given_numbers
from test_train_state import Stop, StopAt

X, Y = points(), classes()


class Info(kg.InfoGAN):
    """With codes that fit the latents of the test networks."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **{"categorical": (2,), "continuous": 1, **kwargs})


keras.saving.register_keras_serializable("tests")(Info)


def acgan_networks():
    generator, _ = labelled_networks()
    return generator, with_head(vector_networks()[1], "class_logits", 3)


def infogan_networks():
    generator, discriminator = vector_networks()
    return generator, with_head(discriminator, "codes", 3)


VARIANTS = {"ACGAN": (kg.ACGAN, acgan_networks), "InfoGAN": (Info, infogan_networks)}


@pytest.fixture(params=VARIANTS)
def headed(request):
    return VARIANTS[request.param]


def fit(gan, epochs=1, callbacks=(), batch_size=4):
    return gan.fit(X, Y, batch_size=batch_size, epochs=epochs, verbose=0, callbacks=list(callbacks))


def test_two_replicas_equal_one(headed, mirrored):
    variant, networks = headed
    one, history = train_with_given_numbers(
        variant, tf.distribute.get_strategy(), networks, classes(64)
    )
    two, two_history = train_with_given_numbers(variant, mirrored, networks, classes(64))
    for a, b in zip(arrays(one), arrays(two), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    for name, values in history.items():
        np.testing.assert_allclose(values, two_history[name], rtol=1e-5, atol=1e-6)


def test_resumes_to_the_bit(headed, tmp_path):
    def train(folder, *callbacks):
        gan = make(*headed, n_critic=2, ema_decay=0.5)
        state = kg.callbacks.TrainState(folder, max_overhead=1.0)
        return gan, fit(gan, 3, [state, *callbacks], batch_size=8).history

    straight, history = train(tmp_path / "a")
    with pytest.raises(Stop):
        train(tmp_path / "b", StopAt(straight.step // 2 + 1))
    resumed, resumed_history = train(tmp_path / "b")
    assert_same_state(straight, resumed)
    assert history == resumed_history


POLICIES = represented_by("mixed_float16", among=["mixed_bfloat16", "mixed_float16"])


@pytest.mark.parametrize("policy", POLICIES)
def test_mixed_precision(headed, policy):
    keras.mixed_precision.set_dtype_policy(policy)
    try:
        history = fit(make(*headed)).history
    finally:
        keras.mixed_precision.set_dtype_policy("float32")
    assert np.isfinite(list(history.values())).all()


SEVERAL = {"steps_per_execution": 3}
MODES = represented_by(SEVERAL, among=[{"run_eagerly": True}, SEVERAL, {"jit_compile": True}])


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_modes_agree(headed, mode):
    plain, other = make(*headed), make(*headed, **mode)
    for gan in (plain, other):
        fit(gan)
    assert_same_state(plain, other, rtol=1e-4, atol=1e-5)


def test_saved_whole(headed, tmp_path):
    gan = make(*headed, ema_decay=0.9)
    fit(gan)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    for model in (gan, loaded):
        fit(model)
    assert_same_state(gan, loaded)
    np.testing.assert_array_equal(gan.generate(6, seed=0), loaded.generate(6, seed=0))
