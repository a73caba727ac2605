"""Path length: equal steps of the latents are to make equal changes of the samples."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import ops

from keras_gans import backend
from keras_gans.penalties.gradient import safe_sqrt
from keras_gans.penalties.penalty import Penalty


@keras.saving.register_keras_serializable("keras_gans")
class PathLength(Penalty):
    """Holds the length of the generator's gradient to its average, for `generator_penalties`.

    (||J^T y|| - a)^2, the mean over half of the batch, where J is the Jacobian of the samples by
    the latents, y normal noise divided by the root of the number of pixels, and a the moving
    average of the lengths before this update. The logs have the mean length too, as
    `path_length_mean`.

    Args:
        weight: As for `Penalty`; 2 by default.
        decay: Share of a new mean in the average, in (0, 1].
        every: As for `Penalty`, of updates of the generator; 4 by default.
        name: As for `Penalty`.

    Raises:
        ValueError: If an argument is out of its range.

    Example:
        >>> gan.compile(generator_penalties=[kg.penalties.PathLength()])

    Reference:
        Karras et al., 2020, Analyzing and Improving the Image Quality of StyleGAN, equation 4 and
        appendix B.
    """

    default_name = "path_length"

    def __init__(
        self, weight: Any = 2.0, decay: float = 0.01, every: int = 4, name: str | None = None
    ):
        super().__init__(weight, every, name)
        if not 0 < decay <= 1:
            raise ValueError(f"Expected `decay` in (0, 1]. Received: decay={decay!r}")
        self.decay = decay

    @property
    def log_names(self) -> Sequence[str]:
        return self.name, f"{self.name}_mean"

    def build(self) -> None:
        self.average = keras.Variable(0.0, trainable=False, name=f"{self.name}_average")

    @property
    def variables(self) -> Sequence[keras.Variable]:
        return [self.average]

    def points(self, real: Any, latents: Any, seed: Any) -> Any:
        """Returns the first half of the latents and the noise of their samples."""
        half = latents[: max(1, latents.shape[0] // 2)]
        noise = keras.random.normal((half.shape[0], *real.shape[1:]), seed=seed)
        return half, noise / math.sqrt(math.prod(real.shape[1:-1]))

    def values(self, draw: Callable[..., Any], points: Any, labels: Any = None) -> dict[str, Any]:
        latents, noise = points
        labels = None if labels is None else labels[: latents.shape[0]]

        def projected(latents):
            samples = ops.cast(draw(latents, labels), "float32")
            return ops.sum(samples * noise, axis=tuple(range(1, len(noise.shape))))

        gradient = backend.input_gradient(projected, latents)
        lengths = safe_sqrt(ops.sum(ops.square(gradient), axis=1))
        cost = ops.mean(ops.square(lengths - self.average))
        return dict(zip(self.log_names, (cost, ops.mean(lengths)), strict=True))

    def after_generator(self, terms: dict[str, Any]) -> None:
        length = backend.mean_over_replicas(terms[self.log_names[1]]) / self.every
        share = self.decay * ops.cast(length > 0.0, "float32")  # Only where it was due.
        self.average.assign(self.average + share * (length - self.average))
