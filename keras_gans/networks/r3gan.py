"""The networks of R3GAN: residual, of grouped convolutions, without normalisation."""

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from keras_gans.layers import Blur2D, EmbeddingProjection, GroupedConv2D, LearnedBasis2D
from keras_gans.networks import parts

_SLOPE = 0.2
# With weights of this gain, a leaky ReLU's outputs are as large as its inputs.
_GAIN = math.sqrt(2.0 / (1.0 + _SLOPE**2))


def r3gan_generator(
    image_shape: Sequence[int] = (32, 32, 3),
    widths: Sequence[int] = (768, 768, 768, 768),
    groups: Sequence[int] = (96, 96, 96, 96),
    blocks: int = 2,
    expansion: int = 2,
    latent_dim: int = 64,
    num_classes: int | None = None,
) -> keras.Model:
    """Builds the generator of R3GAN; by default that of CIFAR-10 without classes.

    The first feature map is a learned basis, whose channels a dense layer of the latent vector
    scales; a class is embedded beside the latent vector. Each further stage doubles the image by
    interpolation, behind a 1x1 convolution where the width changes.

    Args:
        image_shape: `(height, width, channels)`; the sides are divided by 2 once for each stage but
            one, to 4 and 4 in the paper.
        widths: Channels of each stage, from the smallest feature map to the image's size.
        groups: Groups of the 3x3 convolutions of each stage.
        blocks: Residual blocks of each stage.
        expansion: How many times as many channels there are inside a block.
        latent_dim: Size of a latent vector.
        num_classes: Classes of a conditional network, whose second input is integer labels
            `(batch,)`; None for no labels.

    Returns:
        A `keras.Model` from `(batch, latent_dim)`, or `[latents, labels]`, to images that no
        activation bounds.

    Raises:
        ValueError: If the stages do not fit the image, or `groups` do not fit `widths`.

    Example:
        >>> r3gan_generator().count_params()
        20732160
        >>> r3gan_generator((8, 8, 1), widths=(32, 32), groups=(4, 4)).output_shape
        (None, 8, 8, 1)

    Reference:
        Huang et al., 2024, The GAN is dead; long live the GAN! A Modern GAN Baseline, section 3.
    """
    _check_groups(widths, groups, expansion)
    size = parts.smallest_sides(image_shape, len(widths) - 1)
    inputs = [keras.Input((latent_dim,)), *parts.label_inputs(num_classes)]
    x = inputs[0]
    if num_classes is not None:
        embedding = layers.Embedding(num_classes, latent_dim, _normal(num_classes))
        x = layers.Concatenate()([x, embedding(inputs[1])])
    x = LearnedBasis2D(size)(_dense(widths[0], x))
    for i, (width, cardinality) in enumerate(zip(widths, groups, strict=True)):
        if i > 0:
            x = layers.UpSampling2D()(_to_width(width, x))
            # TensorFlow does not know the size of what it repeats; TFLite's filter has to.
            x = Blur2D()(layers.Reshape(x.shape[1:])(x))
        x = _stage(x, cardinality, blocks, expansion, blocks * len(widths))
    return parts.as_model(inputs, _pointwise(image_shape[-1], x), "generator")


def r3gan_discriminator(
    image_shape: Sequence[int] = (32, 32, 3),
    widths: Sequence[int] = (768, 768, 768, 768),
    groups: Sequence[int] = (96, 96, 96, 96),
    blocks: int = 2,
    expansion: int = 2,
    num_classes: int | None = None,
) -> keras.Model:
    """Builds the discriminator of R3GAN, the generator's mirror image.

    Each stage but the last is followed by a filter and the mean of 2x2 pixels, then by a 1x1
    convolution where the width changes. Each channel of the smallest feature map is multiplied with
    a learned one and summed; a dense layer of these sums is the logit, or with classes the features
    whose inner product with the embedding of the class is the logit.

    Args:
        image_shape: `(height, width, channels)`, as the generator's.
        widths: Channels of each stage, in the order in which the generator takes them: from the
            smallest feature map to the image's size.
        groups: Groups of the 3x3 convolutions of each stage, in the same order.
        blocks: Residual blocks of each stage.
        expansion: How many times as many channels there are inside a block.
        num_classes: Classes of a conditional network, whose second input is integer labels
            `(batch,)`; None for no labels.

    Returns:
        A `keras.Model` from images, or `[images, labels]`, to logits `(batch, 1)`.

    Raises:
        ValueError: If the stages do not fit the image, or `groups` do not fit `widths`.

    Example:
        >>> r3gan_discriminator().count_params()
        20683776
        >>> d = r3gan_discriminator((8, 8, 1), widths=(32, 32), groups=(4, 4), num_classes=10)
        >>> logits = d((images, labels))

    Reference:
        Huang et al., 2024, The GAN is dead; long live the GAN! A Modern GAN Baseline, section 3.
    """
    _check_groups(widths, groups, expansion)
    size = parts.smallest_sides(image_shape, len(widths) - 1)
    inputs = [keras.Input(tuple(image_shape)), *parts.label_inputs(num_classes)]
    x = _pointwise(widths[-1], inputs[0])
    for i, (width, cardinality) in enumerate(zip(widths[::-1], groups[::-1], strict=True)):
        if i > 0:
            x = _to_width(width, layers.AveragePooling2D(2)(Blur2D()(x)))
        x = _stage(x, cardinality, blocks, expansion, blocks * len(widths))
    basis = layers.DepthwiseConv2D(
        size, use_bias=False, depthwise_initializer=_normal(math.prod(size))
    )
    x = layers.Flatten()(basis(x))
    x = _dense(1 if num_classes is None else widths[0], x)
    if num_classes is not None:
        projection = EmbeddingProjection(num_classes, _normal(num_classes * widths[0]))
        x = projection([x, inputs[1]])
    return parts.as_model(inputs, x, "discriminator")


def _stage(x: Any, groups: int, blocks: int, expansion: int, all_blocks: int) -> Any:
    """Applies residual blocks of a 1x1, a grouped 3x3 and a 1x1 convolution.

    The last is 0 at first, and each block starts as the identity; the gain of the others is by
    Fixup initialisation for three convolutions a block.
    """
    width, gain = x.shape[-1], _GAIN * all_blocks**-0.25
    for _ in range(blocks):
        y = layers.Conv2D(expansion * width, 1, kernel_initializer=_scaled(gain))(x)
        y = layers.LeakyReLU(_SLOPE)(y)
        y = GroupedConv2D(
            expansion * width, 3, groups, padding="same", kernel_initializer=_scaled(gain)
        )(y)
        y = layers.LeakyReLU(_SLOPE)(y)
        y = layers.Conv2D(width, 1, use_bias=False, kernel_initializer="zeros")(y)
        x = layers.Add()([x, y])
    return x


def _to_width(width: int, x: Any) -> Any:
    return x if x.shape[-1] == width else _pointwise(width, x)


def _pointwise(filters: int, x: Any) -> Any:
    return layers.Conv2D(filters, 1, use_bias=False, kernel_initializer=_scaled())(x)


def _dense(units: int, x: Any) -> Any:
    return layers.Dense(units, use_bias=False, kernel_initializer=_scaled())(x)


def _scaled(gain: float = 1.0) -> keras.initializers.Initializer:
    """Returns N(0, gain^2 / fan in)."""
    return keras.initializers.VarianceScaling(gain**2, "fan_in", "untruncated_normal")


def _normal(fan_in: int) -> keras.initializers.Initializer:
    """Returns N(0, 1 / fan in), where Keras would count another fan in."""
    return keras.initializers.RandomNormal(stddev=fan_in**-0.5)


def _check_groups(widths: Sequence[int], groups: Sequence[int], expansion: int) -> None:
    if len(groups) != len(widths) or any(
        expansion * width % count for width, count in zip(widths, groups, strict=True)
    ):
        raise ValueError(
            "Expected for each stage a number of groups that divides `expansion` times its width. "
            f"Received: widths={tuple(widths)}, groups={tuple(groups)}, expansion={expansion}"
        )
