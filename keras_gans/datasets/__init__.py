"""Training data: a name or a path in, a `tf.data.Dataset` of images in [-1, 1] out."""

from typing import TYPE_CHECKING, Any

from keras_gans.datasets.mixtures import grid, grid_centers, modes, ring, ring_centers, swissroll

if TYPE_CHECKING:
    from keras_gans.datasets.loader import load, names

__all__ = ["grid", "grid_centers", "load", "modes", "names", "ring", "ring_centers", "swissroll"]


def __getattr__(name: str) -> Any:
    """Imports TensorFlow, which reads data by name, when it is first asked for."""
    if name not in ("load", "names"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from keras_gans.datasets import loader

    return getattr(loader, name)
