import itertools

import numpy as np
import pytest
from scipy.stats import entropy

from keras_gans.metrics import inception_score


@pytest.fixture
def probabilities():
    return np.random.default_rng(0).dirichlet(np.full(10, 0.3), size=203)


def by_entropies(probabilities):
    """Mutual information as a difference of entropies, instead of a mean divergence."""
    return np.exp(entropy(probabilities.mean(axis=0)) - entropy(probabilities, axis=1).mean())


def test_one_split(probabilities):
    mean, std = inception_score(probabilities)
    np.testing.assert_allclose(mean, by_entropies(probabilities), rtol=1e-12)
    assert type(mean) is float
    assert std == 0.0


@pytest.mark.parametrize("splits", [2, 10, 203])
def test_splits_are_consecutive(probabilities, splits):
    bounds = [i * 203 // splits for i in range(splits + 1)]
    scores = [by_entropies(probabilities[i:j]) for i, j in itertools.pairwise(bounds)]
    mean, std = inception_score(probabilities, splits)
    np.testing.assert_allclose(mean, np.mean(scores), rtol=1e-12)
    np.testing.assert_allclose(std, np.std(scores), rtol=1e-9, atol=1e-12)


def test_extremes():
    np.testing.assert_allclose(inception_score(np.eye(10)).mean, 10.0, rtol=1e-12)
    np.testing.assert_allclose(inception_score(np.full((7, 4), 0.25)).mean, 1.0, rtol=1e-12)
    assert inception_score([[0.0, 1.0]] * 5).mean == 1.0  # sharp but collapsed
    assert inception_score([[0.2, 0.8]]).mean == 1.0  # one sample says nothing of diversity


def test_float32_softmax(probabilities):
    score = inception_score(probabilities.astype(np.float32)).mean
    np.testing.assert_allclose(score, by_entropies(probabilities), rtol=1e-5)


@pytest.mark.parametrize(
    "bad", [[[0.5, 0.6]], [[1.5, -0.5]], [[3.0, -1.0]], [[0.0, 0.0]], [[0.5, 0.4]]]
)
def test_not_probabilities(bad):
    with pytest.raises(ValueError, match="Expected rows of probabilities .* Apply softmax"):
        inception_score(bad)


def test_bad_arguments(probabilities):
    with pytest.raises(ValueError, match="Expected probabilities to be finite"):
        inception_score([[np.nan, 1.0]])
    for splits in (0, 204, 1.5):
        with pytest.raises(ValueError, match="Expected splits to be an integer, between 1 and 203"):
            inception_score(probabilities, splits)
