"""The protocol: one pass of features for all metrics, and what was done beside every result."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from keras_gans.metrics import extractors
from keras_gans.metrics.cache import cached, fingerprint
from keras_gans.metrics.collapse import duplicate_share
from keras_gans.metrics.features import Extractor, Features
from keras_gans.metrics.frechet import frechet_distance
from keras_gans.metrics.kernel import kernel_distance
from keras_gans.metrics.manifolds import density_coverage, precision_recall
from keras_gans.metrics.mixtures import mode_coverage
from keras_gans.metrics.samples import as_array
from keras_gans.metrics.scores import inception_score

# Reals and fakes that are compared unless `n` says otherwise.
MOST = 10_000


class Scores(dict):
    """Metrics by name, as floats.

    Attributes:
        protocol: How they were measured: extractor, its version, resize method, counts, seed.
    """

    protocol: dict[str, Any]


class Mixture(NamedTuple):
    """Equal Gaussians that the data is drawn from: centres `(modes, d)`, standard deviation."""

    centers: np.ndarray
    std: float


class Metric(NamedTuple):
    """Numbers that come out of one computation, and what it needs beside features."""

    names: tuple[str, ...]
    compute: Callable[[Features, Features, Mixture | None], Any]
    needs: str | None = None


METRICS = (
    Metric(("fid",), lambda real, fake, _: (frechet_distance(real.vectors, fake.vectors),)),
    Metric(("kid",), lambda real, fake, _: kernel_distance(real.vectors, fake.vectors)[:1]),
    Metric(
        ("precision", "recall"), lambda real, fake, _: precision_recall(real.vectors, fake.vectors)
    ),
    Metric(
        ("density", "coverage"), lambda real, fake, _: density_coverage(real.vectors, fake.vectors)
    ),
    Metric(("duplicates",), lambda real, fake, _: (duplicate_share(real.vectors, fake.vectors),)),
    Metric(("is",), lambda _, fake, __: inception_score(fake.probabilities)[:1], "probabilities"),
    Metric(
        ("modes", "high_quality", "reverse_kl"),
        lambda _, fake, mixture: mode_coverage(fake.vectors, *mixture),
        "mixture",
    ),
)


def compare(
    real: Features,
    fake: Features,
    metrics: Sequence[str] | None = None,
    mixture: Mixture | None = None,
) -> dict[str, float]:
    """All metrics of two sets of features.

    Args:
        real: `Features` of real samples, at least 6.
        fake: `Features` of generated samples, by the same extractor, at least 6.
        metrics: Names among "fid", "kid", "precision", "recall", "density", "coverage",
            "duplicates"; "is", where the extractor gives probabilities; "modes", "high_quality",
            "reverse_kl", of features that are points of a mixture. All that can be had by default.
        mixture: `(centers, std)` of equal Gaussians.

    Returns:
        The metrics by name, in the order asked for. KID is of the whole sets, unbiased; precision
        and recall with k = 3, density and coverage with k = 5, the inception score of one part.

    Raises:
        ValueError: If a metric is unknown or lacks what it needs.

    Example:
        >>> compare(Features(real), Features(fake), ["fid", "kid"])
        {'fid': 0.61, 'kid': 0.02}
    """
    wanted = check(metrics, fake, mixture)
    values = {}
    for metric in METRICS:
        if set(metric.names) & set(wanted):
            numbers = metric.compute(real, fake, mixture)
            values.update(zip(metric.names, map(float, numbers), strict=True))
    return {name: values[name] for name in wanted}


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
    wanted = available if metrics is None else list(metrics)
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
) -> Scores:
    """Measures a model against data; what `gan.evaluate` does.

    Args:
        gan: Has `generate(n, seed)` and `sample_shape`.
        data: As for `GAN.evaluate`.
        metrics: As for `compare`.
        extractor: As for `GAN.evaluate`.
        n: As for `GAN.evaluate`.
        seed: Integer seed of the latents.
        mixture: As for `compare`.

    Returns:
        The `Scores`.

    Example:
        >>> scores = evaluate(gan, images, ["fid"], extractor="digits")
    """
    extractor = extractors.get(extractor, gan.sample_shape)
    real = real_features(data, extractor, gan.sample_shape, n)
    n = n or len(real.vectors)
    fake = extractor(gan.generate(n, seed=seed))
    scores = Scores(compare(real, fake, metrics, mixture))
    scores.protocol = {
        **protocol_of(extractor, gan.sample_shape),
        "real_samples": len(real.vectors),
        "fake_samples": n,
        "seed": seed,
    }
    return scores


def protocol_of(extractor: Extractor, sample_shape: tuple[int, ...]) -> dict[str, str]:
    """Tells how features are made."""
    return {
        "extractor": extractor.name,
        "extractor_version": extractor.version,
        "resize": extractor.resize_method(sample_shape),
    }


def real_features(
    data: Any, extractor: Extractor, sample_shape: tuple[int, ...], n: int | None = None
) -> Features:
    """Extracts the features of at most n real samples, or finds them in the cache.

    Args:
        data: `Features`, which are returned as they are; or data as `GAN.evaluate` takes it.
        extractor: The `Extractor`.
        sample_shape: Shape of the model's samples.
        n: At most so many samples, evenly spread over the data; 10,000 by default.

    Returns:
        The `Features`.

    Example:
        >>> real = real_features(images, kg.metrics.classifier("digits"), (8, 8, 1))
    """
    if isinstance(data, Features):
        return data
    samples = as_array(data, sample_shape, n or MOST)
    if extractor.model is None:
        return extractor(samples)
    key = (fingerprint(samples), extractor.name, extractor.version, samples.shape)

    def extract():
        return {k: v for k, v in extractor(samples)._asdict().items() if v is not None}

    return Features(**cached("features", key, extract))
