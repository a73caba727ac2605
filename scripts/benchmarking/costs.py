"""What a step costs beside one of `GAN`: of each variant, penalty and augmentation."""

import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np

from keras_gans import augment, callbacks, models, networks, penalties, presets

_BATCH = 64


class Way(NamedTuple):
    """A way to train the same pair of networks."""

    variant: str
    compile: Callable[[], dict[str, Any]] = dict
    heads: dict[str, int] | None = None


# The variants as they are by default, and what may be added to the first of them.
WAYS = {
    "GAN": Way("GAN"),
    "LSGAN": Way("LSGAN"),
    "HingeGAN": Way("HingeGAN"),
    "WGAN": Way("WGAN"),
    "WGANGP": Way("WGANGP"),
    "DRAGAN": Way("DRAGAN"),
    "R3GAN": Way("R3GAN"),
    "ACGAN": Way("ACGAN", heads={"class_logits": 10}),
    "InfoGAN": Way("InfoGAN", heads={"codes": 12}),
    "GAN, R1": Way("GAN", lambda: {"penalties": [penalties.R1(0.5)]}),
    "GAN, R1 every 16": Way("GAN", lambda: {"penalties": [penalties.R1(0.5, every=16)]}),
    "GAN, LeCam": Way("GAN", lambda: {"penalties": [penalties.LeCam()]}),
    "GAN, CR": Way("GAN", lambda: _consistency(penalties.ConsistencyRegularization)),
    "GAN, bCR": Way(
        "GAN",
        lambda: _consistency(
            penalties.ConsistencyRegularization, penalties.FakeConsistencyRegularization
        ),
    ),
    "GAN, PathLength every 4": Way(
        "GAN", lambda: {"generator_penalties": [penalties.PathLength(every=4)]}
    ),
    "GAN, DiffAugment": Way("GAN", lambda: {"augment": augment.DiffAugment()}),
    "GAN, ADA": Way("GAN", lambda: {"augment": augment.ADA()}),
    "GAN, n_critic 5": Way("GAN", lambda: {"n_critic": 5}),
}


def measure(rounds: int, steps: int) -> dict[str, dict[str, Any]]:
    """Times `fit` of each way on the networks of `dcgan-mnist`, in turn.

    Args:
        rounds: How often each is timed.
        steps: Steps in one timing.

    Returns:
        For each of `WAYS` its `step_seconds`, the median over the rounds, and `ratio`, the median
        of the rounds' ratios to `GAN`.
    """
    runs = {name: _run(way, steps) for name, way in WAYS.items()}
    for run in runs.values():
        run()  # Traces.
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            seconds[name].append(run())
    return {
        name: {
            "step_seconds": statistics.median(times),
            "ratio": statistics.median(a / b for a, b in zip(times, seconds["GAN"], strict=True)),
        }
        for name, times in seconds.items()
    }


def table(measured: dict[str, dict[str, Any]]) -> str:
    """Returns what was measured, a way a line, as Markdown."""
    lines = ["| way | step, ms | beside `GAN` |", "|---|---|---|"]
    for name, each in measured.items():
        lines.append(f"| {name} | {1e3 * each['step_seconds']:.0f} | {each['ratio']:.2f} |")
    return "\n".join(lines)


def _consistency(*added: type[penalties.ConsistencyRegularization]) -> dict[str, Any]:
    return {"penalties": [each(keras.layers.RandomTranslation(0.1, 0.1)) for each in added]}


def _run(way: Way, steps: int) -> Callable[[], float]:
    """Makes a function that trains for some steps and returns the seconds of one."""
    preset = presets.get("dcgan-mnist")
    generator, discriminator = presets.build_networks(preset)
    if way.heads:
        discriminator = networks.with_heads(discriminator, way.heads)
    labels = way.variant == "ACGAN"
    if labels:
        generator = _with_labels(generator)
    gan = getattr(models, way.variant)(generator, discriminator)
    gan.compile(**way.compile())
    used: list[keras.callbacks.Callback] = []
    if way.variant == "WGAN":
        used.append(callbacks.WeightClipping(0.01))
    n = steps * gan.batches_per_step * _BATCH
    x = np.random.default_rng(0).uniform(-1.0, 1.0, (n, *gan.sample_shape)).astype("float32")
    y = np.arange(n) % 10 if labels else None

    def run() -> float:
        start = time.perf_counter()
        gan.fit(x, y, batch_size=_BATCH, steps_per_epoch=steps, callbacks=used, verbose=0)
        return (time.perf_counter() - start) / steps

    return run


def _with_labels(generator: keras.Model) -> keras.Model:
    """Returns the generator with a second input, whose embedding is added to the latents."""
    latents, labels = keras.Input(generator.input_shape[1:]), keras.Input((), dtype="int32")
    embedding = keras.layers.Embedding(10, generator.input_shape[-1])(labels)
    return keras.Model([latents, labels], generator(latents + embedding))
