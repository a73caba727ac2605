"""Nearest neighbours."""

from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from keras_gans.metrics import checks
from keras_gans.metrics.tiles import Tile, blocks, tiles


class Neighbours(NamedTuple):
    """Indices into the references, and distances, nearest first."""

    indices: np.ndarray
    distances: np.ndarray


def nearest_neighbours(
    samples: ArrayLike, references: ArrayLike, k: int = 1, verbose: bool = False
) -> Neighbours:
    """Finds the k nearest references of each sample, by Euclidean distance.

    The search is exhaustive and works in tiles, so memory beyond the arrays does not grow with
    `n * m`. Distances of the neighbours found are computed from differences: a copy is at 0.

    Args:
        samples: Array of shape `(n, d)`, finite.
        references: Array of shape `(m, d)`, finite.
        k: Number of neighbours, from 1 to `m`.
        verbose: Whether to print a progress bar.

    Returns:
        Named tuple `(indices, distances)`: int and float64 arrays of shape `(n, k)`, nearest
        first, equal distances by index.

    Raises:
        ValueError: If an array has another rank or NaN, if `d` differs, or if `k` is out of range.

    Example:
        >>> from keras_gans import metrics
        >>> nearest = metrics.nearest_neighbours([[1.0], [6.0]], [[0.0], [2.0], [9.0]], k=2)
        >>> nearest.indices.tolist(), nearest.distances.tolist()
        ([[0, 1], [2, 1]], [[1.0, 1.0], [3.0, 4.0]])
    """
    samples, references = checks.pair(samples, references, ("samples", "references"))
    k = checks.positive_integer(k, "k", at_most=len(references))
    return search(samples, references, k, "neighbours", verbose)


def search(
    samples: np.ndarray, references: np.ndarray, k: int, label: str, verbose: bool
) -> Neighbours:
    """Returns `Neighbours` of checked arguments."""
    nearest = Nearest(samples, references, k)
    for tile in tiles(samples, references, label, verbose):
        nearest.see(tile)
    return nearest.found


class Nearest:
    """Finds the k nearest references of each sample in the tiles that it is shown."""

    def __init__(self, samples: np.ndarray, references: np.ndarray, k: int):
        self.samples, self.references, self.k = samples, references, k
        self._indices = np.zeros((len(samples), k), dtype=np.int64)
        self._squares = np.full((len(samples), k), np.inf)

    def see(self, tile: Tile) -> None:
        """Keeps the nearest of those found before and those of a tile."""
        distances = tile.squared_distances()
        near = smallest(distances, self.k)
        found = np.hstack([self._indices[tile.rows], near + tile.cols.start])
        values = np.hstack([self._squares[tile.rows], np.take_along_axis(distances, near, axis=1)])
        keep = smallest(values, self.k)
        self._indices[tile.rows] = np.take_along_axis(found, keep, axis=1)
        self._squares[tile.rows] = np.take_along_axis(values, keep, axis=1)

    @cached_property
    def found(self) -> Neighbours:
        """The `Neighbours`, once all tiles were shown."""
        distances = row_distances(self.samples, self.references, self._indices)
        return in_order(self._indices, distances)


def smallest(values: np.ndarray, k: int) -> np.ndarray:
    """Returns the columns of the k smallest values of each row, in any order."""
    k = min(k, values.shape[1])
    return np.argpartition(values, k - 1, axis=1)[:, :k]


def row_distances(samples: np.ndarray, references: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """Returns the distance of each sample to each of its neighbours, without cancellation."""
    squares = np.zeros(indices.shape)
    for rows, features in blocks(samples.shape):
        block = samples[rows, features].astype(np.float64)
        for column in range(indices.shape[1]):
            differences = block - references[indices[rows, column], features]
            squares[rows, column] += np.einsum("ij,ij->i", differences, differences)
    return np.sqrt(squares)


def in_order(indices: np.ndarray, distances: np.ndarray) -> Neighbours:
    """Returns `Neighbours` sorted by distance, then by index."""
    order = np.lexsort((indices, distances), axis=1)
    return Neighbours(
        np.take_along_axis(indices, order, axis=1), np.take_along_axis(distances, order, axis=1)
    )
