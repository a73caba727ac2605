"""The contender that trains with PyTorch; imported only where that is installed."""

import os

# Before PyTorch starts its threads: those that spin where they wait for one whose core another
# process has taken made a step up to a hundred times longer.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from collections.abc import Callable
from typing import Any

import keras
import torch
from torch import nn
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import conv_flop_count, flop_registry

from keras_gans.scripts.benchmarking.cases import Case
from keras_gans.scripts.benchmarking.memory import TorchMemory
from keras_gans.scripts.benchmarking.timing import Loop
from keras_gans.scripts.benchmarking.translation import channels_first, translate

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
        dtype: Name of the Keras policy whose like `torch.autocast` is, or "float32".
    """

    def __init__(self, case: Case, dtype: str = "float32"):
        self.case = case
        self.is_mixed = dtype == "mixed_bfloat16"
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        if self.device == "cuda":
            self.memory = TorchMemory()
        networks = case.keras_networks()
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

    def draw(self) -> torch.Tensor:
        """Returns as many samples as a mini-batch has, in float32."""
        return self.mixed(self.generator, self.sample_latents())

    def judge(self, samples: torch.Tensor) -> torch.Tensor:
        """Returns float32 logits."""
        return self.mixed(self.discriminator, samples)

    def mixed(self, network: Callable[..., Any], inputs: torch.Tensor) -> torch.Tensor:
        with torch.autocast(self.device, torch.bfloat16, enabled=self.is_mixed):
            return network(inputs).float()

    def operations(self) -> int:
        """Counts the operations of a step's convolutions and matrix products.

        A multiplication and an addition count as two.
        """
        with Operations() as counted:
            self.call()
        return counted.total

    def update_discriminator(self, real: torch.Tensor) -> None:
        with torch.no_grad():
            fake = self.draw()
        loss = self.discriminator_loss(self.judge(real), self.judge(fake))
        if self.case.maths.gp_weight:
            loss = loss + self.case.maths.gp_weight * self.gradient_penalty(real, fake)
        _step(self.d_optimizer, loss, self.discriminator)
        if clip_value := self.case.maths.clip_value:
            with torch.no_grad():
                for weight in self.discriminator.parameters():
                    weight.clamp_(-clip_value, clip_value)

    def update_generator(self) -> torch.Tensor:
        loss = self.generator_loss(self.judge(self.draw()))
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
        logits = self.mixed(self.discriminator, points).sum()
        (gradient,) = torch.autograd.grad(logits, points, create_graph=True)
        norm = torch.sqrt(gradient.flatten(1).square().sum(1) + 1e-12)
        return (norm - 1.0).square().mean()


class CompiledTorchLoop(TorchLoop):
    """The same loop, of images whose channels come last in memory, compiled by `torch.compile`.

    What it compiles has no gradient of a gradient: the penalty calls the discriminator as it is.
    """

    def __init__(self, case: Case, dtype: str = "float32"):
        super().__init__(case, dtype)
        network: Any  # Its types know no memory format.
        for network in (self.generator, self.discriminator):
            network.to(memory_format=torch.channels_last)
        if self.images.ndim == 4:
            self.images = self.images.to(memory_format=torch.channels_last)
        self.compiled = {n: torch.compile(n) for n in (self.generator, self.discriminator)}

    def draw(self) -> torch.Tensor:
        return self.mixed(self.compiled[self.generator], self.sample_latents())

    def judge(self, samples: torch.Tensor) -> torch.Tensor:
        return self.mixed(self.compiled[self.discriminator], samples)


class Operations(TorchDispatchMode):
    """Counts, in `total`, the operations of the convolutions and matrix products within it.

    `FlopCounterMode` refuses gradients of gradients.
    """

    total = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        outputs = function(*args, **(kwargs or {}))
        if formula := _FORMULAS.get(function.overloadpacket):
            self.total += formula(*args, **(kwargs or {}), out_val=outputs)
        return outputs


def _of_gradients(gradient: Any, inputs: Any, kernel: Any, *rest: Any, out_val: Any) -> int:
    """Each gradient of a convolution takes as much as the convolution.

    PyTorch's own formula leaves the groups out of the kernel's.
    """
    *_, transposed, _, _, needed = rest
    each = conv_flop_count(inputs.shape, kernel.shape, gradient.shape, transposed)
    return sum(needed[:2]) * each


_FORMULAS = {**flop_registry, torch.ops.aten.convolution_backward: _of_gradients}


def _step(optimizer: torch.optim.Optimizer, loss: torch.Tensor, network: nn.Module) -> None:
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
