"""ACGAN: a discriminator that also tells the class."""

from typing import Any

import keras
from keras import ops

from keras_gans.models import checks
from keras_gans.models.gan import GAN


@keras.saving.register_keras_serializable("keras_gans")
class ACGAN(GAN):
    """Auxiliary classifier GAN: the discriminator finds the class of reals and of fakes.

    Its generator takes (latents, labels), its discriminator samples alone; it returns a dict with
    "logits" and, of shape `(batch, num_classes)`, "class_logits". Both networks lower the cross
    entropy of the classes, logged as `d_class_loss` and `g_class_loss`.

    Args:
        generator: `keras.Model` from (latents, labels) to samples.
        discriminator: `keras.Model` from samples to a dict with "logits" and "class_logits".
        *args: As for `GAN`.
        class_weight: By what the cross entropy counts in each network's loss.
        **kwargs: As for `GAN`.

    Raises:
        ValueError: If the networks do not fit each other or lack "class_logits".

    Example:
        >>> gan = kg.ACGAN(generator, discriminator, num_classes=10)
        >>> gan.compile()
        >>> gan.fit(images, labels, batch_size=64, epochs=5)
        >>> threes = gan.generate(16, labels=3)

    Reference:
        Odena et al., 2017, Conditional Image Synthesis with Auxiliary Classifier GANs, equations 2
        and 3.
    """

    discriminator_takes_labels = False

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *args: Any,
        class_weight: float = 1.0,
        **kwargs: Any,
    ):
        super().__init__(generator, discriminator, *args, **kwargs)
        checks.check_output(discriminator, "class_logits")
        self.class_weight = class_weight

    def discriminator_terms(
        self, real_outputs: Any, fake_outputs: Any, labels: Any, latents: Any
    ) -> dict[str, Any]:
        return {
            "d_class_loss": self._cross_entropy(real_outputs, labels)
            + self._cross_entropy(fake_outputs, labels)
        }

    def generator_terms(
        self, fake: Any, fake_outputs: Any, labels: Any, latents: Any
    ) -> dict[str, Any]:
        return {"g_class_loss": self._cross_entropy(fake_outputs, labels)}

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "class_weight": self.class_weight}

    def _cross_entropy(self, outputs: dict[str, Any], labels: Any) -> Any:
        losses = ops.sparse_categorical_crossentropy(
            labels, outputs["class_logits"], from_logits=True
        )
        return self.class_weight * ops.mean(losses)
