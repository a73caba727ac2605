"""InfoGAN: latents whose meaning the discriminator recovers."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_gans.models import checks
from keras_gans.models.gan import GAN


@keras.saving.register_keras_serializable("keras_gans")
class InfoGAN(GAN):
    """GAN whose samples tell part of their latents, the codes, which so come to mean something.

    The latents are noise, then one-hot categorical codes, then continuous codes, uniform on
    [-1, 1]. The discriminator returns a dict with "logits" and "codes": for each categorical code
    its logits, and for each continuous code its mean, of a normal distribution with variance 1.
    Both networks lower the negative log-likelihood of the fakes' codes, whose difference from the
    entropy of the codes bounds their mutual information with the samples.

    Args:
        generator: `keras.Model` from latents, noise and codes together, to samples.
        discriminator: `keras.Model` from samples to a dict with "logits" and "codes", the latter of
            shape `(batch, sum(categorical) + continuous)`.
        *args: As for `GAN`.
        categorical: Classes of each categorical code.
        continuous: Number of continuous codes.
        code_weight: By what the negative log-likelihood counts in each network's loss, the paper's
            lambda.
        **kwargs: As for `GAN`.

    Raises:
        ValueError: If the networks do not fit each other or the codes.

    Example:
        >>> gan = kg.InfoGAN(generator, discriminator, categorical=(10,), continuous=2)
        >>> gan.compile(
        ...     d_optimizer=keras.optimizers.Adam(2e-4, 0.5),
        ...     g_optimizer=keras.optimizers.Adam(1e-3, 0.5),
        ... )
        >>> gan.fit(images, batch_size=128, epochs=50)
        >>> latents = gan.sample_latents(10, seed=0)

    Reference:
        Chen et al., 2016, InfoGAN: Interpretable Representation Learning by Information Maximizing
        Generative Adversarial Nets, equations 5 and 6, and appendix C.
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *args: Any,
        categorical: Sequence[int] = (10,),
        continuous: int = 2,
        code_weight: float = 1.0,
        **kwargs: Any,
    ):
        super().__init__(generator, discriminator, *args, **kwargs)
        self.categorical = tuple(categorical)
        self.continuous = continuous
        self.code_weight = code_weight
        size = sum(self.categorical) + continuous
        checks.check_output(discriminator, "codes", (size,))
        self.noise_dim = int(self.latent_dim or 0) - size
        if self.noise_dim < 0:
            raise ValueError(
                f"Expected a generator of at least {size} latents, as many as the codes take. "
                f"Received: latent_dim={self.latent_dim}"
            )

    def sample_latents(self, batch_size: Any, seed: Any = None) -> Any:
        """Draws noise and codes; as `GAN.sample_latents`."""
        # One integer would draw equal numbers for each part.
        seed = self.seed_generator if seed is None else keras.random.SeedGenerator(seed)
        noise = super().sample_latents(batch_size, seed)[:, : self.noise_dim]
        codes = [
            ops.one_hot(keras.random.randint((batch_size,), 0, count, seed=seed), count)
            for count in self.categorical
        ]
        values = keras.random.uniform((batch_size, self.continuous), -1.0, 1.0, seed=seed)
        return ops.concatenate([noise, *codes, values], axis=1)

    def truncate_latents(self, latents: np.ndarray, bound: float, seed: int) -> np.ndarray:
        """Draws values of the noise beyond a bound again; codes stay as they are."""
        noise, codes = np.split(latents, [self.noise_dim], axis=1)
        return np.concatenate([super().truncate_latents(noise, bound, seed), codes], axis=1)

    def discriminator_terms(
        self, real_outputs: Any, fake_outputs: Any, labels: Any, latents: Any
    ) -> dict[str, Any]:
        return {"d_code_loss": self._negative_log_likelihood(fake_outputs, latents)}

    def generator_terms(
        self, fake: Any, fake_outputs: Any, labels: Any, latents: Any
    ) -> dict[str, Any]:
        return {"g_code_loss": self._negative_log_likelihood(fake_outputs, latents)}

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "categorical": self.categorical,
            "continuous": self.continuous,
            "code_weight": self.code_weight,
        }

    def _negative_log_likelihood(self, outputs: dict[str, Any], latents: Any) -> Any:
        """Returns the mean over samples, up to a constant, of the sum over codes."""
        codes, found = latents[:, self.noise_dim :], outputs["codes"]
        first, total = 0, 0.0
        for count in self.categorical:
            part = slice(first, first + count)
            total = total - ops.sum(codes[:, part] * ops.log_softmax(found[:, part]), axis=1)
            first += count
        total = total + 0.5 * ops.sum(ops.square(codes[:, first:] - found[:, first:]), axis=1)
        return self.code_weight * ops.mean(total)
