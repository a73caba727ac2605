"""What stands in front of a stack of layers: an input, and labels where a network has them."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from keras_gans.layers import Pack
from keras_gans.networks import parts


def assemble(
    name: str,
    input_shape: Sequence[int],
    body: Sequence[keras.Layer],
    num_classes: int | None = None,
    pack: int = 1,
) -> keras.Model:
    """Builds a network of the layers that follow its input, with labels or without.

    The body takes the input as a vector; labels, made one-hot, are appended to it.

    Args:
        name: Name of the network.
        input_shape: Shape of a latent vector or a sample.
        body: Layers that have not been called yet.
        num_classes: Classes of a conditional network, whose second input is integer labels
            `(batch,)`; None for no labels.
        pack: How many samples the network sees as one; only without labels.

    Returns:
        A `keras.Sequential`, or with `num_classes` a functional `keras.Model` of two inputs.

    Raises:
        ValueError: If `num_classes` is less than 1, or samples with labels are to be packed.

    Example:
        >>> assemble("generator", (8,), [keras.layers.Dense(2)], num_classes=10).count_params()
        38

    Reference:
        Mirza and Osindero, 2014, Conditional Generative Adversarial Nets, section 3.2.
    """
    inputs = keras.Input(tuple(input_shape))
    flatten = [layers.Flatten()] if len(input_shape) > 1 else []
    if num_classes is None:
        packing = [Pack(pack)] if pack > 1 else []
        return keras.Sequential([inputs, *packing, *flatten, *body], name=name)
    if pack > 1:
        raise ValueError(f"Expected no labels of packed samples. Received: pack={pack}")
    (labels,) = parts.label_inputs(num_classes)
    # In a graph, Keras casts what it encodes to the layer's type: half precision rounds labels.
    one_hot = layers.CategoryEncoding(num_classes, output_mode="one_hot", dtype="float32")(labels)
    vectors = layers.Concatenate()([_apply(flatten, inputs), one_hot])
    return parts.as_model([inputs, labels], _apply(body, vectors), name)


def _apply(stack: Sequence[keras.Layer], tensor: Any) -> Any:
    for layer in stack:
        tensor = layer(tensor)
    return tensor
