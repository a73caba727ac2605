"""What a discriminator of points in the plane has learnt."""

import os
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_gans.callbacks.figures import value_surface
from keras_gans.callbacks.files import check_writable, replacing
from keras_gans.metrics.samples import as_array
from keras_gans.networks.inspection import logits_at


class ValueSurface(keras.callbacks.Callback):
    """Draws real and generated points over the level sets of the discriminator, for 2-D data.

    Args:
        directory: Folder of the pictures `epoch_<number>.png`.
        data: Real points, as for `fit`.
        centers: Modes to mark, float array of shape `(modes, 2)`.
        every_epochs: Epochs between two pictures.
        n: How many points to draw of each kind.
        seed: Integer seed of the latents.

    Raises:
        ValueError: If a number is not positive, the samples are not points in the plane, or the
            model is conditional: it has a surface for each class.

    Example:
        >>> centers = kg.datasets.ring_centers()
        >>> surface = kg.callbacks.ValueSurface("surface", points, centers, every_epochs=10)
        >>> gan.fit(points, epochs=100, callbacks=[surface])

    Reference:
        Gulrajani et al., 2017, Improved Training of Wasserstein GANs, figure 1.
    """

    def __init__(
        self,
        directory: str | os.PathLike[str],
        data: Any,
        centers: Any = None,
        every_epochs: int = 1,
        n: int = 1000,
        seed: int = 0,
    ):
        super().__init__()
        if min(every_epochs, n) < 1:
            raise ValueError(
                "Expected `every_epochs` and `n` of at least 1. Received: "
                f"every_epochs={every_epochs}, n={n}"
            )
        self.directory = Path(directory)
        self.data = data
        self.centers = centers
        self.every_epochs = every_epochs
        self.n = n
        self.seed = seed

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        if self.model.sample_shape != (2,):
            raise ValueError(
                "Expected a model of points in the plane. Received: samples of shape "
                f"{self.model.sample_shape}"
            )
        if getattr(self.model, "conditional", False):
            raise ValueError(
                "Expected an unconditional model, whose discriminator has one surface. Received: "
                "a conditional one; leave ValueSurface out"
            )
        self._real = as_array(self.data, (2,), self.n)
        check_writable(self.directory / "epoch_000001.png")

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if (epoch + 1) % self.every_epochs:
            return
        samples = self.model.generate(self.n, seed=self.seed)
        figure = value_surface(self._real, samples, self._critic, self.centers)
        with replacing(self.directory / f"epoch_{epoch + 1:06d}.png", self.model) as aside:
            figure.savefig(aside, dpi=80)

    def _critic(self, points: np.ndarray) -> np.ndarray:
        return logits_at(self.model.discriminator, points)
