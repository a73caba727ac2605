import numpy as np
import pytest
from scipy.spatial import KDTree

from keras_gans.metrics import nearest_neighbours, tiles


@pytest.fixture
def random():
    return np.random.default_rng(0)


@pytest.mark.parametrize("k", [1, 3, 41])
@pytest.mark.parametrize("tile", [7, 4096])
def test_scipy_tree(random, monkeypatch, k, tile):
    monkeypatch.setattr(tiles, "TILE", tile)
    samples, references = random.normal(size=(30, 6)), random.normal(size=(41, 6))
    indices, distances = nearest_neighbours(samples, references, k)
    expected_distances, expected_indices = KDTree(references).query(samples, [*range(1, k + 1)])
    np.testing.assert_array_equal(indices, expected_indices)
    np.testing.assert_allclose(distances, expected_distances, rtol=1e-12)


@pytest.mark.parametrize(("dtype", "offset"), [(np.float32, 1e4), (np.float64, 1e8)])
def test_large_offset_costs_no_digits(random, dtype, offset):
    samples = (random.normal(size=(50, 4)) + offset).astype(dtype)
    references = (random.normal(size=(60, 4)) + offset).astype(dtype)
    expected = KDTree(references.astype(np.float64)).query(samples.astype(np.float64), [1, 2])
    indices, distances = nearest_neighbours(samples, references, k=2)
    np.testing.assert_array_equal(indices, expected[1])
    np.testing.assert_allclose(distances, expected[0], rtol=1e-12)


def test_copies_are_at_distance_zero(random):
    references = random.normal(size=(100, 32)) * 1e3
    order = random.permutation(100)
    indices, distances = nearest_neighbours(references[order], references)
    np.testing.assert_array_equal(indices[:, 0], order)
    assert (distances == 0.0).all()


def test_equal_distances_are_ordered_by_index(random):
    references = np.tile(random.normal(size=(5, 3)), (3, 1))
    indices, distances = nearest_neighbours(references[:5], references, k=3)
    np.testing.assert_array_equal(indices, np.arange(5)[:, None] + [0, 5, 10])
    assert (distances == 0.0).all()


def test_near_copies_are_told_apart(random):
    """Distances far below the norms' rounding error still come out exact."""
    sample = random.normal(size=(1, 8)) * 100.0
    indices, distances = nearest_neighbours(sample, sample + np.array([[2e-9], [1.0], [3.0]]), k=3)
    np.testing.assert_array_equal(indices, [[0, 1, 2]])
    np.testing.assert_allclose(distances[0], np.sqrt(8) * np.array([2e-9, 1, 3]), rtol=1e-4)


def test_progress_bar(random, capsys):
    points = random.normal(size=(10, 2))
    nearest_neighbours(points, points)
    assert capsys.readouterr().out == ""
    nearest_neighbours(points, points, verbose=True)
    assert capsys.readouterr().out.endswith(f"neighbours: 1/1 [{'=' * 20}]\n")
