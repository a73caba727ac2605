"""The base of all variants: the networks, `compile`, and the algorithm."""

import random
import warnings
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_gans import autodiff, losses, optimizers
from keras_gans.metrics import protocol
from keras_gans.models.means import Means
from keras_gans.models.replicas import (
    ReplicaLossScaleOptimizer,
    ReplicaSeedGenerator,
    average_over_replicas,
    replica_count,
    xla_pays,
)
from keras_gans.models.trainer import Trainer
from keras_gans.networks import inspection

_LATENT_DISTRIBUTIONS = {
    "normal": keras.random.normal,
    "uniform": lambda shape, seed: keras.random.uniform(shape, -1.0, 1.0, seed=seed),
}


@keras.saving.register_keras_serializable("keras_gans")
class GAN(Trainer):
    """Generative adversarial network, trained by `fit`.

    One step of `fit` is Algorithm 1 of the paper: `n_critic` updates of the discriminator, each on
    a mini-batch of its own and new latents, then one update of the generator on new latents. A
    variant says what differs: its loss, its penalty, its defaults.

    Args:
        generator: `keras.Model` from latents `(batch, latent_dim)` to samples `(batch, ...)`.
        discriminator: `keras.Model` from samples to logits; never to probabilities.
        latent_distribution: "normal", standard normal, or "uniform" on [-1, 1].
        loss: A `keras_gans.losses.Loss` or its name: "non_saturating" by default, "minimax" for the
            saturating form.
        seed: Integer seed of latents, penalty points and data order; drawn if None.
        **kwargs: `name`, `dtype` and the like, as `keras.Model` takes them.

    Raises:
        ValueError: If the networks do not fit each other, or the discriminator ends in a sigmoid.

    Example:
        >>> gan = kg.GAN(generator, discriminator)
        >>> gan.compile(d_optimizer=keras.optimizers.Adam(2e-4, 0.5))
        >>> gan.fit(images, batch_size=64, epochs=5)
        >>> gan.generate(16, seed=0).shape
        (16, 28, 28, 1)

    Reference:
        Goodfellow et al., 2014, Generative Adversarial Networks, algorithm 1.
    """

    # What a variant sets. The penalty is None where the paper has none.
    default_loss = "non_saturating"
    penalty = None
    default_n_critic = 1
    default_gp_weight = None

    @staticmethod
    def default_optimizer() -> keras.optimizers.Optimizer:
        return optimizers.Adam(2e-4, beta_1=0.5)

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        latent_distribution: str = "normal",
        loss: str | losses.Loss | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        _check_networks(generator, discriminator)
        if latent_distribution not in _LATENT_DISTRIBUTIONS:
            raise ValueError(
                f"Expected `latent_distribution` to be one of {sorted(_LATENT_DISTRIBUTIONS)}. "
                f"Received: latent_distribution={latent_distribution!r}"
            )
        self.generator = generator
        self.discriminator = discriminator
        self.ema_generator = None
        self.latent_distribution = latent_distribution
        self.loss = losses.get(loss or self.default_loss)
        self.seed_generator = ReplicaSeedGenerator(
            random.randrange(2**31) if seed is None else seed
        )
        self.d_means = Means(["d_loss", "d_real", "d_fake"] + (["gp"] if self.penalty else []))
        self.g_means = Means(["g_loss"])
        self.built = True

    @property
    def latent_dim(self) -> int:
        return self.generator.input_shape[-1]

    @property
    def sample_shape(self) -> tuple[int, ...]:
        return self.generator.output_shape[1:]

    @property
    def seed(self) -> int:
        return int(ops.convert_to_numpy(self.seed_generator.state)[0])

    @property
    def batches_per_step(self) -> int:
        return 1 if self.reuse_batch else self.n_critic

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        return [self.d_means, self.g_means]

    def compile(
        self,
        d_optimizer: Any = None,
        g_optimizer: Any = None,
        n_critic: int | None = None,
        gp_weight: float | None = None,
        *,
        loss: str | losses.Loss | None = None,
        reuse_batch: bool = False,
        ema_decay: float | None = None,
        run_eagerly: bool = False,
        jit_compile: bool | str = "auto",
        steps_per_execution: int = 1,
    ) -> None:
        """Sets how to train; each argument left out takes the paper's value.

        Args:
            d_optimizer: Keras optimizer of the discriminator, or its name.
            g_optimizer: Keras optimizer of the generator, or its name; another object.
            n_critic: Updates of the discriminator in one step, at least 1.
            gp_weight: Weight of the penalty, at least 0; only for variants with a penalty.
            loss: Replaces the loss given to the constructor.
            reuse_batch: Whether all `n_critic` updates of a step see the same mini-batch.
            ema_decay: Decay in [0, 1) of the averaged generator that `generate` then uses, updated
                after each update of the generator; None for no average.
            run_eagerly: As in Keras.
            jit_compile: Whether XLA compiles the losses and their gradients, on each replica by
                itself; the rest of the step stays outside. "auto" does so where there is a GPU,
                also under a strategy, and not on CPUs, where it is slower.
            steps_per_execution: As in Keras: steps in one call of the compiled function.

        Raises:
            ValueError: If an argument is out of its range.

        Example:
            >>> gan.compile(keras.optimizers.Adam(1e-4), keras.optimizers.Adam(1e-4), n_critic=5)
        """
        n_critic = self.default_n_critic if n_critic is None else n_critic
        gp_weight = self.default_gp_weight if gp_weight is None else gp_weight
        self._check_compile(
            n_critic, gp_weight, ema_decay, steps_per_execution, d_optimizer, g_optimizer
        )
        loss = self.loss if loss is None else losses.get(loss)
        if jit_compile == "auto":  # Keras' own is off under any strategy.
            jit_compile = xla_pays() and not run_eagerly
        with self.distribute_strategy.scope():
            super().compile(
                optimizer=None,
                run_eagerly=run_eagerly,
                jit_compile=jit_compile,
                steps_per_execution=steps_per_execution,
            )
            # What is trained is settled here, as in Keras: flags set later change nothing. Keras
            # must not see the variables, or it would save them twice.
            networks = (self.discriminator, self.generator)
            object.__setattr__(self, "_trained", {n: _trainable(n) for n in networks})
            self.d_optimizer = self._optimizer_of(self.discriminator, d_optimizer)
            self.g_optimizer = self._optimizer_of(self.generator, g_optimizer)
            self.ema_generator = None if ema_decay is None else self._average()
        self.loss = loss
        self.n_critic = n_critic
        self.gp_weight = gp_weight
        self.reuse_batch = reuse_batch
        self.ema_decay = ema_decay

    # The algorithm

    def train_step(self, batches: tuple[Any, ...]) -> dict[str, Any]:
        """Runs one step: `n_critic` updates of the discriminator, one of the generator.

        Args:
            batches: Tuple of `n_critic` mini-batches of reals, or of one with `reuse_batch`.

        Returns:
            The means of the logs over the epoch so far.
        """
        for real in self.discriminator_batches(batches):
            self.update_discriminator(real)
        self.update_generator(real)
        return self.logs()

    def discriminator_batches(self, batches: tuple[Any, ...]) -> tuple[Any, ...]:
        return batches * self.n_critic if self.reuse_batch else batches

    def update_discriminator(self, real: Any) -> None:
        fake = frozen_call(self.generator, self.sample_latents(ops.shape(real)[0]))
        points = self.penalty_points(real, fake) if self.penalty else None

        def objective():
            real_logits, fake_logits = self.discriminate(real, fake)
            loss = self.loss.discriminator_loss(real_logits, fake_logits)
            terms = {"d_real": ops.mean(real_logits), "d_fake": ops.mean(fake_logits)}
            if self.penalty:
                terms["gp"] = self.gradient_penalty(points)
                loss = loss + self.gp_weight * terms["gp"]
            return loss, {"d_loss": loss, **terms}

        terms = self.minimize(objective, self.discriminator, self.d_optimizer)
        self.d_means.update_state(terms)

    def update_generator(self, real: Any) -> None:
        latents = self.sample_latents(ops.shape(real)[0])
        real_logits = (
            as_float32(frozen_call(self.discriminator, real)) if self.loss.relativistic else None
        )

        def objective():
            fake = self.generator(latents, training=True)
            fake_logits = as_float32(frozen_call(self.discriminator, fake))
            loss = self.loss.generator_loss(fake_logits, real_logits)
            return loss, {"g_loss": loss}

        self.g_means.update_state(self.minimize(objective, self.generator, self.g_optimizer))
        if self.ema_generator:
            self.update_ema_generator()

    # The verbs that the algorithm is made of

    def sample_latents(self, batch_size: Any, seed: Any = None) -> Any:
        """Draws latents: in training others on each replica, with an integer seed the same ones.

        Args:
            batch_size: How many.
            seed: Integer, or None for the model's own random state, which then advances.

        Returns:
            float32 tensor of shape `(batch_size, latent_dim)`.
        """
        draw = _LATENT_DISTRIBUTIONS[self.latent_distribution]
        seed = self.seed_generator if seed is None else seed
        return draw((batch_size, self.latent_dim), seed=seed)

    def discriminate(self, real: Any, fake: Any) -> tuple[Any, Any]:
        """Returns the float32 logits of reals and of as many fakes, in training mode.

        One pass over both takes less time than two, but is another thing where the samples of a
        batch depend on each other, as with batch normalisation.
        """
        if not inspection.keeps_samples_apart(self.discriminator):
            passes = [self.discriminator(x, training=True) for x in (real, fake)]
        else:
            both = ops.concatenate([as_float32(real), as_float32(fake)])
            passes = ops.split(self.discriminator(both, training=True), 2)
        return as_float32(passes[0]), as_float32(passes[1])

    def penalty_points(self, real: Any, fake: Any) -> Any:
        """Draws the points of the penalty: outside XLA, whose random numbers are others."""
        return self.penalty.points(as_float32(real), as_float32(fake), self.seed_generator)

    def gradient_penalty(self, points: Any) -> Any:
        return self.penalty.at(lambda x: frozen_call(self.discriminator, x), points)

    def minimize(self, objective: Any, network: keras.Model, optimizer: Any) -> dict[str, Any]:
        """Updates one network, and nothing else, by the gradient of an objective.

        Args:
            objective: Function without arguments that returns a scalar and a dict of logs.
            network: The network whose trainable variables are updated.
            optimizer: The optimizer of that network.

        Returns:
            The objective's dict of logs.
        """

        def replica_objective():
            loss, terms = objective()
            # The optimizer sums the gradients of all replicas.
            loss = (loss + sum(network.losses)) / replica_count()
            return optimizer.scale_loss(loss), terms

        variables = self._trained[network]
        gradients, terms = autodiff.gradients(replica_objective, variables, self.jit_compile)
        optimizer.apply(gradients, variables)
        average_over_replicas([v for v in network.weights if not v.trainable])
        return terms

    def update_ema_generator(self) -> None:
        for average, weight in zip(self.ema_generator.weights, self.generator.weights, strict=True):
            average.assign(self.ema_decay * average + (1.0 - self.ema_decay) * weight)

    def logs(self) -> dict[str, Any]:
        return {**self.d_means.result(), **self.g_means.result()}

    # Samples

    def call(self, latents: Any, training: bool = False) -> Any:
        """Maps latents to samples; in inference by the averaged generator where there is one."""
        network = self.generator if training else self.ema_generator or self.generator
        return network(latents, training=training)

    def generate(
        self, n: int, seed: int | None = None, ema: bool = True, batch_size: int = 256
    ) -> np.ndarray:
        """Draws samples from the generator in inference mode.

        Args:
            n: How many, at least 1.
            seed: Integer: the same seed gives the same samples. None draws others in each call.
            ema: Whether the averaged generator is used, where there is one.
            batch_size: How many samples the generator makes at a time.

        Returns:
            float32 array of shape `(n, *sample_shape)`.

        Raises:
            ValueError: If `n` is not a positive integer.

        Example:
            >>> images = gan.generate(16, seed=0)
        """
        if not isinstance(n, (int, np.integer)) or n < 1:
            raise ValueError(f"Expected `n` to be a positive integer. Received: n={n!r}")
        seed = random.randrange(2**31) if seed is None else seed
        latents = ops.convert_to_numpy(self.sample_latents(int(n), seed=seed))
        network = (self.ema_generator if ema else None) or self.generator
        chunks = [latents[i : i + batch_size] for i in range(0, n, batch_size)]
        samples = [ops.convert_to_numpy(network(chunk, training=False)) for chunk in chunks]
        return np.concatenate(samples).astype("float32")

    def evaluate(self, x: Any, metrics: Any = None, **arguments: Any) -> protocol.Scores:
        """Measures samples, of the averaged generator where there is one, against real data.

        Args:
            x: Real samples: array, `tf.data.Dataset` of samples or of batches, with or without
                labels; or precomputed `kg.metrics.Features`.
            metrics: Names such as "fid", "kid", "precision", "coverage", "is", "modes": those of
                `kg.metrics.compare`; all that can be had by default.
            **arguments: `extractor`: None for the samples themselves, the name or path of a
                labelled data set for a classifier trained on it ("digits"), "inception", a
                `keras.Model`, or a `kg.metrics.Extractor`. `n`: how many samples to draw, and the
                most reals to use, evenly spread over the data; by default as many as there are, at
                most 10,000. `seed`: of the latents, 0 by default. `mixture`: `(centers, std)` of
                the equal Gaussians that 2-D data is drawn from, for "modes", "high_quality" and
                "reverse_kl".

        Returns:
            Dict of floats by name; its `protocol` says how they were measured.

        Raises:
            ValueError: If the data does not fit, or a metric is unknown or lacks what it needs.

        Example:
            >>> gan.evaluate(images, ["fid", "coverage"], extractor="digits")
            {'fid': 31.4, 'coverage': 0.89}
        """
        return protocol.evaluate(self, x, metrics, **arguments)

    # Saving: Keras saves networks, optimizers and metrics; the rest is said here

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "generator": keras.saving.serialize_keras_object(self.generator),
            "discriminator": keras.saving.serialize_keras_object(self.discriminator),
            "latent_distribution": self.latent_distribution,
            "loss": keras.saving.serialize_keras_object(self.loss),
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> "GAN":
        parts = {
            key: keras.saving.deserialize_keras_object(config[key], custom_objects)
            for key in ("generator", "discriminator", "loss")
        }
        return cls(**{**config, **parts})

    def get_compile_config(self) -> dict | None:
        if not self.compiled:
            return None
        return {
            "d_optimizer": keras.saving.serialize_keras_object(self.d_optimizer),
            "g_optimizer": keras.saving.serialize_keras_object(self.g_optimizer),
            "n_critic": self.n_critic,
            "gp_weight": self.gp_weight,
            "reuse_batch": self.reuse_batch,
            "ema_decay": self.ema_decay,
            "run_eagerly": self.run_eagerly,
            "jit_compile": self.jit_compile,
            "steps_per_execution": self.steps_per_execution,
        }

    def compile_from_config(self, config: dict) -> None:
        self.compile(**keras.saving.deserialize_keras_object(config))

    def save_own_variables(self, store: Any) -> None:
        store["step"] = self.step
        for i, variable in enumerate(self._other_variables()):
            store[f"state_{i}"] = ops.convert_to_numpy(variable)
        for name, optimizer in self._optimizers().items():
            store[f"{name}_size"] = len(optimizer.variables)

    def load_own_variables(self, store: Any) -> None:
        variables = self._other_variables()
        expected = ["step", *(f"state_{i}" for i in range(len(variables)))]
        expected += [f"{name}_size" for name in self._optimizers()]
        if sorted(store.keys()) != sorted(expected):
            raise ValueError(
                f"Expected a file with the state {sorted(expected)}, as this model has it. "
                f"Received: {sorted(store.keys())}; compile the model as it was when saved"
            )
        self.step = int(np.asarray(store["step"]))
        for i, variable in enumerate(variables):
            variable.assign(np.asarray(store[f"state_{i}"]))
        for name, optimizer in self._optimizers().items():
            # Keras would only warn, and leave the optimizer as it is.
            if int(np.asarray(store[f"{name}_size"])) != len(optimizer.variables):
                raise ValueError(
                    f"Expected a saved {name} of {len(optimizer.variables)} variables. Received: "
                    f"{int(np.asarray(store[f'{name}_size']))}; compile the model as it was saved"
                )

    def _other_variables(self) -> list[keras.Variable]:
        """Random states, and the logs' running means: state that Keras would not save."""
        weights = {id(weight) for weight in self.weights}
        random_states = [v for v in self.variables if id(v) not in weights]
        return random_states + [v for metric in self.metrics for v in metric.variables]

    def _optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        names = ("d_optimizer", "g_optimizer") if self.compiled else ()
        return {name: getattr(self, name) for name in names}

    # What compile makes

    def _optimizer_of(self, network, optimizer):
        try:
            optimizer = keras.optimizers.get(optimizer or self.default_optimizer())
        except (ValueError, TypeError) as error:
            raise ValueError(
                f"Expected a Keras optimizer or its name. Received: {optimizer!r}"
            ) from error
        scaled = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
        if network.dtype_policy.name == "mixed_float16" and not scaled:
            optimizer = ReplicaLossScaleOptimizer(optimizer)
        # Before training, so that a loaded model finds the slots of its optimizers.
        optimizer.build(self._trained[network])
        return optimizer

    def _average(self):
        if self.ema_generator:  # Compiled again: the average goes on.
            return self.ema_generator
        average = keras.models.clone_model(self.generator)
        average.set_weights(self.generator.get_weights())
        average.trainable = False
        return average

    # Checks

    def check_data(self, first: Any) -> None:
        """Raises a ValueError if a mini-batch does not fit the networks."""
        x = np.asarray(keras.tree.flatten(first)[0])
        if not np.issubdtype(x.dtype, np.floating):
            raise ValueError(
                f"Expected float data, scaled to the generator's range. Received: dtype={x.dtype}; "
                "for uint8 images use x.astype('float32') / 127.5 - 1"
            )
        if x.shape[1:] != self.sample_shape:
            raise ValueError(
                f"Expected samples of the discriminator's input shape {self.sample_shape}. "
                f"Received: samples of shape {x.shape[1:]}"
            )
        if not np.isfinite(x).all():
            raise ValueError("Expected finite data. Received: NaN or infinite values in x")
        low, high = inspection.output_range(self.generator) or (-np.inf, np.inf)
        if x.min() < low or x.max() > high:
            raise ValueError(
                f"Expected values in the generator's range [{low:g}, {high:g}]. Received: values "
                f"in [{x.min():g}, {x.max():g}]; rescale the data"
            )

    def _check_compile(
        self, n_critic, gp_weight, ema_decay, steps_per_execution, d_optimizer, g_optimizer
    ):
        for name, value in (("n_critic", n_critic), ("steps_per_execution", steps_per_execution)):
            if not isinstance(value, (int, np.integer)) or value < 1:
                raise ValueError(f"Expected an integer `{name}` >= 1. Received: {name}={value!r}")
        if gp_weight is not None and not self.penalty:
            raise ValueError(
                f"Expected no `gp_weight`: {type(self).__name__} has no penalty. Received: "
                f"gp_weight={gp_weight}; use a variant with one, such as WGANGP"
            )
        if gp_weight is not None and not (_is_number(gp_weight) and 0 <= gp_weight < np.inf):
            raise ValueError(
                f"Expected a finite `gp_weight` >= 0. Received: gp_weight={gp_weight!r}"
            )
        if ema_decay is not None and not (_is_number(ema_decay) and 0 <= ema_decay < 1):
            raise ValueError(f"Expected `ema_decay` in [0, 1). Received: ema_decay={ema_decay!r}")
        if d_optimizer is g_optimizer and isinstance(d_optimizer, keras.optimizers.Optimizer):
            raise ValueError(
                "Expected two optimizers, each with a state of its own. Received: the same object "
                "as d_optimizer and g_optimizer"
            )
        if self.penalty and self.penalty.per_sample_norm:
            self._warn_of_batch_norm()

    def _warn_of_batch_norm(self):
        if inspection.contains(self.discriminator, keras.layers.BatchNormalization):
            warnings.warn(
                "The critic has a BatchNormalization layer, which makes each output depend on the "
                "whole batch: the gradient penalty then no longer holds per sample (WGAN-GP, "
                "section 4). LayerNormalization keeps samples apart.",
                stacklevel=4,
            )


def frozen_call(network: keras.Model, inputs: Any) -> Any:
    """Calls a network in training mode and leaves its weights, moving statistics included, alone.

    One network's update calls the other one like this. Random states advance, so that each call
    draws its own dropout mask.
    """
    with keras.StatelessScope() as scope:
        outputs = network(inputs, training=True)
    weights = {id(weight) for weight in network.weights}
    for variable in network.variables:
        value = scope.get_current_value(variable)
        if value is not None and id(variable) not in weights:
            variable.assign(value)
    return outputs


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating))


def as_float32(x: Any) -> Any:
    """Losses and penalties are computed in float32, whatever the networks compute in."""
    return ops.cast(x, "float32")


def _trainable(network: keras.Model) -> list[keras.Variable]:
    if not network.trainable_variables:
        raise ValueError(
            f"Expected {network.name} to have trainable weights. Received: none; set "
            "`trainable = True` before compile()"
        )
    return list(network.trainable_variables)


def _check_networks(generator: keras.Model, discriminator: keras.Model) -> None:
    for name, network in (("generator", generator), ("discriminator", discriminator)):
        if not isinstance(network, keras.Model) or not network.built:
            raise ValueError(
                f"Expected `{name}` to be a built keras.Model. Received: {name}={network!r}"
            )
    if len(generator.input_shape) != 2:
        raise ValueError(
            "Expected a generator of latents of shape (batch, latent_dim). Received: "
            f"generator.input_shape={generator.input_shape}"
        )
    if generator.output_shape[1:] != discriminator.input_shape[1:]:
        raise ValueError(
            "Expected the generator's outputs to fit the discriminator's inputs. Received: "
            f"generator.output_shape={generator.output_shape}, "
            f"discriminator.input_shape={discriminator.input_shape}"
        )
    if inspection.ends_in_probabilities(discriminator):
        raise ValueError(
            "Expected a discriminator that outputs logits. Received: "
            f"{discriminator.name}, which ends in a probability; remove its last activation"
        )
