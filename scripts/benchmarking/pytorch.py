"""The contender that trains with PyTorch; imported only where that is installed."""

import math
import os
from collections.abc import Callable
from typing import Any

# Before PyTorch starts its threads: those that spin where they wait for one whose core another
# process has taken made a step up to a hundred times longer.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import keras
import numpy as np
import torch
from keras import layers
from torch import nn
from torch.nn import functional

from keras_gans.networks.maxout import Maxout
from keras_gans.scripts.benchmarking.cases import Case
from keras_gans.scripts.benchmarking.loops import Loop
from keras_gans.scripts.benchmarking.memory import PeakMemory

_ACTIVATIONS = {
    "linear": nn.Identity,
    "relu": nn.ReLU,
    "leaky_relu": lambda: nn.LeakyReLU(0.2),
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
}
_LOSSES = {
    "wasserstein": (
        lambda real, fake: fake.mean() - real.mean(),
        lambda fake: -fake.mean(),
    ),
    "non_saturating": (
        lambda real, fake: (functional.softplus(-real) + functional.softplus(fake)).mean(),
        lambda fake: functional.softplus(-fake).mean(),
    ),
}


class TorchLoop(Loop):
    """An eager PyTorch loop of the same maths, with networks of the same weights.

    Mini-batches are gathered from a tensor on the device. Images are (n, channels, height, width),
    as PyTorch's layers take them.

    Args:
        case: What to train.
    """

    def __init__(self, case: Case):
        self.case = case
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        if self.device == "cuda":
            self.memory = _CudaMemory()
        torch.backends.cuda.matmul.allow_tf32 = True  # As TensorFlow does.
        networks = case.networks()
        self.latent_dim = networks[0].input_shape[-1]
        self.generator, self.discriminator = (translate(n).to(self.device) for n in networks)
        self.g_optimizer = _optimizer(case.optimizer(), self.generator)
        self.d_optimizer = _optimizer(case.optimizer(), self.discriminator)
        self.images = channels_first(torch.from_numpy(case.images)).contiguous().to(self.device)
        self.discriminator_loss, self.generator_loss = _LOSSES[case.maths.loss]

    def call(self) -> torch.Tensor:
        shape = (self.case.n_critic, self.case.batch_size)
        for indices in torch.randint(len(self.images), shape, device=self.device):
            self.update_discriminator(self.images[indices])
        return self.update_generator()

    def update_discriminator(self, real: torch.Tensor) -> None:
        with torch.no_grad():
            fake = self.generator(self.sample_latents())
        loss = self.discriminator_loss(self.discriminator(real), self.discriminator(fake))
        if self.case.maths.gp_weight:
            loss = loss + self.case.maths.gp_weight * self.gradient_penalty(real, fake)
        _step(self.d_optimizer, loss, self.discriminator)
        if clip_value := self.case.maths.clip_value:
            with torch.no_grad():
                for weight in self.discriminator.parameters():
                    weight.clamp_(-clip_value, clip_value)

    def update_generator(self) -> torch.Tensor:
        loss = self.generator_loss(self.discriminator(self.generator(self.sample_latents())))
        _step(self.g_optimizer, loss, self.generator)
        return loss

    def sample_latents(self) -> torch.Tensor:
        shape = (self.case.batch_size, self.latent_dim)
        if self.case.latent_distribution == "uniform":
            return torch.rand(shape, device=self.device) * 2.0 - 1.0
        return torch.randn(shape, device=self.device)

    def sample_eps(self, rank: int) -> torch.Tensor:
        return torch.rand((self.case.batch_size,) + (1,) * (rank - 1), device=self.device)

    def gradient_penalty(self, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        eps = self.sample_eps(real.ndim)
        points = (eps * real + (1.0 - eps) * fake).requires_grad_()
        logits = self.discriminator(points).sum()
        (gradient,) = torch.autograd.grad(logits, points, create_graph=True)
        norm = torch.sqrt(gradient.flatten(1).square().sum(1) + 1e-12)
        return (norm - 1.0).square().mean()


class _CudaMemory(PeakMemory):
    def reset(self) -> None:
        torch.cuda.reset_peak_memory_stats()

    def read(self) -> int:
        return torch.cuda.max_memory_allocated()


def _step(optimizer, loss, network) -> None:
    # Not loss.backward(), which would also fill the gradients of the other network.
    variables = list(network.parameters())
    for variable, gradient in zip(variables, torch.autograd.grad(loss, variables), strict=True):
        variable.grad = gradient
    optimizer.step()


def _optimizer(optimizer: keras.optimizers.Optimizer, network: nn.Module) -> torch.optim.Optimizer:
    rate = float(optimizer.learning_rate)
    if isinstance(optimizer, keras.optimizers.Adam):
        betas = (optimizer.beta_1, optimizer.beta_2)
        return torch.optim.Adam(network.parameters(), rate, betas, optimizer.epsilon)
    return torch.optim.RMSprop(network.parameters(), rate, optimizer.rho, optimizer.epsilon)


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
    return [_with_weights(nn.Linear(*layer.kernel.shape, bias=layer.use_bias), layer, (1, 0))]


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


def _padding(layer, sides) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Returns the zeros before and after each side of the larger image."""
    if layer.padding == "valid":
        return (0, 0), (0, 0)
    totals = [
        max((math.ceil(side / stride) - 1) * stride + size - side, 0)
        for side, stride, size in zip(sides, layer.strides, layer.kernel_size, strict=True)
    ]
    return tuple(t // 2 for t in totals), tuple(t - t // 2 for t in totals)


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


_TRANSLATIONS = {
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


def _with_weights(module: nn.Module, layer: keras.Layer, axes: tuple[int, ...]) -> nn.Module:
    kernel = np.ascontiguousarray(np.array(layer.kernel).transpose(axes))
    module.weight.data.copy_(torch.from_numpy(kernel))
    if module.bias is not None:
        module.bias.data.copy_(torch.from_numpy(np.array(layer.bias)))
    return module
