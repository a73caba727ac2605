"""The contender that trains with PyTorch; imported only where that is installed."""

import os

# Before PyTorch starts its threads: those that spin where they wait for one whose core another
# process has taken made a step up to a hundred times longer.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import keras
import torch
from torch import nn
from torch.nn import functional

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
    """

    def __init__(self, case: Case):
        self.case = case
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        if self.device == "cuda":
            self.memory = TorchMemory()
        torch.backends.cuda.matmul.allow_tf32 = True  # As TensorFlow does.
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


class CompiledTorchLoop(TorchLoop):
    """The same loop, whose networks `torch.compile` compiles.

    What compiles has no gradient of a gradient: with a gradient penalty, PyTorch refuses.
    """

    def __init__(self, case: Case):
        super().__init__(case)
        self.generator.compile()
        self.discriminator.compile()


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
