"""Pictures for notebooks, which show what a cell returns."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from keras_gans.callbacks import figures
from keras_gans.callbacks.evaluation import LastScore
from keras_gans.callbacks.pictures import image_grid, near_square


def grid(
    images: Any,
    columns: int | None = None,
    value_range: tuple[float, float] | None = None,
    scale: int | None = None,
) -> Image.Image:
    """Lays images out in a grid, whose last row may have gaps.

    Args:
        images: Float array of shape `(n, height, width, channels)`.
        columns: How many in a row; as many as make the grid about a square by default.
        value_range: The values of black and white, such as a model's `value_range`; -1 and 1 by
            default.
        scale: By what to enlarge each image; small ones are made visible by default.

    Returns:
        A PIL image.

    Raises:
        ValueError: If these are no images.

    Example:
        >>> kg.plot.grid(gan.generate(16, seed=0))
    """
    images = np.asarray(images)
    rows, across = near_square(len(images))
    if columns is not None:
        rows, across = -(-len(images) // columns), columns
    return image_grid(images, rows, across, scale, value_range)


def losses(history: Any, terms: Sequence[str] | None = None) -> Figure:
    """Draws one panel a log, its value over the epochs.

    Args:
        history: What `fit` returns, or its `history`, a dict of lists.
        terms: Which logs; all by default.

    Returns:
        A matplotlib figure.

    Raises:
        ValueError: If there is no log of a term's name, or there is none at all.

    Example:
        >>> kg.plot.losses(gan.fit(images, epochs=20), ["d_loss", "g_loss"])
    """
    logs = getattr(history, "history", history)
    names = list(logs) if terms is None else list(terms)
    if not names or not set(names) <= set(logs):
        raise ValueError(f"Expected terms among {list(logs)}. Received: terms={terms}")
    return figures.metric_curves({name: _measured(logs[name]) for name in names})


def _measured(values: Sequence[float]) -> tuple[list[int], list[float]]:
    """Returns epochs and values, without scores that repeat those of an earlier epoch."""
    points = [(i, v) for i, v in enumerate(values, 1) if not isinstance(v, LastScore)]
    return [epoch for epoch, _ in points], [value for _, value in points]
