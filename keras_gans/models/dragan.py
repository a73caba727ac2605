"""DRAGAN: a gradient penalty around the real data."""

import keras

from keras_gans.models.gan import GAN
from keras_gans.penalties import DRAGANPenalty


@keras.saving.register_keras_serializable("keras_gans")
class DRAGAN(GAN):
    """GAN whose discriminator has a gradient of norm 1 around the real data.

    Arguments as for `GAN`; `compile(gp_weight=...)` weighs the penalty.

    Example:
        >>> gan = kg.DRAGAN(generator, discriminator)
        >>> gan.compile(gp_weight=10.0)
        >>> gan.fit(images, batch_size=64, epochs=5)

    Reference:
        Kodali et al., 2017, On Convergence and Stability of GANs, section 2.3.
    """

    default_penalties = (DRAGANPenalty(10.0),)
