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
        "is": kg.metrics.inception_score(b.probabilities).mean,
    }
    assert scores == pytest.approx(expected, rel=1e-6)
    assert list(scores) == list(expected)
    assert all(type(value) is float for value in scores.values())


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
    assert {name: values[0] for name, values in logs.items() if name.startswith("val_")} == {
        f"val_{name}": pytest.approx(value, rel=1e-4, abs=1e-6) for name, value in scores.items()
    }
    with mirrored.scope():
        assert double.evaluate(points(), ["fid"])["fid"] == pytest.approx(scores["fid"], rel=1e-4)


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
