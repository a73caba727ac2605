"""The contender that is written by hand with JAX; imported only where that is installed."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import keras

from keras_gans.scripts.benchmarking.cases import Case
from keras_gans.scripts.benchmarking.timing import Loop

_LOSSES = {
    "wasserstein": (
        lambda real, fake: jnp.mean(fake) - jnp.mean(real),
        lambda fake: -jnp.mean(fake),
    ),
    "non_saturating": (
        lambda real, fake: jnp.mean(jax.nn.softplus(-real) + jax.nn.softplus(fake)),
        lambda fake: jnp.mean(jax.nn.softplus(-fake)),
    ),
}


class Network(NamedTuple):
    """All that changes of a network while it is trained.

    Attributes:
        weights: Values of its trainable variables.
        statistics: Values of its other variables: moving statistics, and seeds of dropout.
        moments: The state of its optimizer.
    """

    weights: list[jax.Array]
    statistics: list[jax.Array]
    moments: Any


class State(NamedTuple):
    """What a step takes and returns; `key` is that of the random numbers to come."""

    generator: Network
    discriminator: Network
    key: jax.Array


class JaxLoop(Loop):
    """A jitted step as a careful user writes it, of the library's maths and nothing else.

    The state is donated. A mini-batch of its own for each critic update is gathered from an array
    on the device: no input pipeline, no logs, no callbacks. The trained weights are those of the
    library; the moving statistics of batch normalisation also follow the calls that the library
    keeps out of them.

    Args:
        case: What to train.
        steps_per_call: Above 1, that many steps in one `jax.lax.scan`.
        dtype: Name of the Keras policy of the networks.
    """

    def __init__(self, case: Case, steps_per_call: int = 1, dtype: str = "float32"):
        self.case = case
        self.steps_per_call = steps_per_call
        self.generator, self.discriminator = case.keras_networks(dtype)
        self.discriminator_loss, self.generator_loss = _LOSSES[case.maths.loss]
        self.optimizer = translate(case.keras_optimizer())
        self.images = jnp.asarray(case.images)
        generator, discriminator = map(self._values, (self.generator, self.discriminator))
        self.state = State(generator, discriminator, jax.random.key(0))
        self.compiled = jax.jit(
            self.one_step if steps_per_call == 1 else self.several_steps, donate_argnums=0
        )

    def call(self) -> jax.Array:
        self.state, loss = self.compiled(self.state, self.images)
        return loss

    def one_step(self, state: State, images: jax.Array) -> tuple[State, jax.Array]:
        key, of_indices = jax.random.split(state.key)
        shape = (self.case.n_critic, self.case.batch_size)
        indices = jax.random.randint(of_indices, shape, 0, len(images))
        return self.train_step(state._replace(key=key), [images[i] for i in indices])

    def several_steps(self, state: State, images: jax.Array) -> tuple[State, jax.Array]:
        state, losses = jax.lax.scan(
            lambda state, _: self.one_step(state, images), state, length=self.steps_per_call
        )
        return state, losses[-1]

    def train_step(self, state: State, batches: list[jax.Array]) -> tuple[State, jax.Array]:
        for real in batches:
            state = self.update_discriminator(state, real)
        return self.update_generator(state)

    def update_discriminator(self, state: State, real: jax.Array) -> State:
        generator, discriminator = state.generator, state.discriminator
        key, of_latents, of_eps = jax.random.split(state.key, 3)
        latents = self.sample_latents(of_latents)
        fake, drawn = self.generator.stateless_call(*generator[:2], latents, training=True)

        def objective(weights):
            real_logits, statistics = self.judge(weights, discriminator.statistics, real)
            fake_logits, statistics = self.judge(weights, statistics, fake)
            loss = self.discriminator_loss(real_logits, fake_logits)
            if gp_weight := self.case.maths.gp_weight:
                eps = self.sample_eps(of_eps, real.ndim)
                points = eps * real + (1.0 - eps) * fake
                penalty, statistics = self.gradient_penalty(weights, statistics, points)
                loss += gp_weight * penalty
            return loss, statistics

        gradients, statistics = jax.grad(objective, has_aux=True)(discriminator.weights)
        weights, moments = self.optimizer.update(
            discriminator.weights, gradients, discriminator.moments
        )
        if clip_value := self.case.maths.clip_value:
            weights = [jnp.clip(weight, -clip_value, clip_value) for weight in weights]
        updated = Network(weights, statistics, moments)
        return State(generator._replace(statistics=drawn), updated, key)

    def update_generator(self, state: State) -> tuple[State, jax.Array]:
        generator, discriminator = state.generator, state.discriminator
        key, of_latents = jax.random.split(state.key)
        latents = self.sample_latents(of_latents)

        def objective(weights):
            fake, drawn = self.generator.stateless_call(
                weights, generator.statistics, latents, training=True
            )
            logits, judged = self.judge(*discriminator[:2], fake)
            return self.generator_loss(logits), (drawn, judged)

        (loss, (drawn, judged)), gradients = jax.value_and_grad(objective, has_aux=True)(
            generator.weights
        )
        weights, moments = self.optimizer.update(generator.weights, gradients, generator.moments)
        updated = Network(weights, drawn, moments)
        return State(updated, discriminator._replace(statistics=judged), key), loss

    def judge(
        self, weights: list[jax.Array], statistics: list[jax.Array], samples: jax.Array
    ) -> tuple[jax.Array, list[jax.Array]]:
        """Returns float32 logits, and the discriminator's statistics after them."""
        logits, statistics = self.discriminator.stateless_call(
            weights, statistics, samples, training=True
        )
        return logits.astype("float32"), statistics

    def gradient_penalty(
        self, weights: list[jax.Array], statistics: list[jax.Array], points: jax.Array
    ) -> tuple[jax.Array, list[jax.Array]]:
        def total(points):
            logits, updated = self.judge(weights, statistics, points)
            return jnp.sum(logits), updated

        gradient, statistics = jax.grad(total, has_aux=True)(points)
        squared_norm = jnp.sum(jnp.square(gradient), axis=tuple(range(1, points.ndim)))
        penalty = jnp.mean(jnp.square(jnp.sqrt(squared_norm + 1e-12) - 1.0))
        return penalty, statistics

    def sample_latents(self, key: jax.Array) -> jax.Array:
        shape = (self.case.batch_size, self.generator.input_shape[-1])
        if self.case.latent_distribution == "uniform":
            return jax.random.uniform(key, shape, minval=-1.0, maxval=1.0)
        return jax.random.normal(key, shape)

    def sample_eps(self, key: jax.Array, rank: int) -> jax.Array:
        return jax.random.uniform(key, (self.case.batch_size,) + (1,) * (rank - 1))

    def _values(self, network: keras.Model) -> Network:
        # Copies, as the step takes over what it is given.
        weights = [jnp.array(v.value) for v in network.trainable_variables]
        statistics = [jnp.array(v.value) for v in network.non_trainable_variables]
        return Network(weights, statistics, self.optimizer.init(weights))


class Optimizer(NamedTuple):
    """A pair of functions without state.

    Attributes:
        init: From weights to moments.
        update: From weights, gradients and moments to new weights and moments.
    """

    init: Callable[[list[jax.Array]], Any]
    update: Callable[[list[jax.Array], list[jax.Array], Any], tuple[list[jax.Array], Any]]


def translate(optimizer: keras.optimizers.Optimizer) -> Optimizer:
    """Returns the same formula as one of Keras' optimizers, without momentum of SGD and RMSprop.

    Args:
        optimizer: Adam, RMSprop or SGD.
    """
    return _TRANSLATIONS[type(optimizer)](optimizer, float(optimizer.learning_rate))


def _adam(optimizer: keras.optimizers.Adam, rate: float) -> Optimizer:
    beta_1, beta_2, epsilon = optimizer.beta_1, optimizer.beta_2, optimizer.epsilon

    def init(weights):
        first, second = ([jnp.zeros_like(weight) for weight in weights] for _ in range(2))
        return first, second, jnp.zeros((), "int32")

    def update(weights, gradients, moments):
        first, second, step = moments
        step += 1
        first = [beta_1 * m + (1 - beta_1) * g for m, g in zip(first, gradients, strict=True)]
        second = [beta_2 * v + (1 - beta_2) * g**2 for v, g in zip(second, gradients, strict=True)]
        size = rate * jnp.sqrt(1 - beta_2**step) / (1 - beta_1**step)
        weights = [
            weight - size * m / (jnp.sqrt(v) + epsilon)
            for weight, m, v in zip(weights, first, second, strict=True)
        ]
        return weights, (first, second, step)

    return Optimizer(init, update)


def _rmsprop(optimizer: keras.optimizers.RMSprop, rate: float) -> Optimizer:
    rho, epsilon = optimizer.rho, optimizer.epsilon

    def update(weights, gradients, moments):
        moments = [rho * v + (1 - rho) * g**2 for v, g in zip(moments, gradients, strict=True)]
        weights = [
            weight - rate * g / jnp.sqrt(v + epsilon)
            for weight, g, v in zip(weights, gradients, moments, strict=True)
        ]
        return weights, moments

    return Optimizer(lambda weights: [jnp.zeros_like(weight) for weight in weights], update)


def _sgd(optimizer: keras.optimizers.SGD, rate: float) -> Optimizer:
    def update(weights, gradients, moments):
        return [weight - rate * g for weight, g in zip(weights, gradients, strict=True)], moments

    return Optimizer(lambda weights: (), update)


_TRANSLATIONS: dict[type[keras.optimizers.Optimizer], Callable[[Any, float], Optimizer]] = {
    keras.optimizers.Adam: _adam,
    keras.optimizers.RMSprop: _rmsprop,
    keras.optimizers.SGD: _sgd,
}
