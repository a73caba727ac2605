"""Layers that the networks are built of, beside those of Keras."""

from keras_gans.layers.maxout import Maxout
from keras_gans.layers.tapwise import TapwiseConv2D
from keras_gans.layers.upsampled import UpSampledConv2D

__all__ = ["Maxout", "TapwiseConv2D", "UpSampledConv2D"]
