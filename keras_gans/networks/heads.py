"""Further outputs of a discriminator."""

from collections.abc import Mapping

import keras
from keras import layers


def with_heads(
    discriminator: keras.Model, heads: Mapping[str, int], features: bool = False
) -> keras.Model:
    """Returns a discriminator with more outputs, of what its logits are made of.

    Args:
        discriminator: Sequential or functional network that ends in a dense layer.
        heads: Size of each further output, a dense layer, by its name: such as "class_logits" for
            `ACGAN` and "codes" for `InfoGAN`.
        features: Whether "features" are an output too: the input of the last layer, as
            `keras_gans.losses.FeatureMatchingLoss` takes them.

    Returns:
        A `keras.Model` whose outputs are a dict with "logits".

    Raises:
        ValueError: If the network does not end in a dense layer.

    Example:
        >>> d = with_heads(mlp_discriminator((28, 28, 1)), {"class_logits": 10})
        >>> d(images)["class_logits"].shape
        TensorShape([64, 10])
    """
    last = discriminator.layers[-1]
    if not isinstance(getattr(last, "layer", last), layers.Dense):  # Or one that is normalised.
        raise ValueError(
            "Expected a discriminator that ends in a dense layer. Received: "
            f"{discriminator.name}, which ends in {type(last).__name__}"
        )
    outputs = {"logits": discriminator.outputs[0]}
    outputs |= {name: layers.Dense(size, name=name)(last.input) for name, size in heads.items()}
    outputs |= {"features": last.input} if features else {}
    return keras.Model(discriminator.inputs, outputs, name=discriminator.name)
