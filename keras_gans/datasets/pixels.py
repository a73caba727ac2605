"""What is done to pixels: scaling to [-1, 1], conversion between grey and colour, resizing."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

LUMA = (0.299, 0.587, 0.114)  # Of red, green and blue; ITU-R BT.601.


def scale(image: tf.Tensor, low: float, high: float) -> tf.Tensor:
    """Maps [low, high] onto [-1, 1], in float32; both ends map exactly."""
    half = (high - low) / 2
    return tf.cast(image, tf.float32) / half - (high + low) / (high - low)


def to_unit_range(image: tf.Tensor) -> tf.Tensor:
    """Maps uint8 onto [-1, 1]; float images of a source are there already."""
    return scale(image, 0, 255) if image.dtype == tf.uint8 else image


def check_size(size: tuple[int, int]) -> None:
    """Raises unless `size` is two positive numbers."""
    if np.shape(size) != (2,) or min(size) < 1:
        raise ValueError(f"Expected (height, width) in pixels. Received: size={size}")


def between_channels(stored: int | None, wanted: int) -> Callable[[tf.Tensor], tf.Tensor]:
    """Returns the function that takes images in [-1, 1] from grey to RGB, or back.

    Args:
        stored: How many channels the images have.
        wanted: How many they shall have.

    Raises:
        ValueError: If these are not 1 or 3, or the same.
    """
    match stored, wanted:
        case _ if stored == wanted:
            return tf.identity
        case 1, 3:
            return tf.image.grayscale_to_rgb
        case 3, 1:  # Rounding can step over the ends.
            return lambda image: tf.clip_by_value(
                tf.tensordot(image, tf.constant(LUMA)[:, None], 1), -1.0, 1.0
            )
    raise ValueError(
        f"Expected 1 channel, grey, or 3, RGB, of images that have one of these. Received: "
        f"channels={wanted} for images of {stored} channels"
    )


class CentreResize:
    """Crops the centre to the aspect of `size`, then resizes without aliasing.

    Args:
        size: `(height, width)` in pixels.

    Raises:
        ValueError: If `size` is not two positive numbers.
    """

    def __init__(self, size: tuple[int, int]):
        check_size(size)
        # A Keras layer computes in the global dtype policy unless it is given its own.
        self.layer = keras.layers.Resizing(
            *size,
            interpolation="bilinear",
            antialias=True,
            crop_to_aspect_ratio=True,
            data_format="channels_last",
            dtype="float32",
        )

    def __call__(self, image: tf.Tensor) -> tf.Tensor:
        """Returns `image`, float32 in [-1, 1], at the new size."""
        return tf.clip_by_value(self.layer(image), -1.0, 1.0)  # Rounding can step over the ends.
