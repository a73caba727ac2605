import numpy as np
import pytest

from keras_gans.metrics import label_coverage, mode_coverage

ANGLES = np.linspace(0.0, 2.0 * np.pi, 8, endpoint=False)
RING = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)
GRID = np.stack(np.meshgrid(np.arange(-4, 5, 2), np.arange(-4, 5, 2)), axis=-1).reshape(-1, 2)


@pytest.fixture
def random():
    return np.random.default_rng(0)


def perfect(random, centers, std, count):
    chosen = random.integers(len(centers), size=count)
    return centers[chosen] + std * random.normal(size=(count, centers.shape[1]))


def by_loops(samples, centers, std):
    covered, good, counts = set(), 0, np.zeros(len(centers))
    for sample in samples:
        distances = [np.sqrt(np.sum((sample - center) ** 2)) for center in centers]
        nearest = int(np.argmin(distances))
        counts[nearest] += 1
        if distances[nearest] <= 3 * std:
            covered.add(nearest)
            good += 1
    shares = counts[counts > 0] / len(samples)
    return len(covered), good / len(samples), np.sum(shares * np.log(shares * len(centers)))


def test_loops(random):
    samples = np.vstack([perfect(random, GRID[:9], 0.05, 300), random.uniform(-5, 5, (200, 2))])
    got = mode_coverage(samples, GRID, 0.05)
    assert [type(value) for value in got] == [int, float, float]
    np.testing.assert_allclose(got, by_loops(samples, GRID, 0.05), rtol=1e-12)


@pytest.mark.parametrize(
    ("modes", "count", "floor", "draws"),
    [
        (8, 2_500, 0.0014, 400),
        (25, 2_500, 0.0048, 400),
        pytest.param(1000, 26_000, 0.0193, 30, marks=pytest.mark.slow),
    ],
)
def test_published_floors_of_a_perfect_generator(random, modes, count, floor, draws):
    centers = RING if modes == 8 else GRID if modes == 25 else np.arange(modes)[:, None] * 1.0
    scores = [
        mode_coverage(perfect(random, centers, 0.01, count), centers, 0.01).reverse_kl
        for _ in range(draws)
    ]
    error = np.std(scores) / np.sqrt(draws)
    rounding = 0.5e-4  # of the published figures
    assert abs(np.mean(scores) - floor) < rounding + 3.0 * error
    assert error < 0.03 * floor


def test_perfect_generator(random):
    modes, high_quality, _ = mode_coverage(perfect(random, RING, 0.01, 20_000), RING, 0.01)
    assert modes == 8
    share = 1.0 - np.exp(-4.5)  # of a two-dimensional Gaussian within 3 standard deviations
    assert abs(high_quality - share) < 4.0 * np.sqrt(share * (1.0 - share) / 20_000)


def test_collapsed_generator():
    modes, high_quality, divergence = mode_coverage(np.tile(RING[3], (100, 1)), RING, 0.01)
    assert (modes, high_quality) == (1, 1.0)
    np.testing.assert_allclose(divergence, np.log(8), rtol=1e-12)


def test_divergence_counts_low_quality_samples_and_coverage_does_not():
    samples = [[0.0], [0.1], [0.2], [8.0]]  # the last is nearest to 10, but not near
    modes, high_quality, divergence = mode_coverage(samples, [[0.0], [10.0]], std=0.1)
    assert (modes, high_quality) == (1, 0.75)
    np.testing.assert_allclose(divergence, 0.75 * np.log(1.5) + 0.25 * np.log(0.5), rtol=1e-12)


def test_divergence_is_from_samples_to_modes():
    """The reverse direction stays finite where a mode is missed; the forward one would not."""
    samples = np.repeat(RING[:7], 10, axis=0)
    np.testing.assert_allclose(
        mode_coverage(samples, RING, 0.01).reverse_kl, np.log(8 / 7), rtol=1e-12
    )


def test_three_standard_deviations_are_within():
    assert mode_coverage([[3.0], [3.0001]], [[0.0]], std=1.0).high_quality == 0.5


def test_one_sample_and_one_mode():
    assert mode_coverage([[5.0]], [[0.0]], std=1.0) == (0, 0.0, 0.0)


@pytest.mark.parametrize("std", [0.0, -1.0, np.nan, np.inf])
def test_bad_std(std):
    with pytest.raises(ValueError, match="Expected std to be finite and above 0. Received: std="):
        mode_coverage(RING, RING, std)


# Classes of samples


def test_label_coverage_by_a_loop(random):
    labels = random.integers(0, 7, 200) // 2  # Of 5 classes 4 occur, the last of them less often.
    found = label_coverage(labels, 5)
    counts = [sum(label == k for label in labels) for k in range(5)]
    assert found.modes == sum(count > 0 for count in counts) == 4
    kl = sum(c / 200 * np.log(c / 200 * 5) for c in counts if c)
    assert found.reverse_kl == pytest.approx(kl)


def test_label_coverage_at_its_ends(random):
    assert label_coverage([3] * 10, 10) == (1, pytest.approx(np.log(10)))
    assert label_coverage(np.arange(10), 10) == (10, pytest.approx(0.0, abs=1e-12))
    found = label_coverage(random.integers(0, 1000, 26_000), 1000)
    assert found.modes == 1000 and found.reverse_kl == pytest.approx(0.0193, rel=0.1)


@pytest.mark.parametrize("labels", [[], [[1]], [-1, 2], [4]])
def test_labels_that_are_none(labels):
    with pytest.raises(ValueError, match=r"Expected labels of shape \(n,\), from 0 to 3"):
        label_coverage(np.array(labels, "int64"), 4)
