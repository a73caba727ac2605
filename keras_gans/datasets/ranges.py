"""The range of the samples' values."""

import warnings
from typing import Any

import numpy as np


def check_values(samples: np.ndarray, value_range: tuple[float, float] | None) -> None:
    """Raises unless samples are finite and in the range of the model that they are data of.

    Args:
        samples: Float array.
        value_range: The least and the largest value, or None where the model sets no bounds.

    Raises:
        ValueError: If a value is NaN, infinite or out of the range.

    Example:
        >>> check_values(images, (-1.0, 1.0))
    """
    if not np.isfinite(samples).all():
        raise ValueError("Expected finite data. Received: NaN or infinite values in x")
    low, high = value_range or (-np.inf, np.inf)
    if samples.min() < low or samples.max() > high:
        raise ValueError(
            f"Expected values in the generator's range [{low:g}, {high:g}]. Received: values in "
            f"[{samples.min():g}, {samples.max():g}]; rescale the data"
        )


def are_pixels(samples: Any, value_range: tuple[float, float] | None) -> bool:
    """Tells whether samples are pixels from 0 to 255, to be mapped onto a model's range.

    Args:
        samples: Array.
        value_range: The least and the largest value of the model's samples; None where that is not
            known, and nothing is mapped.

    Returns:
        True for uint8, and for floats from 0 to 255 of which some exceed 128, as
        `keras.utils.image_dataset_from_directory` makes them.

    Example:
        >>> are_pixels(np.array([0, 255], "uint8"), (-1.0, 1.0))
        True
    """
    if value_range is None or not samples.size or samples.dtype == np.uint8:
        return value_range is not None and samples.dtype == np.uint8
    if not np.issubdtype(samples.dtype, np.floating):
        return False
    low, high = samples.min(), samples.max()
    return bool(low >= 0 and 128 < high <= 255 and high > value_range[1])


def scale_of(samples: Any, value_range: tuple[float, float] | None) -> tuple[float, float] | None:
    """Returns the range that samples are to be mapped onto, None where they are not pixels.

    Args:
        samples: As for `are_pixels`; floats that are taken for pixels are warned of.
        value_range: As for `are_pixels`.

    Example:
        >>> scale_of(np.array([0, 255], "uint8"), (-1.0, 1.0))
        (-1.0, 1.0)
    """
    if not are_pixels(samples, value_range):
        return None
    if samples.dtype != np.uint8:
        warnings.warn(
            f"The data has values in [{samples.min():g}, {samples.max():g}], which are taken for "
            "pixels and mapped from [0, 255] onto the generator's range; pass uint8, or values in "
            "that range, to say what is meant.",
            stacklevel=2,
        )
    return value_range


def scaled(pixels: Any, value_range: tuple[float, float]) -> Any:
    """Maps pixels from 0 to 255 onto the range of a model's samples; both ends map exactly.

    Args:
        pixels: Array, or float tensor.
        value_range: The least and the largest value.

    Returns:
        float32 array or tensor of the same shape.

    Example:
        >>> scaled(np.array([0, 255], "uint8"), (-1.0, 1.0)).tolist()
        [-1.0, 1.0]
    """
    low, high = value_range
    as_float = np.float32(pixels) if isinstance(pixels, np.ndarray) else pixels
    return as_float / (255.0 / (high - low)) + low
