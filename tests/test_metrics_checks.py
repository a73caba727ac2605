"""Every metric refuses bad arrays in one line that names the argument; every example runs."""

import doctest
import importlib
import pkgutil

import numpy as np
import pytest

from keras_gans import metrics

GOOD = np.random.default_rng(0).normal(size=(12, 3))
PAIRS = {  # metric: names of its two arrays
    metrics.frechet_distance: ("a", "b"),
    metrics.kernel_distance: ("a", "b"),
    metrics.precision_recall: ("real", "fake"),
    metrics.density_coverage: ("real", "fake"),
    metrics.nearest_neighbours: ("samples", "references"),
    metrics.sliced_wasserstein: ("a", "b"),
    metrics.optimal_transport: ("a", "b"),
    lambda samples, centers: metrics.mode_coverage(samples, centers, std=1.0): (
        "samples",
        "centers",
    ),
}
BAD = {
    "nan": np.where(np.arange(36).reshape(12, 3) == 16, np.nan, GOOD),
    "infinity": np.where(np.arange(36).reshape(12, 3) == 16, -np.inf, GOOD),
    "rank 1": GOOD[:, 0],
    "rank 3": GOOD[:, :, np.newaxis],
    "empty": GOOD[:0],
    "no features": GOOD[:, :0],
    "complex": GOOD * 1j,
    "words": [["a", "b", "c"]] * 12,
    "ragged": [[1.0, 2.0, 3.0], [1.0]],
    "none": None,
}


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize(("metric", "names"), PAIRS.items())
@pytest.mark.parametrize("position", [0, 1])
def test_bad_array_is_named_in_one_line(metric, names, position, bad):
    arrays = [GOOD, GOOD]
    arrays[position] = BAD[bad]
    with pytest.raises(ValueError, match=rf"Expected {names[position]} .*Received: ") as error:
        metric(*arrays)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("metric", PAIRS)
def test_dimensions_must_agree(metric):
    with pytest.raises(ValueError, match="same dimension.*Received: "):
        metric(GOOD, GOOD[:, :2])


def test_nan_is_located():
    with pytest.raises(ValueError, match=r"Received: b\[5, 1\]=nan"):
        metrics.frechet_distance(GOOD, BAD["nan"])


@pytest.mark.parametrize(
    ("metric", "needed"),
    [
        (metrics.frechet_distance, (2, 2)),
        (metrics.kernel_distance, (2, 2)),
        (metrics.precision_recall, (4, 4)),
        (metrics.density_coverage, (6, 1)),
    ],
)
@pytest.mark.parametrize("position", [0, 1])
def test_too_few_samples(metric, needed, position):
    sizes = [12, 12]
    sizes[position] = needed[position]
    metric(*(GOOD[:n] for n in sizes))
    sizes[position] -= 1
    with pytest.raises(ValueError, match=f"at least {needed[position]} samples"):
        metric(*(GOOD[:n] for n in sizes))


@pytest.mark.parametrize(
    "metric", [metrics.precision_recall, metrics.density_coverage, metrics.nearest_neighbours]
)
@pytest.mark.parametrize("k", [0, -1, 1.5, None, 13])
def test_k_out_of_range(metric, k):
    with pytest.raises(ValueError, match="Received: "):
        metric(GOOD, GOOD, k=k)


@pytest.mark.parametrize("kind", ["float32", "float16", "int64", "bool", "list"])
def test_number_types_are_accepted(kind):
    integers = np.random.default_rng(0).integers(0, 2, size=(12, 3))
    given = integers.tolist() if kind == "list" else integers.astype(kind)
    for metric in PAIRS:
        np.testing.assert_allclose(
            np.ravel(metric(given, given[::-1])),
            np.ravel(metric(integers * 1.0, integers[::-1] * 1.0)),
            rtol=1e-12,
        )


def test_arguments_are_not_changed():
    for metric in PAIRS:
        a, b = GOOD.copy(), GOOD[::-1].copy()
        metric(a, b)
        np.testing.assert_array_equal(a, GOOD)
        np.testing.assert_array_equal(b, GOOD[::-1])


# Those of extractors and protocol need a trained model.
MODELS = {"cache", "collapse", "extractors", "features", "protocol", "reference", "samples"}
MODULES = {m.name for m in pkgutil.iter_modules(metrics.__path__)} - MODELS


@pytest.mark.parametrize("module", sorted(MODULES))
def test_examples_run(module):
    module = importlib.import_module(f"keras_gans.metrics.{module}")
    assert doctest.testmod(module).failed == 0
