"""The base of all variants: the networks, `compile`, and the algorithm."""

import random
from collections.abc import Sequence
from typing import Any, cast

import keras
from keras import ops, tree

from keras_gans import backend, losses, optimizers
from keras_gans.augment import Augmentation
from keras_gans.models import checks
from keras_gans.models.averages import AveragedNetwork
from keras_gans.models.compiling import Compiling
from keras_gans.models.means import Means
from keras_gans.models.penalising import Penalising
from keras_gans.models.sampling import Sampling
from keras_gans.models.saving import Saving
from keras_gans.models.trainer import Trainer
from keras_gans.models.updating import as_float32, joined, with_labels
from keras_gans.networks import inspection
from keras_gans.penalties import Penalty

_LATENT_DISTRIBUTIONS = {
    "normal": keras.random.normal,
    "uniform": lambda shape, seed: keras.random.uniform(shape, -1.0, 1.0, seed=seed),
}


@keras.saving.register_keras_serializable("keras_gans")
class GAN(Sampling, Saving, Compiling, Penalising, Trainer):
    """Generative adversarial network, trained by `fit`.

    One step of `fit` is Algorithm 1 of the paper: `n_critic` updates of the discriminator, each on
    a mini-batch of its own and new latents, then one update of the generator on new latents. A
    variant says what differs: its loss, its penalties, its defaults.

    Networks of two inputs, (latents, labels) and (samples, labels), make any variant conditional:
    `fit` then takes labels, and the fakes of an update have the labels of its mini-batch.

    Args:
        generator: `keras.Model` from latents `(batch, latent_dim)` to samples `(batch, ...)`.
        discriminator: `keras.Model` from samples to logits, never to probabilities; or to a dict
            with "logits" and whatever else a loss or a variant needs.
        latent_distribution: "normal", standard normal, or "uniform" on [-1, 1].
        loss: A `keras_gans.losses.Loss` or its name: "non_saturating" by default, "minimax" for the
            saturating form.
        seed: Integer seed of latents, penalty points and data order; drawn if None.
        num_classes: Classes of a conditional model, whose labels are integers from 0; by default
            what the networks' layers of labels tell.
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
        Goodfellow et al., 2014, Generative Adversarial Networks, algorithm 1; Mirza and Osindero,
        2014, Conditional Generative Adversarial Nets.
    """

    # What a variant sets.
    default_loss: str | losses.Loss = "non_saturating"
    default_penalties: Sequence[Penalty] = ()
    default_n_critic = 1
    # Whether a conditional variant's discriminator has labels as its second input.
    discriminator_takes_labels = True

    @staticmethod
    def default_optimizer() -> keras.optimizers.Optimizer:
        """Returns a new optimizer of the paper's, for either network."""
        return optimizers.Adam(2e-4, beta_1=0.5)

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        latent_distribution: str = "normal",
        loss: str | losses.Loss | None = None,
        seed: int | None = None,
        num_classes: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        checks.check_networks(generator, discriminator, self.discriminator_takes_labels)
        if latent_distribution not in _LATENT_DISTRIBUTIONS:
            raise ValueError(
                f"Expected `latent_distribution` to be one of {sorted(_LATENT_DISTRIBUTIONS)}. "
                f"Received: latent_distribution={latent_distribution!r}"
            )
        self.generator = generator
        self.discriminator = discriminator
        self.ema_generator: AveragedNetwork | None = None
        self.latent_distribution = latent_distribution
        self.loss = losses.get(loss or self.default_loss)
        seed = random.randrange(2**31) if seed is None else seed
        self.seed_generator = backend.ReplicaSeedGenerator(seed)
        (latent_dim,), *labels = inspection.input_shapes(generator)
        self.latent_dim = cast(int, latent_dim)
        self.sample_shape = inspection.sample_shape(generator, discriminator)
        self.conditional = bool(labels)
        self.num_classes = num_classes
        if self.conditional and num_classes is None:
            self.num_classes = inspection.num_classes(generator, discriminator)
        self.d_means, self.g_means = Means("d_means"), Means("g_means")
        self.built = True

    @property
    def seed(self) -> int:
        return int(ops.convert_to_numpy(self.seed_generator.state)[0])

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        return [self.d_means, self.g_means]

    def check_data(self, data: Any) -> None:
        checks.check_data(self, data)

    # The algorithm

    def train_step(self, batches: tuple[Any, ...]) -> dict[str, Any]:
        """Runs one step: `n_critic` updates of the discriminator, `n_generator` of the generator.

        Args:
            batches: Tuple of `n_critic` mini-batches of reals, or of one with `reuse_batch`; of
                conditional models each is a tuple of reals and labels.

        Returns:
            The means of the logs over the epoch so far.
        """
        for batch in batches * self.n_critic if self.reuse_batch else batches:
            self.update_discriminator(batch)
        for _ in range(self.n_generator):
            self.update_generator(batch)
        return self.logs()

    def update_discriminator(self, batch: Any) -> None:
        real, labels = batch if self.conditional else (batch, None)
        latents, step = self.sample_latents(ops.shape(real)[0]), self.training_step()
        with self.frozen(self.generator):
            fake = self.draw(latents, labels)
        points = self.penalty_points(real, fake)

        def objective():
            real_outputs, fake_outputs = outputs = self.judge_both(real, fake, labels)
            loss = self.loss.at(step).discriminator_loss(*map(self.loss_input, outputs))
            logs = {
                "d_real": ops.mean(real_outputs["logits"]),
                "d_fake": ops.mean(fake_outputs["logits"]),
            }
            penalties, penalty_logs = self.penalise_discriminator(points, labels, outputs)
            loss, logs = sum(penalties, start=loss), joined(logs, penalty_logs)
            if isinstance(self.augment, Augmentation):
                logs |= self.augment.statistics(real_outputs)
            terms = self.discriminator_terms(real_outputs, fake_outputs, labels, latents)
            loss = sum(terms.values(), start=loss)
            return loss, joined({"d_loss": loss}, logs, terms)

        terms = self.minimize(objective, self.discriminator, self.d_optimizer)
        for part in (*self.penalties, self.augment, self):
            if isinstance(part, Penalty | Augmentation | GAN):
                part.after_discriminator(terms)
        self.d_means.update_state(terms)

    def update_generator(self, batch: Any) -> None:
        real, labels = batch if self.conditional else (batch, None)
        latents, step = self.sample_latents(ops.shape(real)[0]), self.training_step()
        points = self.generator_penalty_points(real, latents)

        def objective():
            fake = self.draw(latents, labels)
            with self.frozen(self.discriminator):
                needs_real = self.loss.generator_needs_real
                real_outputs = [self.judge(real, labels)] if needs_real else []
                fake_outputs = self.judge(fake, labels)
            outputs = [fake_outputs, *real_outputs]
            loss = self.loss.at(step).generator_loss(*map(self.loss_input, outputs))
            penalties, logs = self.penalise_generator(points, labels)
            terms = self.generator_terms(fake, fake_outputs, labels, latents)
            loss = sum((*penalties, *terms.values()), start=loss)
            return loss, joined({"g_loss": loss}, logs, terms)

        terms = self.minimize(objective, self.generator, self.g_optimizer)
        if self.ema_generator:
            decay = self.ema_decay
            self.ema_generator.update(decay(step) if callable(decay) else decay)
        for penalty in self.generator_penalties:
            penalty.after_generator(terms)
        self.after_generator(terms)
        self.g_means.update_state(terms)

    # What a variant may add

    def discriminator_terms(
        self, real_outputs: Any, fake_outputs: Any, labels: Any, latents: Any
    ) -> dict[str, Any]:
        """Returns further terms of the discriminator's loss, which are logged by their names.

        Args:
            real_outputs: The discriminator's outputs on reals, a dict with "logits".
            fake_outputs: Its outputs on fakes.
            labels: Of both; None of unconditional models.
            latents: Of the fakes.
        """
        return {}

    def generator_terms(
        self, fake: Any, fake_outputs: Any, labels: Any, latents: Any
    ) -> dict[str, Any]:
        """Returns further terms of the generator's loss, which are logged by their names."""
        return {}

    def after_discriminator(self, terms: dict[str, Any]) -> None:
        """Follows an update of the discriminator; may add to its `terms`, which are logged."""

    def after_generator(self, terms: dict[str, Any]) -> None:
        """Follows an update of the generator; may add to its `terms`, which are logged."""

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

    def draw(self, latents: Any, labels: Any = None) -> Any:
        """Returns the generator's samples in training mode."""
        return self.generator(with_labels(latents, labels), training=True)

    def judge(self, samples: Any, labels: Any = None) -> dict[str, Any]:
        """Returns the discriminator's outputs on augmented samples in training mode, in float32.

        They are a dict with "logits" and what else the discriminator returns.
        """
        if self.augment is not None:
            samples = self.augment(samples, training=True)
        labels = labels if self.discriminator_takes_labels else None
        outputs = self.discriminator(with_labels(samples, labels), training=True)
        outputs = outputs if isinstance(outputs, dict) else {"logits": outputs}
        return tree.map_structure(as_float32, outputs)

    def judge_both(self, real: Any, fake: Any, labels: Any = None) -> tuple[Any, Any]:
        """Returns the discriminator's outputs on reals and on as many fakes.

        One pass over both takes less time than two, but is another thing where the samples of a
        batch depend on each other, as with batch normalisation.
        """
        layers = [self.discriminator, *([] if self.augment is None else [self.augment])]
        if not all(map(inspection.keeps_samples_apart, layers)):
            return self.judge(real, labels), self.judge(fake, labels)
        both = ops.concatenate([as_float32(real), as_float32(fake)])
        outputs = self.judge(both, None if labels is None else ops.concatenate([labels, labels]))
        halves = {name: ops.split(output, 2) for name, output in outputs.items()}
        real_outputs, fake_outputs = (
            {name: half[i] for name, half in halves.items()} for i in range(2)
        )
        return real_outputs, fake_outputs

    def loss_input(self, outputs: dict[str, Any]) -> Any:
        return outputs if self.loss.takes_outputs else outputs["logits"]

    def logs(self) -> dict[str, Any]:
        return joined(self.d_means.result(), self.g_means.result())
