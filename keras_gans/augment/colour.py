"""Changes of the colours of images."""

import math
from typing import Any

from keras import ops


def recoloured(
    images: Any, brightness: Any, contrast: Any, flip: Any, hue: Any, saturation: Any
) -> Any:
    """Changes grey and colour of images, in the order of the arguments.

    A pixel is the sum of its grey, its part along (1, 1, 1), and its colour, its part across. All
    five operations leave the two parts apart: each multiplies them by numbers of its own, but
    brightness, which is added to the grey, and hue, which rotates the colour about the grey. The
    grey of a single channel is all of it. With the numbers 0, 1, 0, 0 and 1 no value changes.

    Args:
        images: float32 tensor of shape `(batch, height, width, channels)` of 1 or 3 channels.
        brightness: What is added, as the other numbers of shape `(batch, 1, 1, 1)`.
        contrast: What all is multiplied by.
        flip: 1 where the grey changes its sign, otherwise 0.
        hue: Angle in radians.
        saturation: What the colour is multiplied by.

    Returns:
        float32 tensor of the same shape.
    """
    grey = ops.mean(images, axis=-1, keepdims=True)
    colour = images - grey
    # The cross product of (1, 1, 1) / sqrt(3) and the pixel.
    across = (ops.roll(images, 1, axis=-1) - ops.roll(images, -1, axis=-1)) / math.sqrt(3.0)
    of_grey, of_colour = contrast * (1.0 - 2.0 * flip), contrast * saturation
    # Written as changes, which are exactly 0 where nothing is to change.
    return (
        images
        + ((of_grey - 1.0) * grey + of_grey * brightness)
        + ((of_colour * ops.cos(hue) - 1.0) * colour + of_colour * ops.sin(hue) * across)
    )
