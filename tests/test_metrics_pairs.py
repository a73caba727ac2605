"""All pairs of two sets: each is multiplied once, whatever the metrics."""

import tracemalloc

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from keras_gans.metrics import Features, compare, pairs, tiles
from keras_gans.metrics.pairs import Pairs


@pytest.fixture
def random():
    return np.random.default_rng(0)


@pytest.fixture
def walked(monkeypatch):
    """The walks that are made, by name."""
    walks = []

    def recorded(a, b, label, verbose):
        walks.append(label)
        return tiles.tiles(a, b, label, verbose)

    monkeypatch.setattr(pairs, "tiles", recorded)
    return walks


@pytest.mark.parametrize("offset", [0.0, 1e3])
@pytest.mark.parametrize(("tile", "features"), [(4, 3), (7, 2048), (1024, 5)])
@pytest.mark.parametrize("itself", [False, True])
def test_tiles_are_all_pairs(random, monkeypatch, itself, tile, features, offset):
    monkeypatch.setattr(tiles, "TILE", tile)
    monkeypatch.setattr(tiles, "FEATURES", features)
    a = random.normal(size=(13, 8)) + offset
    b = a if itself else random.normal(size=(18, 8)) + offset
    products, squares, seen = np.zeros((3, len(a), len(b)))
    for each in tiles.tiles(a, b):
        products[each.rows, each.cols] = each.inner_products()
        squares[each.rows, each.cols] = each.squared_distances()
        seen[each.rows, each.cols] += 1
    assert (seen == 1).all()
    np.testing.assert_allclose(products, a @ b.T, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(squares, cdist(a, b, "sqeuclidean"), rtol=1e-11, atol=1e-11)


def test_a_set_with_itself_is_multiplied_by_half(random, monkeypatch):
    calls = []
    monkeypatch.setattr(tiles, "TILE", 8)
    monkeypatch.setattr(tiles, "products_of", lambda *args: calls.append(args) or np.zeros((8, 8)))
    a = random.normal(size=(40, 2))
    assert len(list(tiles.tiles(a, a))) == 25 and len(calls) == 15


def test_long_rows_are_read_in_parts(random):
    a = random.normal(size=(600, 20_000)).astype(np.float32)
    tracemalloc.start()
    for _ in tiles.tiles(a, a):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < a.nbytes  # a copy in float64 takes twice as much


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_statistics_of_a_shifted_set(random, monkeypatch, dtype):
    monkeypatch.setattr(tiles, "TILE", 5)
    monkeypatch.setattr(tiles, "FEATURES", 3)
    samples, origin = random.normal(size=(12, 7)).astype(dtype), random.normal(size=7)
    shifted = tiles.Shifted(samples, origin)
    exact = samples.astype(float) - origin
    np.testing.assert_allclose(shifted.mean, exact.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(shifted.squares, (exact**2).sum(axis=1), rtol=1e-12)
    np.testing.assert_allclose(shifted.along, exact @ origin + origin @ origin / 2, rtol=1e-12)


@pytest.mark.parametrize(
    ("metrics", "d", "expected"),
    [
        (None, 40, ["real to real", "fake to fake", "real to fake"]),
        (None, 2, ["real to real", "fake to fake", "real to fake"]),
        (["fid"], 40, ["real to fake"]),  # fewer samples than features
        (["fid"], 2, []),
        (["duplicates"], 2, ["real to real", "fake to fake"]),
        (["coverage"], 2, ["real to real", "real to fake"]),
        ([], 2, []),
    ],
)
def test_pairs_are_walked_once_and_only_where_needed(random, walked, metrics, d, expected):
    real, fake = random.normal(size=(2, 30, d))
    scores = compare(Features(real), Features(fake), metrics)
    assert walked == expected
    one_by_one = {}
    for name in scores:
        one_by_one |= compare(Features(real), Features(fake), [name])
    assert scores == pytest.approx(one_by_one, rel=1e-12)


@pytest.mark.parametrize(("n", "m"), [(30, 20), (20, 30)])
def test_duplicates_of_as_many_of_both(random, walked, n, m):
    """Of the larger set only the first samples count, so neighbours in all of it are no use."""
    real, fake = random.normal(size=(n, 2)), random.normal(size=(m, 2))
    scores = compare(Features(real), Features(fake), ["duplicates"])
    assert walked == ["fake to fake" if m < n else "real to real"]
    assert scores == compare(Features(real[:20]), Features(fake[:20]), ["duplicates"])


def test_errors_call_the_sets_by_their_names(random):
    samples = random.normal(size=(6, 3))
    few = Pairs(samples, samples[:2], ("data", "draws"))
    with pytest.raises(ValueError, match=r"Expected draws to hold at least 3 samples. .*\(2, 3\)"):
        few.require(6, 3)
    few.require(6, 2)
    with pytest.raises(ValueError, match="Expected data and draws to have the same dimension"):
        Pairs(samples, samples[:, :2], ("data", "draws"))
    with pytest.raises(ValueError, match="Expected real to hold at least 6 samples"):
        compare(Features(samples[:5]), Features(samples), ["coverage"])
    assert compare(Features(samples[:4]), Features(samples), ["precision"])["precision"] > 0
