"""Consistency: augmentation is not to change what the discriminator says."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_gans.penalties.penalty import Penalty


@keras.saving.register_keras_serializable("keras_gans")
class ConsistencyRegularization(Penalty):
    """Has the discriminator say the same of reals and of augmented reals.

    (D(x) - D(T(x)))^2, the mean over the batch, with another augmentation T in each update.
    Together with `FakeConsistencyRegularization` it is the balanced one (bCR).

    Args:
        augment: `keras.Layer` that augments a batch in training mode, such as
            `keras_gans.augment.DiffAugment`; made in the scope of the model's strategy.
        weight: As for `Penalty`; 10 by default.
        every: As for `Penalty`.
        name: As for `Penalty`.

    Raises:
        ValueError: If an argument is out of its range.

    Example:
        >>> shift = keras.layers.RandomTranslation(0.1, 0.1)
        >>> gan.compile(penalties=[kg.penalties.ConsistencyRegularization(shift)])

    Reference:
        Zhang et al., 2020, Consistency Regularization for Generative Adversarial Networks,
        equation 2; Zhao et al., 2021, Improved Consistency Regularization for GANs, algorithm 1.
    """

    default_name = "cr"

    def __init__(
        self, augment: keras.Layer, weight: Any = 10.0, every: int = 1, name: str | None = None
    ):
        super().__init__(weight, every, name)
        if not isinstance(augment, keras.Layer):
            raise ValueError(f"Expected `augment` to be a keras.Layer. Received: {augment!r}")
        self.augment = augment

    @property
    def variables(self) -> Sequence[keras.Variable]:
        return self.augment.variables

    def points(self, real: Any, fake: Any, seed: Any) -> Any:
        return ops.stop_gradient(self.augment(real, training=True))

    def value(self, judge: Any, points: Any, real_outputs: Any, fake_outputs: Any) -> Any:
        return ops.mean(ops.square(real_outputs["logits"] - judge(points)["logits"]))


@keras.saving.register_keras_serializable("keras_gans")
class FakeConsistencyRegularization(ConsistencyRegularization):
    """Has the discriminator say the same of fakes and of augmented fakes.

    Arguments as for `ConsistencyRegularization`.

    Example:
        >>> shift = keras.layers.RandomTranslation(0.1, 0.1)
        >>> gan.compile(
        ...     penalties=[
        ...         kg.penalties.ConsistencyRegularization(shift),
        ...         kg.penalties.FakeConsistencyRegularization(shift),
        ...     ]
        ... )

    Reference:
        Zhao et al., 2021, Improved Consistency Regularization for GANs, algorithm 1.
    """

    default_name = "fake_cr"

    def points(self, real: Any, fake: Any, seed: Any) -> Any:
        return super().points(fake, real, seed)

    def value(self, judge: Any, points: Any, real_outputs: Any, fake_outputs: Any) -> Any:
        return super().value(judge, points, fake_outputs, real_outputs)
