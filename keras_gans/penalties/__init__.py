"""What keeps the discriminator smooth: penalties on its gradient by its input, and others.

A gradient penalty says at which points the gradient is taken and what is asked of it there: a new
one is a subclass of `Penalty` with `points` and `cost`. A penalty of another kind has a `value` of
its own.
"""

from keras_gans.penalties.consistency import (
    ConsistencyRegularization,
    FakeConsistencyRegularization,
)
from keras_gans.penalties.gradient import R1, R2, DRAGANPenalty, GradientPenalty
from keras_gans.penalties.lecam import LeCam
from keras_gans.penalties.path_length import PathLength
from keras_gans.penalties.penalty import Penalty, squared_norms

__all__ = [
    "R1",
    "R2",
    "ConsistencyRegularization",
    "DRAGANPenalty",
    "FakeConsistencyRegularization",
    "GradientPenalty",
    "LeCam",
    "PathLength",
    "Penalty",
    "squared_norms",
]
