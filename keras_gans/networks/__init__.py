"""Builders of generators and discriminators; they know nothing of training."""

from keras_gans.networks.convolutional import conv_discriminator, conv_generator
from keras_gans.networks.dcgan import dcgan_discriminator, dcgan_generator
from keras_gans.networks.heads import with_heads
from keras_gans.networks.maxout import maxout_discriminator
from keras_gans.networks.mlp import mlp_discriminator, mlp_generator
from keras_gans.networks.pacgan import stacked_discriminator, stacked_generator
from keras_gans.networks.r3gan import r3gan_discriminator, r3gan_generator
from keras_gans.networks.sagan import sagan_discriminator, sagan_generator
from keras_gans.networks.sngan import sngan_discriminator, sngan_generator
from keras_gans.networks.transposed import strided_discriminator, transposed_generator
from keras_gans.networks.upsampling import upsampling_generator
from keras_gans.networks.wgan_gp_mnist import wgan_gp_mnist_critic, wgan_gp_mnist_generator

__all__ = [
    "conv_discriminator",
    "conv_generator",
    "dcgan_discriminator",
    "dcgan_generator",
    "maxout_discriminator",
    "mlp_discriminator",
    "mlp_generator",
    "r3gan_discriminator",
    "r3gan_generator",
    "sagan_discriminator",
    "sagan_generator",
    "sngan_discriminator",
    "sngan_generator",
    "stacked_discriminator",
    "stacked_generator",
    "strided_discriminator",
    "transposed_generator",
    "upsampling_generator",
    "wgan_gp_mnist_critic",
    "wgan_gp_mnist_generator",
    "with_heads",
]
