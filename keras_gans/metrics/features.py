"""Features: what the metrics compare, and the extractors that make them from samples."""

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from keras_gans.metrics.cache import fingerprint

RESIZE = "bilinear, antialiased"


class Features(NamedTuple):
    """Features of samples, class probabilities of a classifier, and labels of labelled samples.

    Attributes:
        vectors: Float array of shape `(n, d)`.
        probabilities: Float array of shape `(n, classes)`, or None.
        labels: Integer array of shape `(n,)`, the class that each sample was drawn of, or None.
    """

    vectors: np.ndarray
    probabilities: np.ndarray | None = None
    labels: np.ndarray | None = None


class Extractor:
    """A network that maps samples to features, its preprocessing, and its name.

    Images are brought to the network's input: resized (bilinear, antialiased), grey repeated to
    three channels, colours averaged to grey. The network runs in inference mode.

    Args:
        model: `keras.Model` whose output is the features, or a dict of "features" and
            "probabilities". None for the samples themselves, flattened.
        name: What every result carries; the model's name by default.
        preprocess: Function of a batch of images in [-1, 1], already of the network's size.
        version: Tells apart what is cached; the fingerprint of the weights by default, to be set
            where `preprocess` changes.

    Raises:
        ValueError: If there is neither a model nor a name.

    Example:
        >>> extractor = kg.metrics.Extractor(model, name="my-features")
        >>> extractor(images).vectors.shape
        (64, 128)
    """

    # Whether scores of the features can be compared with published ones.
    comparable = False

    def __init__(
        self,
        model: keras.Model | None = None,
        name: str | None = None,
        preprocess: Callable[[Any], Any] | None = None,
        version: str | None = None,
    ):
        if not name:
            if model is None:
                raise ValueError(
                    "Expected a model, or a name. Received: neither; pass name='samples'"
                )
            name = model.name
        self.model: Any = model
        self.name = name
        self.preprocess = preprocess or (lambda images: images)
        self.version = version or self._fingerprint()

    def __call__(self, samples: np.ndarray, batch_size: int = 256) -> Features:
        """Extracts the features of samples.

        Args:
            samples: Float array of shape `(n, ...)`, images in [-1, 1].
            batch_size: How many go through the network at a time.

        Returns:
            `Features` of n rows, float32.

        Raises:
            ValueError: If the samples do not fit the network.
        """
        samples = np.asarray(samples, "float32")
        if self.model is None:
            return Features(samples.reshape(len(samples), -1))
        self._check(samples)
        chunks = [samples[i : i + batch_size] for i in range(0, len(samples), batch_size)]
        parts = [self._extract(chunk) for chunk in chunks]
        vectors, probabilities = zip(*parts, strict=True)
        known = probabilities[0] is not None
        return Features(np.concatenate(vectors), np.concatenate(probabilities) if known else None)

    def resize_method(self, sample_shape: tuple[int, ...]) -> str:
        """Tells how samples of a shape are resized: "none" where they fit."""
        return RESIZE if self._size_of(sample_shape) else "none"

    def _extract(self, samples: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        images = ops.convert_to_tensor(samples)
        if samples.ndim == 4:
            images = _with_channels(images, self.model.input_shape[-1])
            size = self._size_of(samples.shape[1:])
            if size:
                images = ops.image.resize(images, size, antialias=True, data_format="channels_last")
        outputs = self.model(self.preprocess(images), training=False)
        outputs = outputs if isinstance(outputs, dict) else {"features": outputs}
        arrays = {name: np.asarray(ops.convert_to_numpy(v)) for name, v in outputs.items()}
        vectors = arrays["features"].reshape(len(samples), -1).astype("float32")
        return vectors, arrays.get("probabilities")

    def _size_of(self, sample_shape: tuple[int, ...]) -> tuple[int, int] | None:
        """Returns the size that images are to be resized to, or None."""
        if self.model is None or len(sample_shape) != 3:
            return None
        size = self.model.input_shape[1:3]
        return None if None in size or size == tuple(sample_shape[:2]) else size

    def _check(self, samples: np.ndarray) -> None:
        rank = len(self.model.input_shape)
        channels = {1, 3, self.model.input_shape[-1]}
        if samples.ndim != rank or (rank == 4 and samples.shape[-1] not in channels):
            raise ValueError(
                f"Expected samples that fit the extractor {self.name!r} of input shape "
                f"{self.model.input_shape}. Received: samples of shape {samples.shape}"
            )

    def _fingerprint(self) -> str:
        weights = self.model.get_weights() if self.model else []
        return fingerprint(*weights)[:12]


def _with_channels(images: Any, channels: int | None) -> Any:
    if channels in (None, images.shape[-1]):
        return images
    return ops.repeat(ops.mean(images, axis=-1, keepdims=True), channels, axis=-1)
