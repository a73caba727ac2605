"""What `compile` settles: how a GAN is trained."""

from collections.abc import Sequence
from typing import Any, Never

import keras

from keras_gans import backend, losses
from keras_gans.models import checks
from keras_gans.models.averages import AveragedNetwork
from keras_gans.models.rates import BothOptimizers
from keras_gans.models.refusals import refuse
from keras_gans.penalties import Penalty


class Compiling(keras.Model):
    """The part of a GAN that `compile` sets.

    Attributes:
        default_penalties: The variant's own penalties.
        default_n_critic: Updates of the discriminator in one step, in the paper.
    """

    default_penalties: Sequence[Penalty] = ()
    default_n_critic = 1

    ema_generator: AveragedNetwork | None
    loss: losses.Loss
    metrics: Any

    @staticmethod
    def default_optimizer() -> keras.optimizers.Optimizer:
        """Returns a new optimizer of the paper's, for either network."""
        raise NotImplementedError

    @property
    def batches_per_step(self) -> int:
        return 1 if self.reuse_batch else self.n_critic

    @property
    def step_variables(self) -> list[keras.Variable]:
        """All variables that a step reads or changes."""
        optimizers = self.d_optimizer, self.g_optimizer
        parts = (self, *self.metrics, *optimizers, *self.penalties, *self.generator_penalties)
        return list({id(v): v for part in parts for v in part.variables}.values())

    @property
    def gp_weight(self) -> Any:
        """The weight of the first penalty, the variant's own by default; None without any."""
        return self.penalties[0].weight if self.penalties else None

    def compile(
        self,
        d_optimizer: Any = None,
        g_optimizer: Any = None,
        n_critic: int | None = None,
        gp_weight: Any = None,
        *,
        loss: str | losses.Loss | None = None,
        penalties: Sequence[Penalty] | None = None,
        generator_penalties: Sequence[Penalty] = (),
        n_generator: int = 1,
        augment: keras.Layer | None = None,
        reuse_batch: bool = False,
        ema_decay: Any = None,
        run_eagerly: bool = False,
        jit_compile: bool | str = "auto",
        steps_per_execution: int = 1,
        **refused: Never,
    ) -> None:
        """Sets how to train; each argument left out takes the paper's value.

        Args:
            d_optimizer: Keras optimizer of the discriminator, or its name.
            g_optimizer: Keras optimizer of the generator, or its name; another object.
            n_critic: Updates of the discriminator in one step, at least 1.
            gp_weight: Weight of the variant's own penalties, a number of at least 0 or a Keras
                schedule of the step; only where it has any.
            loss: Replaces the loss given to the constructor.
            penalties: `keras_gans.penalties`, in place of the variant's own.
            generator_penalties: Those of the generator, such as `keras_gans.penalties.PathLength`.
            n_generator: Updates of the generator in one step, at least 1.
            augment: Layer that reals and fakes pass through before the discriminator, in both
                updates and nowhere else.
            reuse_batch: Whether all `n_critic` updates of a step see the same mini-batch.
            ema_decay: Decay in [0, 1) of the averaged generator that `generate` then uses, updated
                after each update of the generator, or a Keras schedule of the step; None for no
                average.
            run_eagerly: As in Keras.
            jit_compile: Whether XLA compiles the losses and their gradients, on each replica by
                itself; the rest of the step stays outside. "auto" does so where there is a GPU,
                also under a strategy, and not on CPUs, where it is slower.
            steps_per_execution: As in Keras: steps in one call of the compiled function.
            **refused: Keras' `optimizer`, `metrics` and others, each refused in a sentence that
                says why.

        Raises:
            ValueError: If an argument is out of its range.

        Example:
            >>> gan.compile(keras.optimizers.Adam(1e-4), keras.optimizers.Adam(1e-4), n_critic=5)
        """
        refuse("compile", refused)
        backend.check_scope(self.distribute_strategy, self.weights)
        n_critic = self.default_n_critic if n_critic is None else n_critic
        checks.check_compile(
            n_critic, n_generator, steps_per_execution, ema_decay, d_optimizer, g_optimizer, augment
        )
        penalties = self._penalties(penalties, gp_weight)
        checks.check_penalties([*penalties, *generator_penalties])
        checks.warn_of_batch_norm(self.discriminator, penalties)
        loss = self.loss if loss is None else losses.get(loss)
        if jit_compile == "auto":  # Keras' own is off under any strategy.
            jit_compile = backend.has_gpu() and not run_eagerly
        with self.distribute_strategy.scope():
            super().compile(
                optimizer=None,
                run_eagerly=run_eagerly,
                jit_compile=jit_compile,
                steps_per_execution=steps_per_execution,
            )
            self._settle_optimizers(d_optimizer, g_optimizer)
            self._settle_average(ema_decay)
            for penalty in (*penalties, *generator_penalties):
                penalty.build()
        self.loss = loss
        self.penalties = penalties
        self.generator_penalties = list(generator_penalties)
        self.n_generator = n_generator
        self.augment = augment
        self.n_critic = n_critic
        self.reuse_batch = reuse_batch

    def _penalties(self, penalties: Sequence[Penalty] | None, gp_weight: Any) -> list[Penalty]:
        if gp_weight is not None:
            own, name = self.default_penalties, type(self).__name__
            checks.check_gp_weight(gp_weight, own, penalties is not None, name)
        if penalties is None:  # Copies, as the class's are of all its models.
            weight = keras.saving.serialize_keras_object(gp_weight)
            changes = {} if gp_weight is None else {"weight": weight}
            penalties = [
                type(penalty).from_config({**penalty.get_config(), **changes})
                for penalty in self.default_penalties
            ]
        return list(penalties)

    def _settle_average(self, ema_decay: Any) -> None:
        self.ema_decay = ema_decay
        if ema_decay is None:
            self.ema_generator = None
        elif self.ema_generator is None:  # Compiled again, the average goes on.
            self.ema_generator = AveragedNetwork(self.generator)
        for means in self.metrics:  # The logs may be others now.
            means.names = ()
            means.reset_state()

    def _settle_optimizers(self, d_optimizer: Any, g_optimizer: Any) -> None:
        # What is trained is settled here, as in Keras: flags set later change nothing. Keras must
        # not see the variables, or it would save them twice.
        networks = (self.discriminator, self.generator)
        object.__setattr__(self, "_trained", {n: checks.trainable(n) for n in networks})
        self.d_optimizer = self._optimizer_of(self.discriminator, d_optimizer)
        self.g_optimizer = self._optimizer_of(self.generator, g_optimizer)
        self.optimizer = BothOptimizers(self.d_optimizer, self.g_optimizer)

    def _optimizer_of(self, network: keras.Model, optimizer: Any) -> keras.optimizers.Optimizer:
        try:
            optimizer = keras.optimizers.get(optimizer or self.default_optimizer())
        except (ValueError, TypeError) as error:
            raise ValueError(
                f"Expected a Keras optimizer or its name. Received: {optimizer!r}"
            ) from error
        scaled = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
        if network.dtype_policy.name == "mixed_float16" and not scaled:
            optimizer = backend.ReplicaLossScaleOptimizer(optimizer)
        # Before training, so that a loaded model finds the slots of its optimizers.
        optimizer.build(self._trained[network])
        return optimizer
