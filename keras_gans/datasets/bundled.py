"""The base of the data sets that come inside Python packages, as TFDS builders."""

import abc
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow_datasets as tfds


class Bundled(tfds.core.GeneratorBasedBuilder):
    """Grey images of ten classes, a fifth of each held out in the split "test".

    A data set says what it is, and gives its images and labels in `_arrays`.
    """

    side: int
    description: str
    homepage: str
    # Whether the splits keep the package's order of images, or that of their random draw.
    keeps_order = True

    def check_source(self) -> None:
        """Raises if the package that the images come in is not installed."""

    @abc.abstractmethod
    def _arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """Returns all images, uint8 of shape `(n, side, side, 1)`, and their labels."""

    def _info(self) -> tfds.core.DatasetInfo:
        return tfds.core.DatasetInfo(
            builder=self,
            description=self.description,
            homepage=self.homepage,
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(self.side, self.side, 1)),
                    "label": tfds.features.ClassLabel(num_classes=10),
                }
            ),
            supervised_keys=("image", "label"),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager: Any) -> dict[str, Iterator[Any]]:
        from sklearn.model_selection import train_test_split

        images, labels = self._arrays()
        train, test = train_test_split(
            np.arange(len(images)), test_size=0.2, stratify=labels, random_state=0
        )
        return {
            "train": self._generate_examples(images, labels, train),
            "test": self._generate_examples(images, labels, test),
        }

    def _generate_examples(
        self, images: np.ndarray, labels: np.ndarray, indices: np.ndarray
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        # TFDS writes examples in the order of their keys, which it does not store.
        for key, index in enumerate(np.sort(indices) if self.keeps_order else indices):
            yield key, {"image": images[index], "label": int(labels[index])}
