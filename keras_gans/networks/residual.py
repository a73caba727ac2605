"""The residual blocks of SNGAN and SAGAN, and what stands before and behind them."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import layers

from keras_gans.layers import (
    ConditionalBatchNormalization,
    EmbeddingProjection,
    SpectralNormalization,
    UpSampledConv2D,
)

# Of the convolutions inside a block; all other layers have Glorot's, of half the variance.
_INITIALIZER = {
    "class_name": "VarianceScaling",
    "config": {"scale": 2.0, "mode": "fan_avg", "distribution": "uniform"},
}
_NORMALISATION = {"momentum": 0.9, "epsilon": 1e-5}

Wrap = Callable[[keras.Layer], keras.Layer]


def plain(layer: keras.Layer) -> keras.Layer:
    """Returns a layer as it is, where another network wraps it in `SpectralNormalization`."""
    return layer


def first_map(latents: Any, size: Sequence[int], filters: int, wrap: Wrap = plain) -> Any:
    """Returns the first feature map, a dense layer of the latents."""
    height, width = size
    x = wrap(layers.Dense(height * width * filters))(latents)
    return layers.Reshape((height, width, filters))(x)


def up_block(
    x: Any,
    filters: int,
    labels: Sequence[Any] = (),
    num_classes: int | None = None,
    synchronized: bool = False,
    wrap: Wrap = plain,
) -> Any:
    """Doubles a feature map: two 3x3 convolutions, each behind batch normalisation and ReLU.

    Args:
        x: Feature map.
        filters: Filters of the convolutions.
        labels: Of no or one input, whose classes choose the normalisation's scale and offset.
        num_classes: Classes of the labels.
        synchronized: Whether batch normalisation spans all replicas.
        wrap: What becomes of each layer with a kernel.
    """

    def normalise(x: Any) -> Any:
        options = {**_NORMALISATION, "synchronized": synchronized}
        if num_classes is None:
            return layers.BatchNormalization(**options)(x)
        return ConditionalBatchNormalization(num_classes, **options)([x, *labels])

    y = layers.ReLU()(normalise(x))
    y = wrap(UpSampledConv2D(filters, 3, kernel_initializer=_INITIALIZER))(y)
    y = wrap(_convolution(filters))(layers.ReLU()(normalise(y)))
    # A pointwise convolution of repeated pixels is the repeated convolution of a quarter as many.
    shortcut = layers.UpSampling2D()(wrap(layers.Conv2D(filters, 1))(x))
    return layers.Add()([y, shortcut])


def to_images(x: Any, channels: int, synchronized: bool = False, wrap: Wrap = plain) -> Any:
    """Returns images in [-1, 1]; what normalises the last feature map does so for all classes."""
    x = layers.BatchNormalization(**_NORMALISATION, synchronized=synchronized)(x)
    x = wrap(layers.Conv2D(channels, 3, padding="same"))(layers.ReLU()(x))
    return layers.Activation("tanh")(x)


def first_block(images: Any, filters: int) -> Any:
    """Halves an image: two spectrally normalised 3x3 convolutions, a ReLU between them."""
    y = SpectralNormalization(_convolution(filters))(images)
    y = SpectralNormalization(_convolution(filters))(layers.ReLU()(y))
    return _halved_sum(y, images, filters)


def down_block(x: Any, filters: int) -> Any:
    """Halves a feature map: two spectrally normalised 3x3 convolutions, a ReLU before each."""
    return _halved_sum(_convolved(x, filters), x, filters)


def same_block(x: Any, filters: int) -> Any:
    """Adds to a feature map what two spectrally normalised 3x3 convolutions make of it."""
    return layers.Add()([_convolved(x, filters), x])


def to_logits(x: Any, labels: Sequence[Any] = (), num_classes: int | None = None) -> Any:
    """Returns the logits of the feature map's sum over all pixels, with or without labels.

    The logit is a dense unit of that sum, with labels plus the sum's inner product with the
    embedding of the class; both are spectrally normalised.
    """
    _, height, width, _ = x.shape
    mean = layers.GlobalAveragePooling2D()(layers.ReLU()(x))
    features = layers.Rescaling(height * width)(mean)
    logits = SpectralNormalization(layers.Dense(1))(features)
    if num_classes is None:
        return logits
    projection = SpectralNormalization(EmbeddingProjection(num_classes))
    return layers.Add()([logits, projection([features, *labels])])


def _convolution(filters: int) -> keras.Layer:
    return layers.Conv2D(filters, 3, padding="same", kernel_initializer=_INITIALIZER)


def _convolved(x: Any, filters: int) -> Any:
    for _ in range(2):
        x = SpectralNormalization(_convolution(filters))(layers.ReLU()(x))
    return x


def _halved_sum(y: Any, x: Any, filters: int) -> Any:
    # The mean of pointwise convolutions is the convolution of the mean.
    shortcut = SpectralNormalization(layers.Conv2D(filters, 1))(layers.AveragePooling2D(2)(x))
    return layers.Add()([layers.AveragePooling2D(2)(y), shortcut])
