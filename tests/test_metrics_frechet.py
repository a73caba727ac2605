import time
import tracemalloc

import numpy as np
import pytest
import scipy.linalg
from scipy.stats import norm

from keras_gans import metrics
from keras_gans.metrics import Moments, frechet, frechet_distance, frechet_from_moments, tiles


@pytest.fixture
def random():
    return np.random.default_rng(0)


def by_sqrtm(a, b):
    """The textbook formula, stable where both covariances have full rank."""
    cov_a, cov_b = np.cov(a.T), np.cov(b.T)
    root = scipy.linalg.sqrtm(cov_a @ cov_b).real
    shift = a.mean(axis=0) - b.mean(axis=0)
    return shift @ shift + np.trace(cov_a + cov_b - 2.0 * root)


def by_gram(a, b):
    """A derivation in sample space, exact for any rank: no covariance is formed."""
    centred_a, centred_b = a - a.mean(axis=0), b - b.mean(axis=0)
    a_scaled, b_scaled = centred_a / np.sqrt(len(a) - 1), centred_b / np.sqrt(len(b) - 1)
    shift = a.mean(axis=0) - b.mean(axis=0)
    nuclear = np.linalg.norm(a_scaled @ b_scaled.T, ord="nuc")
    return shift @ shift + np.sum(a_scaled**2) + np.sum(b_scaled**2) - 2.0 * nuclear


def test_closed_form_of_diagonal_gaussians(random):
    mean_a, mean_b = random.normal(size=(2, 40))
    std_a, std_b = 10.0 ** random.uniform(-3, 2, size=(2, 40))
    expected = np.sum((mean_a - mean_b) ** 2) + np.sum((std_a - std_b) ** 2)
    got = frechet_from_moments(mean_a, np.diag(std_a**2), mean_b, np.diag(std_b**2))
    assert type(got) is float
    np.testing.assert_allclose(got, expected, rtol=1e-9)


def test_closed_form_of_singular_diagonal_gaussians(random):
    std_a, std_b = random.uniform(0.5, 2.0, size=(2, 30))
    std_a[:20], std_b[10:] = 0.0, 0.0  # 10 directions null in both, none shared otherwise
    expected = np.sum((std_a - std_b) ** 2)
    got = frechet_from_moments(np.zeros(30), np.diag(std_a**2), np.zeros(30), np.diag(std_b**2))
    np.testing.assert_allclose(got, expected, rtol=1e-12)


@pytest.mark.slow
def test_closed_form_of_rectified_gaussians():
    """Of relu(N(0, I)) and relu(N(1, I)) in 2,048 dimensions, as features of Inception have."""

    def moments(mean):
        first = mean * norm.cdf(mean) + norm.pdf(mean)
        second = (mean**2 + 1.0) * norm.cdf(mean) + mean * norm.pdf(mean)
        return np.full(2048, first), np.diag(np.full(2048, second - first**2))

    assert frechet_from_moments(*moments(0.0), *moments(1.0)) == pytest.approx(1123.04, abs=0.005)


@pytest.mark.parametrize("dimension", [1, 2, 16, 64])
def test_scipy_sqrtm(random, dimension):
    a = random.normal(size=(300, dimension)) @ random.normal(size=(dimension, dimension))
    b = random.normal(size=(200, dimension)) @ random.normal(size=(dimension, dimension)) + 0.3
    if dimension == 1:
        expected = (a.mean() - b.mean()) ** 2 + (a.std(ddof=1) - b.std(ddof=1)) ** 2
    else:
        expected = by_sqrtm(a, b)
    np.testing.assert_allclose(frechet_distance(a, b), expected, rtol=1e-8)


@pytest.mark.parametrize(("n", "m"), [(2, 2), (2, 500), (20, 30), (63, 64), (20, 500)])
def test_fewer_samples_than_dimensions(random, n, m):
    a, b = random.normal(size=(n, 64)), random.normal(size=(m, 64)) * 2.0 + 0.1
    np.testing.assert_allclose(frechet_distance(a, b), by_gram(a, b), rtol=1e-9)


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize(("n", "m"), [(30, 40), (64, 50), (64, 64), (80, 70), (300, 10)])
def test_products_and_covariances_agree(random, monkeypatch, n, m, exact):
    """On both sides of n = d, with features that are correlated and off the origin."""
    monkeypatch.setattr(frechet, "LARGEST_SVD", 2048 if exact else 0)
    mixing = random.normal(size=(64, 64))
    a, b = random.normal(size=(n, 64)) @ mixing + 50.0, 2.0 * random.normal(size=(m, 64)) + 51.0
    moments = [(each.mean(axis=0), np.cov(each.T)) for each in (a, b)]
    expected = frechet_from_moments(*moments[0], *moments[1])
    shifted = [tiles.Shifted(each, np.full(64, 49.0)) for each in (a, b)]
    products = (a - 49.0) @ (b - 49.0).T
    tolerance = 1e-9 if exact else 1e-7
    got = frechet.frechet_from_products(*shifted, products)
    np.testing.assert_allclose(got, expected, rtol=tolerance)
    np.testing.assert_allclose(frechet_distance(a, b), expected, rtol=tolerance)


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("offset", [0.0, 1e3])
def test_closed_form_of_diagonal_gaussians_of_few_samples(random, monkeypatch, exact, offset):
    """Samples on the axes, a pair on each of 20 among 1,000: both covariances are diagonal."""
    monkeypatch.setattr(frechet, "LARGEST_SVD", 2048 if exact else 0)
    std_a, std_b = 10.0 ** random.uniform(-2, 1, size=(2, 20))
    mean_a, mean_b = random.normal(size=(2, 1000)) + offset

    def pairs_on_axes(std):
        half = np.hstack([np.diag(std), np.zeros((20, 980))])
        return np.vstack([half, -half]) * np.sqrt(39 / 2)

    got = frechet_distance(mean_a + pairs_on_axes(std_a), mean_b + pairs_on_axes(std_b))
    expected = np.sum((mean_a - mean_b) ** 2) + np.sum((std_a - std_b) ** 2)
    np.testing.assert_allclose(got, expected, rtol=1e-10 if exact else 1e-8)


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("constant", ["real", "fake", "both"])
def test_constant_rows_of_many_features(random, monkeypatch, exact, constant):
    monkeypatch.setattr(frechet, "LARGEST_SVD", 2048 if exact else 0)
    a, b = random.normal(size=(2, 30, 500))
    a, b = (a[:1] if constant != "fake" else a), (b[:1] if constant != "real" else b)
    a, b = np.resize(a, (30, 500)), np.resize(b, (30, 500))
    expected = np.sum((a.mean(axis=0) - b.mean(axis=0)) ** 2)
    expected += a.var(axis=0, ddof=1).sum() + b.var(axis=0, ddof=1).sum()
    np.testing.assert_allclose(frechet_distance(a, b), expected, rtol=1e-12)
    assert frechet_distance(a, a) == pytest.approx(0.0, abs=1e-6)


def decaying(random, shape, spectrum):
    """A matrix of given singular values."""
    left, right = (np.linalg.qr(random.normal(size=(side, len(spectrum))))[0] for side in shape)
    return (left * spectrum) @ right.T


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("shape", [(300, 300), (200, 310), (310, 200)])
@pytest.mark.parametrize(
    ("spectrum", "error"),
    [
        (1.0 / np.arange(1, 201) ** 2, 1e-10),  # as the covariances of natural images
        (10.0 ** -np.linspace(0, 16, 200), 1e-12),  # a square would keep 8 of the 16 digits
        (np.ones(150), 3e-8),
        (np.array([1.0, 1.0, 1e-7]), 3e-8),
    ],
)
def test_nuclear_norm_of_large_matrices(random, monkeypatch, shape, spectrum, error, order):
    matrix = decaying(random, shape, spectrum)
    exact = frechet.nuclear_norm(matrix.copy())
    assert exact == pytest.approx(spectrum.sum(), rel=1e-12)
    monkeypatch.setattr(frechet, "LARGEST_SVD", 0)
    monkeypatch.setattr(tiles, "TILE", 64)
    found = frechet.nuclear_norm(np.array(matrix, order=order))
    assert found == pytest.approx(exact, rel=error)


def test_cost_of_few_samples_of_many_features(random):
    """64 images of 32 x 32 x 3: a covariance of theirs takes 75 MB, and its root a minute."""
    a, b = random.normal(size=(2, 64, 3072)).astype(np.float32)
    tracemalloc.start()
    start = time.perf_counter()
    got = frechet_distance(a, b)
    seconds, peak = time.perf_counter() - start, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seconds < 10 and peak < 25e6
    np.testing.assert_allclose(got, by_gram(a.astype(float), b.astype(float)), rtol=1e-9)


@pytest.mark.parametrize("n", [100, 3000])
def test_memory_follows_the_smaller_of_samples_and_features(random, n):
    a, b = random.normal(size=(2, n, 300)).astype(np.float32)
    tracemalloc.start()
    frechet_distance(a, b)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    blocks = 4 * min(n, 1024) * 300 * 8
    assert peak < blocks + 8 * 8 * min(n, 300) ** 2


def test_duplicates_and_repeated_features(random):
    a = np.tile(random.normal(size=(25, 8)), (4, 3))
    b = np.tile(random.normal(size=(30, 8)), (2, 3)) + 1.0
    np.testing.assert_allclose(frechet_distance(a, b), by_gram(a, b), rtol=1e-9)


def test_collapsed_generator(random):
    real, fake = random.normal(size=(100, 10)), np.ones((50, 10))
    expected = np.sum((real.mean(axis=0) - 1.0) ** 2) + np.trace(np.cov(real.T))
    np.testing.assert_allclose(frechet_distance(real, fake), expected, rtol=1e-12)
    assert frechet_distance(fake, fake) == 0.0


@pytest.mark.parametrize("n", [5, 200])
def test_same_samples_are_at_zero(random, n):
    a = random.normal(size=(n, 32)) * 100.0
    trace = np.trace(np.cov(a.T))
    assert 0.0 <= frechet_distance(a, a[::-1]) < 1e-11 * trace


def test_small_distance_is_resolved(random):
    """A shift of 1e-4 standard deviations is 1e-10 of the traces."""
    a = random.normal(size=(500, 32))
    np.testing.assert_allclose(frechet_distance(a, a + 1e-4), 32 * 1e-8, rtol=1e-4)


def test_symmetric_and_rotation_invariant(random):
    a, b = random.normal(size=(90, 12)) * 3.0, random.normal(size=(80, 12)) + 1.0
    rotation = scipy.linalg.qr(random.normal(size=(12, 12)))[0]
    np.testing.assert_allclose(frechet_distance(a, b), frechet_distance(b, a), rtol=1e-12)
    np.testing.assert_allclose(
        frechet_distance(a, b), frechet_distance(a @ rotation, b @ rotation), rtol=1e-10
    )


def test_float32_features_with_a_large_mean(random):
    a = (random.normal(size=(1000, 8)) + 3000.0).astype(np.float32)
    b = (2.0 * random.normal(size=(1000, 8)) + 3001.0).astype(np.float32)
    expected = by_sqrtm(a.astype(np.float64), b.astype(np.float64))
    np.testing.assert_allclose(frechet_distance(a, b), expected, rtol=1e-8)


@pytest.mark.parametrize("batch", [1, 7, 64, 1000])
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_moments_do_not_depend_on_batches(random, batch, offset):
    samples = random.normal(size=(203, 5)) @ random.normal(size=(5, 5)) + offset
    moments = Moments()
    for start in range(0, 203, batch):
        moments.update(samples[start : start + batch])
    centred = samples - offset  # the oracle, free of the offset's rounding
    assert moments.count == 203
    np.testing.assert_allclose(moments.mean, centred.mean(axis=0) + offset, rtol=1e-12)
    np.testing.assert_allclose(moments.covariance, np.cov(centred.T), rtol=1e-8, atol=1e-8)


def test_moments_merge(random):
    a, b = random.normal(size=(30, 4)), random.normal(size=(2, 4)) + 5.0
    merged = Moments().merge(Moments()).merge(Moments().update(a)).merge(Moments().update(b))
    both = np.vstack([a, b])
    assert merged.count == 32
    np.testing.assert_allclose(merged.mean, both.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(merged.covariance, np.cov(both.T), rtol=1e-12)


def test_merge_leaves_the_other_alone(random):
    a, b = random.normal(size=(2, 30, 4))
    other = Moments().update(a)
    Moments().merge(other).update(b)
    np.testing.assert_array_equal(other.mean, Moments().update(a).mean)
    np.testing.assert_array_equal(other.covariance, Moments().update(a).covariance)


def test_distance_reads_arrays_in_tiles(random, monkeypatch):
    a, b = random.normal(size=(20_000, 16)).astype(np.float32), random.normal(size=(50, 16))
    expected = by_sqrtm(a.astype(np.float64), b)
    monkeypatch.setattr(tiles, "TILE", 64)
    tracemalloc.start()
    got = frechet_distance(a, b)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_allclose(got, expected, rtol=1e-8)
    assert peak < a.nbytes / 4


def test_moments_need_samples_of_one_dimension():
    with pytest.raises(ValueError, match="at least 1 samples. Received: count=0"):
        _ = Moments().mean
    with pytest.raises(ValueError, match="at least 2 samples. Received: count=1"):
        _ = Moments().update([[1.0, 2.0]]).covariance
    with pytest.raises(ValueError, match="dimension 2. Received: batch of dimension 3"):
        Moments().update([[1.0, 2.0]]).update([[1.0, 2.0, 3.0]])
    with pytest.raises(ValueError, match="Expected batch to be finite"):
        Moments().update([[1.0, np.nan]])


@pytest.mark.parametrize(
    ("covariance", "message"),
    [
        (np.diag([1.0, -1.0]), "cov_b to be symmetric positive semi-definite"),
        (np.array([[1.0, 0.5], [0.0, 1.0]]), "cov_b to be symmetric positive semi-definite"),
        (np.eye(3), "mean_b of shape"),
        (np.ones((1, 2)), "mean_b of shape"),
        (np.full((2, 2), np.nan), "cov_b to be finite"),
    ],
)
def test_bad_covariance(covariance, message):
    with pytest.raises(ValueError, match=message):
        frechet_from_moments(np.zeros(2), np.eye(2), np.zeros(2), covariance)


def test_bad_means():
    with pytest.raises(ValueError, match="mean_a to be finite"):
        frechet_from_moments([0.0, np.inf], np.eye(2), np.zeros(2), np.eye(2))
    with pytest.raises(ValueError, match="moments of the same dimension"):
        frechet_from_moments(np.zeros(2), np.eye(2), np.zeros(3), np.eye(3))


@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_at_infinity_the_bias_is_gone(shift):
    """Of two normal laws whose distance is known; the samples' own distance is far off."""
    rng = np.random.default_rng(0)
    truth = 40 * shift**2
    found = np.array(
        [
            (metrics.frechet_distance(a, b), metrics.frechet_distance_at_infinity(a, b))
            for a, b in (
                (rng.normal(size=(600, 40)), rng.normal(shift, 1, size=(600, 40))) for _ in range(5)
            )
        ]
    ).mean(axis=0)
    assert found[0] - truth > 1.0 > 5 * abs(found[1] - truth)


def test_at_infinity_needs_samples():
    with pytest.raises(ValueError, match="Expected real to hold at least 20 samples"):
        metrics.frechet_distance_at_infinity(np.zeros((19, 2)), np.zeros((30, 2)))
