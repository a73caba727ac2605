import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_gans as kg
from keras_gans import backend

PENALTIES = [
    kg.penalties.GradientPenalty,
    kg.penalties.DRAGANPenalty,
    kg.penalties.R1,
    kg.penalties.R2,
]
rng = np.random.default_rng(0)


@pytest.fixture(params=PENALTIES, ids=lambda p: p.__name__)
def penalty(request):
    return request.param()


def cost_of_norm(penalty, norm):
    one_centred = isinstance(penalty, kg.penalties.GradientPenalty)
    return (norm - 1) ** 2 if one_centred else norm**2 / 2


@pytest.mark.parametrize("shape", [(6, 3), (6, 4, 4, 2), (6, 2, 3, 4, 5)])
def test_closed_form_of_a_linear_critic(penalty, shape):
    """The gradient of w.x is w everywhere, over all axes but the first."""
    w = rng.normal(size=shape[1:]).astype("float32")
    real, fake = rng.normal(size=(2, *shape)).astype("float32")

    def critic(x):
        return tf.reduce_sum(x * w, axis=tuple(range(1, len(shape))))[:, None]

    norm = np.sqrt((w.astype("float64") ** 2).sum())
    result = float(penalty(critic, real, fake, seed=1))
    np.testing.assert_allclose(result, cost_of_norm(penalty, norm), rtol=1e-5)


def test_closed_form_of_a_quadratic_critic(penalty):
    """The gradient of |x|^2 / 2 is x: each sample has a norm of its own."""
    real, fake = rng.normal(size=(2, 16, 3)).astype("float32")
    at = np.array(penalty.points(tf.constant(real), tf.constant(fake), seed=5))
    norms = np.linalg.norm(at.astype("float64"), axis=1)
    result = float(penalty(lambda x: tf.reduce_sum(x**2, 1, True) / 2, real, fake, seed=5))
    np.testing.assert_allclose(result, cost_of_norm(penalty, norms).mean(), rtol=1e-5)


def test_gradient_by_weights_matches_finite_differences(penalty):
    """Second derivatives against central differences in NumPy, in float64."""
    real, fake = rng.normal(size=(2, 5, 3)).astype("float32")
    w1, w2 = rng.normal(size=(3, 4)), rng.normal(size=(4, 1))
    at = np.array(penalty.points(tf.constant(real), tf.constant(fake), seed=2), "float64")

    def by_hand(w1):
        slope = 1 - np.tanh(at @ w1) ** 2  # of tanh(x w1) w2 by x
        norms = np.linalg.norm((slope * w2[:, 0]) @ w1.T, axis=1)
        return cost_of_norm(penalty, norms).mean()

    expected = np.zeros_like(w1)
    for index in np.ndindex(*w1.shape):
        step = np.zeros_like(w1)
        step[index] = 1e-6
        expected[index] = (by_hand(w1 + step) - by_hand(w1 - step)) / 2e-6

    weight = keras.Variable(w1.astype("float32"))

    def objective():
        value = penalty(
            lambda x: tf.tanh(x @ weight.value) @ w2.astype("float32"), real, fake, seed=2
        )
        return value, None

    gradient = backend.gradients(objective, [weight])[0][0]
    np.testing.assert_allclose(gradient, expected, rtol=2e-3, atol=1e-4)


def test_finite_gradient_where_the_norm_is_zero(penalty):
    weight = keras.Variable(np.zeros((3, 1), "float32"))
    real, fake = rng.normal(size=(2, 4, 3)).astype("float32")

    def objective():
        return penalty(lambda x: x @ weight.value, real, fake, seed=0), None

    (gradient,), _ = backend.gradients(objective, [weight])
    assert np.isfinite(gradient).all()


def test_points_lie_between_real_and_fake_with_one_eps_a_sample():
    real, fake = rng.normal(size=(2, 2000, 4, 4, 1)).astype("float32")
    at = np.array(kg.penalties.GradientPenalty().points(real, fake, seed=3))
    eps = ((at - fake) / (real - fake)).reshape(2000, -1)
    clear = np.abs(real - fake).reshape(2000, -1) > 0.1
    spread = np.where(clear, eps, np.nan)
    assert np.nanmax(np.nanmax(spread, 1) - np.nanmin(spread, 1)) < 1e-4
    eps = np.nanmean(spread, 1)
    # Uniform on [0, 1]: mean 1/2, variance 1/12; each bound is 4 standard errors.
    assert eps.min() >= -1e-5 and eps.max() <= 1 + 1e-5
    assert abs(eps.mean() - 1 / 2) < 4 * np.sqrt(1 / 12 / 2000)
    assert abs(eps.var() - 1 / 12) < 4 * np.sqrt(1 / 180 / 2000)


def test_r1_is_taken_at_reals_and_r2_at_fakes():
    real, fake = np.ones((2, 1), "float32"), np.full((2, 1), 3.0, "float32")

    def square(x):
        return x**2  # gradient 2x

    assert float(kg.penalties.R1()(square, real, fake)) == 2.0
    assert float(kg.penalties.R2()(square, real, fake)) == 18.0


def test_dragan_points_stay_near_the_reals():
    real = rng.normal(size=(500, 8)).astype("float32")
    at = np.array(kg.penalties.DRAGANPenalty().points(tf.constant(real), tf.zeros_like(real), 0))
    moved = at - real
    assert moved.min() >= 0 and moved.max() <= real.std() / 2
    assert moved.max() > 0.4 * real.std()


def test_float32_for_half_precision_samples(penalty):
    real, fake = rng.normal(size=(2, 4, 3)).astype("float16")
    seen = []

    def critic(x):
        seen.append(x.dtype)
        return tf.reduce_sum(x, 1, True)

    assert penalty(critic, real, fake, seed=0).dtype == tf.float32
    assert seen == [tf.float32]


def test_serialises(penalty):
    config = keras.saving.serialize_keras_object(penalty)
    assert type(keras.saving.deserialize_keras_object(config)) is type(penalty)
