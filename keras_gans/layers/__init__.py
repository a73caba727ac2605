"""Layers that the networks are built of, beside those of Keras."""

from keras_gans.layers.attention import SelfAttention2D
from keras_gans.layers.basis import LearnedBasis2D
from keras_gans.layers.blur import Blur2D
from keras_gans.layers.conditional_norm import ConditionalBatchNormalization
from keras_gans.layers.discrimination import MinibatchDiscrimination
from keras_gans.layers.fourier import FourierFeatures
from keras_gans.layers.grouped import GroupedConv2D
from keras_gans.layers.maxout import Maxout
from keras_gans.layers.packing import Pack
from keras_gans.layers.projection import EmbeddingProjection
from keras_gans.layers.spectral import SpectralNormalization
from keras_gans.layers.stddev import MinibatchStdDev
from keras_gans.layers.tapwise import TapwiseConv2D
from keras_gans.layers.upsampled import UpSampledConv2D

__all__ = [
    "Blur2D",
    "ConditionalBatchNormalization",
    "EmbeddingProjection",
    "FourierFeatures",
    "GroupedConv2D",
    "LearnedBasis2D",
    "Maxout",
    "MinibatchDiscrimination",
    "MinibatchStdDev",
    "Pack",
    "SelfAttention2D",
    "SpectralNormalization",
    "TapwiseConv2D",
    "UpSampledConv2D",
]
