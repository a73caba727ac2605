"""The residual networks of SNGAN for images of 32x32."""

from collections.abc import Sequence

import keras

from keras_gans.networks import parts, residual


def sngan_generator(
    image_shape: Sequence[int] = (32, 32, 3),
    latent_dim: int = 128,
    filters: int = 256,
    num_classes: int | None = None,
    synchronized: bool = False,
) -> keras.Model:
    """Builds the generator of SNGAN: three residual blocks, each of which doubles the image.

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
        >>> generator = sngan_generator()
        >>> sum(weight.numpy().size for weight in generator.trainable_weights)
        4276739

    Reference:
        Miyato et al., 2018, Spectral Normalization for Generative Adversarial Networks, appendix
        B.4, table 4; Miyato and Koyama, 2018, cGANs with Projection Discriminator, for
        `num_classes`.
    """
    inputs = [keras.Input((latent_dim,)), *parts.label_inputs(num_classes)]
    x = residual.first_map(inputs[0], parts.smallest_sides(image_shape, 3), filters)
    for _ in range(3):
        x = residual.up_block(x, filters, inputs[1:], num_classes, synchronized)
    images = residual.to_images(x, image_shape[-1], synchronized)
    return parts.as_model(inputs, images, "generator")


def sngan_discriminator(
    image_shape: Sequence[int] = (32, 32, 3),
    filters: int = 128,
    num_classes: int | None = None,
) -> keras.Model:
    """Builds the discriminator of SNGAN: four residual blocks and a sum over all pixels.

    The first two blocks halve the image. All layers are spectrally normalised.

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
        >>> discriminator = sngan_discriminator()
        >>> sum(weight.numpy().size for weight in discriminator.trainable_weights)
        1053825

    Reference:
        Miyato et al., 2018, Spectral Normalization for Generative Adversarial Networks, appendix
        B.4, table 4; Miyato and Koyama, 2018, cGANs with Projection Discriminator, for
        `num_classes`.
    """
    parts.smallest_sides(image_shape, 2)
    inputs = [keras.Input(tuple(image_shape)), *parts.label_inputs(num_classes)]
    x = residual.first_block(inputs[0], filters)
    x = residual.down_block(x, filters)
    for _ in range(2):
        x = residual.same_block(x, filters)
    return parts.as_model(inputs, residual.to_logits(x, inputs[1:], num_classes), "discriminator")
