"""More images than there are: warped copies, for a source that trains on many more."""

import numpy as np
import scipy.ndimage

# The largest turn in radians, change of size, slant, and shift in pixels.
_TURN, _SIZE, _SLANT, _SHIFT = 0.2, 0.1, 0.2, 1.0


def with_copies(images: np.ndarray, copies: int, seed: int = 0) -> np.ndarray:
    """Returns images and warped copies of each: a little turned, scaled, slanted and shifted.

    Args:
        images: Float array of shape `(n, height, width, channels)` on a background of -1.
        copies: Copies of each image.
        seed: Of the warps.

    Returns:
        Array of shape `(n * (1 + copies), height, width, channels)`, the images first.

    Example:
        >>> with_copies(digits, copies=13).shape
        (56000, 28, 28, 1)
    """
    rng = np.random.default_rng(seed)
    center = (np.array(images.shape[1:3]) - 1) / 2
    warped = [_warped(image, center, rng) for _ in range(copies) for image in images]
    return np.concatenate([images, *([np.stack(warped)] if warped else [])])


def _warped(image: np.ndarray, center: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    turn, size, slant = rng.uniform(-1.0, 1.0, 3) * (_TURN, _SIZE, _SLANT)
    cos, sin = np.cos(turn), np.sin(turn)
    matrix = np.array([[cos, -sin], [sin, cos]]) @ [[1.0, slant], [0.0, 1.0]] / (1.0 + size)
    offset = center - matrix @ (center + rng.uniform(-_SHIFT, _SHIFT, 2))
    channels = (
        scipy.ndimage.affine_transform(channel, matrix, offset, order=1, cval=-1.0)
        for channel in np.moveaxis(image, -1, 0)
    )
    return np.stack(list(channels), axis=-1)
