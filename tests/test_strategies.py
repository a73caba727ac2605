"""Several replicas on one machine: two logical CPU devices."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_gans as kg
from conftest import (
    VARIANTS,
    callbacks_of,
    image_networks,
    images,
    make,
    points,
    represented_by,
    vector_networks,
)
from keras_gans.backend import ReplicaLossScaleOptimizer

pytestmark = pytest.mark.filterwarnings("ignore:WGAN trains without weight clipping")
BATCH, N_CRITIC = 8, 2


def arrays(gan):
    everything = [*gan.variables, *gan.d_optimizer.variables, *gan.g_optimizer.variables]
    return [keras.ops.convert_to_numpy(variable) for variable in everything]


def copies(variable):
    return [np.array(v) for v in variable.value.values]


def share(table, index, n):
    """Rows of a table of global batches: the part that this replica has of one of them."""
    replica = tf.distribute.get_replica_context()
    first = tf.cast(replica.replica_id_in_sync_group, tf.int32) * n
    return table[index % len(table)][first : first + n]


def train_with_given_numbers(variant, strategy, networks=None, y=None, **compile_arguments):
    """Trains on latents and penalty points that depend on the update alone, not on the replica."""
    rng = np.random.default_rng(3)
    latents = tf.constant(rng.normal(size=(50, BATCH, 3)).astype("float32"))
    eps = tf.constant(rng.uniform(size=(50, BATCH, 1)).astype("float32"))
    with strategy.scope():
        gan = make(
            variant,
            networks,
            d_optimizer=keras.optimizers.SGD(0.05),
            g_optimizer=keras.optimizers.SGD(0.05),
            n_critic=N_CRITIC,
            ema_decay=0.9,
            **compile_arguments,
        )

    def updates():
        done = gan.d_optimizer.iterations + gan.g_optimizer.iterations
        return tf.cast(tf.convert_to_tensor(done), tf.int32)

    def penalty_points(real, fake):
        e = share(eps, updates(), real.shape[0])
        return [e * real + (1 - e) * fake for _ in gan.penalties]

    object.__setattr__(gan, "sample_latents", lambda n: share(latents, updates(), n))
    object.__setattr__(gan, "penalty_points", penalty_points)
    history = gan.fit(
        points(64), y, batch_size=BATCH, epochs=2, verbose=0, callbacks=callbacks_of(variant)
    )
    return gan, history.history


@functools.cache
def trained_by_one(variant):
    return train_with_given_numbers(variant, tf.distribute.get_strategy())


MODES = [{}, {"steps_per_execution": 3}, {"jit_compile": True}]


@pytest.mark.parametrize("mode", represented_by({}, among=MODES), ids=["one", "three", "XLA"])
def test_two_replicas_equal_one(variant, mirrored, mode):
    one, history = trained_by_one(variant)
    two, two_history = train_with_given_numbers(variant, mirrored, **mode)
    assert one.step == two.step == 2 * (64 // (BATCH * N_CRITIC))
    initial = make(variant, ema_decay=0.9)
    assert any(
        np.abs(a - np.array(b)).max() > 1e-2
        for a, b in zip(arrays(two), initial.variables, strict=False)
        if a.shape == b.shape
    )
    for a, b in zip(arrays(one), arrays(two), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    assert set(history) == set(two_history)
    for name, values in history.items():
        np.testing.assert_allclose(values, two_history[name], rtol=1e-5, atol=1e-6)


def test_each_replica_draws_its_own_numbers(variant, mirrored):
    with mirrored.scope():
        gan = make(variant)
    real = tf.constant(points(4))
    fake = tf.ones((4, 2))

    def draw():
        drawn = [gan.sample_latents(4)]
        random = [isinstance(p, kg.penalties.GradientPenalty) for p in gan.penalties]
        at = gan.penalty_points(real, fake)
        return [*drawn, *(each for each, is_random in zip(at, random, strict=True) if is_random)]

    for drawn in mirrored.run(draw):
        first, second = (np.array(v) for v in drawn.values)
        assert first.shape == second.shape
        assert not np.isclose(first, second).any()


def test_the_first_replica_draws_what_one_alone_would(mirrored):
    with mirrored.scope():
        gan = make(kg.GAN)
    first = np.array(mirrored.run(lambda: gan.sample_latents(4)).values[0])
    np.testing.assert_array_equal(first, make(kg.GAN).sample_latents(4))


def test_replicas_stay_equal(variant, mirrored):
    with mirrored.scope():
        networks = functools.partial(vector_networks, dropout=0.3, batch_norm=True)
        gan = make(variant, networks, ema_decay=0.5, n_critic=N_CRITIC)
    gan.fit(points(), batch_size=8, epochs=2, verbose=0, callbacks=callbacks_of(variant))
    for variable in [*gan.weights, *gan.d_optimizer.variables, *gan.g_optimizer.variables]:
        first, second = copies(variable)
        np.testing.assert_array_equal(first, second, variable.path)


@pytest.mark.parametrize("variant", represented_by(kg.WGANGP, among=VARIANTS))
def test_everything_else_works_under_a_strategy(variant, mirrored, tmp_path):
    """All callbacks, generate, predict, save and load; training goes on to the bit."""
    x = images(32)
    with mirrored.scope():
        gan = make(variant, image_networks, ema_decay=0.9, n_critic=2)
    callbacks = [
        *callbacks_of(variant),
        kg.callbacks.SampleGrid(tmp_path / "samples", (2, 2)),
        kg.callbacks.HistoryCSV(tmp_path / "history.csv"),
        kg.callbacks.LossCurves(tmp_path / "losses.png"),
        kg.callbacks.EpochSamples(tmp_path / "rows.png"),
        kg.callbacks.Checkpoint(tmp_path / "checkpoints"),
        kg.callbacks.TrainState(tmp_path),
    ]
    gan.fit(x, batch_size=4, epochs=2, verbose=0, callbacks=callbacks)
    assert (tmp_path / "samples" / "training.gif").exists()
    assert gan.generate(3, seed=0).shape == (3, 8, 8, 1)
    latents = np.random.default_rng(0).normal(size=(8, 4)).astype("float32")
    np.testing.assert_allclose(
        gan.predict(latents, batch_size=4, verbose=0), gan(latents), rtol=1e-4, atol=1e-5
    )
    gan.save(tmp_path / "gan.keras")
    with mirrored.scope():
        loaded = keras.saving.load_model(tmp_path / "gan.keras")
    alone = keras.saving.load_model(tmp_path / "gan.keras")
    for other in (loaded, alone):
        for a, b in zip(arrays(gan), arrays(other), strict=True):
            np.testing.assert_array_equal(a, b)
    for model in (gan, loaded):
        model.fit(x, batch_size=4, verbose=0, callbacks=callbacks_of(variant))
    for a, b in zip(arrays(gan), arrays(loaded), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("kind", ["samples", "batches"])
def test_data_sets_are_split_over_the_replicas(mirrored, kind):
    data = tf.data.Dataset.from_tensor_slices(np.arange(24, dtype="float32")[:, None])
    seen = []

    class Recorded(kg.GAN):
        def train_step(self, batches):
            for batch in batches:
                tf.py_function(lambda b: seen.append(b.numpy().ravel().tolist()), [batch], [])
            return super().train_step(batches)

    with mirrored.scope():
        gan = make(Recorded, lambda: vector_networks(dim=1), n_critic=2)
    batches = {"samples": (data, 4), "batches": (data.batch(4), None)}
    x, batch_size = batches[kind]
    gan.fit(x, batch_size=batch_size, verbose=0, shuffle=False)
    assert all(len(batch) == 2 for batch in seen)
    assert sorted(value for batch in seen for value in batch) == list(range(24))
    # The halves of each mini-batch of four, not of a step's eight.
    assert {tuple(batch) for batch in seen} == {(i, i + 1) for i in range(0, 24, 2)}


def test_a_batch_that_replicas_cannot_share_is_refused(mirrored):
    with mirrored.scope():
        gan = make(kg.GAN)
    with pytest.raises(ValueError, match="divisible by the 2 replicas.*Received: batch_size=7"):
        gan.fit(points(), batch_size=7, verbose=0)


def test_synchronized_batch_norm_sees_the_global_batch(mirrored):
    """Two replicas of half a batch normalise as one of the whole."""
    x = np.random.default_rng(0).normal(size=(8, 3)).astype("float32") * [1.0, 5.0, 9.0]

    def generator():
        keras.utils.set_random_seed(0)
        return kg.networks.mlp_generator(3, (2,), (4,), batch_norm=True, synchronized=True)

    with mirrored.scope():
        network = generator()
    per_replica = mirrored.experimental_distribute_values_from_function(
        lambda context: tf.constant(x[4 * context.replica_id_in_sync_group :][:4], tf.float32)
    )
    results = mirrored.run(lambda z: network(z, training=True), args=(per_replica,))
    outputs = np.concatenate([np.array(v) for v in results.values])
    expected = generator()(x.astype("float32"), training=True)
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-5)


@pytest.fixture(params=represented_by("mixed_float16", among=["mixed_bfloat16", "mixed_float16"]))
def policy(request):
    keras.mixed_precision.set_dtype_policy(request.param)
    yield request.param
    keras.mixed_precision.set_dtype_policy("float32")


@pytest.mark.core
@pytest.mark.parametrize("replicas", represented_by(1, among=[1, 2]))
def test_mixed_precision_trains_saves_and_loads(variant, policy, replicas, mirrored, tmp_path):
    strategy = mirrored if replicas == 2 else tf.distribute.get_strategy()
    with strategy.scope():
        gan = make(variant, ema_decay=0.9, n_critic=2)
    assert gan.generator.layers[0].compute_dtype == policy.split("_")[1]
    scaled = policy == "mixed_float16"
    for optimizer in (gan.d_optimizer, gan.g_optimizer):
        assert isinstance(optimizer, ReplicaLossScaleOptimizer) == scaled
        if scaled:
            optimizer.dynamic_scale.assign(1024.0)
    history = gan.fit(
        points(), batch_size=8, epochs=2, verbose=0, callbacks=callbacks_of(variant)
    ).history
    assert np.isfinite(list(history.values())).all()
    assert gan.generate(4).dtype == np.float32
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    for a, b in zip(arrays(gan), arrays(loaded), strict=True):
        np.testing.assert_array_equal(a, b)
    if scaled:
        assert float(loaded.d_optimizer.dynamic_scale) == 1024.0


@pytest.mark.core
def test_mixed_precision_stays_near_float32(variant, policy):
    half = make(variant, n_critic=1)
    keras.mixed_precision.set_dtype_policy("float32")
    full = make(variant, n_critic=1)
    logs, expected = (
        gan.fit(points(), batch_size=32, verbose=0, callbacks=callbacks_of(variant)).history
        for gan in (half, full)
    )
    for name, values in logs.items():
        np.testing.assert_allclose(values, expected[name], rtol=0.05, atol=0.05)


def test_penalties_stay_float32(policy):
    seen = []

    class Recorded(kg.penalties.GradientPenalty):
        def at(self, discriminator, points):
            value = super().at(discriminator, points)
            seen.extend([points.dtype, value.dtype])
            return value

    gan = make(kg.WGANGP, penalties=[Recorded()])
    gan.update_discriminator(tf.constant(points(8)))
    assert set(seen) == {tf.float32}


@pytest.mark.parametrize("bad_replica", [0, 1])
def test_an_overflow_on_any_replica_skips_the_step_on_all(mirrored, bad_replica):
    with mirrored.scope():
        weight = keras.Variable([1.0, 2.0])
        optimizer = ReplicaLossScaleOptimizer(keras.optimizers.SGD(1.0), initial_scale=4.0)
        optimizer.build([weight])

    @tf.function
    def step(bad):
        def replica_step():
            here = tf.distribute.get_replica_context().replica_id_in_sync_group
            optimizer.apply([tf.where(tf.equal(here, bad), [np.inf, 1.0], [1.0, 1.0])], [weight])

        mirrored.run(replica_step)

    step(tf.constant(bad_replica))
    for values, scale in zip(copies(weight), copies(optimizer.dynamic_scale), strict=True):
        np.testing.assert_array_equal(values, [1.0, 2.0])
        assert scale == 2.0
    step(tf.constant(5))
    for values in copies(weight):
        np.testing.assert_array_equal(values, [0.0, 1.0])  # Two gradients of 1, unscaled by 2.
