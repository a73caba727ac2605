"""Comparing every row of one set with every row of another, in bounded memory."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

TILE = 4096  # rows; one tile of float64 products takes 128 MiB
ROUNDING = 1e-12  # share of the squared norms, above the rounding error of a float64 product


def spans(count: int) -> list[slice]:
    """Returns the slices that cut `count` rows into tiles."""
    return [slice(start, min(start + TILE, count)) for start in range(0, count, TILE)]


def tile_pairs(
    a: np.ndarray, b: np.ndarray, origin: np.ndarray, label: str = "", verbose: bool = False
) -> Iterator[tuple[slice, slice, np.ndarray, np.ndarray]]:
    """Yields `(rows, cols, a[rows] - origin, b[cols] - origin)` in float64 for all tiles."""
    tiles = list(itertools.product(spans(len(a)), spans(len(b))))
    for rows, cols in progress(tiles, label, verbose):
        yield rows, cols, a[rows] - origin, b[cols] - origin


def squared_distance_tiles(
    a: np.ndarray, b: np.ndarray, slack: float = 0.0, label: str = "", verbose: bool = False
) -> Iterator[tuple[slice, slice, np.ndarray]]:
    """Yields `(rows, cols, squared distances of a[rows] to b[cols])` for all tiles.

    A `slack` of `-ROUNDING` rounds every distance down, so that equal distances pass `<=`
    whatever their rounding errors; `+ROUNDING` rounds up, so that they fail `<`.
    """
    origin = centre(b)  # small norms, so little cancellation in |x|^2 + |y|^2 - 2 x.y
    for rows, cols, left, right in tile_pairs(a, b, origin, label, verbose):
        distances = left @ right.T
        distances *= -2.0
        distances += (1.0 + slack) * np.einsum("ij,ij->i", left, left)[:, np.newaxis]
        distances += (1.0 + slack) * np.einsum("ij,ij->i", right, right)
        yield rows, cols, distances


def centre(array: np.ndarray, rows: int = 1024) -> np.ndarray:
    """Returns a point amid the bulk of the samples, where outliers do not pull."""
    stride = -(-len(array) // rows)
    return np.median(array[::stride], axis=0).astype(np.float64)


def progress(items: Sequence[Any], label: str, verbose: bool) -> Iterator[Any]:
    """Yields `items`; if `verbose`, print a bar of how many are done."""
    for done, item in enumerate(items, start=1):
        yield item
        if verbose:
            bar = "=" * (20 * done // len(items))
            end = "\n" if done == len(items) else ""
            print(f"\r{label}: {done}/{len(items)} [{bar:<20}]", end=end, flush=True)
