"""Generative adversarial networks for Keras 3."""

from keras_gans import (
    callbacks,
    constraints,
    datasets,
    losses,
    metrics,
    networks,
    optimizers,
    penalties,
    presets,
)
from keras_gans._version import __version__
from keras_gans.models import DCGAN, GAN, WGAN, WGANGP

__all__ = [
    "DCGAN",
    "GAN",
    "WGAN",
    "WGANGP",
    "__version__",
    "callbacks",
    "constraints",
    "datasets",
    "losses",
    "metrics",
    "networks",
    "optimizers",
    "penalties",
    "presets",
]
