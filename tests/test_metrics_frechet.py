import tracemalloc

import numpy as np
import pytest
import scipy.linalg

from keras_gans.metrics import Moments, frechet_distance, frechet_from_moments, tiles


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
