"""What the networks of several papers have in common."""

from collections.abc import Sequence
from typing import Any

import keras


def smallest_sides(image_shape: Sequence[int], halvings: int) -> tuple[int, int]:
    """Returns the sides of an image that is halved so many times.

    Args:
        image_shape: `(height, width, channels)`.
        halvings: How many times.

    Raises:
        ValueError: If the sides are not divisible by `2**halvings`.

    Example:
        >>> smallest_sides((32, 48, 3), 3)
        (4, 6)
    """
    height, width, _ = image_shape
    factor = 2**halvings
    if height % factor or width % factor:
        raise ValueError(
            f"Expected image sides divisible by {factor}, to be halved {halvings} times. Received: "
            f"height={height}, width={width}"
        )
    return height // factor, width // factor


def label_inputs(num_classes: int | None) -> list[Any]:
    """Returns the input of integer labels in a list, which is empty for a network without classes.

    Raises:
        ValueError: If `num_classes` is less than 1.
    """
    if num_classes is None:
        return []
    if num_classes < 1:
        raise ValueError(
            f"Expected at least one class. Received: num_classes={num_classes}; pass None for a "
            "network without labels"
        )
    return [keras.Input((), dtype="int32", name="labels")]


def as_model(inputs: Sequence[Any], outputs: Any, name: str) -> keras.Model:
    """Returns the network of an input, or of an input and labels."""
    return keras.Model(inputs if len(inputs) > 1 else inputs[0], outputs, name=name)
