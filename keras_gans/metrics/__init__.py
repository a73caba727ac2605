"""Metric arithmetic: arrays in, floats out."""

from keras_gans.metrics.frechet import Moments as Moments
from keras_gans.metrics.frechet import frechet_distance as frechet_distance
from keras_gans.metrics.frechet import frechet_from_moments as frechet_from_moments
from keras_gans.metrics.kernel import kernel_distance as kernel_distance
from keras_gans.metrics.manifolds import density_coverage as density_coverage
from keras_gans.metrics.manifolds import precision_recall as precision_recall
from keras_gans.metrics.mixtures import mode_coverage as mode_coverage
from keras_gans.metrics.neighbours import nearest_neighbours as nearest_neighbours
from keras_gans.metrics.scores import inception_score as inception_score
from keras_gans.metrics.transport import optimal_transport as optimal_transport
from keras_gans.metrics.transport import sliced_wasserstein as sliced_wasserstein
