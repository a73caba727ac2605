"""R3GAN: a relativistic loss and two zero-centred gradient penalties."""

import keras

from keras_gans import optimizers
from keras_gans.models.gan import GAN
from keras_gans.penalties import R1, R2


@keras.saving.register_keras_serializable("keras_gans")
class R3GAN(GAN):
    """Relativistic GAN with R1 and R2: of proven local convergence, without further tricks.

    Arguments as for `GAN`. `compile(gp_weight=...)` is gamma of both penalties: .05 for CIFAR-10
    and 2 for FFHQ at 64 pixels in the paper, where it falls to a tenth.

    Example:
        >>> gan = kg.R3GAN(generator, discriminator)
        >>> gan.compile(gp_weight=0.5, ema_decay=0.999)
        >>> gan.fit(images, batch_size=64, epochs=5)

    Reference:
        Huang et al., 2024, The GAN is dead; long live the GAN! A Modern GAN Baseline, section 2.
    """

    default_loss = "relativistic"
    default_penalties = (R1(0.5), R2(0.5))

    @staticmethod
    def default_optimizer() -> keras.optimizers.Optimizer:
        return optimizers.Adam(2e-4, beta_1=0.0, beta_2=0.99)
