import numpy as np
import ot
import pytest
from scipy.stats import wasserstein_distance

from keras_gans.metrics import optimal_transport, sliced_wasserstein


@pytest.fixture
def random():
    return np.random.default_rng(0)


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize("projections", [1, 50, 333])
@pytest.mark.parametrize(("n", "m", "d"), [(60, 60, 2), (60, 35, 8), (1, 9, 3), (7, 1, 1)])
def test_pot(random, n, m, d, projections, seed):
    a, b = random.normal(size=(n, d)), random.normal(size=(m, d)) * 2.0 + 0.5
    got = sliced_wasserstein(a, b, projections, seed)
    expected = ot.sliced_wasserstein_distance(a, b, n_projections=projections, seed=seed)
    assert type(got) is float
    np.testing.assert_allclose(got, expected, rtol=1e-9)


def test_pot_with_ties(random):
    a, b = random.integers(0, 3, size=(50, 4)), random.integers(0, 3, size=(40, 4))
    expected = ot.sliced_wasserstein_distance(a * 1.0, b * 1.0, n_projections=50, seed=0)
    np.testing.assert_allclose(sliced_wasserstein(a, b), expected, rtol=1e-9)


def test_repeating_samples_changes_nothing(random):
    a, b = random.normal(size=(20, 3)), random.normal(size=(30, 3))
    expected = sliced_wasserstein(a, b)
    np.testing.assert_allclose(sliced_wasserstein(np.tile(a, (6, 1)), b), expected, rtol=1e-12)
    assert sliced_wasserstein(a, a[::-1]) == 0.0
    np.testing.assert_allclose(sliced_wasserstein(a, np.tile(a, (2, 1))), 0.0, atol=1e-12)


def test_translation(random):
    """E (theta . t)^2 = |t|^2 / d over directions."""
    a = random.normal(size=(10, 4))
    got = sliced_wasserstein(a, a + 3.0, projections=20_000)
    np.testing.assert_allclose(got, 3.0, rtol=0.02)


@pytest.mark.parametrize("projections", [0, -3, 2.0])
def test_bad_projections(projections):
    with pytest.raises(ValueError, match="Expected projections to be an integer, at least 1"):
        sliced_wasserstein([[0.0]], [[1.0]], projections)


@pytest.mark.parametrize(("n", "d"), [(1, 3), (80, 2), (40, 30)])
def test_exact_transport_of_pot(random, n, d):
    a, b = random.normal(size=(n, d)), random.normal(size=(n, d)) + 0.5
    got = optimal_transport(a, b)
    assert type(got) is float
    np.testing.assert_allclose(got, ot.emd2([], [], ot.dist(a, b, "euclidean")), rtol=1e-9)


def test_exact_transport_with_ties(random):
    a, b = random.integers(0, 3, size=(2, 60, 2)) * 1.0
    np.testing.assert_allclose(
        optimal_transport(a, b), ot.emd2([], [], ot.dist(a, b, "euclidean")), rtol=1e-9
    )


def test_exact_transport_in_one_dimension(random):
    a, b = random.normal(size=(2, 100, 1)) * [[[1.0]], [[3.0]]]
    np.testing.assert_allclose(
        optimal_transport(a, b), wasserstein_distance(a[:, 0], b[:, 0]), rtol=1e-9
    )


def test_exact_transport_finds_the_permutation(random):
    a = random.normal(size=(50, 3))
    assert optimal_transport(a, random.permutation(a)) == 0.0


@pytest.mark.parametrize(("n", "m"), [(4, 5), (10_001, 10_001)])
def test_exact_transport_needs_equal_and_limited_sizes(n, m):
    with pytest.raises(ValueError, match="same number of samples, at most 10000. Received: "):
        optimal_transport(np.zeros((n, 1)), np.zeros((m, 1)))
