"""The extractors that the library knows by name."""

import os
from typing import Any

import keras
import numpy as np
from keras import layers

from keras_gans import datasets
from keras_gans.metrics.cache import cached
from keras_gans.metrics.features import Extractor
from keras_gans.metrics.reference import ReferenceInception
from keras_gans.metrics.samples import as_arrays

# The classifier's training: part of the key under which it is cached.
RECIPE: dict[str, Any] = {
    "images": 20_000,
    "steps": 1_000,
    "batch_size": 64,
    "learning_rate": 1e-3,
    "seed": 0,
}


def get(extractor: Any, sample_shape: tuple[int, ...]) -> Extractor:
    """Turns what a user may pass as `extractor` into an `Extractor`.

    Args:
        extractor: An `Extractor`; a `keras.Model`; None or "samples" for the samples themselves;
            "inception"; "inception-2015", that of published FID; or the name or path of a labelled
            data set for a `classifier` of it.
        sample_shape: Shape of the samples to come, which a classifier is trained at.

    Returns:
        The `Extractor`.
    """
    if isinstance(extractor, Extractor):
        return extractor
    if isinstance(extractor, keras.Model):
        return Extractor(extractor)
    if extractor is None or extractor == "samples":
        return Extractor(name="samples")
    if extractor == "inception":
        return inception()
    if extractor == "inception-2015":
        return ReferenceInception()
    return classifier(extractor, size=sample_shape[:2] if len(sample_shape) == 3 else None)


def classifier(
    data: str | os.PathLike[str] = "digits",
    size: tuple[int, int] | None = None,
    split: str = "train",
) -> Extractor:
    """Returns a small classifier that trains itself on a labelled data set, cached on disk.

    The features are the last hidden layer's 64 activations. Training takes seconds to a minute, on
    at most 20,000 images, from fixed seeds, and leaves global random states alone.

    Args:
        data: Name or path of a data set with labels, for `kg.datasets.load`.
        size: `(height, width)` of the images; the data set's own by default.
        split: What of the data it is trained on; of TFDS data sets also a slice ("test[:70%]").

    Returns:
        The `Extractor`, with probabilities, named after the data set, the split and the size.

    Raises:
        ValueError: If the data set has no labels or is not of images.

    Example:
        >>> kg.metrics.classifier("digits").name
        'digits-classifier-8x8'
    """
    images, labels = _labelled_images(data, size, split)
    model = _small_network(images.shape[1:], int(labels.max()) + 1)
    part = "" if split == "train" else f"-{split}"
    sides = f"{images.shape[1]}x{images.shape[2]}"
    name = f"{os.path.basename(os.fspath(data))}{part}-classifier-{sides}"
    key = (sorted(RECIPE.items()), images, labels)
    weights = cached(name, key, lambda: _trained_weights(model, images, labels))
    model.set_weights([weights[f"weight_{i}"] for i in range(len(weights))])
    return Extractor(model, name)


def inception(weights: str | None = "imagenet") -> Extractor:
    """Returns InceptionV3 of `keras.applications`: 2,048 features and 1,000 probabilities.

    This is not the network, nor the resizing, of published FID; the name says so.

    Args:
        weights: "imagenet", downloaded by Keras; the path of a weights file; or None for random
            weights.

    Returns:
        The `Extractor`.

    Raises:
        ConnectionError: If the weights cannot be downloaded.

    Example:
        >>> gan.evaluate(images, extractor=kg.metrics.inception())
    """
    try:
        base = keras.applications.InceptionV3(weights=weights)
    except Exception as error:  # Keras raises a bare Exception where a download fails.
        if weights != "imagenet":
            raise
        raise ConnectionError(
            f"Expected to download InceptionV3's weights. Received: {error}; pass the path of a "
            "weights file, or another extractor such as 'digits'"
        ) from error
    outputs = {"features": base.get_layer("avg_pool").output, "probabilities": base.output}
    random = " with random weights" if weights is None else ""
    name = f"keras-inception-v3{random} (not comparable with published FID)"
    return Extractor(keras.Model(base.input, outputs), name)  # Takes [-1, 1] as it is.


def _labelled_images(data: Any, size: Any, split: str) -> tuple[np.ndarray, np.ndarray]:
    pairs = datasets.load(data, split=split, size=size, labels=True)
    shape = tuple(pairs.element_spec[0].shape)
    if len(shape) != 3:
        raise ValueError(
            f"Expected a data set of images to train a classifier on. Received: {str(data)!r}, "
            "whose samples are points; pass extractor='samples'"
        )
    images, labels = as_arrays(pairs, shape, RECIPE["images"])
    assert labels is not None  # `load` gives a label with each image, or raises.
    return images, labels


def _small_network(shape: tuple[int, ...], classes: int) -> keras.Model:
    # Seeds and names are given, so that Keras draws and counts none.
    def seeded(layer: type[layers.Layer], units: int, seed: int, **arguments: Any) -> layers.Layer:
        start = keras.initializers.HeUniform(seed=seed)
        return layer(units, kernel_initializer=start, name=f"layer_{seed}", **arguments)

    convolution = {"kernel_size": 3, "padding": "same", "activation": "relu"}
    x = inputs = keras.Input(shape, name="images")
    x = seeded(layers.Conv2D, 32, 1, **convolution)(x)
    x = layers.MaxPooling2D(name="pooling_1")(x)
    x = seeded(layers.Conv2D, 64, 2, **convolution)(x)
    x = layers.MaxPooling2D(name="pooling_2")(x)
    x = layers.Flatten(name="flat")(x)
    features = seeded(layers.Dense, 64, 3, activation="relu")(x)
    outputs = seeded(layers.Dense, classes, 4, activation="softmax")(features)
    return keras.Model(inputs, {"features": features, "probabilities": outputs}, name="classifier")


def _trained_weights(
    model: keras.Model, images: np.ndarray, labels: np.ndarray
) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(RECIPE["seed"])
    count = RECIPE["steps"] * RECIPE["batch_size"]
    passes = [rng.permutation(len(images)) for _ in range(-(-count // len(images)))]
    order = np.concatenate(passes)[:count].reshape(RECIPE["steps"], RECIPE["batch_size"])
    batches = ((images[indices], labels[indices]) for indices in order)
    trained = keras.Model(model.input, model.output["probabilities"], name="training")
    optimizer = keras.optimizers.Adam(RECIPE["learning_rate"])
    trained.compile(optimizer, "sparse_categorical_crossentropy", jit_compile=False)
    trained.fit(batches, steps_per_epoch=len(order), shuffle=False, verbose=0)
    _normalise(model, images)
    return {f"weight_{i}": weight for i, weight in enumerate(model.get_weights())}


def _normalise(model: keras.Model, images: np.ndarray) -> None:
    """Gives the features a mean square of 1 on the data; the probabilities stay as they are."""
    vectors = Extractor(model)(images).vectors
    scale = float(np.sqrt(np.mean(np.square(vectors)))) or 1.0
    hidden, output = model.get_layer("layer_3"), model.get_layer("layer_4")
    # A ReLU commutes with a positive factor.
    hidden.set_weights([weight / scale for weight in hidden.get_weights()])
    kernel, bias = output.get_weights()
    output.set_weights([kernel * scale, bias])
