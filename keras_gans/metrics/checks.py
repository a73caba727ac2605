"""Checks of the arguments that all metrics share."""

import operator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike


def samples(array: ArrayLike, name: str, at_least: int = 1) -> np.ndarray:
    """Returns `array` as finite floats of shape `(n, d)` with `n >= at_least`."""
    array = as_float(array, name)
    if array.ndim != 2 or array.shape[1] == 0:
        raise ValueError(
            f"Expected {name} to have shape (n, d). Received: {name}.shape={array.shape}. "
            "Flatten each sample to one vector."
        )
    return finite(enough(array, name, at_least), name)


def pair(
    a: ArrayLike, b: ArrayLike, names: tuple[str, str], at_least: tuple[int, int] = (1, 1)
) -> tuple[np.ndarray, np.ndarray]:
    """Returns two sets of samples of the same dimension, each checked by `samples`."""
    a, b = samples(a, names[0], at_least[0]), samples(b, names[1], at_least[1])
    if a.shape[1] != b.shape[1]:
        raise ValueError(
            f"Expected {names[0]} and {names[1]} to have the same dimension. Received: "
            f"{names[0]}.shape={a.shape}, {names[1]}.shape={b.shape}. Use the same features."
        )
    return a, b


def enough(array: np.ndarray, name: str, at_least: int) -> np.ndarray:
    """Returns `array` if it holds at least so many samples."""
    if len(array) < at_least:
        raise ValueError(
            f"Expected {name} to hold at least {at_least} samples. "
            f"Received: {name}.shape={array.shape}. Pass more samples."
        )
    return array


def as_float(array: ArrayLike, name: str) -> np.ndarray:
    """Returns `array` as NumPy floats; float32 stays, so that large sets are not copied."""
    try:
        array = np.asarray(array)
        if array.dtype.kind == "c":
            raise TypeError("complex")
        return array if array.dtype in (np.float32, np.float64) else array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"Expected {name} to be an array of real numbers. "
            f"Received: {name} of type {type(array).__name__} ({error}). Convert it to floats."
        ) from error


def finite(array: np.ndarray, name: str) -> np.ndarray:
    """Returns `array` if it holds neither NaN nor infinity."""
    if not np.isfinite([array.min(), array.max()]).all():  # min and max make no (n, d) mask
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(
            f"Expected {name} to be finite. Received: {name}{list(where)}={array[where]}. "
            "Look for the step that made it, or drop such rows."
        )
    return array


def positive_integer(value: Any, name: str, at_most: int | None = None) -> int:
    """Returns `value` as an int in `[1, at_most]`."""
    try:
        number = operator.index(value)
    except TypeError:
        number = 0
    if number < 1 or (at_most is not None and number > at_most):
        limits = "at least 1" if at_most is None else f"between 1 and {at_most}"
        raise ValueError(
            f"Expected {name} to be an integer, {limits}. "
            f"Received: {name}={value!r}. Change {name}."
        )
    return number
