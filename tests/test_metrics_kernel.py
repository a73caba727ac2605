import numpy as np
import pytest
from sklearn.metrics.pairwise import polynomial_kernel

from keras_gans.metrics import kernel_distance, tiles


@pytest.fixture
def random():
    return np.random.default_rng(0)


def double_loop(a, b):
    def mean(x, y, pairs):
        return np.mean([(x[i] @ y[j] / len(x[i]) + 1.0) ** 3 for i, j in pairs])

    def different(n):
        return [(i, j) for i in range(n) for j in range(n) if i != j]

    every = [(i, j) for i in range(len(a)) for j in range(len(b))]
    return mean(a, a, different(len(a))) + mean(b, b, different(len(b))) - 2 * mean(a, b, every)


@pytest.mark.parametrize(("n", "m", "d"), [(2, 2, 1), (30, 30, 5), (40, 17, 3), (5, 6, 50)])
@pytest.mark.parametrize("tile", [7, 4096])
def test_double_loop(random, monkeypatch, n, m, d, tile):
    monkeypatch.setattr(tiles, "TILE", tile)
    a, b = random.normal(size=(n, d)), random.normal(size=(m, d)) + 1.0
    mean, std = kernel_distance(a, b)
    np.testing.assert_allclose(mean, double_loop(a, b), rtol=1e-9)
    assert std == 0.0


def test_duplicates_and_collapse(random):
    a = np.repeat(random.normal(size=(6, 4)), 5, axis=0)
    b = np.ones((20, 4))
    np.testing.assert_allclose(kernel_distance(a, b).mean, double_loop(a, b), rtol=1e-10)
    assert kernel_distance(b, b).mean == 0.0


def test_scikit_learn_kernel_on_float32(random):
    a = random.normal(size=(300, 64)).astype(np.float32)
    b = 1.1 * random.normal(size=(200, 64)).astype(np.float32)
    aa, bb, ab = (
        polynomial_kernel(x.astype(float), y.astype(float), degree=3, gamma=1 / 64, coef0=1)
        for x, y in ((a, a), (b, b), (a, b))
    )
    np.fill_diagonal(aa, 0.0)
    np.fill_diagonal(bb, 0.0)
    expected = aa.sum() / (300 * 299) + bb.sum() / (200 * 199) - 2.0 * ab.mean()
    np.testing.assert_allclose(kernel_distance(a, b).mean, expected, rtol=1e-6)


def test_unbiased(random):
    """Two samples of one distribution score 0 on average, on both sides of it."""
    scores = [kernel_distance(*random.normal(size=(2, 10, 3))).mean for _ in range(400)]
    assert abs(np.mean(scores)) < 3.0 * np.std(scores) / 20.0
    assert min(scores) < 0.0


def test_subsets_agree_with_whole_arrays_within_their_spread(random):
    a, b = random.normal(size=(400, 5)), random.normal(size=(300, 5)) + 0.5
    whole = kernel_distance(a, b).mean
    mean, std = kernel_distance(a, b, subsets=100, subset_size=50, seed=3)
    assert 0.0 < std < whole
    assert abs(mean - whole) < 3.0 * std / np.sqrt(100)


def test_subsets_are_seeded_and_without_replacement(random):
    a, b = random.normal(size=(2, 40, 5))
    options = {"subsets": 5, "subset_size": 20}
    assert kernel_distance(a, b, **options, seed=1) == kernel_distance(a, b, **options, seed=1)
    assert kernel_distance(a, b, **options, seed=1) != kernel_distance(a, b, **options, seed=2)
    mean, std = kernel_distance(a, b, subsets=5, subset_size=40)  # each subset is everything
    np.testing.assert_allclose(mean, double_loop(a, b), rtol=1e-9)
    assert std < 1e-12


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"subsets": 0}, "subsets to be an integer, at least 1"),
        ({"subsets": 2}, "subset_size with more than one subset"),
        ({"subset_size": 1}, "subset_size of at least 2"),
        ({"subset_size": 11}, "subset_size to be an integer, between 1 and 10"),
        ({"subset_size": 2.5}, "subset_size to be an integer"),
    ],
)
def test_bad_subsets(options, message):
    with pytest.raises(ValueError, match=message):
        kernel_distance(np.ones((10, 2)), np.ones((12, 2)), **options)
