"""Figures of what was measured; each takes arrays and returns a picture."""

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from PIL import Image

from keras_gans.callbacks.pictures import image_grid

_GAP = 8  # Pixels between the samples and their neighbours.


def nearest_grid(
    samples: Any, neighbours: Any, value_range: tuple[float, float] | None = None
) -> Image.Image:
    """Shows samples in the first column, and beside each what is nearest to it, nearest first.

    Args:
        samples: Float array of images `(n, height, width, channels)`; their channels are drawn as
            those of `image_grid`.
        neighbours: Float array of images `(n, k, height, width, channels)`.
        value_range: The values of black and white, -1 and 1 by default.

    Returns:
        A PIL image of n rows.

    Example:
        >>> nearest_grid(samples, images[neighbours.indices], gan.value_range).save("nearest.png")
    """
    neighbours = np.asarray(neighbours)
    rows, columns = neighbours.shape[:2]
    left = image_grid(samples, rows, 1, value_range=value_range)
    others = neighbours.reshape(-1, *neighbours.shape[2:])
    right = image_grid(others, rows, columns, value_range=value_range)
    picture = Image.new(left.mode, (left.width + _GAP + right.width, left.height), "white")
    picture.paste(left, (0, 0))
    picture.paste(right, (left.width + _GAP, 0))
    return picture


def class_counts(real: np.ndarray, fake: np.ndarray) -> Figure:
    """Draws the share of each class among reals and among samples, as a classifier sees them.

    Args:
        real: Float array of class probabilities `(n, classes)`.
        fake: Float array of class probabilities `(m, classes)`.

    Returns:
        The figure.

    Example:
        >>> class_counts(real.probabilities, fake.probabilities).savefig("classes.png")
    """
    classes = np.arange(real.shape[1])
    figure = Figure(figsize=(min(max(6.0, 0.3 * len(classes)), 12.0), 4), layout="constrained")
    axes = figure.add_subplot(xlabel="class", ylabel="share of all (%)")
    for offset, name, probabilities in ((-0.2, "real", real), (0.2, "generated", fake)):
        counts = np.bincount(probabilities.argmax(axis=1), minlength=len(classes))
        axes.bar(classes + offset, 100 * counts / len(probabilities), 0.4, label=name)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=20))
    axes.legend()
    return figure


class Shown(Figure):
    """A figure that a notebook shows where a cell returns it, with or without pyplot."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png")
        return buffer.getvalue()


def metric_curves(curves: Mapping[str, tuple[Sequence[float], Sequence[float]]]) -> Figure:
    """Draws one panel a metric, its value over the epochs.

    Args:
        curves: Epochs and values by name.

    Returns:
        The figure.

    Example:
        >>> metric_curves({"val_fid": ([5, 10, 15], [40.0, 21.5, 13.2])}).savefig("metrics.png")
    """
    columns = min(3, len(curves))
    rows = -(-len(curves) // columns)
    figure = Shown(figsize=(4 * columns, 2.6 * rows), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, (name, (epochs, values)) in zip(panels, curves.items(), strict=False):
        axes.plot(epochs, values, marker=".", linewidth=1)
        axes.set(title=name.removeprefix("val_"), xlabel="epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    for axes in panels[len(curves) :]:
        axes.set_axis_off()
    return figure


def value_surface(
    real: np.ndarray,
    fake: np.ndarray,
    critic: Callable[[np.ndarray], np.ndarray],
    centers: np.ndarray | None = None,
    points: int = 101,
) -> Figure:
    """Draws real and generated points in the plane over the level sets of a critic.

    Args:
        real: Float array of shape `(n, 2)`; the axes reach a fifth beyond it.
        fake: Float array of shape `(m, 2)`.
        critic: Function of points `(k, 2)` that returns k outputs.
        centers: Modes to mark, float array of shape `(modes, 2)`.
        points: Along each axis, where the critic is evaluated.

    Returns:
        The figure.

    Example:
        >>> value_surface(ring, gan.generate(1000), lambda x: gan.discriminator.predict(x))

    Reference:
        Gulrajani et al., 2017, Improved Training of Wasserstein GANs, figure 1.
    """
    low, high = real.min(axis=0), real.max(axis=0)
    low, high = low - 0.2 * (high - low), high + 0.2 * (high - low)
    x, y = (np.linspace(low[i], high[i], points) for i in range(2))
    mesh = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2).astype("float32")
    values = np.asarray(critic(mesh)).reshape(points, points)
    figure = Figure(figsize=(6.5, 6.1), layout="constrained")
    axes = figure.add_subplot(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    axes.set_box_aspect(1)
    surface = axes.contourf(x, y, values, levels=16, cmap="Greys", alpha=0.6)
    axes.contour(x, y, values, levels=16, colors="black", linewidths=0.3)
    figure.colorbar(surface, ax=axes, label="discriminator output")
    for array, color, label in ((real, "tab:orange", "real"), (fake, "tab:green", "generated")):
        axes.scatter(
            array[:, 0], array[:, 1], s=4, color=color, label=label, alpha=0.5, linewidths=0
        )
    if centers is not None:
        modes = np.asarray(centers)
        axes.scatter(modes[:, 0], modes[:, 1], s=60, color="tab:red", marker="+", label="modes")
    outside = np.any((fake < low) | (fake > high), axis=1).sum()
    if outside:
        axes.set_title(f"{outside} of {len(fake)} generated points lie outside")
    figure.legend(loc="outside lower center", ncols=3, markerscale=2)
    return figure
