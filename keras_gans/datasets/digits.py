"""Handwritten digits that need no download: those inside scikit-learn."""

import numpy as np
import tensorflow_datasets as tfds

from keras_gans.datasets.bundled import Bundled

LEVELS = 16  # The pixels count the black dots of a 4 x 4 block of the scan.


class Digits(Bundled):
    """1,797 handwritten digits of 8 x 8 pixels, 1,437 to train on and 360 held out.

    The 17 grey levels 0..16 are spread over 0..255; `round(pixel * 16 / 255)` is the level.
    Each split keeps scikit-learn's order of images and its share of each class.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First version."}

    side = 8
    description = "Handwritten digits of the UCI repository, as scikit-learn bundles them."
    homepage = "https://doi.org/10.24432/C50P49"

    def _arrays(self) -> tuple[np.ndarray, np.ndarray]:
        from sklearn.datasets import load_digits

        digits = load_digits()
        images = np.rint(digits.images * (255 / LEVELS)).astype("uint8")
        return images[..., np.newaxis], digits.target
