import contextlib
import io
import tracemalloc

import numpy as np
import prdc
import pytest
from sklearn.neighbors import BallTree

from keras_gans.metrics import density_coverage, precision_recall, tiles
from keras_gans.metrics.manifolds import ClosedBalls, OpenBalls
from keras_gans.metrics.pairs import Pairs


@pytest.fixture
def random():
    return np.random.default_rng(0)


def by_prdc(real, fake, k):
    """The authors' package of density and coverage; all its balls are open."""
    with contextlib.redirect_stdout(io.StringIO()):
        scores = prdc.compute_prdc(real.astype(float), fake.astype(float), nearest_k=k)
    names = ("precision", "recall", "density", "coverage")
    return tuple(float(scores[name]) for name in names)


def by_tree(real, fake, k):
    """Precision and recall with closed balls: `query_radius` counts points on the surface."""

    def share_inside(points, manifold):
        tree = BallTree(manifold)
        radii = tree.query(manifold, k + 1)[0][:, k]
        inside = np.concatenate(BallTree(points).query_radius(manifold, radii))
        return len(np.unique(inside)) / len(points)

    return share_inside(fake, real), share_inside(real, fake)


def integer_grid(random, n, d=3):
    """Points with many repeats and many equal distances, all exact in floating point."""
    return random.integers(0, 5, size=(n, d)).astype(float)


@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize(("n", "m", "d"), [(100, 100, 2), (150, 70, 16), (40, 90, 64)])
@pytest.mark.parametrize("tile", [32, 4096])
def test_prdc_without_ties(random, monkeypatch, k, n, m, d, tile):
    monkeypatch.setattr(tiles, "TILE", tile)
    real, fake = random.normal(size=(n, d)), random.normal(size=(m, d)) * 0.8 + 0.2
    got = precision_recall(real, fake, k) + density_coverage(real, fake, k)
    assert all(type(value) is float for value in got)
    np.testing.assert_allclose(got, by_prdc(real, fake, k), rtol=1e-12)


def test_prdc_on_float32_with_an_offset(random):
    real = (random.normal(size=(200, 8)) + 1e3).astype(np.float32)
    fake = (random.normal(size=(150, 8)) + 1e3).astype(np.float32)
    got = precision_recall(real, fake) + density_coverage(real, fake, k=3)
    np.testing.assert_allclose(got, by_prdc(real - 1e3, fake - 1e3, 3), rtol=1e-12)


@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize("shift", [0.0, 2.0])
@pytest.mark.parametrize("tile", [32, 4096])
def test_ties(random, monkeypatch, k, shift, tile):
    """Closed balls for precision and recall, open ones for density and coverage."""
    monkeypatch.setattr(tiles, "TILE", tile)
    real, fake = integer_grid(random, 120), integer_grid(random, 90) + shift
    open_balls, closed = by_prdc(real, fake, k), by_tree(real, fake, k)
    assert open_balls[:2] != closed  # or the ties would not test anything
    np.testing.assert_allclose(precision_recall(real, fake, k), closed, rtol=1e-12)
    np.testing.assert_allclose(density_coverage(real, fake, k), open_balls[2:], rtol=1e-12)


def test_point_on_the_surface():
    real, fake = [[0.0], [1.0], [2.0]], [[3.0], [13.0]]  # real radii are 1, fake radii 10
    assert precision_recall(real, fake, k=1) == (0.5, 1.0)
    assert density_coverage(real, fake, k=1) == (0.0, 0.0)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e5])
@pytest.mark.parametrize("offset", [0.0, 1.0, 100.0])
@pytest.mark.parametrize("d", [2, 37, 200])
def test_memorised_samples_tie_whatever_the_rounding(random, scale, offset, d):
    """Copies of a k-th neighbour lie exactly on a surface, though no product is exact."""
    real = (random.normal(size=(80, d)) + offset) * scale
    assert precision_recall(real, real[::-1]) == (1.0, 1.0)
    density, coverage = density_coverage(real, real[::-1])
    np.testing.assert_allclose(density, 1.0, rtol=1e-12)
    assert coverage == 1.0


@pytest.mark.parametrize("copies", [2, 4, 8])
def test_repeated_samples(random, copies):
    """With k copies of each sample all radii are 0; copies are then inside closed balls only."""
    real = np.tile(random.normal(size=(20, 5)), (copies, 1))
    fake = np.vstack([real[:10], random.normal(size=(10, 5)) + 50.0])
    np.testing.assert_allclose(precision_recall(real, fake), by_tree(real, fake, 3), rtol=1e-12)
    assert precision_recall(real, fake).precision == 0.5
    density, coverage = density_coverage(real, fake, k=3)
    if copies > 3:
        assert (density, coverage) == (0.0, 0.0)
    else:
        assert density > 0.0
        assert coverage >= 0.5


def test_collapsed_on_a_real_sample(random):
    real = random.normal(size=(100, 6))
    fake = np.tile(real[:1], (50, 1))
    assert precision_recall(real, fake) == (1.0, 0.01)  # only the copied sample is recalled
    np.testing.assert_allclose(density_coverage(real, fake), by_prdc(real, fake, 5)[2:], rtol=1e-12)
    assert density_coverage(real, fake).coverage < 0.2


def test_collapsed_away_from_the_data(random):
    real, fake = random.normal(size=(100, 6)), np.full((50, 6), 30.0)
    assert precision_recall(real, fake) == (0.0, 0.0)
    assert density_coverage(real, fake) == (0.0, 0.0)


def test_collapsed_to_a_few_samples(random):
    real = random.normal(size=(60, 4))
    fake = np.repeat(random.normal(size=(5, 4)), 10, axis=0)
    expected = by_tree(real, fake, 3)
    np.testing.assert_allclose(precision_recall(real, fake), expected, rtol=1e-12)
    np.testing.assert_allclose(density_coverage(real, fake), by_prdc(real, fake, 5)[2:], rtol=1e-12)


def test_everything_identical():
    same = np.ones((10, 3))
    assert precision_recall(same, same) == (1.0, 1.0)
    assert precision_recall(same, same + 1.0) == (0.0, 0.0)


def test_one_fake_is_enough_for_density(random):
    real = random.normal(size=(50, 3))
    got = density_coverage(real, real[:1] * 0.9, k=5)
    inside = np.linalg.norm(real - real[:1] * 0.9, axis=1) < BallTree(real).query(real, 6)[0][:, 5]
    np.testing.assert_allclose(got, (inside.sum() / 5, inside.mean()), rtol=1e-12)


def test_expected_coverage_and_density(random):
    """A perfect generator: coverage is the chance that a fake is among the k nearest points."""
    n, m, k = 60, 40, 5
    steps = np.arange(1, k + 1)
    expected = 1.0 - np.prod((n - steps) / (n + m - steps))
    scores = [
        density_coverage(random.normal(size=(n, 3)), random.normal(size=(m, 3)), k)
        for _ in range(150)
    ]
    error = np.std(scores, axis=0) / np.sqrt(150)
    assert (np.abs(np.mean(scores, axis=0) - [1.0, expected]) < 4.0 * error).all()


def test_outlier_does_not_blur_the_rest(random):
    """Rounding slack is relative to the points compared, not to the largest one."""
    real, fake = random.normal(size=(2, 80, 4))
    far = np.full((1, 4), 1e7)
    real, fake = np.vstack([real, far]), np.vstack([fake, -far])
    np.testing.assert_allclose(precision_recall(real, fake), by_tree(real, fake, 3), rtol=1e-12)


@pytest.mark.slow
def test_the_readme_of_prdc():
    """Two sets of one distribution: published numbers, of another seed, so within the spread."""
    pairs = Pairs(*np.random.default_rng(0).normal(size=(2, 10_000, 1000)), k=5)
    (precision, recall), (density, coverage) = pairs.measure(
        ClosedBalls(pairs, 5), OpenBalls(pairs, 5)
    )
    assert (precision, recall) == pytest.approx((0.4772, 0.4705), abs=0.03)
    assert density == pytest.approx(1.0555, abs=0.2)
    assert coverage == pytest.approx(0.9735, abs=0.02)
    assert coverage == pytest.approx(1 - 2**-5, abs=0.02)


@pytest.mark.parametrize("metric", [precision_recall, density_coverage])
def test_memory_is_bounded(random, monkeypatch, metric):
    monkeypatch.setattr(tiles, "TILE", 128)
    real, fake = random.normal(size=(2, 3000, 4)).astype(np.float32)
    tracemalloc.start()
    metric(real, fake)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3000 * 3000 * 8 / 20


@pytest.mark.parametrize(
    ("metric", "labels"),
    [
        (precision_recall, ["real to real", "fake to fake", "real to fake"]),
        (density_coverage, ["real to real", "real to fake"]),
    ],
)
def test_progress_bars(random, monkeypatch, capsys, metric, labels):
    monkeypatch.setattr(tiles, "TILE", 8)
    real, fake = random.normal(size=(2, 16, 2))
    metric(real, fake)
    assert capsys.readouterr().out == ""
    metric(real, fake, verbose=True)
    lines = capsys.readouterr().out.splitlines()
    ends = {"real to real": "3/3", "fake to fake": "3/3", "real to fake": "4/4"}
    assert [line for line in lines if line.endswith(f" [{'=' * 20}]")] == [
        f"{label}: {ends[label]} [{'=' * 20}]" for label in labels
    ]
