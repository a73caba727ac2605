"""Comparing every row of one set with every row of another, in bounded memory."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

TILE = 1024  # rows: the float64 products of a tile take 8 MiB, which a cache may hold
FEATURES = 2048  # at most of those rows at a time: 16 MiB, however long the rows are
ROUNDING = 1e-12  # share of the squared norms, above the rounding error of a float64 product


def spans(count: int, step: int | None = None) -> list[slice]:
    """Returns the slices that cut `count` rows into tiles, or into parts of `step`."""
    step = step or TILE
    return [slice(start, min(start + step, count)) for start in range(0, count, step)]


def blocks(shape: tuple[int, ...]) -> Iterator[tuple[slice, slice]]:
    """Yields the slices that cut an array into blocks of bounded size."""
    return itertools.product(spans(shape[0]), spans(shape[1], FEATURES))


class Shifted:
    """A set of samples as seen from an origin, in float64, of which no copy is kept.

    Attributes:
        mean: Mean of the samples, less the origin.
        squares: Squared distance of each from the origin.
        along: What each adds to inner products: `x.y = (x - o).(y - o) + along_x + along_y`.
    """

    def __init__(self, samples: np.ndarray, origin: np.ndarray):
        self.samples, self.origin = samples, origin
        self.mean = np.zeros(samples.shape[1])
        self.squares = np.zeros(len(samples))
        self.along = np.full(len(samples), 0.5 * (origin @ origin))
        for rows, features in blocks(samples.shape):
            block = self[rows, features]
            self.mean[features] += block.sum(axis=0) / len(samples)
            self.squares[rows] += np.einsum("ij,ij->i", block, block)
            self.along[rows] += block @ origin[features]

    def __getitem__(self, index: tuple[slice, slice]) -> np.ndarray:
        return self.samples[index] - self.origin[index[1]]


class Tile(NamedTuple):
    """All pairs of some rows of one set and some of another, by their inner products."""

    left: Shifted
    right: Shifted
    rows: slice
    cols: slice
    products: np.ndarray  # as seen from the origin

    def inner_products(self) -> np.ndarray:
        """Returns the inner products of the samples as they were given."""
        return self.products + self.left.along[self.rows, np.newaxis] + self.right.along[self.cols]

    def squared_distances(self, slack: float = 0.0) -> np.ndarray:
        """Returns the squared distances.

        A `slack` of `-ROUNDING` rounds every distance down, so that equal distances pass `<=`
        whatever their rounding errors; `+ROUNDING` rounds up, so that they fail `<`.
        """
        distances = -2.0 * self.products
        distances += (1.0 + slack) * self.left.squares[self.rows, np.newaxis]
        distances += (1.0 + slack) * self.right.squares[self.cols]
        return distances


def tiles(a: np.ndarray, b: np.ndarray, label: str = "", verbose: bool = False) -> Iterator[Tile]:
    """Yields the tiles of all pairs; of an array with itself, two tiles of one product."""
    origin = centre(b)  # small norms, so little cancellation in |x|^2 + |y|^2 - 2 x.y
    left = right = Shifted(a, origin)
    if a is not b:
        right = Shifted(b, origin)
    grid = itertools.product(spans(len(a)), spans(len(b)))
    needed = [(r, c) for r, c in grid if a is not b or r.start <= c.start]
    for rows, cols in progress(needed, label, verbose):
        products = products_of(left, right, rows, cols)
        yield Tile(left, right, rows, cols, products)
        if a is b and rows != cols:
            yield Tile(right, left, cols, rows, products.T)


def products_of(left: Shifted, right: Shifted, rows: slice, cols: slice) -> np.ndarray:
    """Returns the inner products of some rows of two sets."""
    products = np.zeros((rows.stop - rows.start, cols.stop - cols.start))
    for features in spans(left.samples.shape[1], FEATURES):
        block = left[rows, features]
        other = block if left is right and rows == cols else right[cols, features]
        products += block @ other.T
    return products


def centre(array: np.ndarray, rows: int = 256) -> np.ndarray:
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
