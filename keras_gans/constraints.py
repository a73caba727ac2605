"""Weight clipping as a Keras constraint: the optimizer applies it after every update."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("keras_gans")
class ClipWeights(keras.constraints.Constraint):
    """Clips every weight to [-clip_value, clip_value].

    Args:
        clip_value: Positive float, the largest magnitude that a weight may have.

    Raises:
        ValueError: If `clip_value` is not positive.

    Example:
        >>> dense = keras.layers.Dense(1, kernel_constraint=ClipWeights(0.01))

    Reference:
        Arjovsky et al., 2017, Wasserstein GAN, algorithm 1, line 7.
    """

    def __init__(self, clip_value: float = 0.01):
        if not clip_value > 0:
            raise ValueError(f"Expected `clip_value` > 0. Received: clip_value={clip_value}")
        self.clip_value = clip_value

    def __call__(self, weights: Any) -> Any:
        return ops.clip(weights, -self.clip_value, self.clip_value)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.get_config() == self.get_config()

    def __hash__(self) -> int:
        return hash(self.clip_value)

    def get_config(self) -> dict[str, Any]:
        return {"clip_value": self.clip_value}
