"""Training data: a name or a path in, a `tf.data.Dataset` of images in [-1, 1] out."""

from keras_gans.datasets.loader import load, names
from keras_gans.datasets.mixtures import grid, grid_centers, modes, ring, ring_centers, swissroll

__all__ = ["grid", "grid_centers", "load", "modes", "names", "ring", "ring_centers", "swissroll"]
