"""Metrics: arithmetic on arrays, feature extractors, and the protocol that joins them."""

from keras_gans.metrics.collapse import duplicate_share as duplicate_share
from keras_gans.metrics.extractors import classifier as classifier
from keras_gans.metrics.extractors import inception as inception
from keras_gans.metrics.features import Extractor as Extractor
from keras_gans.metrics.features import Features as Features
from keras_gans.metrics.frechet import Moments as Moments
from keras_gans.metrics.frechet import frechet_distance as frechet_distance
from keras_gans.metrics.frechet import (
    frechet_distance_at_infinity as frechet_distance_at_infinity,
)
from keras_gans.metrics.frechet import frechet_from_moments as frechet_from_moments
from keras_gans.metrics.kernel import kernel_distance as kernel_distance
from keras_gans.metrics.manifolds import density_coverage as density_coverage
from keras_gans.metrics.manifolds import precision_recall as precision_recall
from keras_gans.metrics.mixtures import label_coverage as label_coverage
from keras_gans.metrics.mixtures import mode_coverage as mode_coverage
from keras_gans.metrics.neighbours import nearest_neighbours as nearest_neighbours
from keras_gans.metrics.protocol import Mixture as Mixture
from keras_gans.metrics.protocol import Scores as Scores
from keras_gans.metrics.protocol import compare as compare
from keras_gans.metrics.reference import ReferenceInception as ReferenceInception
from keras_gans.metrics.scores import inception_score as inception_score
from keras_gans.metrics.transport import optimal_transport as optimal_transport
from keras_gans.metrics.transport import sliced_wasserstein as sliced_wasserstein
