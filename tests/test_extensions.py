"""What opens the base class: several and lazy penalties, augmentation, hooks, D's outputs, logs.

Each seam is used by a small class, as a user would write it, and checked by hand.
"""

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
    image_networks,
    images,
    labelled_networks,
    make,
    points,
    represented_by,
    vector_networks,
)
from keras_gans.models.means import CAPACITY, Means
from keras_gans.networks import inspection
from test_strategies import arrays
from test_train_state import Stop, StopAt

pytestmark = pytest.mark.filterwarnings("ignore:WGAN trains without weight clipping")


def fit(gan, x=None, epochs=1, callbacks=(), batch_size=4, **arguments):
    callbacks = [*callbacks_of(type(gan)), *callbacks]
    x = points() if x is None else x
    return gan.fit(
        x, batch_size=batch_size, epochs=epochs, verbose=0, callbacks=callbacks, **arguments
    )


def sgd(rate=0.05):
    return {name: keras.optimizers.SGD(rate) for name in ("d_optimizer", "g_optimizer")}


def weights(network):
    return [np.array(weight) for weight in network.weights]


@keras.saving.register_keras_serializable("tests")
class MeanSquare(kg.penalties.Penalty):
    """Of the logits on reals: no gradient, no points; has a state, as LeCam would."""

    default_name = "square"

    def build(self):
        self.count = keras.Variable(0.0, trainable=False)

    @property
    def variables(self):
        return [self.count]

    def points(self, real, fake, seed):
        return None

    def value(self, judge, points, real_outputs, fake_outputs):
        return ops.mean(ops.square(real_outputs["logits"]))

    def after_discriminator(self, terms):
        self.count.assign(self.count + 1)
        terms["square_count"] = ops.convert_to_tensor(self.count)


# Penalties


def test_several_penalties_add_up(variant):
    """d_loss less the bare loss is what the weights say."""
    penalties = [kg.penalties.R1(0.5), kg.penalties.R2(2.0), kg.penalties.GradientPenalty(3.0)]
    gan = make(variant, penalties=penalties, loss="wasserstein", n_critic=2)
    logs = {name: values[0] for name, values in fit(gan).history.items()}
    expected = logs["d_fake"] - logs["d_real"] + 0.5 * logs["r1"] + 2 * logs["r2"] + 3 * logs["gp"]
    np.testing.assert_allclose(logs["d_loss"], expected, rtol=1e-4)
    assert min(logs["r1"], logs["r2"], logs["gp"]) > 0


@keras.saving.register_keras_serializable("tests")
class Apart(kg.penalties.R1):
    """R1 in a pass of its own."""

    def at(self, discriminator, points):
        return super().at(discriminator, points)


@keras.saving.register_keras_serializable("tests")
class FakesApart(kg.penalties.R2):
    def at(self, discriminator, points):
        return super().at(discriminator, points)


@pytest.mark.parametrize("labelled", [False, True])
def test_gradient_penalties_share_a_pass(labelled):
    """The numbers are those of passes of their own."""

    def networks():  # Smooth ones: at a kink, rounding decides between two gradients.
        generator, _ = labelled_networks() if labelled else vector_networks()
        x, y = keras.Input((2,)), keras.Input((), dtype="int32")
        h = layers.Concatenate()([x, layers.Embedding(3, 2)(y)]) if labelled else x
        logits = layers.Dense(1)(layers.Dense(8, activation="tanh")(h))
        return generator, keras.Model([x, y] if labelled else x, logits)

    y = classes() if labelled else None
    passes, results = [], []
    for kinds in ((kg.penalties.R1, kg.penalties.R2), (Apart, FakesApart)):
        gan = make(kg.GAN, networks, **sgd(), n_critic=1, penalties=[kinds[0](0.5), kinds[1](2.0)])
        calls, judge = [], gan.judge
        object.__setattr__(
            gan, "judge", lambda *a, calls=calls, judge=judge: calls.append(1) or judge(*a)
        )
        results.append((gan, fit(gan, y=y).history))
        passes.append(len(calls))
    # Of one trace: both halves, the penalties, and the generator's fakes.
    assert passes == [3, 4]
    (one, together), (other, apart) = results
    for name, values in together.items():
        np.testing.assert_allclose(values, apart[name], rtol=1e-4)
    assert_same_state(one, other, rtol=1e-4, atol=1e-6)


def test_two_penalties_train_to_the_same_bits_each_time(tmp_path):
    """Whatever is computed first."""
    penalties = [kg.penalties.R1(0.5), kg.penalties.R2(0.5), MeanSquare()]
    gan = make(kg.GAN, image_networks, n_critic=1, penalties=penalties)
    x, results = images(), set()
    fit(gan, x)
    gan.save_weights(tmp_path / "gan.weights.h5")
    for _ in range(12):
        gan.load_weights(tmp_path / "gan.weights.h5")
        fit(gan, x)
        results.add(b"".join(np.array(weight).tobytes() for weight in gan.weights))
    assert len(results) == 1
    assert tf.config.optimizer.get_experimental_options().get("dependency_optimization", True)


def test_gradient_penalties_share_no_pass_where_samples_mix():
    """With batch normalisation the outputs depend on what is in the batch."""

    def networks():
        generator, _ = vector_networks()
        parts = [keras.Input((2,)), layers.Dense(8), layers.BatchNormalization(), layers.Dense(1)]
        return generator, keras.Sequential(parts)

    penalties = [kg.penalties.R1(), kg.penalties.R2()]
    gan = make(kg.GAN, networks, n_critic=1, penalties=penalties)
    assert gan._norms_in_one_pass([tf.zeros((4, 2))] * 2, None) == {}


def linear_networks():
    """D(x) = w x without a bias: the gradient by x is w everywhere."""
    generator, _ = vector_networks()
    return generator, keras.Sequential([keras.Input((2,)), layers.Dense(1, use_bias=False)])


MODES = [{}, {"run_eagerly": True}, {"steps_per_execution": 3}, {"jit_compile": True}]


def lazy_run(strategy, every=3, **mode):
    """Nothing but R1 on a linear D moves it: w falls by rate * weight * every * w when due."""
    with strategy.scope():
        gan = make(
            kg.GAN,
            linear_networks,
            **sgd(0.1),
            n_critic=2,
            loss=NoLoss(),
            penalties=[kg.penalties.R1(0.5, every=every)],
            **mode,
        )
    first = keras.ops.convert_to_numpy(gan.discriminator.weights[0])
    history = fit(gan, points(64), batch_size=4).history
    return gan, first, history


@keras.saving.register_keras_serializable("tests")
class NoLoss(kg.losses.Loss):
    def discriminator_loss(self, real_logits, fake_logits):
        return 0.0 * ops.mean(real_logits)

    def generator_loss(self, fake_logits, real_logits=None):
        return 0.0 * ops.mean(fake_logits)


@pytest.mark.parametrize("mode", represented_by({}, MODES[2], among=MODES), ids=str)
@pytest.mark.parametrize("replicas", [1, 2])
def test_a_lazy_penalty_counts_every_times_when_due(mode, replicas, mirrored):
    if replicas == 2 and mode.get("run_eagerly"):
        pytest.skip("Keras runs no strategy eagerly")
    strategy = mirrored if replicas == 2 else tf.distribute.get_strategy()
    gan, first, history = lazy_run(strategy, **mode)
    updates, w, values = 2 * 8, first.astype("float64"), []
    for update in range(updates):
        due = update % 3 == 0
        values.append(3 * (w**2).sum() / 2 if due else 0.0)
        w = w - 0.1 * 0.5 * 3 * w * due
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(gan.discriminator.weights[0]), w, rtol=1e-5
    )
    np.testing.assert_allclose(history["r1"][0], np.mean(values), rtol=1e-5)


def test_every_one_is_every_update():
    one, (_, first, _) = (
        lazy_run(tf.distribute.get_strategy(), 1),
        lazy_run(tf.distribute.get_strategy()),
    )
    w = first * (1 - 0.1 * 0.5) ** 16
    np.testing.assert_allclose(one[0].discriminator.weights[0], w, rtol=1e-5)


def test_a_weight_follows_its_schedule_of_the_step():
    """All updates of a step have its weight."""
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([0, 2], [1.0, 0.5, 0.0])
    gan = make(
        kg.GAN,
        linear_networks,
        **sgd(0.1),
        n_critic=2,
        loss=NoLoss(),
        penalties=[kg.penalties.R1(schedule)],
    )
    w = np.array(gan.discriminator.weights[0])
    fit(gan, points(40))
    for weight in (1.0, 0.5, 0.5, 0.0, 0.0):  # Of steps 0 to 4.
        w = w * (1 - 0.1 * weight) ** 2
    np.testing.assert_allclose(gan.discriminator.weights[0], w, rtol=1e-5)


def test_penalties_are_saved_with_their_numbers(variant, tmp_path):
    schedule = keras.optimizers.schedules.CosineDecay(2.0, 100)
    penalties = [
        kg.penalties.R1(schedule, every=4),
        kg.penalties.R2(0.25, name="fakes"),
        MeanSquare(),
    ]
    gan = make(variant, penalties=penalties, n_critic=2)
    fit(gan)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert [type(p) for p in loaded.penalties] == [type(p) for p in penalties]
    r1, r2, square = loaded.penalties
    assert r1.weight.get_config() == schedule.get_config() and r1.every == 4
    assert (r2.weight, r2.every, r2.name) == (0.25, 1, "fakes")
    assert float(square.count) == float(penalties[2].count) == 2 * gan.step
    for model in (gan, loaded):
        fit(model)
    assert_same_state(gan, loaded)
    assert float(square.count) == float(penalties[2].count) == 2 * gan.step


STATEFUL = {
    "penalties": lambda: {"penalties": [kg.penalties.R1(every=3), MeanSquare(0.1)]},
    "augmentation": lambda: {"augment": Counting()},
}


@pytest.mark.parametrize("kind", STATEFUL)
def test_state_is_resumed(kind, tmp_path):
    def train(folder, *callbacks):
        gan = make(kg.WGANGP, n_critic=2, **STATEFUL[kind]())
        state = kg.callbacks.TrainState(folder, max_overhead=1.0)
        history = fit(gan, epochs=3, callbacks=[state, *callbacks]).history
        return gan, history

    straight, history = train(tmp_path / "a")
    with pytest.raises(Stop):
        train(tmp_path / "b", StopAt(straight.step // 2 + 1))
    resumed, resumed_history = train(tmp_path / "b")
    assert_same_state(straight, resumed)
    assert history == resumed_history
    counted = [v for p in resumed.penalties for v in p.variables]
    counted += [resumed.augment.calls] if resumed.augment else []
    assert [float(count) for count in counted] == [2 * resumed.step]


def test_the_variants_own_penalty_and_its_weight():
    a, b = make(kg.WGANGP, gp_weight=3.0), make(kg.WGANGP)
    assert (a.gp_weight, b.gp_weight, kg.WGANGP.default_penalties[0].weight) == (3.0, 10.0, 10.0)
    assert a.penalties[0] is not kg.WGANGP.default_penalties[0]
    replaced = make(kg.WGANGP, penalties=[kg.penalties.R1(0.5)])
    assert replaced.gp_weight == 0.5 and [p.name for p in replaced.penalties] == ["r1"]
    assert make(kg.WGANGP, penalties=[]).gp_weight is None


class R3(kg.GAN):
    """As data: what R3GAN is."""

    default_loss = "relativistic"
    default_penalties = (kg.penalties.R1(0.5), kg.penalties.R2(0.5))


def test_a_variant_reads_as_data():
    gan = make(R3, n_critic=1)
    logs = {name: values[0] for name, values in fit(gan).history.items()}
    assert set(logs) == {"d_loss", "d_real", "d_fake", "r1", "r2", "g_loss"}
    assert [p.weight for p in make(R3, gp_weight=2.0).penalties] == [2.0, 2.0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"penalties": ["r1"]}, "list of keras_gans.penalties.Penalty. Received: 'r1'"),
        ({"penalties": [kg.penalties.R1(), kg.penalties.R1()]}, "different names.*'r1'"),
        ({"penalties": [kg.penalties.R1(name="d_loss")]}, "different names.*'d_loss'"),
        ({"penalties": [], "gp_weight": 1.0}, "`penalties` replaces its own. Received: gp_weight"),
        ({"augment": lambda x: x}, "`augment` to be a keras.Layer. Received: augment="),
    ],
)
def test_bad_penalties_and_augmentations(arguments, message):
    with pytest.raises(ValueError, match=message):
        make(kg.WGANGP, **arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"weight": -1.0}, "`weight` to be a finite number >= 0 or a Keras schedule"),
        ({"weight": "1"}, "Received: weight='1'"),
        ({"weight": float("nan")}, "Received: weight=nan"),
        ({"every": 0}, "integer `every` >= 1. Received: every=0"),
        ({"every": 1.5}, "Received: every=1.5"),
    ],
)
def test_bad_arguments_of_a_penalty(arguments, message):
    with pytest.raises(ValueError, match=message):
        kg.penalties.R1(**arguments)


# Augmentation


@keras.saving.register_keras_serializable("tests")
class Counting(kg.augment.Augmentation):
    """The identity; adapts itself as ADA would: a weight that follows D's updates."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.calls = self.add_weight((), "zeros", trainable=False, name="calls")

    def call(self, samples):
        return samples

    def statistics(self, real_outputs):
        return {"positive": ops.mean(ops.sign(real_outputs["logits"]))}

    def after_discriminator(self, terms):
        self.calls.assign(self.calls + 1)
        terms["calls"] = ops.convert_to_tensor(self.calls)


@keras.saving.register_keras_serializable("tests")
class Mirrored(keras.layers.Layer):
    """x -> -x: what D sees is known."""

    def call(self, samples):
        return -samples


def test_the_identity_changes_nothing(variant):
    plain, augmented = (
        make(variant, n_critic=2),
        make(variant, n_critic=2, augment=layers.Identity()),
    )
    histories = [fit(gan).history for gan in (plain, augmented)]
    for a, b in zip(weights(plain), weights(augmented), strict=True):
        np.testing.assert_array_equal(a, b)
    assert histories[0] == histories[1]


@pytest.mark.parametrize("loss", ["hinge", "relativistic"])
def test_reals_and_fakes_pass_through_it_in_both_updates_and_nowhere_else(loss):
    gan = make(
        kg.WGANGP, vector_networks, n_critic=1, loss=loss, augment=Mirrored(), run_eagerly=True
    )
    x, seen, call = points(4), [], gan.discriminator.call
    made, draw = [], gan.draw
    apart = inspection.keeps_samples_apart(gan.augment)
    assert not apart  # As it is not this library's: two passes.
    object.__setattr__(
        gan.discriminator, "call", lambda x, **kw: seen.append(np.array(x)) or call(x, **kw)
    )
    object.__setattr__(gan, "draw", lambda *a: made.append(draw(*a)) or made[-1])
    at = []
    points_of = gan.penalty_points
    object.__setattr__(gan, "penalty_points", lambda r, f: at.extend(points_of(r, f)) or at)
    gan.train_step((tf.constant(x),))
    expected = [x, made[0], at[0]]
    expected += [x] if loss == "relativistic" else []
    expected += [made[1]]
    assert len(seen) == len(expected)
    for a, b in zip(seen, expected, strict=True):
        np.testing.assert_allclose(a, -np.array(b))
    seen.clear()
    gan.evaluate(points(16))
    gan.discriminator(x)
    np.testing.assert_array_equal(seen[-1], x)


def test_an_adapting_augmentation_is_logged_and_saved(variant, tmp_path):
    gan = make(variant, n_critic=2, augment=Counting())
    logs = fit(gan).history
    assert {"positive", "calls"} <= set(logs) and float(gan.augment.calls) == 2 * gan.step
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert float(loaded.augment.calls) == 2 * gan.step
    assert_same_state(gan, loaded)
    gan.discriminator.save(tmp_path / "d.keras")
    assert len(keras.saving.load_model(tmp_path / "d.keras").layers) == len(
        gan.discriminator.layers
    )


def test_random_augmentation_draws_anew_and_goes_on(tmp_path):
    def new():
        return make(kg.GAN, image_networks, augment=layers.RandomFlip("horizontal", seed=1))

    gan = new()
    fit(gan, images())
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert_same_state(gan, loaded)
    for model in (gan, loaded):
        fit(model, images())
    assert_same_state(gan, loaded)
    plain = make(kg.GAN, image_networks)
    fit(plain, images(), epochs=2)
    assert not np.allclose(weights(plain.discriminator)[0], weights(gan.discriminator)[0])


def test_replicas_with_everything_at_once(mirrored):
    """Lazy penalties, state of penalties and augmentation, dropout: replicas stay equal."""
    with mirrored.scope():
        gan = make(
            kg.WGANGP,
            lambda: vector_networks(dropout=0.3, batch_norm=True),
            penalties=[kg.penalties.GradientPenalty(every=2), kg.penalties.R1(), MeanSquare()],
            augment=Counting(),
            ema_decay=0.5,
            n_critic=2,
            steps_per_execution=2,
        )
    fit(gan, epochs=2, batch_size=8)
    state = [*gan.weights, *gan.penalties[2].variables, gan.augment.calls]
    for variable in state:
        first, second = (np.array(v) for v in variable.value.values)
        np.testing.assert_array_equal(first, second, variable.path)
    assert np.array(gan.penalties[2].count.value.values[0]) == 2 * gan.step
    assert all(np.isfinite(array).all() for array in arrays(gan))


# Hooks and D's outputs


def classifying_networks(classes=3):
    """A conditional G, and a D of samples and labels with a class head, as ACGAN has it."""
    z, c = keras.Input((3,)), keras.Input((), dtype="int32")
    both = layers.Concatenate()([z, layers.Embedding(classes, 2)(c)])
    generator = keras.Model([z, c], layers.Dense(2)(layers.Dense(8, "relu")(both)))
    x, y = keras.Input((2,)), keras.Input((), dtype="int32")
    hidden = layers.Dense(8, "relu")(x)
    outputs = {"logits": layers.Dense(1)(hidden), "class_logits": layers.Dense(classes)(hidden)}
    return generator, keras.Model([x, y], outputs)


class Classifying(kg.GAN):
    def discriminator_terms(self, real_outputs, fake_outputs, labels, latents):
        return {"d_class": self.cross_entropy(real_outputs["class_logits"], labels)}

    def generator_terms(self, fake, fake_outputs, labels, latents):
        return {"g_class": self.cross_entropy(fake_outputs["class_logits"], labels)}

    def cross_entropy(self, logits, labels):
        return ops.mean(
            keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)
        )

    def after_generator(self, terms):
        terms["g_twice"] = 2.0 * terms["g_class"]


def test_terms_are_minimised_and_logged():
    gan = make(Classifying, classifying_networks, loss="wasserstein", n_critic=2)
    y = np.random.default_rng(0).integers(0, 3, 64)
    logs = {k: v[0] for k, v in fit(gan, y=y).history.items()}
    np.testing.assert_allclose(
        logs["d_loss"], logs["d_fake"] - logs["d_real"] + logs["d_class"], rtol=1e-4
    )
    np.testing.assert_allclose(logs["g_twice"], 2 * logs["g_class"], rtol=1e-5)
    head = [np.array(w) for w in gan.discriminator.layers[-1].weights]
    fit(gan, y=y)
    assert any(
        np.any(a != b) for a, b in zip(head, gan.discriminator.layers[-1].weights, strict=True)
    )


def feature_networks():
    generator, _ = vector_networks()
    x = keras.Input((2,))
    features = layers.Dense(8, "tanh")(x)
    return generator, keras.Model(x, {"logits": layers.Dense(1)(features), "features": features})


class Matching(kg.losses.NonSaturatingLoss):
    """G matches D's mean features of reals."""

    takes_outputs = True
    generator_needs_real = True

    def discriminator_loss(self, real, fake):
        return super().discriminator_loss(real["logits"], fake["logits"])

    def generator_loss(self, fake, real=None):
        means = [ops.mean(each["features"], axis=0) for each in (fake, real)]
        return ops.sum(ops.square(means[0] - means[1]))


@pytest.mark.parametrize("batch_norm", [False, True])
def test_a_loss_of_all_outputs(batch_norm):
    def networks():
        generator, discriminator = feature_networks()
        x = keras.Input((2,))
        first = layers.BatchNormalization()(x) if batch_norm else x
        return generator, keras.Model(x, discriminator(first))

    rates = {"d_optimizer": keras.optimizers.SGD(0.0), "g_optimizer": keras.optimizers.Adam(1e-2)}
    gan = make(kg.GAN, networks, loss=Matching(), **rates)
    losses = fit(gan, epochs=10, batch_size=32).history["g_loss"]
    assert losses[-1] < 0.5 * losses[0]


def test_a_dict_without_logits_is_refused():
    generator, _ = vector_networks()
    x = keras.Input((2,))
    discriminator = keras.Model(x, {"scores": layers.Dense(1)(x)})
    with pytest.raises(ValueError, match=r"a dict with 'logits'. Received: a dict of \['scores'\]"):
        kg.GAN(generator, discriminator)


def test_draw_and_judge_are_the_only_calls_of_the_networks(variant):
    gan = make(variant, n_critic=2, loss="relativistic", run_eagerly=True)
    inside, calls = [], []

    def entered(method):
        def call(*args):
            inside.append(method.__name__)
            try:
                return method(*args)
            finally:
                inside.pop()

        return call

    for name in ("draw", "judge"):
        object.__setattr__(gan, name, entered(getattr(gan, name)))
    for network, name in ((gan.generator, "draw"), (gan.discriminator, "judge")):
        call = network.call

        def recorded(x, call=call, name=name, **kwargs):
            calls.append((name, list(inside)))
            return call(x, **kwargs)

        object.__setattr__(network, "call", recorded)
    fit(gan)
    assert calls and all(inside == [name] for name, inside in calls)


def test_frozen_holds_one_network_and_nothing_else():
    gan = make(kg.GAN, lambda: vector_networks(batch_norm=True, dropout=0.5))
    latents = gan.sample_latents(8)
    g, d = weights(gan.generator), weights(gan.discriminator)
    seeds = [np.array(v) for v in gan.discriminator.variables if "seed" in v.path]
    with gan.frozen(gan.generator):
        gan.judge(gan.draw(latents))
    assert all(np.array_equal(a, b) for a, b in zip(g, weights(gan.generator), strict=True))
    assert all(np.array_equal(a, b) for a, b in zip(d, weights(gan.discriminator), strict=True))
    now = [np.array(v) for v in gan.discriminator.variables if "seed" in v.path]
    assert not np.array_equal(seeds[0], now[0])
    gan.draw(latents)
    assert not all(np.array_equal(a, b) for a, b in zip(g, weights(gan.generator), strict=True))


# Logs


class Forgetful(kg.GAN):
    """Logs another name in each update."""

    def after_discriminator(self, terms):
        self.count = getattr(self, "count", 0) + 1
        terms[f"update_{self.count % 2}"] = terms["d_loss"]


def test_another_log_name_is_an_error():
    gan = make(Forgetful, n_critic=2)
    with pytest.raises(ValueError, match=r"log \[.*'update_1'\].*Received: \[.*'update_0'"):
        fit(gan)


def test_names_of_both_updates_differ():
    class Same(kg.GAN):
        def after_generator(self, terms):
            terms["d_loss"] = terms["g_loss"]

    with pytest.raises(ValueError, match="logs of different names. Received: .*'d_loss', 'd_loss'"):
        fit(make(Same))


def test_means():
    means = Means()
    assert means.result() == {}
    for value in (1.0, 3.0):
        means.update_state({"b": value, "a": 2 * value})
    assert {k: float(v) for k, v in means.result().items()} == {"a": 4.0, "b": 2.0}
    means.reset_state()
    assert {k: float(v) for k, v in means.result().items()} == {"a": 0.0, "b": 0.0}
    for bad in ({"a": 1.0}, {"a": 1.0, "b": 2.0, "c": 3.0}):
        with pytest.raises(ValueError, match=r"log \['a', 'b'\].* Received: "):
            means.update_state(bad)
    with pytest.raises(ValueError, match=f"at most {CAPACITY} logs"):
        Means().update_state({f"log_{i}": 0.0 for i in range(CAPACITY + 1)})
    with pytest.raises(ValueError, match=r"scalars to log. Received: a of shape \(2,\)"):
        Means().update_state({"a": np.zeros(2)})


def test_compile_again_may_log_other_names():
    gan = make(kg.GAN)
    fit(gan)
    gan.compile(penalties=[kg.penalties.R1()])
    assert "r1" in fit(gan).history


# Averages


def test_the_decay_may_follow_a_schedule():
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([0], [0.0, 0.5])
    gan = make(kg.GAN, ema_decay=schedule, run_eagerly=True)
    expected, step = None, [0]

    def by_hand(terms):
        nonlocal expected
        now = weights(gan.generator)
        decay = 0.0 if step[0] == 0 else 0.5
        before = expected or now
        expected = [decay * a + (1 - decay) * b for a, b in zip(before, now, strict=True)]
        step[0] += 1

    object.__setattr__(gan, "after_generator", by_hand)
    fit(gan, points(20))
    for average, value in zip(weights(gan.ema_generator), expected, strict=True):
        np.testing.assert_allclose(average, value, rtol=1e-5, atol=1e-6)
