"""The protocol: one pass of features for all metrics, and what was done beside every result."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from keras_gans.datasets.ranges import check_values, scale_of, scaled
from keras_gans.metrics import extractors
from keras_gans.metrics.cache import cached, fingerprint
from keras_gans.metrics.collapse import NearDuplicates
from keras_gans.metrics.features import Extractor, Features
from keras_gans.metrics.frechet import GaussianDistance, frechet_distance_at_infinity
from keras_gans.metrics.kernel import SquaredDiscrepancy
from keras_gans.metrics.manifolds import ClosedBalls, OpenBalls
from keras_gans.metrics.mixtures import mode_coverage
from keras_gans.metrics.pairs import PairMetric, Pairs
from keras_gans.metrics.samples import as_arrays
from keras_gans.metrics.scores import inception_score
from keras_gans.metrics.transport import sliced_wasserstein

# Reals and fakes that are compared unless `n` says otherwise.
MAX_SAMPLES = 10_000
# Reals and fakes that every metric is defined for.
MIN_SAMPLES = 6


class Scores(dict[str, float]):
    """Metrics by name, as floats.

    Attributes:
        protocol: How they were measured: extractor, its version, resize method, counts, seed, and
            of a conditional model what labels its samples have.
        by_class: The same metrics by class, of a conditional model measured against labelled data;
            else empty.
    """

    protocol: dict[str, Any]
    by_class: dict[int, dict[str, float]]


class Mixture(NamedTuple):
    """Equal Gaussians that the data is drawn from: centres `(modes, d)`, standard deviation."""

    centers: np.ndarray
    std: float


class Metric(NamedTuple):
    """Numbers of one computation, of pairs of samples or of what it needs beside these."""

    names: tuple[str, ...]
    make: Callable[[Pairs, Any], PairMetric]
    needs: str | None = None
    by_default: bool = True


class Alone:
    """A metric that compares no pairs."""

    observers: Mapping[str, Any] = {}

    def __init__(self, numbers: Sequence[float]):
        self.numbers = numbers

    def result(self) -> Sequence[float]:
        """Returns the numbers."""
        return self.numbers


METRICS = (
    Metric(("fid",), lambda pairs, _: GaussianDistance(pairs)),
    Metric(("kid",), lambda pairs, _: SquaredDiscrepancy(pairs)),
    Metric(("precision", "recall"), lambda pairs, _: ClosedBalls(pairs, k=3)),
    Metric(("density", "coverage"), lambda pairs, _: OpenBalls(pairs, k=5)),
    Metric(("duplicates",), lambda pairs, _: NearDuplicates(pairs)),
    Metric(("sliced",), lambda pairs, _: Alone([sliced_wasserstein(pairs.real, pairs.fake)])),
    Metric(
        ("fid_infinity",),
        lambda pairs, _: Alone([frechet_distance_at_infinity(pairs.real, pairs.fake)]),
        by_default=False,
    ),
    Metric(("is",), lambda _, shares: Alone(inception_score(shares)[:1]), "probabilities"),
    Metric(
        ("modes", "high_quality", "reverse_kl"),
        lambda pairs, mixture: Alone(mode_coverage(pairs.fake, *mixture)),
        "mixture",
    ),
)
LARGEST_K = 5  # neighbours that they look at


def compare(
    real: Features,
    fake: Features,
    metrics: Sequence[str] | None = None,
    mixture: Mixture | None = None,
) -> dict[str, float]:
    """Computes all metrics of two sets of features.

    Args:
        real: `Features` of real samples, at least 6.
        fake: `Features` of generated samples, by the same extractor, at least 6.
        metrics: Names among "fid", "kid", "precision", "recall", "density", "coverage",
            "duplicates", "sliced" and "fid_infinity"; "is", where the extractor gives
            probabilities; "modes", "high_quality", "reverse_kl", of features that are points of a
            mixture. By default all that can be had, but for "fid_infinity", which takes long.
        mixture: `(centers, std)` of equal Gaussians.

    Returns:
        The metrics by name, in the order asked for. KID is of the whole sets, unbiased; precision
        and recall with k = 3, density and coverage with k = 5, the inception score of one part,
        the sliced distance of 50 directions.

    Raises:
        ValueError: If a metric is unknown or lacks what it needs.

    Example:
        >>> compare(Features(real), Features(fake), ["fid", "kid"])
        {'fid': 0.61, 'kid': 0.02}
    """
    wanted = check(metrics, fake, mixture)
    needed = {None: None, "probabilities": fake.probabilities, "mixture": mixture}
    chosen = [metric for metric in METRICS if set(metric.names) & set(wanted)]
    pairs = Pairs(real.vectors, fake.vectors, k=LARGEST_K)
    results = pairs.measure(*(metric.make(pairs, needed[metric.needs]) for metric in chosen))
    values: dict[str, float] = {}
    for metric, result in zip(chosen, results, strict=True):
        values.update(zip(metric.names, map(float, np.atleast_1d(result)), strict=True))
    return {name: values[name] for name in wanted}


def compare_by_class(
    real: Features,
    fake: Features,
    metrics: Sequence[str] | None = None,
    mixture: Mixture | None = None,
) -> dict[int, dict[str, float]]:
    """Computes the metrics of each class by itself.

    Args:
        real: `Features` of real samples.
        fake: `Features` of generated samples, by the same extractor.
        metrics: As for `compare`.
        mixture: As for `compare`.

    Returns:
        What `compare` returns, by class, of the classes with at least 6 reals and 6 fakes; an empty
        dict where the features of either have no labels.

    Example:
        >>> compare_by_class(real, fake, ["fid"])
        {0: {'fid': 0.61}, 1: {'fid': 0.74}}
    """
    if real.labels is None or fake.labels is None:
        return {}
    scores = {}
    for label in np.intersect1d(real.labels, fake.labels):
        a, b = (_of_class(features, label) for features in (real, fake))
        if min(len(a.vectors), len(b.vectors)) >= MIN_SAMPLES:
            scores[int(label)] = compare(a, b, metrics, mixture)
    return scores


def _of_class(features: Features, label: int) -> Features:
    chosen, probabilities = features.labels == label, features.probabilities
    return Features(
        features.vectors[chosen], None if probabilities is None else probabilities[chosen]
    )


def check(
    metrics: Sequence[str] | None, features: Features, mixture: Mixture | None = None
) -> list[str]:
    """Returns the names of the metrics that are asked for, or raises where one cannot be had.

    Args:
        metrics: As for `compare`.
        features: Features of the extractor that is used.
        mixture: As for `compare`.

    Raises:
        ValueError: If a metric is unknown or lacks what it needs.

    Example:
        >>> check(["fid"], features)
        ['fid']
    """
    given = {None, "probabilities" if features.probabilities is not None else None}
    given |= {"mixture"} if mixture is not None else set()
    available = [name for metric in METRICS if metric.needs in given for name in metric.names]
    needed = {name: metric.needs for metric in METRICS for name in metric.names}
    usual = [name for metric in METRICS if metric.by_default for name in metric.names]
    wanted = [name for name in available if name in usual] if metrics is None else list(metrics)
    wrong = [name for name in wanted if name not in available]
    if wrong:
        hints = [f"; {name} needs {needed[name]}" for name in wrong if name in needed]
        raise ValueError(
            f"Expected metrics among {available}. Received: metrics={wanted}{''.join(hints)}"
        )
    return wanted


def evaluate(
    gan: Any,
    data: Any,
    metrics: Sequence[str] | None = None,
    extractor: Any = None,
    n: int | None = None,
    seed: int = 0,
    mixture: Mixture | None = None,
    by_class: bool = True,
    batch_size: int | None = None,
) -> Scores:
    """Measures a model against data; what `gan.evaluate` does.

    Samples of a conditional model have the labels of the data, if it has any, so that the shares of
    the classes are the same; otherwise the classes take turns.

    Args:
        gan: Has `generate(n, seed)` and `sample_shape`; if it is `conditional`, `generate` takes
            `labels` too.
        data: As for `GAN.evaluate`.
        metrics: As for `compare`.
        extractor: As for `GAN.evaluate`.
        n: As for `GAN.evaluate`.
        seed: Integer seed of the latents.
        mixture: As for `compare`.
        by_class: Whether each class is measured too, of a conditional model against labelled data.
        batch_size: As for `GAN.evaluate`.

    Returns:
        The `Scores`.

    Raises:
        ValueError: If the data does not fit, a metric cannot be had, or a conditional model is
            measured against data whose labels are not one integer a sample.

    Example:
        >>> scores = evaluate(gan, images, ["fid"], extractor="digits")
    """
    extractor = extractors.get(extractor, gan.sample_shape)
    real = real_features(data, extractor, gan.sample_shape, n, getattr(gan, "value_range", None))
    n = n or len(real.vectors)
    samples, labels = draw(gan, real, n, seed, batch_size)
    fake = extractor(samples)._replace(labels=labels)
    scores = Scores(compare(real, fake, metrics, mixture))
    scores.by_class = compare_by_class(real, fake, metrics, mixture) if by_class else {}
    scores.protocol = {
        **protocol_of(extractor, gan.sample_shape),
        "real_samples": len(real.vectors),
        "fake_samples": n,
        "seed": seed,
    }
    if is_conditional(gan):
        scores.protocol["labels"] = "in turn" if labels is None else "of the data"
    return scores


def is_conditional(gan: Any) -> bool:
    """Tells whether a model draws samples of a class."""
    return getattr(gan, "conditional", False)


def draw(
    gan: Any, real: Features, n: int, seed: int = 0, batch_size: int | None = None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Draws samples of a model, of a conditional one with the labels of real samples.

    Args:
        gan: As for `evaluate`.
        real: `Features` whose labels are used, over and over where n is larger.
        n: How many samples.
        seed: Integer seed of the latents.
        batch_size: Samples that are drawn at a time; the model's own number by default.

    Returns:
        The samples, and the labels that they were drawn with; None where these are not of the data.

    Raises:
        ValueError: If the model is conditional and the labels are not one integer a sample.

    Example:
        >>> samples, labels = draw(gan, real, n=1000)
    """
    arguments = {"seed": seed} if batch_size is None else {"seed": seed, "batch_size": batch_size}
    if not is_conditional(gan) or real.labels is None:
        return gan.generate(n, **arguments), None
    if real.labels.dtype.kind not in "iu" or real.labels.shape != (len(real.vectors),):
        raise ValueError(
            f"Expected one integer label for each of {len(real.vectors)} samples. Received: labels "
            f"of shape {real.labels.shape} and dtype {real.labels.dtype}; pass class numbers"
        )
    labels = np.resize(real.labels, n)
    return gan.generate(n, **arguments, labels=labels), labels


def protocol_of(extractor: Extractor, sample_shape: tuple[int, ...]) -> dict[str, Any]:
    """Tells how features are made, and whether published scores are made so."""
    return {
        "extractor": extractor.name,
        "extractor_version": extractor.version,
        "resize": extractor.resize_method(sample_shape),
        "comparable": extractor.comparable,
    }


def real_features(
    data: Any,
    extractor: Extractor,
    sample_shape: tuple[int, ...],
    n: int | None = None,
    value_range: tuple[float, float] | None = None,
) -> Features:
    """Extracts the features of at most n real samples, or finds them in the cache.

    Args:
        data: `Features`, which are returned as they are; or data as `GAN.evaluate` takes it.
        extractor: The `Extractor`.
        sample_shape: Shape of the model's samples.
        n: At most so many samples, evenly spread over the data; 10,000 by default.
        value_range: The least and the largest value that samples may have, if there are bounds.

    Returns:
        The `Features`, with labels where the data has any.

    Example:
        >>> real = real_features(images, kg.metrics.classifier("digits"), (8, 8, 1))
    """
    if isinstance(data, Features):
        return data
    samples, labels = as_arrays(data, sample_shape, n or MAX_SAMPLES)
    scale = scale_of(samples, value_range)
    samples = scaled(samples, scale) if scale else samples
    check_values(samples, value_range)
    if extractor.model is None:
        return extractor(samples)._replace(labels=labels)
    key = (fingerprint(samples), extractor.name, extractor.version, samples.shape)

    def extract() -> dict[str, np.ndarray]:
        return {k: v for k, v in extractor(samples)._asdict().items() if v is not None}

    return Features(**cached("features", key, extract))._replace(labels=labels)
