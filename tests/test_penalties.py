import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_gans as kg
from conftest import assert_same_state, make, points, vector_networks
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


# Penalties without a gradient of the discriminator by its input


def train(penalties=(), generator_penalties=(), networks=None, **arguments):
    gan = make(
        kg.GAN,
        networks,
        d_optimizer=keras.optimizers.SGD(0.05),
        g_optimizer=keras.optimizers.SGD(0.05),
        n_critic=1,
        penalties=penalties,
        generator_penalties=generator_penalties,
        **arguments,
    )
    history = gan.fit(points(32), batch_size=4, verbose=0).history
    return gan, history


def test_lecam_draws_to_the_averages_of_the_other_side():
    """Against the paper's equations, in NumPy, over eight updates."""
    penalty = kg.penalties.LeCam(0.5, decay=0.7)
    seen = []

    class Recorded(kg.GAN):
        def discriminator_terms(self, real_outputs, fake_outputs, labels, latents):
            seen.append([np.array(o["logits"]) for o in (real_outputs, fake_outputs)])
            return {}

    gan = make(Recorded, penalties=[penalty], n_critic=1, run_eagerly=True)
    history = gan.fit(points(32), batch_size=4, verbose=0).history
    average, values = None, []
    for real, fake in seen:
        a_real, a_fake = average or (0.0, 0.0)
        values.append(((real - a_fake) ** 2).mean() + ((fake - a_real) ** 2).mean())
        decay = 0.7 if average else 0.0
        average = (
            decay * a_real + (1 - decay) * real.mean(),
            decay * a_fake + (1 - decay) * fake.mean(),
        )
    assert len(seen) == 8
    np.testing.assert_allclose(history["lecam"][0], np.mean(values), rtol=1e-4)
    np.testing.assert_allclose(np.array(penalty.averages), average, rtol=1e-4, atol=1e-6)


def test_averages_of_lecam_are_of_all_replicas(mirrored):
    with mirrored.scope():
        two, history = train([kg.penalties.LeCam(0.0)])
    averages = [np.array(v) for v in two.penalties[0].averages.value.values]
    np.testing.assert_array_equal(*averages)
    assert history["lecam"][0] > 0 and np.abs(averages[0]).min() > 0


@keras.saving.register_keras_serializable("tests")
class Halved(keras.layers.Layer):
    def call(self, samples):
        return 0.5 * samples


@pytest.mark.parametrize("kind", ["ConsistencyRegularization", "FakeConsistencyRegularization"])
def test_consistency_compares_with_the_augmented(kind):
    """D(x) = w x: the difference is half of it."""
    penalty = getattr(kg.penalties, kind)(Halved())
    real, fake = rng.normal(size=(2, 6, 3)).astype("float32")
    w = rng.normal(size=(3, 1)).astype("float32")

    def judge(x):
        return {"logits": x @ w}

    at = penalty.points(tf.constant(real), tf.constant(fake), 0)
    value = penalty.value(judge, at, judge(real), judge(fake))
    compared = real if kind == "ConsistencyRegularization" else fake
    np.testing.assert_allclose(value, ((0.5 * compared @ w) ** 2).mean(), rtol=1e-5)


def test_consistency_with_itself_is_free_and_counts_otherwise():
    layers = keras.layers.Identity(), Halved()
    histories = [train([kg.penalties.ConsistencyRegularization(layer)])[1] for layer in layers]
    assert histories[0]["cr"] == [0.0] and histories[1]["cr"][0] > 0


def linear_generator():
    """G(z) = z W: the Jacobian is W everywhere."""
    _, discriminator = vector_networks()
    network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, use_bias=False)])
    return network, discriminator


def test_path_length_of_a_linear_generator():
    penalty = kg.penalties.PathLength(every=1)
    penalty.build()
    penalty.average.assign(0.3)
    w = rng.normal(size=(3, 2)).astype("float32")
    latents = tf.constant(rng.normal(size=(8, 3)).astype("float32"))
    at = penalty.points(tf.zeros((8, 2)), latents, seed=1)
    half, noise = (np.array(part) for part in at)
    np.testing.assert_array_equal(half, latents[:4])
    values = penalty.values(lambda z, labels: z @ w, at)
    lengths = np.linalg.norm(noise @ w.T, axis=1)
    np.testing.assert_allclose(values["path_length_mean"], lengths.mean(), rtol=1e-5)
    np.testing.assert_allclose(values["path_length"], ((lengths - 0.3) ** 2).mean(), rtol=1e-5)


def test_noise_of_path_length_is_divided_by_the_root_of_the_pixels():
    _, noise = kg.penalties.PathLength().points(tf.zeros((2000, 4, 4, 1)), tf.zeros((2000, 3)), 0)
    # The variance of the variance of n normal numbers is 2 / n.
    count = noise.shape.num_elements()
    assert abs(np.var(noise) * 16 - 1) < 4 * np.sqrt(2 / count)


@pytest.mark.parametrize("mode", [{}, {"jit_compile": True}], ids=str)
def test_path_length_moves_the_generator_only_when_due(mode, mirrored):
    """Weight 0 elsewhere: every second update, and its average follows."""

    class NoLoss(kg.losses.Loss):
        def discriminator_loss(self, real_logits, fake_logits):
            return 0.0 * keras.ops.mean(real_logits)

        def generator_loss(self, fake_logits, real_logits=None):
            return 0.0 * keras.ops.mean(fake_logits)

    penalty = kg.penalties.PathLength(1.0, decay=0.5, every=2)
    seen = []

    class Weights(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append((np.array(self.model.generator.weights[0]), float(penalty.average)))

    gan = make(
        kg.GAN,
        linear_generator,
        d_optimizer=keras.optimizers.SGD(0.0),
        g_optimizer=keras.optimizers.SGD(0.01),
        n_critic=1,
        loss=NoLoss(),
        generator_penalties=[penalty],
        **mode,
    )
    history = gan.fit(points(24), batch_size=4, verbose=0, callbacks=[Weights()]).history
    moved = [bool(np.any(a[0] != b[0])) for a, b in itertools.pairwise(seen)]
    assert moved == [False, True, False, True, False]
    grown = [a[1] != b[1] for a, b in itertools.pairwise(seen)]
    assert grown == moved
    assert {"path_length", "path_length_mean"} <= set(history)


def test_path_length_is_the_same_on_replicas(mirrored):
    with mirrored.scope():
        gan, _history = train(generator_penalties=[kg.penalties.PathLength(every=2)])
    first, second = (np.array(v) for v in gan.generator_penalties[0].average.value.values)
    assert first == second > 0
    for weight in gan.generator.weights:
        np.testing.assert_array_equal(*(np.array(v) for v in weight.value.values))


OTHERS = {
    "LeCam": lambda: {"penalties": [kg.penalties.LeCam(0.3, decay=0.9)]},
    "CR": lambda: {
        "penalties": [
            kg.penalties.ConsistencyRegularization(keras.layers.GaussianNoise(0.1, seed=3))
        ]
    },
    "path length": lambda: {"generator_penalties": [kg.penalties.PathLength(every=2)]},
}


@pytest.mark.parametrize("kind", OTHERS)
def test_state_of_penalties_is_saved(kind, tmp_path):
    """Training goes on to the bit, and modes agree."""
    gan, _ = train(**OTHERS[kind]())
    fast, _ = train(**OTHERS[kind](), steps_per_execution=3)
    assert_same_state(fast, gan, rtol=1e-5, atol=1e-6)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    for model in (gan, loaded):
        model.fit(points(32), batch_size=4, verbose=0)
    assert_same_state(gan, loaded)
    for a, b in (("penalties", "penalties"), ("generator_penalties", "generator_penalties")):
        for one, other in zip(getattr(gan, a), getattr(loaded, b), strict=True):
            assert one.get_config().keys() == other.get_config().keys()
            for v, w in zip(one.variables, other.variables, strict=True):
                np.testing.assert_array_equal(np.array(v), np.array(w))


@pytest.mark.parametrize(
    ("make_penalty", "message"),
    [
        (lambda: kg.penalties.LeCam(decay=1.0), "`decay` in .*Received: decay=1.0"),
        (lambda: kg.penalties.PathLength(decay=0.0), "`decay` in .*Received: decay=0.0"),
        (lambda: kg.penalties.ConsistencyRegularization("flip"), "`augment` to be a keras.Layer"),
    ],
)
def test_bad_arguments(make_penalty, message):
    with pytest.raises(ValueError, match=message):
        make_penalty()


def test_several_updates_of_the_generator():
    """Two updates a step, and a schedule still follows the step."""
    steps = []

    class Schedule(keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            steps.append(int(step))
            return 0.0

    gan = make(
        kg.GAN, n_critic=2, n_generator=3, penalties=[kg.penalties.R1(Schedule())], run_eagerly=True
    )
    gan.fit(points(32), batch_size=4, verbose=0)
    assert int(gan.g_optimizer.iterations) == 3 * 4 and int(gan.d_optimizer.iterations) == 2 * 4
    assert steps == [0, 0, 1, 1, 2, 2, 3, 3]
    with pytest.raises(ValueError, match="integer `n_generator` >= 1. Received: n_generator=0"):
        make(kg.GAN, n_generator=0)


@pytest.mark.core
@pytest.mark.parametrize("mode", [{"run_eagerly": True}, {"steps_per_execution": 4}], ids=str)
def test_random_states_advance_in_a_lazy_penalty_that_is_due(mode):
    """A branch that changes variables: backends differ in what of it they keep."""

    def trained(**compiled):
        sgd = keras.optimizers.SGD
        gan = make(
            kg.GAN,
            lambda: vector_networks(dropout=0.5),
            d_optimizer=sgd(0.05),
            g_optimizer=sgd(0.05),
            penalties=[kg.penalties.R1(0.5, every=3)],
            **compiled,
        )
        gan.fit(points(), batch_size=4, verbose=0)
        return gan

    assert_same_state(trained(), trained(**mode), rtol=1e-4, atol=1e-6)
