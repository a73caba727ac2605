"""Labels: every variant, from the data through both updates to samples, files and replicas."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

import keras_gans as kg
from conftest import (
    assert_same_state,
    callbacks_of,
    classes,
    every_variant,
    labelled_networks,
    make,
    points,
    represented_by,
    vector_networks,
)
from test_strategies import arrays, train_with_given_numbers
from test_train_state import Stop, StopAt

pytestmark = pytest.mark.filterwarnings("ignore:WGAN trains without weight clipping")
X, Y = points(), classes()


def fit(gan, x=X, y=Y, batch_size=4, epochs=1, callbacks=None, **arguments):
    callbacks = callbacks_of(type(gan)) if callbacks is None else callbacks
    return gan.fit(
        x, y, batch_size=batch_size, epochs=epochs, verbose=0, callbacks=callbacks, **arguments
    )


class Calls:
    """Records the inputs of a network in an eager run."""

    def __init__(self, network):
        self.inputs, call = [], network.call

        def recorded(inputs, *args, **kwargs):
            self.inputs.append([np.array(each) for each in inputs])
            return call(inputs, *args, **kwargs)

        object.__setattr__(network, "call", recorded)


def test_each_sample_meets_its_own_label(variant):
    """Whatever D and G see: reals with their labels, fakes and points with those of the batch."""
    several = len(variant.default_penalties) > 1  # R1 and a relativistic loss see reals again.
    one = {"penalties": [kg.penalties.GradientPenalty()], "loss": "hinge"} if several else {}
    gan = make(variant, labelled_networks, n_critic=2, run_eagerly=True, **one)
    label_of = {tuple(x): y for x, y in zip(X, Y, strict=True)}
    judged, drawn = Calls(gan.discriminator), Calls(gan.generator)
    fit(gan)
    real = [
        (tuple(x), int(y))
        for samples, labels in judged.inputs
        for x, y in zip(samples, labels, strict=True)
        if tuple(x) in label_of
    ]
    assert len(real) == 64 and all(label_of[x] == y for x, y in real)
    steps = 64 // 8
    assert len(drawn.inputs) == 3 * steps
    if not gan.penalties:
        assert len(judged.inputs) == 3 * steps
        passes = judged.inputs[:2]
    else:
        # Of each update of D one pass over both halves and one over the penalty's points.
        assert len(judged.inputs) == 5 * steps
        for both, at in (judged.inputs[0:2], judged.inputs[2:4]):
            np.testing.assert_array_equal(both[1], np.tile(at[1], 2))
        passes = judged.inputs[0:4:2]
    for (samples, labels), (_, fake_labels) in zip(passes, drawn.inputs, strict=False):
        assert len(samples) == 8
        np.testing.assert_array_equal(labels[:4], labels[4:])
        np.testing.assert_array_equal(labels[:4], fake_labels)


@every_variant
def test_matches_the_algorithm_written_by_hand(variant):
    """Against plain TensorFlow, with a label's embedding beside each input of the networks."""
    n_critic, rate, weight, steps = 2, 0.05, 3.0, 3
    x, y = points(24), classes(24)
    gan = make(
        variant,
        labelled_networks,
        d_optimizer=keras.optimizers.SGD(rate),
        g_optimizer=keras.optimizers.SGD(rate),
        n_critic=n_critic,
        loss="wasserstein",
        penalties=[kg.penalties.GradientPenalty(weight)],
        run_eagerly=True,
    )
    rng = np.random.default_rng(5)
    latents = rng.normal(size=(steps * (n_critic + 1), 4, 3)).astype("float32")
    eps = rng.uniform(size=(steps * n_critic, 4, 1)).astype("float32")
    drawn, mixed = iter(latents), iter(eps)
    object.__setattr__(gan, "sample_latents", lambda n: tf.constant(next(drawn)))
    object.__setattr__(
        gan, "penalty_points", lambda r, f: [(lambda e: e * r + (1 - e) * f)(next(mixed))]
    )
    g = [tf.Variable(w) for w in gan.generator.get_weights()]
    d = [tf.Variable(w) for w in gan.discriminator.get_weights()]

    def generator(z, c):
        table, *w = g
        hidden = tf.nn.relu(tf.concat([z, tf.gather(table, c)], 1) @ w[0] + w[1])
        return hidden @ w[2] + w[3]

    def critic(x, c):
        table, *w = d
        hidden = tf.nn.leaky_relu(tf.concat([x, tf.gather(table, c)], 1) @ w[0] + w[1], 0.2)
        return hidden @ w[2] + w[3]

    def descend(variables, tape, loss):
        for v, gradient in zip(variables, tape.gradient(loss, variables), strict=True):
            if gradient is not None:
                v.assign_sub(rate * tf.convert_to_tensor(gradient))

    by_hand, mixed_by_hand = iter(latents), iter(eps)
    for step in range(steps):
        for t in range(n_critic):
            batch = slice((step * n_critic + t) * 4, (step * n_critic + t + 1) * 4)
            real, labels = tf.constant(x[batch]), tf.constant(y[batch])
            fake = generator(next(by_hand), labels)
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(critic(fake, labels) - critic(real, labels))
                e = next(mixed_by_hand)
                at = e * real + (1 - e) * fake
                with tf.GradientTape() as inner:
                    inner.watch(at)
                    value = critic(at, labels)
                norm = tf.norm(inner.gradient(value, at), axis=1)
                loss += weight * tf.reduce_mean((norm - 1) ** 2)
            descend(d, tape, loss)
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(critic(generator(next(by_hand), labels), labels))
        descend(g, tape, loss)

    fit(gan, x, y, shuffle=False, callbacks=[])
    for ours, theirs in zip(gan.generator.weights + gan.discriminator.weights, g + d, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


KINDS = {
    "arrays": lambda: (X, Y, 4),
    "column": lambda: (X, Y[:, None], 4),
    "samples": lambda: (tf.data.Dataset.from_tensor_slices((X, Y)), None, 4),
    "batches": lambda: (tf.data.Dataset.from_tensor_slices((X, Y)).batch(4), None, None),
}


def trained_on(kind):
    x, y, batch_size = KINDS[kind]()
    gan = make(kg.WGANGP, labelled_networks, n_critic=2)
    fit(gan, x, y, batch_size, shuffle=False)
    return gan


@pytest.fixture(scope="module")
def trained_on_arrays():
    return trained_on("arrays")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_data(kind, trained_on_arrays):
    """Unshuffled, all are the same training."""
    assert_same_state(trained_on_arrays, trained_on(kind))


SEVERAL = {"steps_per_execution": 3}
MODES = represented_by(SEVERAL, among=[{"run_eagerly": True}, SEVERAL])


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_modes_agree(variant, mode):
    one, other = (
        make(variant, labelled_networks, n_critic=2, ema_decay=0.5, **m) for m in ({}, mode)
    )
    histories = [fit(gan, epochs=2).history for gan in (one, other)]
    assert_same_state(one, other, rtol=1e-5, atol=1e-6)
    for name, values in histories[0].items():
        np.testing.assert_allclose(values, histories[1][name], rtol=1e-5, atol=1e-6)


def test_labels_matter(variant):
    runs = [make(variant, labelled_networks) for _ in range(2)]
    fit(runs[0])
    fit(runs[1], y=Y[::-1].copy())
    assert not np.allclose(runs[0].generate(6, seed=0), runs[1].generate(6, seed=0))


def test_a_saved_model_goes_on_as_if_never_saved(variant, tmp_path):
    gan = make(variant, labelled_networks, ema_decay=0.9, n_critic=2)
    fit(gan)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert loaded.conditional and loaded.num_classes == gan.num_classes == 3
    assert_same_state(gan, loaded)
    np.testing.assert_array_equal(gan.generate(6, seed=0), loaded.generate(6, seed=0))
    fit(gan)
    fit(loaded)
    assert_same_state(gan, loaded)


def test_an_interrupted_training_ends_the_same(variant, tmp_path):
    def train(gan, folder, *callbacks):
        state = kg.callbacks.TrainState(folder, max_overhead=1.0)
        callbacks = [*callbacks_of(variant), state, *callbacks]
        fit(gan, epochs=3, batch_size=8, callbacks=callbacks)
        return gan

    def new(seed=0):
        return make(variant, labelled_networks, seed=seed, ema_decay=0.9, n_critic=2)

    straight = train(new(), tmp_path / "a")
    with pytest.raises(Stop):
        train(new(), tmp_path / "b", StopAt(straight.step // 2 + 1))
    assert_same_state(straight, train(new(seed=5), tmp_path / "b"))


def test_two_replicas_equal_one(variant, mirrored):
    one, two = (
        train_with_given_numbers(variant, strategy, labelled_networks, Y)
        for strategy in (tf.distribute.get_strategy(), mirrored)
    )
    for a, b in zip(arrays(one[0]), arrays(two[0]), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    for name, values in one[1].items():
        np.testing.assert_allclose(values, two[1][name], rtol=1e-5, atol=1e-6)


# Samples


def test_generate_goes_through_the_classes_in_turn(variant):
    gan = make(variant, labelled_networks)
    latents = np.array(gan.sample_latents(7, seed=4))
    expected = gan.generator((latents, np.arange(7) % 3), training=False)
    np.testing.assert_allclose(gan.generate(7, seed=4), expected, rtol=1e-5, atol=1e-6)
    given = [2, 2, 0, 1, 0, 0, 1]
    expected = gan.generator((latents, np.array(given)), training=False)
    samples = gan.generate(7, seed=4, labels=given)
    np.testing.assert_allclose(samples, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        gan.generate(7, seed=4, labels=given, batch_size=3), samples, rtol=1e-5, atol=1e-6
    )
    np.testing.assert_array_equal(
        gan.generate(7, seed=4, labels=2), gan.generate(7, seed=4, labels=[2] * 7)
    )


def test_predict_takes_latents_and_labels(variant):
    gan = make(variant, labelled_networks, ema_decay=0.9)
    latents, labels = np.ones((5, 3), "float32"), np.arange(5) % 3
    expected = gan.generator((latents, labels))
    samples = gan.predict((latents, labels), verbose=0)
    np.testing.assert_allclose(samples, expected, rtol=1e-5, atol=1e-6)


class Subclassed(keras.Model):
    """A conditional network written as a subclass, of a tuple of inputs."""

    def __init__(self, units, classes=4):
        super().__init__()
        self.embedding = layers.Embedding(classes, 2)
        self.hidden, self.out = layers.Dense(8, "tanh"), layers.Dense(units)

    def call(self, inputs):
        x, labels = inputs
        return self.out(self.hidden(ops.concatenate([x, self.embedding(labels)], axis=-1)))


def test_subclassed_networks(tmp_path):
    generator, critic = Subclassed(2), Subclassed(1)
    generator((np.zeros((1, 3), "float32"), np.zeros(1, "int32")))
    critic((np.zeros((1, 2), "float32"), np.zeros(1, "int32")))
    gan = kg.WGANGP(generator, critic, seed=0)
    gan.compile(n_critic=2)
    fit(gan)
    assert gan.num_classes == 4 and gan.generate(5).shape == (5, 2)


def test_a_conditional_wgan_gp_in_fifteen_lines():
    z, x = keras.Input((2,)), keras.Input((2,))
    c, y = keras.Input((), dtype="int32"), keras.Input((), dtype="int32")
    h = layers.Dense(64, "relu")(layers.Concatenate()([z, layers.Embedding(4, 4)(c)]))
    generator = keras.Model([z, c], layers.Dense(2)(layers.Dense(64, "relu")(h)))
    h = layers.Dense(64, "relu")(layers.Concatenate()([x, layers.Embedding(4, 4)(y)]))
    critic = keras.Model([x, y], layers.Dense(1)(layers.Dense(64, "relu")(h)))
    data, labels = kg.datasets.ring(n=2560, modes=4, std=0.02, labels=True)
    gan = kg.WGANGP(generator, critic, seed=0)
    gan.compile(*(keras.optimizers.Adam(2e-3, 0.5, 0.9) for _ in range(2)), gp_weight=0.1)
    gan.fit(data, labels, batch_size=64, epochs=60, verbose=0)
    samples = gan.generate(400, seed=0)  # The classes in turn.
    centers = kg.datasets.ring_centers(4)
    nearest = np.argmin(np.linalg.norm(samples[:, None] - centers, axis=-1), axis=1)
    assert np.mean(nearest == np.arange(400) % 4) > 0.95


# What does not fit


def test_data_without_labels_is_one_sentence(variant):
    gan = make(variant, labelled_networks)
    for x in (X, tf.data.Dataset.from_tensor_slices(X)):
        with pytest.raises(ValueError, match=r"Expected labels, .* Received: data without labels"):
            fit(gan, x, None)
    assert gan.step == 0


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (Y.astype("float32"), "integers of shape .*Received: dtype=float32"),
        (np.eye(3, dtype="int64")[Y], r"integers of shape .*shape=\(64, 3\)"),
        (np.where(np.arange(64) == 63, 3, Y), "labels from 0 to 2. Received: labels from 0 to 3"),
        (Y - 1, "Received: labels from -1"),
        (Y[:-1], r"one label for each sample. Received: x.shape=\(64, 2\), y.shape=\(63,\)"),
    ],
)
def test_bad_labels(y, message):
    with pytest.raises(ValueError, match=message):
        fit(make(kg.GAN, labelled_networks), y=y)


@every_variant
def test_one_conditional_network_is_refused(variant):
    for networks in (
        (labelled_networks()[0], vector_networks()[1]),
        (vector_networks()[0], labelled_networks()[1]),
    ):
        with pytest.raises(ValueError, match="both networks to take labels .* or neither"):
            variant(*networks)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 1], "Expected 5 labels, one a sample. Received: 2"),
        (3, "labels from 0 to 2. Received: labels from 3 to 3"),
        ([0.5] * 5, "integers of shape"),
    ],
)
def test_bad_labels_of_generate(labels, message):
    with pytest.raises(ValueError, match=message):
        make(kg.GAN, labelled_networks).generate(5, labels=labels)


def test_labels_of_an_unconditional_model_are_refused():
    with pytest.raises(ValueError, match="Expected no `labels`.*Received: labels=3"):
        make(kg.GAN).generate(5, labels=3)


def test_an_unknown_number_of_classes():
    def networks():
        def with_labels(size, units):
            inputs, labels = keras.Input((size,)), keras.Input((), dtype="int32")
            column = ops.expand_dims(ops.cast(labels, "float32"), -1)
            return keras.Model(
                [inputs, labels], layers.Dense(units)(layers.Concatenate()([inputs, column]))
            )

        return with_labels(3, 2), with_labels(2, 1)

    gan = make(kg.GAN, networks)
    assert gan.num_classes is None
    with pytest.raises(ValueError, match="how many classes .*pass `num_classes`"):
        gan.generate(4)
    assert gan.generate(4, labels=[0, 1, 2, 9]).shape == (4, 2)
    known = kg.GAN(*networks(), num_classes=5)
    assert known.num_classes == 5 and known.generate(4).shape == (4, 2)
