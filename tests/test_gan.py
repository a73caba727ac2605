"""What training means; each test runs for every variant that it can hold for."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

import keras_gans as kg
from conftest import (
    assert_same_state,
    callbacks_of,
    classes,
    every_variant,
    image_networks,
    images,
    labelled_networks,
    make,
    penalty_names,
    points,
    represented_by,
    vector_networks,
)
from keras_gans.networks import inspection

pytestmark = pytest.mark.filterwarnings("ignore:WGAN trains without weight clipping")


def fit(gan, x=None, batch_size=4, epochs=1, callbacks=None, **arguments):
    x = points() if x is None else x
    callbacks = callbacks_of(type(gan)) if callbacks is None else callbacks
    return gan.fit(
        x, batch_size=batch_size, epochs=epochs, verbose=0, callbacks=callbacks, **arguments
    )


def weights(network):
    return [np.array(weight) for weight in network.weights]


def equal(a, b):
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


class Spy:
    """Records the updates of an eager run: which network, on which reals."""

    def __init__(self, gan):
        self.calls = []
        for name in ("update_discriminator", "update_generator"):
            self.wrap(gan, name, getattr(gan, name))

    def wrap(self, gan, name, update):
        def recorded(real):
            self.calls.append((name, np.array(real)))
            update(real)

        object.__setattr__(gan, name, recorded)

    @property
    def names(self):
        return [name for name, _ in self.calls]

    @property
    def reals(self):
        return [real for name, real in self.calls if name == "update_discriminator"]


# One step of fit


@pytest.mark.core
@pytest.mark.parametrize("n_critic", [1, 3])
def test_order_and_number_of_updates(variant, n_critic):
    gan = make(variant, n_critic=n_critic, run_eagerly=True)
    spy = Spy(gan)
    fit(gan, points(50))
    steps = 50 // (4 * n_critic)
    assert spy.names == (["update_discriminator"] * n_critic + ["update_generator"]) * steps
    assert int(gan.d_optimizer.iterations) == steps * n_critic
    assert int(gan.g_optimizer.iterations) == gan.step == steps


@pytest.mark.parametrize("kind", ["array", "samples", "batches"])
def test_each_update_has_its_own_batch(variant, kind):
    x = points(50)
    data = {
        "array": x,
        "samples": tf.data.Dataset.from_tensor_slices(x),
        "batches": tf.data.Dataset.from_tensor_slices(x).batch(4),
    }[kind]
    gan = make(variant, n_critic=3, run_eagerly=True)
    spy = Spy(gan)
    fit(gan, data, batch_size=None if kind == "batches" else 4)
    used = [tuple(sample) for batch in spy.reals for sample in batch]
    assert len(used) == len(set(used)) == 48 and set(used) <= set(map(tuple, x))


def test_reuse_batch(variant):
    gan = make(variant, n_critic=3, reuse_batch=True, run_eagerly=True)
    spy = Spy(gan)
    fit(gan, points(50))
    assert len(spy.reals) == 3 * (50 // 4)
    for i in range(0, len(spy.reals), 3):
        assert equal(spy.reals[i : i + 3], [spy.reals[i]] * 3)
    assert len({batch.tobytes() for batch in spy.reals}) == 50 // 4


def test_every_update_draws_new_latents(variant):
    gan = make(variant, n_critic=2, run_eagerly=True)
    drawn, draw = [], gan.sample_latents
    object.__setattr__(gan, "sample_latents", lambda n: drawn.append(draw(n)) or drawn[-1])
    fit(gan)
    assert len(drawn) == 3 * gan.step
    assert len({np.array(latents).tobytes() for latents in drawn}) == len(drawn)


def test_labels_are_accepted_and_ignored(variant):
    x, y = points(), np.arange(64)
    runs = [make(variant) for _ in range(2)]
    fit(runs[0], x)
    fit(runs[1], x, y=y)
    assert_same_state(runs[0], runs[1])
    fit(runs[1], tf.data.Dataset.from_tensor_slices((x, y)))


@every_variant
def test_matches_the_algorithm_written_by_hand(variant):
    """Against the paper's box in plain TensorFlow: own tape, own loss, own SGD, own penalty."""
    n_critic, rate, weight, steps = 2, 0.05, 3.0, 3
    x = points(24)
    penalised = {"gp_weight": weight} if variant.default_penalties else {}
    gan = make(
        variant,
        d_optimizer=keras.optimizers.SGD(rate),
        g_optimizer=keras.optimizers.SGD(rate),
        n_critic=n_critic,
        loss="wasserstein",
        **penalised,
    )
    rng = np.random.default_rng(5)
    latents = rng.normal(size=(steps * (n_critic + 1), 4, 3)).astype("float32")
    count = steps * n_critic * max(1, len(variant.default_penalties))
    eps = rng.uniform(size=(count, 4, 1)).astype("float32")
    drawn, mixed = iter(latents), iter(eps)
    object.__setattr__(gan, "sample_latents", lambda n: tf.constant(next(drawn)))

    def penalty_points(real, fake):
        return [(lambda e: e * real + (1 - e) * fake)(next(mixed)) for _ in gan.penalties]

    object.__setattr__(gan, "penalty_points", penalty_points)
    gan.run_eagerly = True
    g = [tf.Variable(w) for w in gan.generator.get_weights()]
    d = [tf.Variable(w) for w in gan.discriminator.get_weights()]

    def generator(z):
        return tf.nn.relu(z @ g[0] + g[1]) @ g[2] + g[3]

    def critic(x):
        hidden = x @ d[0] + d[1]
        return tf.maximum(hidden, 0.2 * hidden) @ d[2] + d[3]

    drawn_by_hand, mixed_by_hand = iter(latents), iter(eps)
    for step in range(steps):
        for t in range(n_critic):
            start = (step * n_critic + t) * 4
            real = tf.constant(x[start : start + 4])
            fake = generator(next(drawn_by_hand))
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(critic(fake)) - tf.reduce_mean(critic(real))
                for penalty in variant.default_penalties:
                    e = next(mixed_by_hand)
                    at = e * real + (1 - e) * fake
                    with tf.GradientTape() as inner:
                        inner.watch(at)
                        value = critic(at)
                    norm = tf.norm(inner.gradient(value, at), axis=1)
                    cost = (norm - 1) ** 2 if penalty.per_sample_norm else norm**2 / 2
                    loss += weight * tf.reduce_mean(cost)
            for v, grad in zip(d, tape.gradient(loss, d), strict=True):
                v.assign_sub(rate * grad if grad is not None else tf.zeros_like(v))
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(critic(generator(next(drawn_by_hand))))
        for v, grad in zip(g, tape.gradient(loss, g), strict=True):
            v.assign_sub(rate * grad)

    fit(gan, x, shuffle=False, callbacks=[])
    for weight, by_hand in zip(
        gan.generator.weights + gan.discriminator.weights, g + d, strict=True
    ):
        np.testing.assert_allclose(weight, by_hand, rtol=1e-5, atol=1e-6)


# What an update leaves alone


@pytest.mark.parametrize("frozen", [None, "generator", "discriminator"])
def test_updates_are_independent(variant, frozen):
    def networks():
        return vector_networks(batch_norm=True, dropout=0.2)

    gan = make(variant, networks)
    if frozen:  # After compile: as in Keras, what is trained is settled there.
        getattr(gan, frozen).trainable = False
    real = tf.constant(points(8))
    for update, trained, other in (
        (gan.update_discriminator, gan.discriminator, gan.generator),
        (gan.update_generator, gan.generator, gan.discriminator),
    ):
        before, before_other = weights(trained), weights(other)
        update(real)
        assert equal(weights(other), before_other)
        kernels = [np.any(a != b) for a, b in zip(before, weights(trained), strict=True)]
        assert kernels[0]


def test_moving_statistics_follow_the_generators_updates():
    gan = make(kg.GAN, lambda: vector_networks(batch_norm=True))
    moving = gan.generator.layers[1].moving_mean
    before = np.array(moving)
    gan.update_generator(tf.constant(points(8)))
    assert np.any(np.array(moving) != before)


def test_a_dropout_mask_is_not_used_twice():
    gan = make(kg.GAN, lambda: vector_networks(dropout=0.5))
    (state,) = [v for v in gan.discriminator.variables if "seed" in v.path]
    seen = [tuple(np.array(state))]
    for update in (gan.update_discriminator, gan.update_generator):
        update(tf.constant(points(8)))
        seen.append(tuple(np.array(state)))
    assert len(set(seen)) == 3


def test_a_layer_frozen_before_compile_stays(variant):
    def networks():
        generator, discriminator = vector_networks()
        discriminator.layers[0].trainable = False
        return generator, discriminator

    gan = make(variant, networks)
    before = weights(gan.discriminator)
    fit(gan, callbacks=[])
    after = weights(gan.discriminator)
    assert equal(before[:2], after[:2]) and not equal(before[2:3], after[2:3])


# Logs


def test_logs_are_means_over_all_updates_of_the_epoch(variant):
    gan = make(variant, n_critic=3, run_eagerly=True)
    seen, minimize = {}, gan.minimize

    def recorded(objective, network, optimizer):
        def spied():
            loss, terms = objective()
            for name, value in terms.items():
                seen.setdefault(name, []).append(float(value))
            return loss, terms

        return minimize(spied, network, optimizer)

    object.__setattr__(gan, "minimize", recorded)
    history = fit(gan, points(50), epochs=1).history
    expected = {"d_loss", "g_loss", "d_real", "d_fake"} | penalty_names(variant)
    assert set(history) == expected == set(seen)
    for name, values in seen.items():
        assert len(values) == gan.step * (1 if name.startswith("g_") else 3)
        np.testing.assert_allclose(history[name][0], np.mean(values), rtol=1e-5)


def test_d_loss_is_what_is_minimised(variant):
    gan = make(
        variant,
        run_eagerly=True,
        loss="wasserstein",
        **({"gp_weight": 7.0} if variant.default_penalties else {}),
    )
    logs = {name: v[0] for name, v in fit(gan).history.items()}
    added = sum(7.0 * logs[name] for name in penalty_names(variant))
    np.testing.assert_allclose(logs["d_loss"], logs["d_fake"] - logs["d_real"] + added, rtol=1e-4)


@every_variant
def test_layer_losses_are_minimised_too(variant):
    def networks():
        generator, _ = vector_networks()
        d = keras.Sequential(
            [keras.Input((2,)), layers.Dense(1, kernel_regularizer=keras.regularizers.L2(1.0))]
        )
        return generator, d

    sgd = keras.optimizers.SGD
    gan = make(
        variant,
        networks,
        d_optimizer=sgd(0.1),
        **({"gp_weight": 0.0} if variant.default_penalties else {}),
    )
    object.__setattr__(gan, "loss", ZeroLoss())
    before = np.array(gan.discriminator.layers[0].kernel)
    gan.update_discriminator(tf.constant(points(8)))
    np.testing.assert_allclose(gan.discriminator.layers[0].kernel, before * 0.8, rtol=1e-5)


class ZeroLoss(kg.losses.Loss):
    def discriminator_loss(self, real_logits, fake_logits):
        return 0.0 * keras.ops.mean(real_logits)


# Modes


def same_run(variant, networks=None, x=None, **arguments):
    gan = make(variant, networks, n_critic=2, ema_decay=0.5, **arguments)
    history = fit(gan, x, epochs=2).history
    return gan, history


EAGER = {"run_eagerly": True}
MODES = represented_by(
    EAGER, among=[EAGER, {"steps_per_execution": 3}, {"steps_per_execution": 100}]
)


@pytest.mark.core
@pytest.mark.parametrize("mode", MODES, ids=str)
def test_modes_agree(variant, mode):
    assert_modes_agree(variant, mode, vector_networks, points())


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES, ids=str)
def test_modes_agree_on_images(mode):
    assert_modes_agree(kg.WGANGP, mode, image_networks, images())


def assert_modes_agree(variant, mode, networks, x):
    graph, history = same_run(variant, networks, x)
    other, other_history = same_run(variant, networks, x, **mode)
    assert_same_state(graph, other, rtol=2e-4, atol=1e-5)
    assert graph.step == other.step == 2 * (64 // 8)
    for name, values in history.items():
        np.testing.assert_allclose(values, other_history[name], rtol=1e-4, atol=1e-5)


def test_xla_agrees(variant):
    graph, _ = same_run(variant)
    xla, _ = same_run(variant, jit_compile=True)
    assert_same_state(graph, xla, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("gpus", "expected"), [([], False), (["a GPU"], True)])
def test_xla_is_for_gpus(monkeypatch, mirrored, gpus, expected):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind=None: gpus)
    with mirrored.scope():
        replicated = make(kg.WGANGP)
    for gan in (make(kg.WGANGP), replicated):
        assert gan.jit_compile is expected
    assert make(kg.WGANGP, run_eagerly=True).jit_compile is False
    assert make(kg.WGANGP, jit_compile=not expected).jit_compile is not expected


def test_no_retracing_after_the_first_epoch(variant):
    traces = []

    class Traced(variant):
        def train_step(self, batches):
            traces.append(1)
            return super().train_step(batches)

    gan = make(Traced)
    callbacks = callbacks_of(variant)

    class Count(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            counts.append(len(traces))

    counts = []
    fit(gan, epochs=3, callbacks=[*callbacks, Count()])
    assert counts == [1, 1, 1]


def test_the_end_of_the_data_changes_nothing(variant):
    """Data of unknown length costs one step that finds none: no counter, no seed may move."""
    x = tf.data.Dataset.from_tensor_slices(points(50))
    known, unknown = make(variant, n_critic=2), make(variant, n_critic=2)
    fit(known, x.batch(4, drop_remainder=True), batch_size=None, epochs=2)
    batches = x.filter(lambda _: True).batch(4, drop_remainder=True)
    fit(unknown, batches, batch_size=None, epochs=2)
    assert known.step == 2 * (50 // 8)
    assert_same_state(known, unknown)


@pytest.mark.core
def test_same_seed_same_weights(variant):
    a, b = make(variant), make(variant)
    fit(a, epochs=2)
    fit(b, epochs=2)
    assert_same_state(a, b)
    c = make(variant, seed=1)
    fit(c, epochs=2)
    assert not equal(weights(a.generator), weights(c.generator))


@pytest.mark.core
def test_arrays_of_weights_stay_as_they_are():
    """A compiled step of JAX takes over the memory of what it changes."""
    gan = make(kg.GAN)
    taken = gan.get_weights()
    copies = [weight.copy() for weight in taken]
    fit(gan)
    assert equal(taken, copies) and not equal(taken, gan.get_weights())
    gan.set_weights(taken)
    assert equal(taken, gan.get_weights())
    fit(gan)
    assert equal(taken, copies) and not equal(taken, gan.get_weights())


# Weight clipping


def test_clipping_holds_after_every_update():
    gan = make(kg.WGAN, d_optimizer=keras.optimizers.SGD(10.0), run_eagerly=True)
    largest, update = [], gan.update_discriminator

    def recorded(real):
        update(real)
        largest.append(max(float(np.abs(w).max()) for w in weights(gan.critic)))

    object.__setattr__(gan, "update_discriminator", recorded)
    fit(gan, callbacks=[kg.callbacks.WeightClipping(0.03)])
    assert len(largest) == 5 * gan.step and max(largest) == pytest.approx(0.03)


def test_wgan_without_clipping_warns():
    for callbacks, warned in (([], True), ([kg.callbacks.WeightClipping()], False)):
        gan = make(kg.WGAN)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            fit(gan, callbacks=callbacks)
        assert any("without weight clipping" in str(w.message) for w in caught) == warned


def test_own_constraints_count_as_clipping():
    generator, _ = vector_networks()
    clip = kg.constraints.ClipWeights(0.1)
    critic = keras.Sequential([keras.Input((2,)), layers.Dense(1, kernel_constraint=clip)])
    gan = kg.WGAN(generator, critic)
    gan.compile()
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        fit(gan, callbacks=[])


def test_batch_norm_under_a_penalty_warns():
    def networks():
        generator, _ = vector_networks()
        critic = keras.Sequential([keras.Input((2,)), layers.BatchNormalization(), layers.Dense(1)])
        return generator, critic

    with pytest.warns(UserWarning, match="no longer holds per sample"):
        make(kg.WGANGP, networks)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        make(kg.WGANGP)
        make(kg.GAN, networks)


# The averaged generator


def test_ema_follows_each_update_of_the_generator(variant):
    gan = make(
        variant, ema_decay=0.9, run_eagerly=True, networks=lambda: vector_networks(batch_norm=True)
    )
    expected, update = weights(gan.generator), gan.update_generator
    assert equal(weights(gan.ema_generator), expected)

    def recorded(real):
        update(real)
        now = weights(gan.generator)
        expected[:] = [0.9 * a + 0.1 * b for a, b in zip(expected, now, strict=True)]

    object.__setattr__(gan, "update_generator", recorded)
    fit(gan)
    for average, by_hand in zip(weights(gan.ema_generator), expected, strict=True):
        np.testing.assert_allclose(average, by_hand, rtol=1e-5, atol=1e-6)


def test_ema_is_what_generate_and_predict_use():
    gan = make(kg.GAN, ema_decay=0.9)
    fit(gan)
    latents = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    np.testing.assert_allclose(
        gan.predict(latents, verbose=0), gan.ema_generator(latents), rtol=1e-5, atol=1e-6
    )
    raw = gan.generate(5, seed=1, ema=False)
    assert not np.allclose(gan.generate(5, seed=1), raw)
    gan.ema_generator.set_weights(gan.generator.get_weights())
    np.testing.assert_array_equal(gan.generate(5, seed=1), raw)


def test_ema_is_not_trained():
    with_ema, without = make(kg.GAN, ema_decay=0.9), make(kg.GAN)
    fit(with_ema)
    fit(without)
    assert equal(weights(with_ema.generator), weights(without.generator))


# Samples


@every_variant
@pytest.mark.parametrize("distribution", ["normal", "uniform"])
def test_latents(variant, distribution):
    gan = variant(*vector_networks(), latent_distribution=distribution, seed=0)
    latents = np.array(gan.sample_latents(4000))
    assert latents.shape == (4000, 3) and latents.dtype == np.float32
    variance = 1 if distribution == "normal" else 1 / 3
    assert abs(latents.mean()) < 4 * np.sqrt(variance / 12000)
    assert abs(latents.var() / variance - 1) < 0.06
    if distribution == "uniform":
        assert latents.min() >= -1 and latents.max() <= 1


@pytest.mark.parametrize("kind", ["vectors", "images"])
def test_generate(variant, kind):
    networks = vector_networks if kind == "vectors" else image_networks
    gan = make(variant, networks)
    a, b, c = gan.generate(5, seed=0), gan.generate(5, seed=0), gan.generate(5, seed=1)
    assert isinstance(a, np.ndarray) and a.dtype == np.float32
    assert a.shape == (5, *gan.sample_shape)
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, c)
    assert not np.array_equal(gan.generate(5), gan.generate(5))
    np.testing.assert_allclose(gan.generate(5, seed=0, batch_size=2), a, rtol=1e-5, atol=1e-6)


def test_generate_leaves_training_alone(variant):
    class Generate(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.generate(3)
            self.model.generate(3, seed=0)

    a, b = make(variant), make(variant)
    fit(a)
    fit(b, callbacks=[*callbacks_of(variant), Generate()])
    assert_same_state(a, b)


def test_predict_and_call_are_the_generator(variant):
    gan = make(variant)
    latents = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    np.testing.assert_array_equal(gan(latents), gan.generator(latents))
    np.testing.assert_allclose(
        gan.predict(latents, verbose=0), gan.generator(latents), rtol=1e-5, atol=1e-6
    )


def test_works_before_compile(variant):
    gan = variant(*vector_networks())
    assert gan.generate(2).shape == (2, 2) and gan.latent_dim == 3 and gan.step == 0


@pytest.mark.parametrize("ema_decay", represented_by(0.9, among=[None, 0.9]))
@pytest.mark.parametrize("networks", [vector_networks, labelled_networks])
def test_export_is_the_generator_that_predicts(networks, ema_decay, tmp_path):
    gan = make(kg.WGANGP, networks, ema_decay=ema_decay)
    gan.fit(points(), classes(), batch_size=4, verbose=0)
    gan.export(tmp_path / "generator", verbose=False)
    latents = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    inputs = [latents, np.arange(5, dtype="int32") % 3] if gan.conditional else latents
    exported = tf.saved_model.load(tmp_path / "generator")
    served = exported.serve(inputs)
    expected = gan.predict(tuple(inputs) if gan.conditional else inputs, verbose=0)
    np.testing.assert_allclose(served, expected, rtol=1e-5, atol=1e-6)


def test_validation_data_is_measured_at_each_epoch(variant):
    x, held_out = points(), points(20, seed=1)
    plain, validated, called_back = (make(variant) for _ in range(3))
    fit(plain, x, epochs=2)
    history = fit(validated, x, epochs=2, validation_data=held_out, validation_freq=2).history
    evaluation = kg.callbacks.Evaluation(held_out, every=2)
    expected = fit(called_back, x, epochs=2, callbacks=[*callbacks_of(variant), evaluation]).history
    assert history == expected and len(history["val_fid"]) == 2
    assert_same_state(plain, validated)


def test_train_on_batch_is_one_sentence(variant):
    with pytest.raises(ValueError, match="Expected `fit`.* Received: train_on_batch"):
        make(variant).train_on_batch(points(4))


# Saving


@pytest.mark.parametrize(
    "networks", represented_by(vector_networks, among=[vector_networks, image_networks])
)
def test_a_saved_model_goes_on_as_if_never_saved(variant, networks, tmp_path):
    x = points() if networks is vector_networks else images()
    gan = make(variant, networks, ema_decay=0.9, n_critic=2, reuse_batch=True)
    fit(gan, x)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert type(loaded) is variant
    for name in ("n_critic", "gp_weight", "reuse_batch", "ema_decay", "step", "seed", "latent_dim"):
        assert getattr(loaded, name) == getattr(gan, name), name
    assert_same_state(gan, loaded)
    np.testing.assert_array_equal(gan.generate(4, seed=0), loaded.generate(4, seed=0))
    fit(gan, x)
    fit(loaded, x)
    assert_same_state(gan, loaded)


def test_dropout_masks_go_on_too(tmp_path):
    gan = make(kg.GAN, lambda: vector_networks(dropout=0.5, batch_norm=True))
    fit(gan)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    fit(gan)
    fit(loaded)
    assert_same_state(gan, loaded)


def test_an_uncompiled_model_saves(variant, tmp_path):
    gan = variant(*vector_networks(), latent_distribution="uniform", loss="hinge")
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert not loaded.compiled and loaded.latent_distribution == "uniform"
    assert isinstance(loaded.loss, kg.losses.HingeLoss)
    np.testing.assert_array_equal(gan.generate(4, seed=0), loaded.generate(4, seed=0))


def test_weights_of_another_optimizer_raise(variant, tmp_path):
    adam = make(variant, d_optimizer="adam", g_optimizer="adam")
    adam.save_weights(tmp_path / "gan.weights.h5")
    with pytest.raises(ValueError, match="d_optimizer"):
        make(variant, d_optimizer="sgd", g_optimizer="adam").load_weights(
            tmp_path / "gan.weights.h5"
        )
    make(variant, d_optimizer="adam", g_optimizer="adam").load_weights(tmp_path / "gan.weights.h5")


def test_compile_again_starts_optimizers_anew_and_keeps_the_rest(variant):
    gan = make(variant, ema_decay=0.9)
    fit(gan)
    before, average = weights(gan.generator), weights(gan.ema_generator)
    metrics = gan.metrics
    gan.compile(ema_decay=0.9)
    assert equal(weights(gan.generator), before) and equal(weights(gan.ema_generator), average)
    assert int(gan.g_optimizer.iterations) == 0
    assert gan.metrics == metrics
    fit(gan)


# Defaults and arguments


def test_the_papers_defaults():
    gan, wgan, wgan_gp = (make(v) for v in (kg.GAN, kg.WGAN, kg.WGANGP))
    assert (gan.n_critic, gan.gp_weight) == (1, None)
    assert isinstance(gan.loss, kg.losses.NonSaturatingLoss)
    assert (wgan.n_critic, float(wgan.d_optimizer.learning_rate)) == (5, pytest.approx(5e-5))
    assert isinstance(wgan.d_optimizer, keras.optimizers.RMSprop)
    assert (wgan_gp.n_critic, wgan_gp.gp_weight) == (5, 10.0)
    adam = wgan_gp.g_optimizer
    assert (float(adam.learning_rate), adam.beta_1, adam.beta_2) == (pytest.approx(1e-4), 0.0, 0.9)
    assert wgan.critic is wgan.discriminator and wgan_gp.critic is wgan_gp.discriminator


def test_dcgan_is_gan_under_another_name():
    gan, dcgan = make(kg.GAN), make(kg.DCGAN)
    fit(gan)
    fit(dcgan)
    assert_same_state(gan, dcgan)


def test_minimax_by_name():
    networks = vector_networks()
    assert isinstance(kg.GAN(*networks, loss="minimax").loss, kg.losses.MinimaxLoss)
    gan = kg.GAN(*networks)
    gan.compile(loss="minimax")
    assert isinstance(gan.loss, kg.losses.MinimaxLoss)


@every_variant
def test_no_unused_optimizer(variant):
    gan = make(variant)
    assert not isinstance(gan.optimizer, keras.optimizers.Optimizer)
    assert [o.name for o in gan.optimizer.optimizers] == ["d_optimizer", "g_optimizer"]


BAD_COMPILE = [
    (dict(n_critic=0), "`n_critic` >= 1. Received: n_critic=0"),
    (dict(n_critic=1.5), "integer `n_critic`.*Received: n_critic=1.5"),
    (dict(ema_decay=1.0), r"`ema_decay` in \[0, 1\). Received: ema_decay=1.0"),
    (dict(ema_decay=-0.1), "Received: ema_decay=-0.1"),
    (dict(loss="none"), "Received: loss='none'"),
]


@every_variant
@pytest.mark.parametrize(("arguments", "message"), BAD_COMPILE)
def test_bad_compile_arguments(variant, arguments, message):
    with pytest.raises(ValueError, match=message):
        make(variant, **arguments)


@every_variant
def test_bad_gp_weight(variant):
    bad = -1.0 if variant.default_penalties else 10.0
    expected = "`gp_weight` >= 0" if variant.default_penalties else "has no penalty"
    with pytest.raises(ValueError, match=f"{expected}.*Received: gp_weight={bad}"):
        make(variant, gp_weight=bad)


@every_variant
def test_one_optimizer_for_both_is_refused(variant):
    adam = keras.optimizers.Adam()
    with pytest.raises(ValueError, match="two optimizers"):
        make(variant, d_optimizer=adam, g_optimizer=adam)


@every_variant
def test_a_network_without_trainable_weights_is_refused(variant):
    networks = vector_networks()
    networks[1].trainable = False
    with pytest.raises(ValueError, match="trainable weights"):
        variant(*networks).compile()


BAD_DATA = {
    "shape": (points()[:, :1], r"input shape \(2,\). Received: samples of shape \(1,\)"),
    "integers": ((points() * 10).astype("uint8"), "float data.*Received: dtype=uint8"),
    "nan": (np.full((64, 2), np.nan, "float32"), "finite data. Received: NaN"),
    "too few": (points(3), "Received: 3 samples"),
    "list": ([object()] * 64, "Received: x of type list"),
}


@pytest.mark.parametrize("kind", BAD_DATA)
@pytest.mark.parametrize("as_dataset", [False, True])
def test_bad_data(variant, kind, as_dataset):
    x, message = BAD_DATA[kind]
    if as_dataset and kind == "list":
        return
    if as_dataset:
        x = tf.data.Dataset.from_tensor_slices(x)
    with pytest.raises(ValueError, match=message):
        fit(make(variant), x)


def image_kinds(pixels):
    """The same images as floats and as pixels: arrays, samples, batches, TFDS' dicts."""
    slices = tf.data.Dataset.from_tensor_slices
    labels = np.zeros(len(pixels), "int64")
    return {
        "array": (pixels, 4),
        "samples": (slices(pixels), 4),
        "batches": (slices((pixels, labels)).batch(4, drop_remainder=True), None),
        "dicts": (slices({"id": labels, "image": pixels, "label": labels}), 4),
        "dicts of images": (slices({"a": labels, "image": pixels}), 4),
    }


PIXELS = np.random.default_rng(0).integers(0, 256, (24, 8, 8, 1), "uint8")


def of_range(low, high):
    """A model whose generator ends in this range."""

    def networks():
        generator, discriminator = image_networks()
        end = keras.layers.Rescaling((high - low) / 2, (high + low) / 2)
        return keras.Sequential([keras.Input((4,)), generator, end]), discriminator

    return make(kg.WGANGP, image_networks if low < 0 else networks, n_critic=2)


@pytest.fixture(scope="module", params=represented_by((-1, 1), among=[(-1, 1), (0, 1)]), ids=str)
def by_floats(request):
    """A model trained on the pixels as floats, and these."""
    low, high = request.param
    floats = (PIXELS / (255 / (high - low)) + low).astype("float32")
    gan = of_range(low, high)
    fit(gan, floats, shuffle=False)
    assert gan.value_range == (low, high)
    return gan, floats


@pytest.mark.parametrize("kind", image_kinds(PIXELS))
def test_pixels_are_mapped_onto_the_generators_range(kind, by_floats):
    trained, floats = by_floats
    by_pixels = of_range(*trained.value_range)
    x, batch_size = image_kinds(PIXELS)[kind]
    fit(by_pixels, x, batch_size=batch_size, shuffle=False)
    assert_same_state(trained, by_pixels, rtol=1e-4, atol=1e-5)
    scores = [trained.evaluate(data, ["fid"])["fid"] for data in (x, floats)]
    assert scores[0] == pytest.approx(scores[1], rel=1e-4)


def test_dicts_without_an_image_are_one_sentence():
    data = tf.data.Dataset.from_tensor_slices({"x": points(), "y": np.zeros(64)})
    with pytest.raises(ValueError, match=r"dicts with 'image' .*Received: dicts of \['x', 'y'\]"):
        fit(make(kg.GAN), data)


@pytest.mark.parametrize(
    ("activation", "scale", "message"),
    [
        ("tanh", 2.0, r"range \[-1, 1\]. Received: values in \[-2"),
        ("sigmoid", 1.0, r"range \[0, 1\]. Received: values in \[-1"),
    ],
)
def test_values_outside_the_generators_range(variant, activation, scale, message):
    _, discriminator = vector_networks()
    generator = keras.Sequential([keras.Input((3,)), layers.Dense(2, activation=activation)])
    x = np.linspace(-scale, scale, 128, dtype="float32").reshape(-1, 2)[::-1].copy()
    x[0] = -scale
    gan = variant(generator, discriminator)
    gan.compile()
    with pytest.raises(ValueError, match=message):
        fit(gan, x, shuffle=False)


def test_fit_before_compile(variant):
    with pytest.raises(ValueError, match="call compile"):
        variant(*vector_networks()).fit(points(), verbose=0)


@every_variant
def test_discriminator_that_ends_in_a_sigmoid(variant):
    generator, _ = vector_networks()
    for end in (layers.Dense(1, "sigmoid"), layers.Activation("sigmoid"), layers.Softmax()):
        discriminator = keras.Sequential([keras.Input((2,)), layers.Dense(1), end])
        with pytest.raises(ValueError, match="outputs logits. Received: .*probability"):
            variant(generator, discriminator)


@every_variant
def test_networks_that_do_not_fit(variant):
    generator, _ = vector_networks(dim=3)
    _, discriminator = vector_networks(dim=2)
    with pytest.raises(ValueError, match=r"Received: generator.output_shape=\(None, 3\)"):
        variant(generator, discriminator)
    with pytest.raises(ValueError, match="built keras.Model"):
        variant(generator, keras.Sequential([layers.Dense(1)]))
    with pytest.raises(ValueError, match="latents of shape"):
        variant(image_networks()[1], discriminator)
    with pytest.raises(ValueError, match="Received: latent_distribution='cauchy'"):
        variant(*vector_networks(), latent_distribution="cauchy")


@pytest.mark.parametrize("n", [0, -1, 1.5, None])
def test_bad_generate(variant, n):
    with pytest.raises(ValueError, match="positive integer. Received: n="):
        make(variant).generate(n)


def test_nan_in_a_loss_names_term_and_step(variant):
    gan = make(variant, d_optimizer=keras.optimizers.SGD(1e38), n_critic=1)
    with pytest.raises(ValueError, match=r"finite losses. Received: .*_loss=.* at step \d+"):
        fit(gan, callbacks=[], epochs=5)


def test_steps_per_execution_needs_a_known_length(variant):
    x = tf.data.Dataset.from_tensor_slices(points()).filter(lambda _: True).batch(4)
    with pytest.raises(ValueError, match="known length.*steps_per_execution=2"):
        fit(make(variant, steps_per_execution=2), x, batch_size=None)


class BatchMean(layers.Layer):
    """A layer of the user's, whose outputs depend on the whole batch."""

    def call(self, x):
        return x - keras.ops.mean(x, axis=0)


KNOWN = [layers.Dense(4, "relu"), layers.LayerNormalization(), layers.Dropout(0.5)]
UNKNOWN = {
    "batch normalisation": lambda: layers.BatchNormalization(),
    "own": BatchMean,
    "lambda": lambda: layers.Lambda(lambda x: x - keras.ops.mean(x, axis=0)),
    "wrapper": lambda: layers.SpectralNormalization(layers.Dense(4)),
    "activity": lambda: layers.Dense(4, activity_regularizer="l2"),
}


def batches_seen_by_the_discriminator(*middle):
    """Sizes of the batches of one update, in the order of the calls."""
    discriminator = keras.Sequential([keras.Input((2,)), *middle, layers.Dense(1)])
    gan = make(kg.GAN, lambda: (vector_networks()[0], discriminator), run_eagerly=True)
    sizes, call = [], discriminator.call

    def counting(x, *args, **kwargs):
        sizes.append(len(x))
        return call(x, *args, **kwargs)

    object.__setattr__(discriminator, "call", counting)
    gan.update_discriminator(keras.ops.ones((6, 2)))
    return sizes


def test_one_pass_where_samples_stand_apart():
    assert batches_seen_by_the_discriminator(*KNOWN) == [12]


@pytest.mark.parametrize("name", UNKNOWN)
def test_two_passes_where_samples_may_depend_on_each_other(name):
    assert batches_seen_by_the_discriminator(UNKNOWN[name]()) == [6, 6]


def test_operations_between_layers_may_mix_samples():
    x = keras.Input((2,))
    mixing = keras.Model(x, layers.Dense(1)(x - keras.ops.mean(x, axis=0)))
    assert not inspection.keeps_samples_apart(mixing)
    nested = keras.Sequential([keras.Input((2,)), mixing])
    assert not inspection.keeps_samples_apart(nested)
    assert inspection.keeps_samples_apart(keras.Model(x, layers.Dense(1)(x)))

    class Own(keras.Model):
        def call(self, x):
            return x

    assert not inspection.keeps_samples_apart(Own())


def test_images_from_0_to_1_are_warned_of():
    gan, x = make(kg.GAN, image_networks), images(8)
    with pytest.warns(UserWarning, match=r"values in \[0.*whose lower half.*use 2 \* x - 1"):
        gan.fit((x + 1) / 2, batch_size=4, verbose=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        gan.fit(x, batch_size=4, verbose=0)


def test_a_missing_channel_is_told():
    gan = make(kg.GAN, image_networks)
    with pytest.raises(ValueError, match=r"Received: samples of shape \(8, 8\); pass x\[..., None"):
        gan.fit(images(8)[..., 0], batch_size=4, verbose=0)


@pytest.mark.parametrize(
    ("variant", "compiled", "needed"),
    [
        (kg.GAN, {}, False),
        (kg.WGANGP, {}, False),
        (kg.DRAGAN, {}, True),
        (kg.R3GAN, {}, True),
        (kg.GAN, {"penalties": [kg.penalties.R1(0.5)]}, True),
        (kg.GAN, {"generator_penalties": [kg.penalties.PathLength()]}, True),
    ],
)
def test_sums_are_taken_in_one_order_where_they_were_not(variant, compiled, needed):
    """Else two models of the same state end a training with other last digits, now and then."""
    seen = []

    def option(*_, **__):
        options = tf.config.optimizer.get_experimental_options()
        seen.append(options.get("dependency_optimization", True))

    gan = make(variant, **compiled)
    before = tf.config.optimizer.get_experimental_options().get("dependency_optimization", True)
    look = keras.callbacks.LambdaCallback(on_train_batch_end=option)
    gan.fit(points(64), batch_size=8, verbose=0, callbacks=[look])
    assert set(seen) == {not needed} and before
    assert tf.config.optimizer.get_experimental_options().get("dependency_optimization", True)
