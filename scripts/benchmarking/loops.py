"""The contenders that are written by hand with TensorFlow."""

import keras
import tensorflow as tf

from keras_gans.scripts.benchmarking.cases import Case
from keras_gans.scripts.benchmarking.timing import FitLoop, Loop

__all__ = ["EagerLoop", "FitLoop", "GraphLoop"]

_LOSSES = {
    "wasserstein": (
        lambda real, fake: tf.reduce_mean(fake) - tf.reduce_mean(real),
        lambda fake: -tf.reduce_mean(fake),
    ),
    "non_saturating": (
        lambda real, fake: tf.reduce_mean(tf.nn.softplus(-real) + tf.nn.softplus(fake)),
        lambda fake: tf.reduce_mean(tf.nn.softplus(-fake)),
    ),
}


class _ByHand(Loop):
    """What the hand-written loops have in common: plain networks, optimizers and functions."""

    def __init__(self, case: Case, dtype: str = "float32"):
        self.case = case
        self.generator, self.discriminator = case.keras_networks(dtype)
        self.d_optimizer, self.g_optimizer = case.keras_optimizer(), case.keras_optimizer()
        self.discriminator_loss, self.generator_loss = _LOSSES[case.maths.loss]

    def sample_latents(self) -> tf.Tensor:
        shape = (self.case.batch_size, self.generator.input_shape[-1])
        if self.case.latent_distribution == "uniform":
            return tf.random.uniform(shape, -1.0, 1.0)
        return tf.random.normal(shape)

    def sample_eps(self, rank: int) -> tf.Tensor:
        return tf.random.uniform((self.case.batch_size,) + (1,) * (rank - 1))

    def judge(self, samples: tf.Tensor) -> tf.Tensor:
        """Returns float32 logits."""
        return tf.cast(self.discriminator(samples, training=True), tf.float32)

    def gradient_penalty(self, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        eps = self.sample_eps(len(real.shape))
        points = eps * real + (1.0 - eps) * fake
        with tf.GradientTape() as tape:
            tape.watch(points)
            logits = self.judge(points)
        gradient = tape.gradient(logits, points)
        squared_norm = tf.reduce_sum(tf.square(gradient), axis=list(range(1, len(points.shape))))
        return tf.reduce_mean(tf.square(tf.sqrt(squared_norm + 1e-12) - 1.0))

    def objective(self, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        loss = self.discriminator_loss(self.judge(real), self.judge(fake))
        if self.case.maths.gp_weight:
            loss += self.case.maths.gp_weight * self.gradient_penalty(real, fake)
        return loss

    def clip(self) -> None:
        if clip_value := self.case.maths.clip_value:
            for weight in self.discriminator.trainable_variables:
                weight.assign(tf.clip_by_value(weight, -clip_value, clip_value))

    def update_generator(self) -> tf.Tensor:
        latents = self.sample_latents()
        with tf.GradientTape() as tape:
            fake = self.generator(latents, training=True)
            loss = self.generator_loss(self.judge(fake))
        _apply(self.g_optimizer, tape, loss, self.generator)
        return loss


class EagerLoop(_ByHand):
    """The loop of copied examples: eager `GradientTape`s, one mini-batch for all critic updates.

    The discriminator's tape records the generator too, as there.
    """

    def __init__(self, case: Case):
        super().__init__(case)
        data = tf.data.Dataset.from_tensor_slices(case.images).shuffle(len(case.images))
        self.batches = iter(data.batch(case.batch_size, drop_remainder=True).repeat())

    def call(self) -> tf.Tensor:
        real = next(self.batches)
        for _ in range(self.case.n_critic):
            latents = self.sample_latents()
            with tf.GradientTape() as tape:
                loss = self.objective(real, self.generator(latents, training=True))
            _apply(self.d_optimizer, tape, loss, self.discriminator)
            self.clip()
        return self.update_generator()


class GraphLoop(_ByHand):
    """A `tf.function` step as a careful user writes it, of the library's maths and nothing else.

    A mini-batch of its own for each critic update, gathered from an array on the device: no input
    pipeline, no logs, no callbacks. The trained weights are those of the library; the moving
    statistics of batch normalisation also follow the calls that the library keeps out of them.

    Args:
        case: What to train.
        steps_per_call: Above 1, that many steps in one loop inside the graph.
        dtype: Name of the Keras policy of the networks.
    """

    def __init__(self, case: Case, steps_per_call: int = 1, dtype: str = "float32"):
        super().__init__(case, dtype)
        self.steps_per_call = steps_per_call
        self.images = tf.constant(case.images)
        self.compiled = tf.function(
            self.one_step if steps_per_call == 1 else self.several_steps, autograph=False
        )
        for optimizer, network in (
            (self.d_optimizer, self.discriminator),
            (self.g_optimizer, self.generator),
        ):
            optimizer.build(network.trainable_variables)

    def call(self) -> tf.Tensor:
        return self.compiled()

    def one_step(self) -> tf.Tensor:
        shape = (self.case.n_critic, self.case.batch_size)
        indices = tf.random.uniform(shape, maxval=len(self.images), dtype=tf.int32)
        return self.train_step([tf.gather(self.images, i) for i in tf.unstack(indices)])

    def several_steps(self) -> tf.Tensor:
        return tf.while_loop(
            lambda i, _: i < self.steps_per_call,
            lambda i, _: (i + 1, self.one_step()),
            (0, 0.0),
        )[1]

    def train_step(self, batches: list[tf.Tensor]) -> tf.Tensor:
        for real in batches:
            self.update_discriminator(real)
        return self.update_generator()

    def update_discriminator(self, real: tf.Tensor) -> None:
        fake = self.generator(self.sample_latents(), training=True)
        with tf.GradientTape() as tape:
            loss = self.objective(real, fake)
        _apply(self.d_optimizer, tape, loss, self.discriminator)
        self.clip()


def _apply(
    optimizer: keras.optimizers.Optimizer,
    tape: tf.GradientTape,
    loss: tf.Tensor,
    network: keras.Model,
) -> None:
    variables = network.trainable_variables
    optimizer.apply(tape.gradient(loss, [v.value for v in variables]), variables)
