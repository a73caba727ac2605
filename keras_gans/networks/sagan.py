"""The networks of SAGAN, of SNGAN's size for images of 32x32."""

from collections.abc import Sequence

import keras

from keras_gans.layers import SelfAttention2D, SpectralNormalization
from keras_gans.networks import parts, residual


def sagan_generator(
    image_shape: Sequence[int] = (32, 32, 3),
    latent_dim: int = 128,
    filters: int = 256,
    num_classes: int | None = None,
    synchronized: bool = False,
) -> keras.Model:
    """Builds the generator of SAGAN: SNGAN's, spectrally normalised and with self-attention.

    Attention is at half the image's size, behind the second of three blocks; in the paper's table 1
    it is better at a half or a quarter than at smaller feature maps.

    Args:
        image_shape: `(height, width, channels)`, with sides divisible by 8.
        latent_dim: Size of a latent vector.
        filters: Channels of all feature maps.
        num_classes: Classes of a conditional network, whose second input is integer labels
            `(batch,)`, and whose blocks have conditional batch normalisation; None for no labels.
        synchronized: Whether batch normalisation spans all replicas.

    Returns:
        A `keras.Model` from `(batch, latent_dim)`, or `[latents, labels]`, to images in [-1, 1].

    Raises:
        ValueError: If the sides are not divisible by 8, or `num_classes` is less than 1.

    Example:
        >>> sagan_generator(num_classes=10).output_shape
        (None, 32, 32, 3)

    Reference:
        Zhang et al., 2019, Self-Attention Generative Adversarial Networks, sections 3 and 4.
    """
    wrap = SpectralNormalization
    inputs = [keras.Input((latent_dim,)), *parts.label_inputs(num_classes)]
    x = residual.first_map(inputs[0], parts.smallest_sides(image_shape, 3), filters, wrap)
    for i in range(3):
        x = residual.up_block(x, filters, inputs[1:], num_classes, synchronized, wrap)
        if i == 1:
            x = SelfAttention2D(spectral_normalization=True)(x)
    images = residual.to_images(x, image_shape[-1], synchronized, wrap)
    return parts.as_model(inputs, images, "generator")


def sagan_discriminator(
    image_shape: Sequence[int] = (32, 32, 3),
    filters: int = 128,
    num_classes: int | None = None,
) -> keras.Model:
    """Builds the discriminator of SAGAN: SNGAN's with self-attention behind its first block.

    Args:
        image_shape: `(height, width, channels)`, with sides divisible by 4.
        filters: Channels of all feature maps.
        num_classes: Classes of a conditional network, whose second input is integer labels
            `(batch,)`, and whose logit has the projection of their embedding; None for no labels.

    Returns:
        A `keras.Model` from images, or `[images, labels]`, to logits `(batch, 1)`.

    Raises:
        ValueError: If the sides are not divisible by 4, or `num_classes` is less than 1.

    Example:
        >>> sagan_discriminator(num_classes=10).output_shape
        (None, 1)

    Reference:
        Zhang et al., 2019, Self-Attention Generative Adversarial Networks, sections 3 and 4.
    """
    parts.smallest_sides(image_shape, 2)
    inputs = [keras.Input(tuple(image_shape)), *parts.label_inputs(num_classes)]
    x = residual.first_block(inputs[0], filters)
    x = SelfAttention2D(spectral_normalization=True)(x)
    x = residual.down_block(x, filters)
    for _ in range(2):
        x = residual.same_block(x, filters)
    return parts.as_model(inputs, residual.to_logits(x, inputs[1:], num_classes), "discriminator")
