"""Keras callbacks: what a person sees of training, and what holds during it."""

from keras_gans.callbacks.checkpoint import Checkpoint
from keras_gans.callbacks.collapse_warning import CollapseWarning
from keras_gans.callbacks.evaluation import Evaluation
from keras_gans.callbacks.for_optimizer import ForOptimizer
from keras_gans.callbacks.history import HistoryCSV
from keras_gans.callbacks.loss_curves import EpochSamples, LossCurves
from keras_gans.callbacks.metric_curves import MetricCurves
from keras_gans.callbacks.nan_guard import NaNGuard
from keras_gans.callbacks.nearest_images import NearestImages
from keras_gans.callbacks.resumable import Resumable
from keras_gans.callbacks.sample_grid import SampleGrid
from keras_gans.callbacks.train_state import TrainState
from keras_gans.callbacks.value_surface import ValueSurface
from keras_gans.callbacks.weight_clipping import WeightClipping

__all__ = [
    "Checkpoint",
    "CollapseWarning",
    "EpochSamples",
    "Evaluation",
    "ForOptimizer",
    "HistoryCSV",
    "LossCurves",
    "MetricCurves",
    "NaNGuard",
    "NearestImages",
    "Resumable",
    "SampleGrid",
    "TrainState",
    "ValueSurface",
    "WeightClipping",
]
