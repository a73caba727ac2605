"""Samples beside the training images that they are nearest to."""

import os
from pathlib import Path
from typing import Any

import keras

from keras_gans.callbacks.figures import nearest_grid
from keras_gans.callbacks.files import check_writable, replacing
from keras_gans.callbacks.pictures import as_pixels
from keras_gans.datasets.ranges import check_values, scale_of, scaled
from keras_gans.metrics import extractors, nearest_neighbours
from keras_gans.metrics.samples import as_array


class NearestImages(keras.callbacks.Callback):
    """Draws samples beside their nearest training images: does the generator copy?

    Values and channels are drawn as those of `SampleGrid`.

    Args:
        path: The picture, such as "nearest.png"; drawn anew every few epochs.
        data: Training images, as for `fit`.
        samples: How many samples, one a row.
        k: How many training images beside each.
        every_epochs: Epochs between two drawings.
        extractor: In whose features images are near, as for `evaluate`; pixels by default.
        max_images: At most so many training images, evenly spread over the data.
        seed: Integer seed of the latents.

    Raises:
        ValueError: If a number is not positive, the samples are not images, or the data is not in
            the generator's range.

    Example:
        >>> gan.fit(images, callbacks=[kg.callbacks.NearestImages("nearest.png", images)])
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        data: Any,
        samples: int = 8,
        k: int = 5,
        every_epochs: int = 1,
        extractor: Any = None,
        max_images: int = 10_000,
        seed: int = 0,
    ):
        super().__init__()
        if min(samples, k, every_epochs, max_images) < 1:
            raise ValueError(
                "Expected `samples`, `k`, `every_epochs` and `max_images` of at least 1. Received: "
                f"samples={samples}, k={k}, every_epochs={every_epochs}, max_images={max_images}"
            )
        self.path = Path(path)
        self.data = data
        self.samples = samples
        self.k = k
        self.every_epochs = every_epochs
        self.extractor = extractor
        self.max_images = max_images
        self.seed = seed

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        shape = self.model.sample_shape
        self._range = getattr(self.model, "value_range", None)
        images = as_array(self.data, shape, self.max_images)
        scale = scale_of(images, self._range)
        self._images = scaled(images, scale) if scale else images
        check_values(self._images, self._range)
        # What cannot be drawn or written raises now.
        as_pixels(self._images[:1], self._range)
        check_writable(self.path)
        self._extract = extractors.get(self.extractor, shape)
        self._features = self._extract(self._images).vectors

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if (epoch + 1) % self.every_epochs:
            return
        samples = self.model.generate(self.samples, seed=self.seed)
        near = nearest_neighbours(self._extract(samples).vectors, self._features, self.k)
        with replacing(self.path, self.model) as aside:
            nearest_grid(samples, self._images[near.indices], self._range).save(aside)
