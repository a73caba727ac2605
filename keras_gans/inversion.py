"""Inversion: the latents that a generator makes given images of."""

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops, tree

from keras_gans.metrics import nearest_neighbours
from keras_gans.networks import inspection

# Beyond these no latent, or hardly one in 400 values, was in training.
_BOUNDS = {"uniform": 1.0, "normal": 3.0}


class Inverted(NamedTuple):
    """What `invert` has found.

    Attributes:
        latents: float32 array of shape `(n, latent_dim)`.
        samples: What the generator makes of them, of the shape of the images.
        errors: Mean squared error of each image's pixels, shape `(n,)`.
    """

    latents: np.ndarray
    samples: np.ndarray
    errors: np.ndarray


def invert(
    gan: Any,
    images: Any,
    labels: Any = None,
    steps: int = 300,
    learning_rate: float = 0.1,
    feature_weight: float = 0.1,
    candidates: int = 256,
    starts: int = 4,
    seed: int = 0,
) -> Inverted:
    """Looks for latents whose samples are given images, by gradient descent.

    Of some random latents those whose samples are nearest to an image are the starts for it. Adam
    lowers the mean squared error of the pixels, and of the discriminator's features relative to
    their mean square; its learning rate falls to 0 as a cosine. Latents stay within [-1, 1] if
    uniform, and within [-3, 3] if normal. Of the starts of an image the one that ends with the
    least error of the pixels is kept. All images are worked on at once: memory grows with `n
    starts`.

    Args:
        gan: The model; its averaged generator is inverted, where there is one.
        images: Float array of shape `(n, *sample_shape)`, in the generator's range.
        labels: Classes of the images, integers of shape `(n,)`, for conditional models.
        steps: Updates of the latents, at least 1.
        learning_rate: Of Adam, at the start.
        feature_weight: By what the features' error counts beside the pixels'. 0 leaves them out.
        candidates: How many random latents to choose the starts from.
        starts: How many of these to descend from, at least 1 and at most `candidates`.
        seed: Integer seed of the candidates.

    Returns:
        `Inverted`: latents, their samples, and the errors.

    Raises:
        ValueError: If the images are not of the model's shape, labels do not fit, or the features
            of the discriminator cannot be had.

    Example:
        >>> found = kg.inversion.invert(gan, images[:8])
        >>> found.latents.shape, found.errors.max()
        ((8, 100), 0.012)

    Reference:
        Zhu et al., 2016, Generative Visual Manipulation on the Natural Image Manifold, equation 4;
        Lipton and Tripathi, 2017, Precise Recovery of Latent Vectors from Generative Adversarial
        Networks, for the bounds.
    """
    images = np.asarray(images, "float32")
    if images.shape[1:] != tuple(gan.sample_shape):
        raise ValueError(
            f"Expected images of shape (n, *{gan.sample_shape}). Received: shape {images.shape}"
        )
    if gan.conditional and labels is None:
        raise ValueError(
            "Expected labels of the images, as the model is conditional. Received: none"
        )
    count = len(images)
    classes = np.resize(labels, count).astype("int32") if gan.conditional else None
    latents = _nearest(gan, images, classes, candidates, starts, seed)
    targets = np.repeat(images, starts, axis=0)
    classes = None if classes is None else np.repeat(classes, starts)
    search = _Search(gan, latents, classes)
    rows, outputs = np.arange(len(targets)), {"pixels": targets}
    if feature_weight:
        outputs["features"] = search.use_features(targets, classes)
    search.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(learning_rate, steps)),
        loss=dict.fromkeys(outputs, "mse"),
        loss_weights={"pixels": 1.0, "features": feature_weight} if feature_weight else None,
    )
    for _ in range(steps):
        search.train_on_batch(rows, outputs)
    samples = ops.convert_to_numpy(search(rows)["pixels"])
    errors = np.square(samples - targets).reshape(count, starts, -1).mean(axis=2)
    best = np.arange(count) * starts + errors.argmin(axis=1)
    return Inverted(ops.convert_to_numpy(search.latents)[best], samples[best], errors.min(axis=1))


class _Search(keras.Model):
    """Latents as weights, and what the networks make of them; these themselves are hidden."""

    def __init__(self, gan: Any, latents: np.ndarray, labels: np.ndarray | None):
        super().__init__(name="inversion")
        bound = _BOUNDS[gan.latent_distribution]
        self.latents = self.add_weight(
            latents.shape, name="latents", constraint=lambda value: ops.clip(value, -bound, bound)
        )
        self.latents.assign(latents)
        self.built = True
        object.__setattr__(self, "_gan", gan)
        self._labels, self._features, self._scale = labels, None, 1.0

    def use_features(self, images: np.ndarray, labels: np.ndarray | None) -> Any:
        """Adds the discriminator's features to the outputs; returns those of the images."""
        features = _features(self._gan)
        object.__setattr__(self, "_features", features)
        self._scale = ops.sqrt(ops.mean(ops.square(features(images, labels))) + 1e-12)
        return features(images, labels) / self._scale

    def call(self, rows: Any) -> dict[str, Any]:
        inputs = self.latents if self._labels is None else (self.latents, self._labels)
        pixels = ops.cast(self._gan(inputs, training=False), "float32")
        outputs = {"pixels": pixels}
        if self._features:
            outputs["features"] = self._features(pixels, self._labels) / self._scale
        return outputs


def _features(gan: Any) -> Callable[[Any, Any], Any]:
    """Returns the function from images and labels to the discriminator's features, `(n, d)`."""
    network = gan.discriminator
    if "features" not in inspection.output_shapes(network):
        last = _last_layer(network)
        if last is None or isinstance(last, keras.Model):
            raise ValueError(
                "Expected a discriminator that is a flat Sequential or Functional network, or "
                f"returns 'features'. Received: {network.name}; pass feature_weight=0"
            )
        inputs = network.inputs if len(network.inputs) > 1 else network.inputs[0]
        network = keras.Model(inputs, {"features": last.input})
    takes_labels = gan.conditional and gan.discriminator_takes_labels

    def features(images: Any, labels: Any) -> Any:
        outputs = network((images, labels) if takes_labels else images, training=False)
        count = ops.shape(images)[0]
        parts = [ops.reshape(each, (count, -1)) for each in tree.flatten(outputs["features"])]
        return ops.cast(ops.concatenate(parts, axis=1), "float32")

    return features


def _last_layer(network: keras.Model) -> keras.Layer | None:
    """Returns the last layer with weights that has one input, None where there is no telling."""
    if not isinstance(network, keras.Sequential) and not hasattr(network, "operations"):
        return None  # Subclassed.
    weighted = [layer for layer in network.layers if layer.trainable_weights]
    return next(
        (each for each in weighted[::-1] if isinstance(each.input, keras.KerasTensor)), None
    )


def _nearest(
    gan: Any, images: np.ndarray, labels: np.ndarray | None, candidates: int, starts: int, seed: int
) -> np.ndarray:
    """Returns the latents, of random ones, whose samples are nearest to each image."""
    latents = ops.convert_to_numpy(gan.sample_latents(candidates, seed=seed))
    chosen = np.empty((len(images), starts), "int64")
    for label in [None] if labels is None else np.unique(labels):
        samples = gan.generate(candidates, seed=seed, labels=label).reshape(candidates, -1)
        of_class = np.arange(len(images)) if label is None else np.flatnonzero(labels == label)
        vectors = images[of_class].reshape(len(of_class), -1)
        chosen[of_class] = nearest_neighbours(vectors, samples, starts).indices
    return latents[chosen.ravel()]
