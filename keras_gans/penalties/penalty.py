"""The base of the penalties."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_gans import backend
from keras_gans.serialization import Configured


class Penalty(Configured):
    """Base of the penalties; computes in float32 under any dtype policy.

    Calling a gradient penalty takes the discriminator as a function from a batch to logits, the
    real and the fake batch of equal shape, and a seed (integer or `keras.random.SeedGenerator`),
    and returns the unweighted penalty, a scalar: the mean of each sample's `cost`.

    Args:
        weight: By what the discriminator's loss takes the penalty: a number of at least 0, or a
            Keras schedule of the training step.
        every: Updates of the discriminator from one that has the penalty to the next, at least 1;
            a lazy penalty counts `every` times when it is due.
        name: Key of the unweighted penalty in the logs; the class has a default.

    Raises:
        ValueError: If `weight` or `every` is out of its range.

    Example:
        >>> gan.compile(penalties=[kg.penalties.R1(0.5), kg.penalties.R2(0.5, every=16)])

    Reference:
        Karras et al., 2020, Analyzing and Improving the Image Quality of StyleGAN, section 3.1, of
        lazy regularization.
    """

    default_name = "penalty"
    # Whether each sample's gradient is held to a norm of its own, as opposed to kept small.
    per_sample_norm = False

    def __init__(self, weight: Any = 1.0, every: int = 1, name: str | None = None):
        number = isinstance(weight, int | float | np.integer | np.floating) and 0 <= weight < float(
            "inf"
        )
        if not number and not isinstance(weight, keras.optimizers.schedules.LearningRateSchedule):
            raise ValueError(
                "Expected `weight` to be a finite number >= 0 or a Keras schedule. Received: "
                f"weight={weight!r}"
            )
        if not isinstance(every, int) or every < 1:
            raise ValueError(f"Expected an integer `every` >= 1. Received: every={every!r}")
        self.weight: Any = weight
        self.every = every
        self.name = name or self.default_name

    def __call__(
        self, discriminator: Callable[[Any], Any], real: Any, fake: Any, seed: Any = None
    ) -> Any:
        points = self.points(ops.cast(real, "float32"), ops.cast(fake, "float32"), seed)
        return self.at(discriminator, points)

    def points(self, real: Any, fake: Any, seed: Any) -> Any:
        """Returns the float32 batch at which the gradient is taken.

        All that is random of a penalty is drawn here, before the objective and so outside XLA,
        whose random numbers are others.
        """
        raise NotImplementedError

    def cost(self, squared_norm: Any) -> Any:
        """Returns the cost of each sample from the squared norm of its gradient."""
        raise NotImplementedError

    def value(
        self,
        judge: Callable[[Any], dict[str, Any]],
        points: Any,
        real_outputs: dict[str, Any],
        fake_outputs: dict[str, Any],
    ) -> Any:
        """Returns the unweighted penalty within the discriminator's objective, a scalar.

        Args:
            judge: Function from a batch to the discriminator's outputs.
            points: What `points` returned.
            real_outputs: The outputs on the mini-batch of reals, with "logits" among them.
            fake_outputs: The outputs on the fakes.
        """
        return self.at(lambda x: judge(x)["logits"], points)

    def values(
        self, judge: Callable[[Any], dict[str, Any]], points: Any, *outputs: Any
    ) -> dict[str, Any]:
        """Returns the `value` and what else is logged, scalars by the names of `log_names`."""
        return {self.name: self.value(judge, points, *outputs)}

    @property
    def log_names(self) -> Sequence[str]:
        return (self.name,)

    def lazily(self, updates: Any, values: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Returns values `every` times when they are due, and zeros otherwise.

        Args:
            updates: How many updates there have been.
            values: Function that returns what `values` does.
        """
        if self.every == 1:
            return values()

        return backend.cond(
            updates % self.every == 0,
            lambda: {name: self.every * value for name, value in values().items()},
            lambda: {name: ops.zeros(()) for name in self.log_names},
        )

    def at(self, discriminator: Callable[[Any], Any], points: Any) -> Any:
        """Returns the gradient penalty at given points, a float32 batch."""
        return ops.mean(self.cost(squared_norms(discriminator, points)))

    @property
    def is_of_gradient(self) -> bool:
        """Whether the penalty is the mean `cost` of the gradients at its points, nothing else."""
        kind = type(self)
        return (kind.value, kind.values, kind.at) == (Penalty.value, Penalty.values, Penalty.at)

    def weight_at(self, step: Any) -> Any:
        """Returns the weight at a training step, a number or a scalar tensor."""
        return self.weight(step) if callable(self.weight) else self.weight

    # State, of penalties that have any

    @property
    def variables(self) -> Sequence[keras.Variable]:
        """State that is saved and resumed with the model."""
        return ()

    def build(self) -> None:
        """Makes the `variables`, in the scope of the model's strategy."""

    def after_discriminator(self, terms: dict[str, Any]) -> None:
        """Follows an update of the discriminator; may add to its `terms`, which are logged."""

    def after_generator(self, terms: dict[str, Any]) -> None:
        """Follows an update of the generator, of penalties of the generator."""


def squared_norms(discriminator: Callable[[Any], Any], points: Any) -> Any:
    """Returns the squared norm of the gradient of a discriminator by each point.

    Args:
        discriminator: Function from a batch to logits.
        points: float32 batch.

    Returns:
        float32 tensor of shape `(batch,)`; of a discriminator that judges packs, `(packs,)`, the
        norm of the gradient by the whole pack.

    Example:
        >>> squared_norms(lambda x: 3.0 * x[:, :1], keras.ops.ones((4, 2)))
    """
    counts = []

    def judge(x: Any) -> Any:
        logits = discriminator(x)
        counts.append(ops.shape(logits)[0])
        return logits

    gradient = ops.cast(backend.input_gradient(judge, points), "float32")
    squares = ops.sum(ops.square(gradient), axis=tuple(range(1, len(gradient.shape))))
    return ops.sum(ops.reshape(squares, (counts[0], -1)), axis=1)
