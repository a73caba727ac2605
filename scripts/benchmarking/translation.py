"""Keras networks as networks of PyTorch."""

import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import torch
from keras import layers
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrizations

from keras_gans.layers import Blur2D, LearnedBasis2D, Maxout, SpectralNormalization

_ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "linear": nn.Identity,
    "relu": nn.ReLU,
    "leaky_relu": lambda: nn.LeakyReLU(0.2),
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
}


def translate(network: keras.Model) -> nn.Module:
    """Returns the same network, with the same weights, in PyTorch.

    Args:
        network: Of dense, convolutional, normalising, activating and moving layers, each called
            once, with one input and one output.

    Raises:
        ValueError: If a layer has no translation.

    Example:
        >>> g = translate(kg.networks.mlp_generator(8, (2,)))
        >>> g(torch.zeros(4, 8)).shape
        torch.Size([4, 2])
    """
    if isinstance(network, keras.Sequential):
        translated: nn.Module = nn.Sequential(*_modules(network))
    else:
        translated = _Graph(network)
    expected = sum(math.prod(weight.shape) for weight in network.trainable_weights)
    found = sum(parameter.numel() for parameter in translated.parameters())
    if found != expected:
        raise ValueError(f"Expected {expected} parameters. Received: {found} in {translated}")
    return translated.train()


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
    convolution = nn.Conv2d(
        inputs * layer.groups,
        outputs,
        size,
        layer.strides,
        inside,
        groups=layer.groups,
        bias=layer.use_bias,
    )
    return [*pad, _with_weights(convolution, layer, (3, 2, 0, 1))]


def _depthwise(layer: layers.DepthwiseConv2D) -> list[nn.Module]:
    *size, channels, _ = layer.kernel.shape
    convolution = nn.Conv2d(channels, channels, size, groups=channels, bias=layer.use_bias)
    return [_with_weights(convolution, layer, (2, 3, 0, 1))]


def _spectral(layer: SpectralNormalization) -> list[nn.Module]:
    # Within its wrapper the layer has no input that would tell a shape.
    inner = type(layer.layer).from_config(layer.layer.get_config())
    alone = keras.Sequential([keras.Input(layer.input.shape[1:]), inner])
    alone.set_weights(layer.layer.get_weights())
    modules = _modules(alone)
    module: Any
    for module in modules:
        if isinstance(getattr(module, "weight", None), nn.Parameter):
            matrix = module.weight.detach().flatten(1)
            parametrizations.spectral_norm(module)
            u = functional.normalize(torch.from_numpy(np.array(layer.u)), dim=0)
            v = functional.normalize(matrix.T @ u, dim=0)
            for kept, vector in zip(module.buffers(), (u, v), strict=True):
                kept.copy_(vector)
    return modules


def _basis(layer: LearnedBasis2D) -> list[nn.Module]:
    module = _Apply(lambda x: module.weight * x[:, :, None, None])
    basis = torch.from_numpy(np.array(layer.basis)).permute(2, 0, 1).contiguous()
    module.weight = nn.Parameter(basis)
    return [module]


def _blur(layer: Blur2D) -> list[nn.Module]:
    along = np.array(layer.filter, "float32") / sum(layer.filter)
    kernel, channels = torch.from_numpy(np.outer(along, along)), layer.input.shape[-1]
    sides = len(along) // 2
    module: Any = _Apply(
        lambda x: functional.conv2d(x, module.kernel, padding=sides, groups=channels)
    )
    module.register_buffer("kernel", kernel.expand(channels, 1, *kernel.shape).contiguous())
    return [module]


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
    return [_Apply(lambda x: channels_first(_last(x).reshape(len(x), *shape)).contiguous())]


def _flatten(layer: layers.Layer) -> list[nn.Module]:
    return [_Apply(lambda x: _last(x).flatten(1))]


def _last(x: torch.Tensor) -> torch.Tensor:
    """Returns images with their channels last, and other samples as they are."""
    return x.permute(0, 2, 3, 1) if x.ndim == 4 else x


_TRANSLATIONS: dict[type[keras.Layer], Callable[[Any], list[nn.Module]]] = {
    layers.Dense: _dense,
    Maxout: _maxout,
    layers.Conv2D: _convolution,
    layers.Conv2DTranspose: _transposed,
    layers.BatchNormalization: _normalisation,
    layers.Reshape: _reshape,
    layers.Flatten: _flatten,
    keras.Sequential: lambda network: [m for each in network.layers for m in _modules(each)],
    SpectralNormalization: _spectral,
    layers.DepthwiseConv2D: _depthwise,
    LearnedBasis2D: _basis,
    Blur2D: _blur,
    layers.Add: lambda layer: [_Apply(lambda *x: sum(x))],
    layers.AveragePooling2D: lambda layer: [nn.AvgPool2d(layer.pool_size)],
    layers.GlobalAveragePooling2D: lambda layer: [_Apply(lambda x: x.mean((2, 3)))],
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

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        return self.function(*inputs)


class _Graph(nn.Module):
    """A network whose layers may have several inputs."""

    def __init__(self, network: keras.Model):
        super().__init__()
        inside = [layer for layer in network.layers if not isinstance(layer, layers.InputLayer)]
        self.parts = nn.ModuleList(_Chain(*_modules(layer)) for layer in inside)
        # Tensors by the number of the layer that returns them; 0 is the input.
        numbers = {id(layer.output): i for i, layer in enumerate(inside, start=1)}
        numbers[id(network.inputs[0])] = 0
        self.inputs = [
            [numbers[id(tensor)] for tensor in keras.tree.flatten(layer.input)] for layer in inside
        ]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        values = [x]
        for part, inputs in zip(self.parts, self.inputs, strict=True):
            values.append(part(*[values[i] for i in inputs]))
        return values[-1]


class _Chain(nn.Sequential):
    """Modules one after the other, of which the first may take several inputs."""

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        for module in self:
            inputs = (module(*inputs),)
        return inputs[0]


def _with_weights(
    module: nn.Linear | nn.Conv2d | nn.ConvTranspose2d, layer: keras.Layer, axes: tuple[int, ...]
) -> nn.Module:
    kernel = np.ascontiguousarray(np.array(layer.kernel).transpose(axes))
    module.weight.data.copy_(torch.from_numpy(kernel))
    if module.bias is not None:
        module.bias.data.copy_(torch.from_numpy(np.array(layer.bias)))
    return module
