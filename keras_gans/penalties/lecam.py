"""LeCam: logits are drawn to the average of the other side's."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_gans import backend
from keras_gans.penalties.penalty import Penalty


@keras.saving.register_keras_serializable("keras_gans")
class LeCam(Penalty):
    """Draws the logits of reals to the average of fakes, and those of fakes to that of reals.

    (D(x) - a_fake)^2 + (D(G(z)) - a_real)^2, means over the batch, with moving averages a of the
    logits that follow each update of the discriminator. It helps where training data is short.

    Args:
        weight: As for `Penalty`; the paper's lambda is between .1 and .5 for images.
        decay: Of the moving averages, in [0, 1).
        every: As for `Penalty`.
        name: As for `Penalty`.

    Raises:
        ValueError: If an argument is out of its range.

    Example:
        >>> gan.compile(penalties=[kg.penalties.LeCam(0.3)])

    Reference:
        Tseng et al., 2021, Regularizing Generative Adversarial Networks under Limited Data,
        equations 5 to 7.
    """

    default_name = "lecam"

    def __init__(
        self, weight: Any = 0.3, decay: float = 0.99, every: int = 1, name: str | None = None
    ):
        super().__init__(weight, every, name)
        if not 0 <= decay < 1:
            raise ValueError(f"Expected `decay` in [0, 1). Received: decay={decay!r}")
        self.decay = decay

    def build(self) -> None:
        self.averages = keras.Variable([0.0, 0.0], trainable=False, name=f"{self.name}_averages")
        self.updates = keras.Variable(0.0, trainable=False, name=f"{self.name}_updates")

    @property
    def variables(self) -> Sequence[keras.Variable]:
        return [self.averages, self.updates]

    def points(self, real: Any, fake: Any, seed: Any) -> Any:
        return None

    def value(self, judge: Any, points: Any, real_outputs: Any, fake_outputs: Any) -> Any:
        real, fake = self.averages[0], self.averages[1]
        return ops.mean(ops.square(real_outputs["logits"] - fake)) + ops.mean(
            ops.square(fake_outputs["logits"] - real)
        )

    def after_discriminator(self, terms: dict[str, Any]) -> None:
        seen = backend.mean_over_replicas(ops.stack([terms["d_real"], terms["d_fake"]]))
        # The first update has nothing to average with.
        decay = self.decay * ops.cast(self.updates > 0, "float32")
        self.averages.assign(decay * self.averages + (1.0 - decay) * seen)
        self.updates.assign(self.updates + 1.0)
