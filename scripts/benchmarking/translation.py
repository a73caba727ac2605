"""Keras networks as networks of PyTorch."""

import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import torch
from keras import layers
from torch import nn

from keras_gans.layers import Maxout

_ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "linear": nn.Identity,
    "relu": nn.ReLU,
    "leaky_relu": lambda: nn.LeakyReLU(0.2),
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
}


def translate(network: keras.Sequential) -> nn.Module:
    """Returns the same network, with the same weights, in PyTorch.

    Args:
        network: Of dense, convolutional, normalising, activating and moving layers.

    Raises:
        ValueError: If a layer has no translation.

    Example:
        >>> g = translate(kg.networks.mlp_generator(8, (2,)))
        >>> g(torch.zeros(4, 8)).shape
        torch.Size([4, 2])
    """
    modules = [module for layer in network.layers for module in _modules(layer)]
    translated = nn.Sequential(*modules).train()
    # Batch normalisation counts its batches as well.
    states = [v for k, v in translated.state_dict().items() if "num_batches" not in k]
    if sum(state.numel() for state in states) != network.count_params():
        raise ValueError(
            f"Expected {network.count_params()} parameters. Received: "
            f"{sum(state.numel() for state in states)} in {translated}"
        )
    return translated


def channels_first(images: torch.Tensor) -> torch.Tensor:
    """Moves the channels of images to axis 1; leaves vectors alone."""
    return images.permute(0, 3, 1, 2) if images.ndim == 4 else images


def _modules(layer: keras.Layer) -> list[nn.Module]:
    make = _TRANSLATIONS.get(type(layer))
    if make is None:
        raise ValueError(
            f"Expected one of {sorted(kind.__name__ for kind in _TRANSLATIONS)}. Received: "
            f"a {type(layer).__name__}, which has no translation"
        )
    activation = getattr(layer, "activation", None)
    following = [_ACTIVATIONS[activation.__name__]()] if activation else []
    return [*make(layer), *following]


def _dense(layer: layers.Dense) -> list[nn.Module]:
    inputs, units = layer.kernel.shape
    return [_with_weights(nn.Linear(inputs, units, bias=layer.use_bias), layer, (1, 0))]


def _maxout(layer: Maxout) -> list[nn.Module]:
    linear = nn.Linear(layer.kernel.shape[0], layer.kernel.shape[1])
    largest = _Apply(lambda x: x.reshape(len(x), layer.pieces, layer.units).amax(1))
    return [_with_weights(linear, layer, (1, 0)), largest]


def _convolution(layer: layers.Conv2D) -> list[nn.Module]:
    *size, inputs, outputs = layer.kernel.shape
    begin, end = _padding(layer, layer.input.shape[1:3])
    # Other padding at the end than at the beginning takes a layer of its own.
    pad = [] if begin == end else [nn.ZeroPad2d((begin[1], end[1], begin[0], end[0]))]
    inside = begin if begin == end else 0
    convolution = nn.Conv2d(inputs, outputs, size, layer.strides, inside, bias=layer.use_bias)
    return [*pad, _with_weights(convolution, layer, (3, 2, 0, 1))]


def _transposed(layer: layers.Conv2DTranspose) -> list[nn.Module]:
    *size, outputs, inputs = layer.kernel.shape
    sides = layer.output.shape[1:3]
    begin, end = _padding(layer, sides)
    convolution = nn.ConvTranspose2d(
        inputs, outputs, size, layer.strides, begin, bias=layer.use_bias
    )
    crop = [] if begin == end else [_Apply(lambda x: x[:, :, : sides[0], : sides[1]])]
    return [_with_weights(convolution, layer, (3, 2, 0, 1)), *crop]


def _padding(layer: keras.Layer, sides: tuple[int, ...]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Returns the zeros before and after each side of the larger image."""
    if layer.padding == "valid":
        return (0, 0), (0, 0)
    rows, columns = (
        max((math.ceil(side / stride) - 1) * stride + size - side, 0)
        for side, stride, size in zip(sides, layer.strides, layer.kernel_size, strict=True)
    )
    begin = rows // 2, columns // 2
    return begin, (rows - begin[0], columns - begin[1])


def _normalisation(layer: layers.BatchNormalization) -> list[nn.Module]:
    make = nn.BatchNorm2d if len(layer.input.shape) == 4 else nn.BatchNorm1d
    module = make(layer.gamma.shape[0], eps=layer.epsilon, momentum=1.0 - layer.momentum)
    weights = (layer.gamma, layer.beta, layer.moving_mean, layer.moving_variance)
    names = ("weight", "bias", "running_mean", "running_var")
    for name, weight in zip(names, weights, strict=True):
        getattr(module, name).data.copy_(torch.from_numpy(np.array(weight)))
    return [module]


def _reshape(layer: layers.Reshape) -> list[nn.Module]:
    shape = layer.target_shape
    return [_Apply(lambda x: channels_first(x.reshape(len(x), *shape)).contiguous())]


def _flatten(layer: layers.Layer) -> list[nn.Module]:
    return [_Apply(lambda x: (x.permute(0, 2, 3, 1) if x.ndim == 4 else x).flatten(1))]


_TRANSLATIONS: dict[type[keras.Layer], Callable[[Any], list[nn.Module]]] = {
    layers.Dense: _dense,
    Maxout: _maxout,
    layers.Conv2D: _convolution,
    layers.Conv2DTranspose: _transposed,
    layers.BatchNormalization: _normalisation,
    layers.Reshape: _reshape,
    layers.Flatten: _flatten,
    layers.Activation: lambda layer: [],
    layers.ReLU: lambda layer: [nn.ReLU()],
    layers.LeakyReLU: lambda layer: [nn.LeakyReLU(layer.negative_slope)],
    layers.Dropout: lambda layer: [nn.Dropout(layer.rate)],
    layers.UpSampling2D: lambda layer: [nn.Upsample(scale_factor=tuple(layer.size))],
    layers.Rescaling: lambda layer: [_Apply(lambda x: x * layer.scale + layer.offset)],
}


class _Apply(nn.Module):
    """A layer without weights."""

    def __init__(self, function: Callable[[Any], Any]):
        super().__init__()
        self.function = function

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.function(inputs)


def _with_weights(
    module: nn.Linear | nn.Conv2d | nn.ConvTranspose2d, layer: keras.Layer, axes: tuple[int, ...]
) -> nn.Module:
    kernel = np.ascontiguousarray(np.array(layer.kernel).transpose(axes))
    module.weight.data.copy_(torch.from_numpy(kernel))
    if module.bias is not None:
        module.bias.data.copy_(torch.from_numpy(np.array(layer.bias)))
    return module
