"""The tables of `keras-gans reproduce`: what is trained, and what is measured of it."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, cast

import numpy as np

from keras_gans import datasets, metrics, models, presets
from keras_gans.datasets import stacked
from keras_gans.metrics import extractors, protocol
from keras_gans.scripts import evaluate
from keras_gans.scripts.printed import SOURCES, Printed


class Row(NamedTuple):
    """One row of a table.

    Attributes:
        preset: A preset, or what the row is called where it is a changed one.
        data: What it is trained on.
        published: Mean and standard error of each score, the error None where one run is published.
        base: The preset that is changed; None where `preset` is one.
        changes: Its changed fields, as for `kg.presets.changed`.
        split: Of the data.
        epochs: To train, in place of the preset's.
        printed: The losses that the row's source prints while it trains.
        copies: Warped copies of each training image, for a source that has many more images.
    """

    preset: str
    data: str
    published: Mapping[str, tuple[float, float | None]] = {}
    base: str | None = None
    changes: Mapping[str, Any] = {}
    split: str = "train"
    epochs: int | None = None
    printed: Printed | None = None
    copies: int = 0

    @property
    def name(self) -> str:
        return f"{self.preset} on {self.data}"

    def description(self) -> dict[str, Any]:
        """Returns what is trained, as `kg.presets.get` has it."""
        return presets.changed(presets.get(self.base or self.preset), self.changes)


class Table(NamedTuple):
    """A published table.

    Attributes:
        source: The paper and what it compares.
        scores: What is measured of a model, a function of it and the row.
        trials: How many seeds each row has, as published.
        measurements: How often a model is measured while it trains, the last time at the end.
        rows: What is trained.
    """

    source: str
    scores: Callable[[models.GAN, Row], dict[str, float]]
    trials: int
    measurements: int
    rows: tuple[Row, ...]


def samples_of(data: str, split: str = "train", size: Any = None) -> np.ndarray:
    """Returns all samples of a data set."""
    dataset = datasets.load(data, split=split, size=size)
    return np.concatenate(list(dataset.batch(10_000).as_numpy_iterator()))


def mode_scores(gan: models.GAN, row: Row) -> dict[str, float]:
    """Modes and high-quality share of 2,500 samples, as PacGAN counts them, if data has modes."""
    modes = datasets.modes(row.data)
    return metrics.mode_coverage(gan.generate(2500, seed=0), *modes)._asdict() if modes else {}


def transport_scores(gan: models.GAN, row: Row) -> dict[str, float]:
    """Exact transport distance of 2,000 samples to held-out points, beside that of real points."""
    real, held_out = (samples_of(row.data, split)[:2000] for split in ("train", "test"))
    distance = metrics.optimal_transport(gan.generate(2000, seed=0), held_out)
    floor = metrics.optimal_transport(real, held_out)
    return {"transport": distance, "floor": floor, **mode_scores(gan, row)}


def stacked_scores(gan: models.GAN, row: Row) -> dict[str, float]:
    """Modes of 1,000 and reverse KL divergence of 25,600 stacks, by a classifier of the digits."""
    classify = extractors.get(row.data.removeprefix(stacked.PREFIX), evaluate.sample_shape(gan))
    samples = gan.generate(25_600, seed=0)
    channels = [classify(samples[..., i : i + 1]).probabilities for i in range(3)]
    digits = [cast(np.ndarray, each).argmax(axis=1) for each in channels]
    return metrics.label_coverage(np.array([100, 10, 1]) @ digits, 1000)._asdict()


def readable_scores(gan: models.GAN, row: Row) -> dict[str, float]:
    """What a classifier of digits that the model has not seen makes of 1,000 samples.

    "readable" is its mean top probability, as a share of that on real digits which neither has
    seen; "smallest_class" and "largest_class" are shares of the samples; "near_copies" are samples
    that lie nearer to a training image than 95 % of those real digits do.
    """
    size = cast(tuple[int, int], evaluate.sample_shape(gan)[:2])
    judge = extractors.classifier(row.data, size, split="test[:70%]")
    train, real = (samples_of(row.data, split, size) for split in (row.split, "test[70%:]"))
    samples = gan.generate(1000, seed=1)
    ours, theirs = (cast(np.ndarray, judge(each).probabilities) for each in (samples, real))
    shares = np.bincount(ours.argmax(axis=1), minlength=ours.shape[1]) / len(samples)
    return {
        "readable": float(ours.max(axis=1).mean() / theirs.max(axis=1).mean()),
        "smallest_class": float(shares.min()),
        "largest_class": float(shares.max()),
        "near_copies": near_copies(samples, train, real),
        "fid": gan.evaluate(train, ["fid"], extractor=row.data, n=1000)["fid"],
    }


def near_copies(samples: np.ndarray, train: np.ndarray, real: np.ndarray) -> float:
    """Share of samples that lie nearer to a training image than 95 % of unseen real ones do."""
    vectors = train.reshape(len(train), -1)
    ours, theirs = (
        metrics.nearest_neighbours(each.reshape(len(each), -1), vectors, 1).distances
        for each in (samples, real)
    )
    return float(np.mean(ours < np.quantile(theirs, 0.05)))


def source_scores(gan: models.GAN, row: Row) -> dict[str, float]:
    """What is said of digits; of patches of two photographs there is nothing to measure."""
    return readable_scores(gan, row) if row.data == "mnist_5k" else {}


def variant_scores(gan: models.GAN, row: Row) -> dict[str, float]:
    """Scores of samples against all training samples, beside those of held-out ones."""
    shape = evaluate.sample_shape(gan)
    real = evaluate.real_data(row.data, shape, None, protocol.is_conditional(gan))
    names = ("fid", "kid", "precision", "recall", "density", "coverage")
    extractor, n = extractors.get(row.data, shape), len(real.held_out)
    scores = evaluate.measure(gan, row.data, real, extractor, n, 0, names)[2]
    return {
        f"{name}{end}": scores[kind][name]
        for name in names
        for kind, end in (("samples", ""), ("held_out", " of held_out"))
    }


def few_scores(gan: models.GAN, row: Row) -> dict[str, float]:
    """The same against all training samples, of which the model has seen some, and near copies."""
    train, held_out = (samples_of(row.data, split) for split in (row.split, "test"))
    copies = near_copies(gan.generate(1000, seed=1), train, held_out)
    return {**variant_scores(gan, row), "near_copies": copies}


def feature_scores(gan: models.GAN, row: Row) -> dict[str, float]:
    """Scores on a classifier's features against training samples, beside those of two floors."""
    shape = evaluate.sample_shape(gan)
    real = evaluate.real_data(row.data, shape, None)
    extractor = extractors.get(row.data, shape)
    names = ("fid", "kid", "precision", "recall", "coverage")
    scores = evaluate.measure(gan, row.data, real, extractor, len(real.held_out), 0, names)[2]
    return {f"{name} of {kind}": scores[kind][name] for name in names for kind in scores}


def _modes(
    modes: tuple[float, float], share: tuple[float, float], kl: tuple[float, float] | None
) -> dict[str, tuple[float, float]]:
    """Published means and standard errors; the share of high quality in percent."""
    published = {"modes": modes, "high_quality": (share[0] / 100, share[1] / 100)}
    return {**published, "reverse_kl": kl} if kl else published


# Of PacGAN's table 1: modes, high quality, and reverse KL divergence where its error is known.
_PACGAN = {
    ("gan-grid", "ring"): _modes((6.3, 0.5), (98.2, 0.2), (0.45, 0.09)),
    ("gan-grid", "grid"): _modes((17.3, 0.8), (94.8, 0.7), (0.70, 0.07)),
    ("pac2gan-grid", "ring"): _modes((7.9, 0.1), (95.6, 2.0), (0.07, 0.03)),
    ("pac2gan-grid", "grid"): _modes((23.8, 0.7), (91.3, 0.8), (0.13, 0.04)),
    ("pac3gan-grid", "ring"): _modes((7.8, 0.1), (97.7, 0.3), None),
    ("pac3gan-grid", "grid"): _modes((24.6, 0.4), (94.2, 0.4), None),
    ("pac4gan-grid", "ring"): _modes((7.8, 0.1), (95.9, 1.4), None),
    ("pac4gan-grid", "grid"): _modes((24.8, 0.2), (93.6, 0.6), None),
}
# The same rows with the other reading of Adam's beta1.
_BLOCKS = {("gan-grid-blocks", data): _PACGAN["gan-grid", data] for data in ("ring", "grid")}

# The sources' systems, and epochs where the preset's are hours.
_SOURCES: tuple[tuple[str, str, int | None], ...] = (
    ("gan-mnist", "mnist_5k", None),
    ("dcgan-mnist", "mnist_5k", 5),
    ("gan-camel", "mnist_5k", None),
    ("wgan_gp-mnist-book", "mnist_5k", 2),
    ("wgan_gp-mnist", "mnist_5k", 1),
    ("wgan-cifar10", "photographs", 13),
    ("wgan_gp-celeba", "photographs", 1),
)


def _source(preset: str, data: str, epochs: int | None) -> Row:
    printed = SOURCES.get(preset, Printed({}))
    return Row(preset, data, printed.published(), epochs=epochs, printed=printed)


# Every variant with its own defaults; `DCGAN` differs from `GAN` in nothing but its networks.
_VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "GAN": ("lsgan-digits", {"model.class": "GAN"}),
    "LSGAN": ("lsgan-digits", {}),
    "HingeGAN": ("hinge-digits", {}),
    "WGAN": (
        "lsgan-digits",
        {"model.class": "WGAN", "callbacks.WeightClipping": {"clip_value": 0.01}},
    ),
    "WGANGP": ("lsgan-digits", {"model.class": "WGANGP"}),
    "DRAGAN": ("dragan-digits", {}),
    "R3GAN": ("r3gan-digits", {}),
    "InfoGAN": ("infogan-digits", {}),
    "ACGAN": ("acgan-digits", {}),
    "conditional-GAN": ("cgan-digits", {}),
    "conditional-WGANGP": ("cgan-digits", {"model.class": "WGANGP"}),
    "conditional-R3GAN": ("cgan-digits", {"model.class": "R3GAN"}),
}
_LARGER = {
    "generator.output_shape": [28, 28, 1],
    "generator.hidden": [512, 512],
    "discriminator.input_shape": [28, 28, 1],
    "discriminator.hidden": [512, 512],
    "data.name": "mnist_5k",
    "data.size": [28, 28],
    "fit.epochs": 60,
}
_AUGMENTED: dict[str, dict[str, Any]] = {
    "plain": {},
    "diffaugment": {
        "compile.augment": {"class": "DiffAugment", "policy": "translation,cutout"},
    },
    "ada": {"compile.augment": {"class": "ADA"}},
}

TABLES = {
    "default": Table(
        "Five minutes on two cores: what reads best among small pairs on 28x28 digits",
        readable_scores,
        3,
        1,
        tuple(
            Row(f"{name}-mnist", "mnist_5k") for name in ("hinge", "r1gan", "r3gan", "r3gan-aug")
        ),
    ),
    "digits": Table(
        "The default preset: samples, held-out digits and noise against training digits",
        feature_scores,
        3,
        1,
        (Row("wgan_gp-digits", "digits"),),
    ),
    "pacgan-table1": Table(
        "PacGAN (Lin et al., 2018), table 1, and WGAN-GP beside it",
        mode_scores,
        10,
        100,
        (
            *(Row(*names, published) for names, published in (_PACGAN | _BLOCKS).items()),
            Row("wgan_gp-grid", "8gaussians"),
            Row("wgan_gp-grid", "25gaussians"),
        ),
    ),
    "pacgan-table3": Table(
        "PacGAN (Lin et al., 2018), table 3, on 5,000 digits for 60,000: D a quarter of G",
        stacked_scores,
        50,
        10,
        tuple(
            Row(f"{name}-stacked", "stacked_mnist_5k", {"modes": modes})
            for name, modes in (
                ("dcgan", (78.5, 17.6)),
                ("pac2gan", (484.5, 33.0)),
                ("pac3gan", (601.3, 32.2)),
                ("pac4gan", (667.4, 29.0)),
            )
        ),
    ),
    "sources": Table(
        "The systems of the five sources, on 5,000 digits for 60,000 and patches of photographs",
        source_scores,
        1,
        1,
        (
            *(_source(*each) for each in _SOURCES),
            # Its discriminator learns 4,000 digits by heart; the source has 55,000.
            _source("gan-mnist", "mnist_5k", None)._replace(
                preset="gan-mnist-warped", base="gan-mnist", copies=13
            ),
        ),
    ),
    "variants": Table(
        "Every variant on one pair of networks: 6,000 steps on 28x28 digits",
        variant_scores,
        3,
        12,
        tuple(
            Row(name, "mnist_5k", base=base, changes={**_LARGER, **changes})
            for name, (base, changes) in _VARIANTS.items()
        ),
    ),
    "few": Table(
        "Few images: 4,000, 500 and 50 digits, without augmentation and with it",
        few_scores,
        3,
        6,
        tuple(
            Row(
                f"r3gan-{name}-{n}",
                "mnist_5k",
                base="r3gan-mnist",
                changes={**changes, "fit.batch_size": min(64, n)},
                split=f"train[:{n}]",
            )
            for n in (4000, 500, 50)
            for name, changes in _AUGMENTED.items()
        ),
    ),
    "particlegan": Table(
        "ParticleGAN's 100 Gaussians (its README, version 0.8): 7,000 updates of 2,048 points",
        mode_scores,
        3,
        10,
        (
            Row(
                "r3gan-100gaussians",
                "100gaussians",
                {"modes": (100.0, None), "high_quality": (0.989, None)},
            ),
        ),
    ),
    "wgan_gp-toys": Table(
        "WGAN-GP (Gulrajani et al., 2017), figure 1: clipping against penalty",
        transport_scores,
        3,
        10,
        tuple(
            Row(preset, data)
            for data in ("8gaussians", "25gaussians", "swissroll")
            for preset in ("wgan-25gaussians", "wgan_gp-25gaussians")
        ),
    ),
}
