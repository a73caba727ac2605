"""Builders of generators and discriminators; they know nothing of training."""

from keras_gans.networks.convolutional import conv_discriminator, conv_generator
from keras_gans.networks.maxout import maxout_discriminator
from keras_gans.networks.mlp import mlp_discriminator, mlp_generator
from keras_gans.networks.transposed import strided_discriminator, transposed_generator
from keras_gans.networks.upsampling import upsampling_generator
from keras_gans.networks.wgan_gp_mnist import wgan_gp_mnist_critic, wgan_gp_mnist_generator

__all__ = [
    "conv_discriminator",
    "conv_generator",
    "maxout_discriminator",
    "mlp_discriminator",
    "mlp_generator",
    "strided_discriminator",
    "transposed_generator",
    "upsampling_generator",
    "wgan_gp_mnist_critic",
    "wgan_gp_mnist_generator",
]
