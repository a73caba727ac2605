"""The protocol: which samples, which features, which metrics; and the share of duplicates."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from scipy.optimize import brentq

import keras_gans as kg
from conftest import Recorded, assert_same_state, images, make, points, state_of, vector_networks
from keras_gans.metrics import Features, Mixture, compare, duplicate_share, protocol

CENTERS = kg.datasets.ring_centers()
MIXTURE = Mixture(CENTERS, 0.05)


def ring(n=400, seed=0):
    return kg.datasets.ring(n, std=0.05, seed=seed)


def classified(shape=(8, 8, 1)):
    """A small network with probabilities, whose calls are counted."""
    keras.utils.set_random_seed(3)
    inputs = keras.Input(shape)
    hidden = layers.Dense(6, name="hidden")(layers.Flatten()(inputs))
    outputs = {"features": hidden, "probabilities": layers.Softmax()(hidden)}
    extractor = kg.metrics.Extractor(keras.Model(inputs, outputs), "classified")
    return Counted(extractor)


class Counted(kg.metrics.Extractor):
    """Remembers how many samples each call got."""

    def __init__(self, extractor):
        super().__init__(extractor.model, extractor.name)
        self.calls = []

    def __call__(self, samples, batch_size=256):
        self.calls.append(len(samples))
        return super().__call__(samples, batch_size)


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_GANS_CACHE", str(tmp_path / "cache"))


# The metrics


def test_each_metric_is_its_arithmetic():
    real, fake, extractor = images(40), images(30, seed=1), classified()
    scores = protocol.evaluate(Recorded(fake), real, extractor=extractor, n=30)
    used = real[[int(np.ceil(40 * i / 30)) for i in range(30)]]
    a, b = extractor(used), extractor(fake)
    expected = {
        "fid": kg.metrics.frechet_distance(a.vectors, b.vectors),
        "kid": kg.metrics.kernel_distance(a.vectors, b.vectors).mean,
        "precision": kg.metrics.precision_recall(a.vectors, b.vectors, k=3).precision,
        "recall": kg.metrics.precision_recall(a.vectors, b.vectors, k=3).recall,
        "density": kg.metrics.density_coverage(a.vectors, b.vectors, k=5).density,
        "coverage": kg.metrics.density_coverage(a.vectors, b.vectors, k=5).coverage,
        "duplicates": kg.metrics.duplicate_share(a.vectors, b.vectors),
        "sliced": kg.metrics.sliced_wasserstein(a.vectors, b.vectors),
        "is": kg.metrics.inception_score(b.probabilities).mean,
    }
    assert scores == pytest.approx(expected, rel=1e-6)
    assert list(scores) == list(expected)
    assert all(type(value) is float for value in scores.values())
    asked = protocol.evaluate(Recorded(fake), real, ["fid_infinity"], extractor, n=30)
    at_infinity = kg.metrics.frechet_distance_at_infinity(a.vectors, b.vectors)
    assert asked == pytest.approx({"fid_infinity": at_infinity}, rel=1e-6)


def test_the_data_itself_is_a_perfect_generator():
    x = ring(2000)
    scores = protocol.evaluate(Recorded(x), x, mixture=MIXTURE)
    assert scores["fid"] == pytest.approx(0, abs=1e-9)
    assert scores["precision"] == scores["recall"] == scores["coverage"] == 1
    assert scores["modes"] == 8
    assert scores["high_quality"] == pytest.approx(1 - np.exp(-4.5), abs=0.01)
    assert scores["duplicates"] == pytest.approx(0.05, abs=1e-3)


def test_only_what_is_asked_for_in_its_order():
    scores = protocol.evaluate(Recorded(ring()), ring(), ["recall", "fid"])
    assert list(scores) == ["recall", "fid"]
    assert list(compare(Features(ring()), Features(ring()), [])) == []


@pytest.mark.parametrize(
    ("metrics", "hint"),
    [
        (["fid", "is"], "; is needs probabilities"),
        (["modes"], "; modes needs mixture"),
        (["fidd"], r"metrics=\['fidd'\]$"),
    ],
)
def test_metrics_that_cannot_be_had(metrics, hint):
    with pytest.raises(ValueError, match=r"Expected metrics among \['fid', 'kid', .*" + hint):
        compare(Features(ring()), Features(ring()), metrics)


# One pass of features


def test_one_pass_and_reals_from_the_cache():
    extractor, real = classified(), images(40)
    for _ in range(2):
        protocol.evaluate(Recorded(images(30)), real, extractor=extractor, n=30)
    assert extractor.calls == [30, 30, 30]  # Real, fake; then fake alone.
    real[0, 0, 0, 0] += 0.1
    protocol.evaluate(Recorded(images(30)), real, extractor=extractor, n=30)
    protocol.evaluate(Recorded(images(30)), real, extractor=extractor, n=20)
    assert extractor.calls == [30, 30, 30, 30, 30, 20, 20]
    kernel = extractor.model.get_layer("hidden").kernel
    kernel.assign(2.0 * kernel)
    changed = Counted(extractor)
    protocol.evaluate(Recorded(images(30)), real, extractor=changed, n=20)
    assert changed.calls == [20, 20]


def test_features_from_the_cache_are_the_same():
    extractor, real, gan = classified(), images(40), Recorded(images(30))
    first, second = (protocol.evaluate(gan, real, extractor=extractor) for _ in range(2))
    assert first == second and first.protocol == second.protocol


def test_precomputed_features():
    extractor, real, gan = classified(), images(40), Recorded(images(40, seed=1))
    expected = protocol.evaluate(gan, real, extractor=extractor)
    features = extractor(real)
    extractor.calls.clear()
    assert protocol.evaluate(gan, features, extractor=extractor) == expected
    assert extractor.calls == [40]


# The samples


def test_what_was_done_is_said():
    gan = make(kg.WGANGP, vector_networks)
    scores = gan.evaluate(points(50), ["fid"], n=20, seed=7)
    assert scores.protocol == {
        "extractor": "samples",
        "extractor_version": scores.protocol["extractor_version"],
        "resize": "none",
        "comparable": False,
        "real_samples": 20,
        "fake_samples": 20,
        "seed": 7,
    }
    expected = kg.metrics.frechet_distance(
        points(50)[[int(np.ceil(50 * i / 20)) for i in range(20)]], gan.generate(20, seed=7)
    )
    assert scores["fid"] == pytest.approx(expected, rel=1e-6)


def test_the_number_of_samples():
    gan = make(kg.GAN, vector_networks)
    for n, real, fake in ((None, 50, 50), (20, 20, 20), (80, 50, 80)):
        counts = gan.evaluate(points(50), ["fid"], n=n).protocol
        assert (counts["real_samples"], counts["fake_samples"]) == (real, fake)


def test_the_seed_is_the_latents():
    gan = make(kg.GAN, vector_networks)
    scores = [gan.evaluate(points(), ["fid"], seed=seed)["fid"] for seed in (0, 0, 1)]
    assert scores[0] == scores[1] != scores[2]


def test_evaluating_changes_nothing():
    gan, other = make(kg.WGANGP, vector_networks), make(kg.WGANGP, vector_networks)
    gan.evaluate(points())
    assert_same_state(gan, other)


def test_averaged_weights_are_measured():
    gan = make(kg.GAN, vector_networks, ema_decay=0.9)
    gan.fit(points(), batch_size=4, epochs=2, verbose=0)
    score = gan.evaluate(points(), ["fid"])["fid"]
    average, raw = (gan.generate(64, seed=0, ema=ema) for ema in (True, False))
    assert score == pytest.approx(kg.metrics.frechet_distance(points(), average), rel=1e-6)
    assert score != pytest.approx(kg.metrics.frechet_distance(points(), raw), rel=1e-4)


@pytest.mark.parametrize("form", ["pairs", "samples", "batches"])
def test_all_forms_of_data(form):
    gan, x = make(kg.GAN, vector_networks), points()
    dataset = tf.data.Dataset.from_tensor_slices((x, np.arange(len(x))))
    data = {"pairs": (x, np.arange(len(x))), "samples": dataset, "batches": dataset.batch(10)}
    assert gan.evaluate(data[form]) == gan.evaluate(x)


def test_replicas_are_measured_like_one_model(mirrored):
    single = make(kg.WGANGP, vector_networks, ema_decay=0.5)
    with mirrored.scope():
        double = make(kg.WGANGP, vector_networks, ema_decay=0.5)
    evaluation = kg.callbacks.Evaluation(points(), every=2, mixture=MIXTURE)
    logs = double.fit(points(), batch_size=4, epochs=2, verbose=0, callbacks=[evaluation]).history
    values = state_of(double).values()
    optimizers = [*single.d_optimizer.variables, *single.g_optimizer.variables]
    for variable, value in zip([*single.variables, *optimizers], values, strict=True):
        variable.assign(value)
    scores = single.evaluate(points(), mixture=MIXTURE)
    assert {name: values[-1] for name, values in logs.items() if name.startswith("val_")} == {
        f"val_{name}": pytest.approx(value, rel=1e-4, abs=1e-6) for name, value in scores.items()
    }
    with mirrored.scope():
        assert double.evaluate(points(), ["fid"])["fid"] == pytest.approx(scores["fid"], rel=1e-4)


# Classes


class Conditional(Recorded):
    """Stands for a conditional model: makes samples that tell their class."""

    conditional = True

    def __init__(self, samples, labels, num_classes=3):
        super().__init__(samples)
        self.labels = labels
        self.num_classes = num_classes
        self.asked = []

    def generate(self, n, seed=None, labels=None):
        self.asked.append(labels)
        labels = np.arange(n) % self.num_classes if labels is None else labels
        rng = np.random.default_rng(seed)
        return np.stack([rng.choice(self.samples[self.labels == label]) for label in labels])


def labelled(n=90, seed=0):
    """Images whose classes differ, of the shares 1/2, 1/3 and 1/6."""
    labels = np.random.default_rng(seed).permutation(np.resize([0, 0, 0, 1, 1, 2], n))
    x = images(n, seed=seed) * (0.3 + 0.3 * labels[:, None, None, None])
    return x.astype("float32"), labels


@pytest.mark.parametrize("n", [None, 40, 200])
def test_samples_have_the_labels_of_the_data(n):
    x, y = labelled()
    gan = Conditional(*labelled(seed=1))
    scores = protocol.evaluate(gan, (x, y), n=n, seed=3)
    used = y if n != 40 else y[[int(np.ceil(90 * i / 40)) for i in range(40)]]
    (asked,) = gan.asked
    np.testing.assert_array_equal(asked, [used[i % len(used)] for i in range(n or 90)])
    assert scores.protocol["labels"] == "of the data"
    samples = gan.generate(n or 90, seed=3, labels=asked)
    kept = x if n != 40 else x[[int(np.ceil(90 * i / 40)) for i in range(40)]]
    real, fake = (Features(each.reshape(len(each), -1)) for each in (kept, samples))
    assert scores == compare(real, fake)


@pytest.mark.parametrize("form", ["arrays", "samples", "batches"])
def test_scores_by_class_are_those_of_the_subsets(form):
    x, y = labelled()
    dataset = tf.data.Dataset.from_tensor_slices((x, y))
    data = {"arrays": (x, y), "samples": dataset, "batches": dataset.batch(16)}[form]
    gan, extractor = Conditional(*labelled(seed=1)), classified()
    scores = protocol.evaluate(gan, data, extractor=extractor, seed=2)
    assert extractor.calls == [90, 90] and len(gan.asked) == 1
    samples = gan.generate(90, seed=2, labels=y)
    assert list(scores.by_class) == [0, 1, 2]
    for label, found in scores.by_class.items():
        assert type(label) is int
        expected = compare(extractor(x[y == label]), extractor(samples[y == label]))
        assert list(found) == list(expected) and "is" in found
        assert found == pytest.approx(expected, rel=1e-3, abs=1e-6)
    again = protocol.evaluate(gan, data, extractor=extractor, seed=2)  # Reals from the cache.
    assert again.by_class == scores.by_class and again == scores


def test_small_classes_and_what_is_asked_for():
    x, y = labelled(30)  # 15, 10 and 5 of them.
    gan = Conditional(*labelled(seed=1))
    scores = protocol.evaluate(gan, (x, y), ["kid", "recall"])
    assert {label: list(found) for label, found in scores.by_class.items()} == {
        0: ["kid", "recall"],
        1: ["kid", "recall"],
    }
    assert protocol.evaluate(gan, (x, y), n=12).by_class.keys() == {0}
    assert protocol.evaluate(gan, (x, y), by_class=False).by_class == {}


def test_scores_by_class_need_labels_on_both_sides():
    x, y = labelled()
    gan = Conditional(*labelled(seed=1))
    scores = protocol.evaluate(gan, x)
    assert gan.asked == [None] and scores.by_class == {}
    assert scores.protocol["labels"] == "in turn"
    scores = protocol.evaluate(Recorded(images(90)), (x, y))
    assert scores.by_class == {} and "labels" not in scores.protocol
    real, fake = Features(points()), Features(points(), labels=np.zeros(64, int))
    assert protocol.compare_by_class(real, fake) == protocol.compare_by_class(fake, real) == {}


def test_precomputed_features_with_labels():
    x, y = labelled()
    gan, extractor = Conditional(*labelled(seed=1)), classified()
    expected = protocol.evaluate(gan, (x, y), extractor=extractor)
    scores = protocol.evaluate(gan, extractor(x)._replace(labels=y), extractor=extractor)
    assert scores == expected and scores.by_class == expected.by_class


@pytest.mark.parametrize(
    "y", [np.eye(90), np.zeros(90), np.zeros((90, 2), int), np.array(["a"] * 90)]
)
def test_labels_that_are_no_classes(y):
    x, _ = labelled()
    gan = Conditional(*labelled(seed=1))
    with pytest.raises(ValueError, match="one integer label for each of 90 samples. Received: "):
        protocol.evaluate(gan, (x, y))
    assert protocol.evaluate(Recorded(x), (x, y)) == protocol.evaluate(Recorded(x), x)


def test_labels_of_another_number_than_features():
    features = Features(points(), labels=np.zeros(60, int))
    with pytest.raises(ValueError, match=r"each of 64 samples. Received: labels of shape \(60,\)"):
        protocol.evaluate(Conditional(points(), np.zeros(64, int)), features)


def test_the_callback_logs_the_scores_of_all_classes():
    x, y = labelled()
    gan = Conditional(*labelled(seed=1))
    evaluation = kg.callbacks.Evaluation((x, y), metrics=["fid", "kid"], seed=4)
    evaluation.set_model(gan)
    evaluation.on_train_begin()
    logs = {}
    evaluation.on_epoch_end(0, logs)
    expected = protocol.evaluate(gan, (x, y), ["fid", "kid"], seed=4)
    assert logs == {f"val_{name}": value for name, value in expected.items()}
    np.testing.assert_array_equal(gan.asked[0], y)


# Mode collapse


def near_duplicates(real, fake, quantile):
    """By loops over all pairs."""

    def nearest(x):
        return [
            min(np.linalg.norm(a - b) for j, b in enumerate(x) if i != j) for i, a in enumerate(x)
        ]

    count = min(len(real), len(fake))
    ordered = sorted(nearest(real[:count]))
    threshold = ordered[int(quantile * (count - 1))]
    return np.mean([distance <= threshold for distance in nearest(fake[:count])])


@pytest.mark.parametrize("quantile", [0.0, 0.05, 0.5, 1.0])
@pytest.mark.parametrize("counts", [(30, 30), (40, 20), (20, 40)])
def test_duplicate_share_by_loops(quantile, counts):
    real, fake = points(counts[0]), 0.5 * points(counts[1], seed=1)
    expected = near_duplicates(real, fake, quantile)
    assert duplicate_share(real, fake, quantile) == pytest.approx(expected)


def test_duplicate_share_of_the_same_distribution_is_the_quantile():
    assert duplicate_share(points(4000), points(4000, seed=1)) == pytest.approx(0.05, abs=0.015)


def test_copies_are_duplicates_even_of_data_that_repeats():
    assert duplicate_share(points(100), np.ones((100, 2))) == 1
    repeated = np.repeat(points(10), 10, axis=0)
    assert duplicate_share(repeated, np.ones((100, 2))) == 1
    assert duplicate_share(repeated, points(100, seed=1)) == 0


@pytest.mark.parametrize("quantile", [-0.1, 1.1, float("nan")])
def test_duplicate_share_arguments(quantile):
    with pytest.raises(ValueError, match="quantile in"):
        duplicate_share(points(), points(), quantile)
    with pytest.raises(ValueError, match="at least 2 samples"):
        duplicate_share(points(1), points())


@pytest.mark.parametrize("modes", [8, 4, 1])
def test_lost_modes_show(modes):
    real, real_modes = kg.datasets.ring(700, std=0.05, labels=True)
    fake, fake_modes = kg.datasets.ring(7000, std=0.05, seed=1, labels=True)
    fake = fake[fake_modes < modes][:700]
    scores = protocol.evaluate(Recorded(fake), real, mixture=MIXTURE)
    assert scores["modes"] == modes
    assert scores["reverse_kl"] == pytest.approx(np.log(8 / modes), abs=0.02)
    share = np.mean(real_modes < modes)
    assert 0.95 * share < scores["coverage"] <= share


@pytest.mark.parametrize("modes", [8, 4, 1])
def test_duplicates_of_a_gaussian_in_closed_form(modes):
    real = kg.datasets.ring(4000, std=0.05)
    fake, labels = kg.datasets.ring(34_000, std=0.05, seed=1, labels=True)

    def share(t):
        """Of points with a neighbour within r, for t = n pi r^2 p(0).

        It is the mean of 1 - exp(-t u), where u = p(x) / p(0) is uniform on [0, 1] in the plane.
        """
        return 1 - (1 - np.exp(-t)) / t

    expected = share(8 / modes * brentq(lambda t: share(t) - 0.05, 1e-3, 1))
    # The threshold rests on 100 pairs of reals, so it spreads by a tenth.
    assert duplicate_share(real, fake[labels < modes][:4000]) == pytest.approx(expected, rel=0.3)


def test_one_point_for_all_latents_shows():
    generator, discriminator = vector_networks()
    generator.set_weights([np.zeros_like(weight) for weight in generator.get_weights()])
    scores = kg.GAN(generator, discriminator).evaluate(ring())
    assert scores["duplicates"] == 1 and scores["coverage"] == scores["precision"] == 0
