"""Generative adversarial networks for Keras 3."""

from keras_gans import (
    augment,
    callbacks,
    constraints,
    datasets,
    layers,
    losses,
    metrics,
    models,
    networks,
    optimizers,
    penalties,
    presets,
)
from keras_gans._version import __version__
from keras_gans.models import DCGAN, GAN, LSGAN, WGAN, WGANGP

__all__ = [
    "DCGAN",
    "GAN",
    "LSGAN",
    "WGAN",
    "WGANGP",
    "__version__",
    "augment",
    "callbacks",
    "constraints",
    "datasets",
    "layers",
    "losses",
    "metrics",
    "models",
    "networks",
    "optimizers",
    "penalties",
    "presets",
]
