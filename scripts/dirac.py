"""The Dirac-GAN: how far each way of training ends from equilibrium, published and ours."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

from keras_gans import callbacks, models
from keras_gans.callbacks.files import replacing
from keras_gans.penalties import R1, R2, GradientPenalty, Penalty

SOURCE = "Dirac-GAN (Mescheder et al., 2018): distance to equilibrium after 500 steps"
_STEPS = 500


class Row(NamedTuple):
    """One way of training, and the published distance."""

    name: str
    loss: str
    published: float
    penalties: Callable[[], Sequence[Penalty]] = list
    clip_value: float | None = None

    @property
    def orbits(self) -> bool:
        """Whether the distance stays about as large as it was, or falls slowly."""
        return self.published > 1e-3


ROWS = (
    Row("GAN, minimax", "minimax", 1.41),
    Row("GAN, non-saturating", "non_saturating", 0.271),
    Row("WGAN, clipped at 1", "wasserstein", 0.985, clip_value=1.0),
    Row("WGAN-GP .35", "wasserstein", 1.28, lambda: [GradientPenalty(0.35)]),
    Row("GAN, minimax + R1 .3", "minimax", 2.4e-7, lambda: [R1(0.3)]),
    Row("GAN, minimax + R1 1", "minimax", 8.5e-17, lambda: [R1(1.0)]),
    Row("GAN, non-saturating + R1 .3", "non_saturating", 1.6e-7, lambda: [R1(0.3)]),
    Row(
        "relativistic + R1 .3 + R2 .3",
        "relativistic",
        1.5e-14,
        lambda: [R1(0.3), R2(0.3)],
    ),
)


def distance(row: Row, steps: int = _STEPS) -> float:
    """Trains G = theta against D(x) = psi x on data at 0, by `fit`, and returns |(theta, psi)|.

    Args:
        row: The way of training.
        steps: How many, each an update of D and one of G, by plain gradient descent of rate .2 from
            theta = 1 and psi = -1.

    Returns:
        The distance to the equilibrium, theta = psi = 0.

    Example:
        >>> distance(ROWS[0], steps=10)
    """
    generator = keras.Sequential(
        [
            keras.Input((1,)),
            keras.layers.Rescaling(0.0),  # Whatever the latents are.
            keras.layers.Dense(1, bias_initializer="ones"),
        ]
    )
    minus_one = keras.initializers.Constant(-1.0)
    discriminator = keras.Sequential(
        [keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer=minus_one)]
    )
    gan = models.GAN(generator, discriminator, loss=row.loss, seed=0)
    gan.compile(
        keras.optimizers.SGD(0.2),
        keras.optimizers.SGD(0.2),
        n_critic=1,
        penalties=row.penalties(),
        steps_per_execution=steps,
    )
    clipping = [callbacks.WeightClipping(row.clip_value)] if row.clip_value else []
    point = np.zeros((1, 1), "float32")
    gan.fit(point, batch_size=1, steps_per_epoch=steps, verbose=0, callbacks=clipping)
    theta, psi = generator.layers[-1].bias, discriminator.layers[-1].kernel
    return float(np.hypot(*(np.array(value).item() for value in (theta, psi))))


def table() -> str:
    """Trains all rows and returns the table as Markdown."""
    lines = [f"# {SOURCE}", "", "| row | published | ours |", "|---|---|---|"]
    lines += [f"| {row.name} | {row.published:.3g} | {distance(row):.3g} |" for row in ROWS]
    return "\n".join([*lines, ""])


def run(arguments: argparse.Namespace) -> None:
    """Prints the table and writes it."""
    text = table()
    print(text)
    path = Path(arguments.out or "results/dirac-gan") / "table.md"
    with replacing(path) as aside:
        aside.write_text(text)
    print(f"{path} holds the table.")
