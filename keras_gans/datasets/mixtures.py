"""Two-dimensional distributions whose modes are known, to measure mode coverage."""

from typing import Any

import numpy as np

POINTS = 100_000  # As many as PacGAN and VEEGAN train on.


def ring_centers(modes: int = 8, radius: float = 1.0) -> np.ndarray:
    """Returns the centres of equally spaced modes on a circle around the origin.

    Args:
        modes: Number of modes.
        radius: Radius of the circle.

    Returns:
        float32 array of shape `(modes, 2)`, counter-clockwise from `(radius, 0)`.

    Example:
        >>> ring_centers(modes=4).round(3).tolist()[0]
        [1.0, 0.0]
    """
    # A full turn is the first angle again, so it is left out: with it, 8 modes would be 7.
    angles = np.linspace(0, 2 * np.pi, modes, endpoint=False)
    return (radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)).astype("float32")


def grid_centers(side: int = 5, spacing: float = 2.0) -> np.ndarray:
    """Returns the centres of `side * side` modes on a square grid around the origin.

    Args:
        side: Number of modes along each axis.
        spacing: Distance of neighbouring modes.

    Returns:
        float32 array of shape `(side * side, 2)`.

    Example:
        >>> grid_centers(side=2).tolist()
        [[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]]
    """
    axis = spacing * (np.arange(side) - (side - 1) / 2)
    return (
        np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2).astype("float32")
    )


# With labels these two return a tuple. A union would have to be narrowed at each call: hence Any.
def ring(
    n: int = POINTS,
    modes: int = 8,
    radius: float = 1.0,
    std: float = 0.01,
    seed: int = 0,
    labels: bool = False,
) -> np.ndarray | Any:
    """Draws points of a ring of equally likely isotropic Gaussians.

    Args:
        n: Number of points.
        modes: Number of Gaussians.
        radius: Radius of the circle on which their means lie.
        std: Standard deviation of each Gaussian along each axis.
        seed: The same seed gives the same points.
        labels: Whether to return also the index in `ring_centers` of the mode of each point.

    Returns:
        float32 points of shape `(n, 2)`; with `labels`, a tuple of them and int64 modes `(n,)`.

    Raises:
        ValueError: If `n` or `modes` is below 1, or `std` is negative.

    Example:
        >>> ring(n=100).shape
        (100, 2)

    Reference:
        Lin et al., PacGAN (2018), section 4.1, the "2D-ring".
    """
    drawn = _mixture(ring_centers(modes, radius), n, std, seed)
    return drawn if labels else drawn[0]


def grid(
    n: int = POINTS,
    side: int = 5,
    spacing: float = 2.0,
    std: float = 0.05,
    seed: int = 0,
    labels: bool = False,
) -> np.ndarray | Any:
    """Draws points of a square grid of equally likely isotropic Gaussians.

    Args:
        n: Number of points.
        side: Number of Gaussians along each axis.
        spacing: Distance of neighbouring means.
        std: Standard deviation of each Gaussian along each axis.
        seed: The same seed gives the same points.
        labels: Whether to return also the index in `grid_centers` of the mode of each point.

    Returns:
        float32 points of shape `(n, 2)`; with `labels`, a tuple of them and int64 modes `(n,)`.

    Raises:
        ValueError: If `n` or `side` is below 1, or `std` is negative.

    Example:
        >>> grid(n=100).shape
        (100, 2)

    Reference:
        Lin et al., PacGAN (2018), section 4.1, the "2D-grid".
    """
    drawn = _mixture(grid_centers(side, spacing), n, std, seed)
    return drawn if labels else drawn[0]


def swissroll(
    n: int = POINTS, noise: float = 0.25, scale: float = 7.5, seed: int = 0
) -> np.ndarray:
    """Draws points of a rolled-up curve in the plane.

    Args:
        n: Number of points.
        noise: Standard deviation of the noise, before the division by `scale`.
        scale: What the points are divided by, to bring them near to [-2, 2].
        seed: The same seed gives the same points.

    Returns:
        float32 points of shape `(n, 2)`.

    Raises:
        ValueError: If `n` is below 1 or `noise` is negative.

    Example:
        >>> swissroll(n=100).shape
        (100, 2)

    Reference:
        Gulrajani et al., Improved Training of Wasserstein GANs (2017), figure 1.
    """
    from sklearn.datasets import make_swiss_roll

    _check(n, noise)
    points, _ = make_swiss_roll(n, noise=noise, random_state=seed)
    return (points[:, [0, 2]] / scale).astype("float32")  # Axis 1 is the roll's width.


def modes(name: str) -> tuple[np.ndarray, float] | None:
    """Returns the centres and the standard deviation of the Gaussians of a named data set.

    Args:
        name: Name of a data set, as for `load`.

    Returns:
        float32 centres of shape `(modes, 2)` and the standard deviation along each axis; None if
        the data is not drawn from Gaussians.

    Example:
        >>> centers, std = modes("grid")
        >>> len(centers), std
        (25, 0.05)
    """
    return MODES.get(name)


def _mixture(centers: np.ndarray, n: int, std: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draws `n` points of equally likely Gaussians around `centers`, with the mode of each."""
    _check(n, std)
    if len(centers) == 0:
        raise ValueError("Expected at least one mode. Received: modes=0")
    rng = np.random.default_rng(seed)
    modes = rng.integers(len(centers), size=n)
    points = (centers[modes] + std * rng.standard_normal((n, 2))).astype("float32")
    return points, modes


def _check(n: int, std: float) -> None:
    """Raises for a number of points or a standard deviation that cannot be."""
    if n < 1:
        raise ValueError(f"Expected at least one point. Received: n={n}")
    if std < 0:
        raise ValueError(f"Expected a standard deviation of at least 0. Received: {std}")


# Ring and grid as PacGAN has them; 8 and 25 Gaussians as WGAN-GP scales them, to about [-1.4, 1.4];
# 100 as ParticleGAN's benchmark has them.
MODES = {
    "ring": (ring_centers(), 0.01),
    "grid": (grid_centers(), 0.05),
    "8gaussians": (ring_centers(radius=2.0 / 1.414), 0.02 / 1.414),
    "25gaussians": (grid_centers(spacing=2.0 / 2.828), 0.05 / 2.828),
    "100gaussians": (grid_centers(side=10, spacing=1.0), 0.03),
}


def draw(name: str, seed: int) -> tuple[np.ndarray, ...]:
    """Draws the points of a named data set, with the mode of each where there are modes."""
    if name in MODES:
        centers, std = MODES[name]
        return _mixture(centers, POINTS, std, seed)
    return (swissroll(seed=seed),)
