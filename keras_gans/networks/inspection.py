"""What a network's layers tell about its inputs and outputs."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np
from keras import layers

from keras_gans.layers import (
    MinibatchDiscrimination,
    MinibatchStdDev,
    Pack,
    SpectralNormalization,
)

# Layers that move values but do not change them.
_MOVES = (
    layers.Reshape,
    layers.Flatten,
    layers.Permute,
    layers.Cropping2D,
    layers.UpSampling2D,
    layers.Dropout,
    Pack,
)
# Layers that mix the samples of a batch, or may, or count their calls.
_MIXES = (
    layers.BatchNormalization,
    layers.CutMix,
    layers.Lambda,
    layers.MixUp,
    layers.Wrapper,
    MinibatchDiscrimination,
    MinibatchStdDev,
    Pack,
)
# What they wrap computes all but its kernel.
_NORMALISES = (layers.SpectralNormalization, SpectralNormalization)
_RANGES = {"tanh": (-1.0, 1.0), "sigmoid": (0.0, 1.0), "hard_sigmoid": (0.0, 1.0)}
_PROBABILITIES = ("sigmoid", "hard_sigmoid", "softmax")

Shape = tuple[int | None, ...]


# Shapes


def input_shapes(network: keras.Model) -> list[Shape]:
    """Returns the shapes of one sample of each input of a built network, without the batch.

    Args:
        network: Functional, sequential or subclassed; of a tuple of inputs where it has several.

    Raises:
        ValueError: If the network does not tell its inputs, or takes several arguments.

    Example:
        >>> input_shapes(keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)]))
        [(2,)]
    """
    shape = getattr(network, "input_shape", None)
    if shape is None:  # Subclassed: what it was built with.
        shape = (network.get_build_config() or {}).get("input_shape")
    if not shape or isinstance(shape, dict):
        raise ValueError(_one_argument(network))
    shapes = [shape] if _is_shape(shape) else list(shape)
    return [tuple(each[1:]) for each in shapes]


def output_shapes(network: keras.Model) -> dict[str, Shape]:
    """Returns the shapes of one sample of a built network's outputs, without the batch, by name.

    Example:
        >>> output_shapes(keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)]))
        {'logits': (3,)}
    """
    inputs = [
        # The first is what is drawn or judged, the second its labels.
        keras.KerasTensor((None, *shape), "int32" if i else keras.config.floatx())
        for i, shape in enumerate(input_shapes(network))
    ]
    try:
        outputs = network.compute_output_spec(tuple(inputs) if len(inputs) > 1 else inputs[0])
    except TypeError as error:
        raise ValueError(_one_argument(network)) from error
    named = outputs if isinstance(outputs, dict) else {"logits": outputs}
    if not all(hasattr(output, "shape") for output in named.values()):
        raise ValueError(
            "Expected networks of one output, or a discriminator of a dict of them. Received: "
            f"{network.name} with {len(outputs)} outputs"
        )
    return {name: tuple(output.shape[1:]) for name, output in named.items()}


def shapes_fit(one: Shape, other: Shape) -> bool:
    """Tells whether two shapes can be of the same sample; None fits every size."""
    return len(one) == len(other) and all(
        a == b or None in (a, b) for a, b in zip(one, other, strict=True)
    )


def sample_shape(generator: keras.Model, discriminator: keras.Model) -> Shape:
    """Returns the shape of one sample: the generator's, where that leaves a size open, D's."""
    made = next(iter(output_shapes(generator).values()))
    return tuple(a or b for a, b in zip(made, input_shapes(discriminator)[0], strict=True))


def num_classes(*networks: keras.Model) -> int | None:
    """Returns how many classes the networks' layers of labels know, None where it is not certain.

    Layers of labels are `Embedding`, `CategoryEncoding`, `ConditionalBatchNormalization`,
    `EmbeddingProjection` and the operation `one_hot`.

    Example:
        >>> labels = keras.Input((), dtype="int32")
        >>> num_classes(keras.Model(labels, keras.layers.Embedding(10, 3)(labels)))
        10
    """
    names = {
        "Embedding": "input_dim",
        "CategoryEncoding": "num_tokens",
        "ConditionalBatchNormalization": "num_classes",
        "EmbeddingProjection": "num_classes",
        "OneHot": "num_classes",
    }
    found = {
        getattr(part, names[type(part).__name__])
        for network in networks
        for part in _parts(network)
        if type(part).__name__ in names
    }
    return found.pop() if len(found) == 1 else None


# Layers


def leaf_layers(network: keras.Model) -> Iterator[keras.Layer]:
    """Yields the layers of a network in order, those of nested networks in their place."""
    for layer in network.layers:
        if isinstance(layer, keras.Model):
            yield from leaf_layers(layer)
        else:
            yield layer


def contains(network: keras.Model, layer_type: type) -> bool:
    """Tells whether a layer of this type stands anywhere in the network."""
    return any(isinstance(layer, layer_type) for layer in leaf_layers(network))


def keeps_samples_apart(network: keras.Layer) -> bool:
    """Tells whether each sample's output is known to depend on no other sample of the batch.

    It is known of this library's and Keras' own layers, and of Sequential and Functional networks
    of them.

    Example:
        >>> keeps_samples_apart(keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)]))
        True
    """
    if not isinstance(network, keras.Model):
        return _keeps_samples_apart(network)
    sequential = isinstance(network, keras.Sequential)
    parts = network.layers if sequential else getattr(network, "operations", [None])
    return _is_known(network) and all(map(keeps_samples_apart, parts))


def output_range(network: keras.Model) -> tuple[float, float] | None:
    """Returns the range that the last activation allows, or None where it is not certain.

    Example:
        >>> output_range(keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, "tanh")]))
        (-1.0, 1.0)
    """
    scale, offset = 1.0, 0.0
    for layer in _last_parts(network):
        if isinstance(layer, layers.Rescaling) and _is_scalar(layer.scale, layer.offset):
            scale, offset = scale * layer.scale, offset + scale * layer.offset
        elif not isinstance(layer, _MOVES):
            bounds = _RANGES.get(_activation(layer) or "")
            if bounds is None:
                return None
            low, high = sorted(scale * bound + offset for bound in bounds)
            return low, high
    return None


def ends_in_probabilities(network: keras.Model) -> bool:
    """Tells whether the network's outputs are known to be probabilities instead of logits."""
    for layer in _last_parts(network):
        if not isinstance(layer, _MOVES):
            return isinstance(layer, layers.Softmax) or _activation(layer) in _PROBABILITIES
    return False


def logits_at(discriminator: keras.Model, samples: np.ndarray) -> np.ndarray:
    """Returns a discriminator's output at samples; of several outputs, that of "logits".

    One that judges packs is given packs of equal samples.

    Args:
        discriminator: Network of samples alone.
        samples: Float array of shape `(n, ...)`.

    Returns:
        Float array of shape `(n, 1)`.

    Example:
        >>> logits_at(gan.discriminator, points)
    """
    packs = (layer.m for layer in leaf_layers(discriminator) if isinstance(layer, Pack))
    outputs = discriminator(np.repeat(samples, math.prod(packs), axis=0), training=False)
    logits = outputs["logits"] if isinstance(outputs, dict) else outputs
    return keras.ops.convert_to_numpy(logits)


def _last_parts(network: keras.Model) -> Iterator[Any]:
    """Yields what computes the network's output, last first, as far as each has one input."""
    if isinstance(network, keras.Sequential):
        chain: Sequence[Any] = network.layers[::-1]
    elif hasattr(network, "operations") and len(network.outputs) == 1:
        chain = list(_chain(network))
    else:  # Subclassed, or of several outputs.
        return
    for part in chain:
        if isinstance(part, keras.Model):
            yield from _last_parts(part)
            # Whether that part's input is its last layers' cannot be told if it branches.
            if not isinstance(part, keras.Sequential):
                return
        else:
            yield _unwrapped(part)


def _chain(network: Any) -> Iterator[Any]:
    """Yields the operations of a functional network from its output back to where they branch."""
    tensor = network.outputs[0]
    while True:
        makers = [part for part in network.operations if _output(part) is tensor]
        if len(makers) != 1 or isinstance(makers[0], layers.InputLayer):
            return
        yield makers[0]
        tensor = makers[0].input
        if isinstance(tensor, list | tuple | dict):
            return


def _unwrapped(part: Any) -> Any:
    return part.layer if isinstance(part, _NORMALISES) else part


def _output(part: Any) -> Any:
    try:
        return part.output
    except (AttributeError, ValueError):  # Called several times.
        return None


def _parts(network: keras.Model) -> Iterator[Any]:
    for part in getattr(network, "operations", network.layers):
        if isinstance(part, keras.Model):
            yield from _parts(part)
        else:
            yield _unwrapped(part)


def _keeps_samples_apart(part: object) -> bool:
    if isinstance(part, SpectralNormalization) and part.activity_regularizer is None:
        return _keeps_samples_apart(part.layer)
    return (
        isinstance(part, keras.Layer)  # And not some operation.
        and _is_known(part)
        and not isinstance(part, _MIXES)
        and part.activity_regularizer is None  # A mean over the batch.
    )


def _is_known(part: object) -> bool:
    return type(part).__module__.startswith(("keras.", "keras_gans."))


def _is_scalar(*values: Any) -> bool:
    return all(np.ndim(value) == 0 for value in values)


def _one_argument(network: keras.Model) -> str:
    return (
        "Expected a network of one argument, a tensor or a tuple of tensors. Received: "
        f"{network.name}, which takes others; let `call` take a tuple (inputs, labels)"
    )


def _is_shape(shape: Any) -> bool:
    return all(size is None or isinstance(size, int) for size in shape)


def _activation(layer: Any) -> str | None:
    return getattr(getattr(layer, "activation", None), "__name__", None)
