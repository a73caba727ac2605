"""The variants, one a file."""

from keras_gans.models.acgan import ACGAN
from keras_gans.models.dcgan import DCGAN
from keras_gans.models.dragan import DRAGAN
from keras_gans.models.gan import GAN
from keras_gans.models.hinge import HingeGAN
from keras_gans.models.infogan import InfoGAN
from keras_gans.models.lsgan import LSGAN
from keras_gans.models.r3gan import R3GAN
from keras_gans.models.wgan import WGAN
from keras_gans.models.wgan_gp import WGANGP

__all__ = [
    "ACGAN",
    "DCGAN",
    "DRAGAN",
    "GAN",
    "LSGAN",
    "R3GAN",
    "WGAN",
    "WGANGP",
    "HingeGAN",
    "InfoGAN",
]
