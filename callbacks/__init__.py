"""Keras callbacks: what a person sees of training, and what holds during it."""

from keras_gans.callbacks.checkpoint import Checkpoint
from keras_gans.callbacks.history import HistoryCSV
from keras_gans.callbacks.loss_curves import EpochSamples, LossCurves
from keras_gans.callbacks.nan_guard import NaNGuard
from keras_gans.callbacks.sample_grid import SampleGrid
from keras_gans.callbacks.train_state import TrainState
from keras_gans.callbacks.weight_clipping import WeightClipping

__all__ = [
    "Checkpoint",
    "EpochSamples",
    "HistoryCSV",
    "LossCurves",
    "NaNGuard",
    "SampleGrid",
    "TrainState",
    "WeightClipping",
]
