"""Schedules of the training step that papers use, beside those of Keras.

Any of them can be a learning rate, the weight of a penalty, the decay of the averaged generator, or
the share of a top-k loss.
"""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("keras_gans")
class Cosine(keras.optimizers.schedules.LearningRateSchedule):
    """Goes from one value to another along half a cosine, and stays there.

    Args:
        start: Value at step 0.
        end: Value from step `steps` on.
        steps: Number of steps, at least 1.

    Raises:
        ValueError: If `steps` is not positive.

    Example:
        >>> gamma = kg.schedules.Cosine(0.05, 0.005, steps=40_000)
        >>> gan.compile(penalties=[kg.penalties.R1(gamma), kg.penalties.R2(gamma)])

    Reference:
        Huang et al., 2024, The GAN is dead; long live the GAN! A Modern GAN Baseline, appendix.
    """

    def __init__(self, start: float, end: float, steps: int):
        if steps < 1:
            raise ValueError(f"Expected `steps` of at least 1. Received: steps={steps!r}")
        self.start = start
        self.end = end
        self.steps = steps

    def __call__(self, step: Any) -> Any:
        done = ops.minimum(ops.cast(step, "float32") / self.steps, 1.0)
        return self.end + (self.start - self.end) * 0.5 * (1.0 + ops.cos(3.141592653589793 * done))

    def get_config(self) -> dict[str, Any]:
        return {"start": self.start, "end": self.end, "steps": self.steps}


@keras.saving.register_keras_serializable("keras_gans")
class Exponential(keras.optimizers.schedules.LearningRateSchedule):
    """Goes from one value to a smaller one by a factor after each `steps` steps, and stays there.

    Args:
        start: Value at step 0.
        end: The smallest value.
        rate: The factor, in (0, 1).
        steps: Number of steps between two changes, such as those of an epoch, at least 1.

    Raises:
        ValueError: If `rate` or `steps` is out of its range.

    Example:
        >>> share = kg.schedules.Exponential(1.0, 0.5, rate=0.99, steps=468)
        >>> gan = kg.GAN(generator, discriminator, loss=kg.losses.TopKLoss("hinge", share))

    Reference:
        Sinha et al., 2020, Top-k Training of GANs: Improving GAN Performance by Throwing Away Bad
        Samples, algorithm 1.
    """

    def __init__(self, start: float, end: float, rate: float, steps: int):
        if not 0 < rate < 1 or steps < 1:
            raise ValueError(
                "Expected `rate` in (0, 1) and `steps` of at least 1. Received: "
                f"rate={rate!r}, steps={steps!r}"
            )
        self.start = start
        self.end = end
        self.rate = rate
        self.steps = steps

    def __call__(self, step: Any) -> Any:
        changes = ops.floor(ops.cast(step, "float32") / self.steps)
        return ops.maximum(self.start * ops.power(self.rate, changes), self.end)

    def get_config(self) -> dict[str, Any]:
        return {"start": self.start, "end": self.end, "rate": self.rate, "steps": self.steps}


@keras.saving.register_keras_serializable("keras_gans")
class HalfLife(keras.optimizers.schedules.LearningRateSchedule):
    """Decay of an average whose weights halve over a number of images, for `ema_decay`.

    0.5 ^ (batch_size / images); with a ramp, images is at most that share of the images seen so
    far, so that early averages forget the untrained generator soon.

    Args:
        images: Images over which a weight halves: a positive number, or a schedule of it.
        batch_size: Images in one step of the generator.
        ramp: Share of the images seen so far, positive; None for no ramp.

    Raises:
        ValueError: If a number is not positive.

    Example:
        >>> gan.compile(ema_decay=kg.schedules.HalfLife(500_000, batch_size=64, ramp=0.05))

    Reference:
        Karras et al., 2020, Training Generative Adversarial Networks with Limited Data, appendix C.
    """

    def __init__(self, images: Any, batch_size: int, ramp: float | None = None):
        if isinstance(images, dict):  # Of a saved model.
            images = keras.saving.deserialize_keras_object(images)
        changes = isinstance(images, keras.optimizers.schedules.LearningRateSchedule)
        if min(1 if changes else images, batch_size, 1 if ramp is None else ramp) <= 0:
            raise ValueError(
                "Expected `images`, `batch_size` and `ramp` to be positive. Received: "
                f"images={images!r}, batch_size={batch_size!r}, ramp={ramp!r}"
            )
        self.images = images
        self.batch_size = batch_size
        self.ramp = ramp

    def __call__(self, step: Any) -> Any:
        images = self.images(step) if callable(self.images) else self.images
        images = ops.cast(images, "float32")
        if self.ramp is not None:
            seen = ops.cast(step, "float32") * self.batch_size
            images = ops.minimum(images, seen * self.ramp)
        return ops.power(0.5, self.batch_size / ops.maximum(images, 1e-8))

    def get_config(self) -> dict[str, Any]:
        images = self.images
        if callable(images):
            images = keras.saving.serialize_keras_object(images)
        return {"images": images, "batch_size": self.batch_size, "ramp": self.ramp}
