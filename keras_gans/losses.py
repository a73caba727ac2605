"""What is minimised: functions of the discriminator's outputs.

A new loss is a subclass of `Loss` with two methods; its golden numbers go into one table of the
tests.
"""

import copy
from typing import Any, Self, cast

import keras
from keras import ops

from keras_gans.serialization import Configured


class Loss(Configured):
    """Base of the adversarial losses.

    A loss takes logits of any shape, tensors, arrays or lists, and returns scalars, means over all
    logits. The discriminator's loss is the sum of its real and its fake term.

    Attributes:
        relativistic: Whether the generator's loss compares fake logits with real ones.
        generator_needs_real: Whether the generator's loss needs the discriminator's outputs on
            reals at all: of relativistic losses, unless a subclass says otherwise.
        takes_outputs: Whether the loss takes the discriminator's whole dict of outputs, such as
            `{"logits": ..., "features": ...}`, in place of the logits.

    Example:
        >>> class LogisticLoss(kg.losses.Loss):
        ...     def discriminator_loss(self, real_logits, fake_logits):
        ...         return keras.ops.mean(keras.ops.softplus(fake_logits - real_logits))
        ...     def generator_loss(self, fake_logits, real_logits=None):
        ...         return keras.ops.mean(keras.ops.softplus(-fake_logits))
    """

    relativistic = False
    takes_outputs = False

    # A class attribute of subclasses, so its type is that of one.
    generator_needs_real: bool = cast(bool, property(lambda self: self.relativistic))

    def at(self, step: Any) -> Self:
        """Returns the loss at a training step: its schedules are their values at this step.

        Training calls `discriminator_loss` and `generator_loss` of the loss at the step in
        progress, so that an attribute that is a Keras schedule is a number or a scalar tensor
        within them.
        """
        changed = {
            name: value.at(step) if isinstance(value, Loss) else value(step)
            for name, value in vars(self).items()
            if isinstance(value, Loss | keras.optimizers.schedules.LearningRateSchedule)
        }
        if not changed:
            return self
        loss = copy.copy(self)
        vars(loss).update(changed)
        return loss

    def discriminator_loss(self, real_logits: Any, fake_logits: Any) -> Any:
        """Returns the scalar that the discriminator minimises."""
        raise NotImplementedError

    def generator_loss(self, fake_logits: Any, real_logits: Any = None) -> Any:
        """Returns the scalar that the generator minimises."""
        raise NotImplementedError


@keras.saving.register_keras_serializable("keras_gans")
class NonSaturatingLoss(Loss):
    """Non-saturating GAN loss: G maximises log D(G(z)).

    Args:
        label_smoothing: Share in [0, 1) by which the label of reals is below 1, for the
            discriminator: one-sided, the label of fakes stays 0.

    Raises:
        ValueError: If `label_smoothing` is out of its range.

    Example:
        >>> float(NonSaturatingLoss().generator_loss([[0.0]]))
        0.6931471824645996

    Reference:
        Goodfellow et al., 2014, Generative Adversarial Networks, section 3; Salimans et al., 2016,
        Improved Techniques for Training GANs, section 3.4, of one-sided label smoothing.
    """

    label_smoothing = 0.0

    def __init__(self, label_smoothing: float = 0.0):
        if not 0 <= label_smoothing < 1:
            raise ValueError(
                f"Expected `label_smoothing` in [0, 1). Received: label_smoothing={label_smoothing}"
            )
        self.label_smoothing = label_smoothing

    def discriminator_loss(self, real_logits: Any, fake_logits: Any) -> Any:
        real = ops.softplus(ops.negative(real_logits))  # -log(sigmoid(x))
        if self.label_smoothing:  # And -log(1 - sigmoid(x)) is x more.
            real = real + ops.multiply(self.label_smoothing, real_logits)
        fake = ops.softplus(fake_logits)  # -log(1 - sigmoid(x))
        return ops.mean(real) + ops.mean(fake)

    def generator_loss(self, fake_logits: Any, real_logits: Any = None) -> Any:
        return ops.mean(ops.softplus(ops.negative(fake_logits)))


@keras.saving.register_keras_serializable("keras_gans")
class MinimaxLoss(NonSaturatingLoss):
    """Saturating GAN loss: G minimises log(1 - D(G(z))), the game's own value.

    Its generator learns slowly while the discriminator tells fakes apart with ease.

    Reference:
        Goodfellow et al., 2014, Generative Adversarial Networks, equation 1.
    """

    def generator_loss(self, fake_logits: Any, real_logits: Any = None) -> Any:
        return -ops.mean(ops.softplus(fake_logits))  # log(1 - sigmoid(x))


@keras.saving.register_keras_serializable("keras_gans")
class WassersteinLoss(Loss):
    """Wasserstein loss: the critic's mean on fakes less its mean on reals.

    The critic has to be Lipschitz: clip its weights or penalise its gradient.

    Reference:
        Arjovsky et al., 2017, Wasserstein GAN, equation 3 and algorithm 1.
    """

    def discriminator_loss(self, real_logits: Any, fake_logits: Any) -> Any:
        return ops.mean(fake_logits) - ops.mean(real_logits)

    def generator_loss(self, fake_logits: Any, real_logits: Any = None) -> Any:
        return -ops.mean(fake_logits)


@keras.saving.register_keras_serializable("keras_gans")
class LeastSquaresLoss(Loss):
    """Least-squares loss with labels 1 for real and 0 for fake, each term halved.

    Reference:
        Mao et al., 2017, Least Squares Generative Adversarial Networks, equation 9.
    """

    def discriminator_loss(self, real_logits: Any, fake_logits: Any) -> Any:
        real = ops.mean(ops.square(ops.subtract(real_logits, 1.0)))
        fake = ops.mean(ops.square(fake_logits))
        return 0.5 * real + 0.5 * fake

    def generator_loss(self, fake_logits: Any, real_logits: Any = None) -> Any:
        return 0.5 * ops.mean(ops.square(ops.subtract(fake_logits, 1.0)))


@keras.saving.register_keras_serializable("keras_gans")
class HingeLoss(Loss):
    """Hinge loss: the discriminator's logits count only inside the margin of 1.

    Reference:
        Lim and Ye, 2017, Geometric GAN; Miyato et al., 2018, Spectral Normalization for GANs,
        equations 16 and 17.
    """

    def discriminator_loss(self, real_logits: Any, fake_logits: Any) -> Any:
        real = ops.relu(ops.subtract(1.0, real_logits))
        fake = ops.relu(ops.add(1.0, fake_logits))
        return ops.mean(real) + ops.mean(fake)

    def generator_loss(self, fake_logits: Any, real_logits: Any = None) -> Any:
        return -ops.mean(fake_logits)


@keras.saving.register_keras_serializable("keras_gans")
class RelativisticLoss(Loss):
    """Relativistic paired loss: each real logit is compared with one fake logit.

    Reference:
        Jolicoeur-Martineau, 2018, The relativistic discriminator, section 4.1; Huang et al., 2024,
        The GAN is dead; long live the GAN! (R3GAN), equation 2.
    """

    relativistic = True

    def discriminator_loss(self, real_logits: Any, fake_logits: Any) -> Any:
        return ops.mean(ops.softplus(ops.subtract(fake_logits, real_logits)))

    def generator_loss(self, fake_logits: Any, real_logits: Any = None) -> Any:
        return ops.mean(ops.softplus(ops.subtract(real_logits, fake_logits)))


@keras.saving.register_keras_serializable("keras_gans")
class FeatureMatchingLoss(Loss):
    """Has the generator match the mean of the discriminator's features on reals.

    The discriminator has another loss, and returns a dict with "logits" and "features", a tensor or
    a list of them.

    Args:
        loss: The discriminator's: a `Loss` of logits or its name.

    Example:
        >>> gan = kg.GAN(generator, discriminator, loss=kg.losses.FeatureMatchingLoss())

    Reference:
        Salimans et al., 2016, Improved Techniques for Training GANs, section 3.1.
    """

    takes_outputs = True
    generator_needs_real = True

    def __init__(self, loss: str | Loss = "non_saturating"):
        self.loss = get(loss)

    def discriminator_loss(self, real_outputs: Any, fake_outputs: Any) -> Any:
        return self.loss.discriminator_loss(real_outputs["logits"], fake_outputs["logits"])

    def generator_loss(self, fake_outputs: Any, real_outputs: Any = None) -> Any:
        real, fake = (
            keras.tree.flatten(outputs["features"]) for outputs in (real_outputs, fake_outputs)
        )
        return sum(
            ops.sum(ops.square(ops.mean(r, axis=0) - ops.mean(f, axis=0)))
            for r, f in zip(real, fake, strict=True)
        )


@keras.saving.register_keras_serializable("keras_gans")
class TopKLoss(Loss):
    """Has the generator learn from the samples of a batch that the discriminator finds best.

    Args:
        loss: The loss: a `Loss` of logits that is not relativistic, or its name.
        share: Of the batch's samples, of each replica's own, that count: a number in (0, 1], or a
            Keras schedule of the training step; the paper lets it fall from 1 to .5 or .75.

    Raises:
        ValueError: If `share` is out of its range, or the loss is relativistic.

    Example:
        >>> share = kg.schedules.Exponential(1.0, 0.5, rate=0.99, steps=468)  # Steps of an epoch.
        >>> gan = kg.GAN(generator, discriminator, loss=kg.losses.TopKLoss("hinge", share))

    Reference:
        Sinha et al., 2020, Top-k Training of GANs: Improving GAN Performance by Throwing Away Bad
        Samples, algorithm 1.
    """

    def __init__(self, loss: str | Loss = "non_saturating", share: Any = 0.5):
        self.loss = get(loss)
        schedule = isinstance(share, keras.optimizers.schedules.LearningRateSchedule)
        in_range = schedule or 0 < share <= 1
        if not in_range or self.loss.relativistic or self.loss.takes_outputs:
            raise ValueError(
                "Expected `share` in (0, 1] or a Keras schedule, and a loss of fake logits alone. "
                f"Received: share={share!r}, loss={type(self.loss).__name__}"
            )
        self.share = share

    def discriminator_loss(self, real_logits: Any, fake_logits: Any) -> Any:
        return self.loss.discriminator_loss(real_logits, fake_logits)

    def generator_loss(self, fake_logits: Any, real_logits: Any = None) -> Any:
        logits = ops.reshape(ops.convert_to_tensor(fake_logits), (-1,))
        size = logits.shape[0]
        if not ops.is_tensor(self.share):
            best, _ = ops.top_k(logits, max(1, round(self.share * size)))
            return self.loss.generator_loss(best)
        # A number of samples that changes takes a mask, as shapes may not change.
        best, _ = ops.top_k(logits, size)
        count = ops.clip(ops.round(self.share * size), 1, size)
        losses = ops.vectorized_map(self.loss.generator_loss, best)
        counts = ops.arange(size, dtype="float32") < count
        return ops.sum(ops.where(counts, losses, 0.0)) / count


_NAMES = {
    "non_saturating": NonSaturatingLoss,
    "minimax": MinimaxLoss,
    "wasserstein": WassersteinLoss,
    "least_squares": LeastSquaresLoss,
    "hinge": HingeLoss,
    "relativistic": RelativisticLoss,
}


def get(identifier: str | Loss) -> Loss:
    """Returns a loss by name, or the loss itself.

    Args:
        identifier: One of "non_saturating", "minimax", "wasserstein", "least_squares", "hinge",
            "relativistic", or a `Loss`.

    Raises:
        ValueError: If there is no such loss.

    Example:
        >>> get("hinge").generator_loss(keras.ops.array([[2.0]]))
    """
    if isinstance(identifier, str) and identifier in _NAMES:
        return _NAMES[identifier]()
    if isinstance(identifier, Loss):
        return identifier
    raise ValueError(
        f"Expected `loss` to be a keras_gans.losses.Loss or one of {sorted(_NAMES)}. "
        f"Received: loss={identifier!r}"
    )
