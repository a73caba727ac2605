"""What a network's layers tell about its outputs."""

from collections.abc import Iterator

import keras
import numpy as np
from keras import layers

# Layers that move values but do not change them.
_MOVES = (
    layers.Reshape,
    layers.Flatten,
    layers.Permute,
    layers.Cropping2D,
    layers.UpSampling2D,
    layers.Dropout,
)
# Layers that mix the samples of a batch, or may, or count their calls.
_MIXES = (layers.BatchNormalization, layers.Lambda, layers.Wrapper)
_RANGES = {"tanh": (-1.0, 1.0), "sigmoid": (0.0, 1.0), "hard_sigmoid": (0.0, 1.0)}
_PROBABILITIES = ("sigmoid", "hard_sigmoid", "softmax")


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


def keeps_samples_apart(network: keras.Model) -> bool:
    """Tells whether each sample's output is known to depend on no other sample of the batch.

    It is known of Sequential and Functional networks of this library's and Keras' own layers.

    Example:
        >>> keeps_samples_apart(keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)]))
        True
    """
    sequential = isinstance(network, keras.Sequential)
    parts = network.layers if sequential else getattr(network, "operations", [None])
    return _is_known(network) and all(
        keeps_samples_apart(part) if isinstance(part, keras.Model) else _keeps_samples_apart(part)
        for part in parts
    )


def output_range(network: keras.Model) -> tuple[float, float] | None:
    """Returns the range that the last activation allows, or None where it sets no bounds.

    Example:
        >>> output_range(keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, "tanh")]))
        (-1.0, 1.0)
    """
    scale, offset = 1.0, 0.0
    for layer in reversed(list(leaf_layers(network))):
        if isinstance(layer, layers.Rescaling) and _is_scalar(layer.scale, layer.offset):
            scale, offset = scale * layer.scale, offset + scale * layer.offset
        elif not isinstance(layer, _MOVES):
            bounds = _RANGES.get(_activation(layer))
            return bounds and tuple(sorted(scale * bound + offset for bound in bounds))
    return None


def ends_in_probabilities(network: keras.Model) -> bool:
    """Tells whether the network's outputs are probabilities instead of logits."""
    computing = [layer for layer in leaf_layers(network) if not isinstance(layer, _MOVES)]
    last = computing[-1] if computing else None
    return isinstance(last, layers.Softmax) or _activation(last) in _PROBABILITIES


def _keeps_samples_apart(part: object) -> bool:
    return (
        isinstance(part, keras.Layer)  # And not some operation.
        and _is_known(part)
        and not isinstance(part, _MIXES)
        and part.activity_regularizer is None  # A mean over the batch.
    )


def _is_known(part: object) -> bool:
    return type(part).__module__.startswith(("keras.", "keras_gans."))


def _is_scalar(*values: object) -> bool:
    return all(np.ndim(value) == 0 for value in values)


def _activation(layer: keras.Layer) -> str | None:
    return getattr(getattr(layer, "activation", None), "__name__", None)
