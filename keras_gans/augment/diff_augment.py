"""Differentiable augmentation."""

import itertools
from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from keras_gans.augment.augmentation import ImageAugmentation
from keras_gans.augment.geometry import pixels, places

# Operations on float32 images of shape (batch, height, width, channels), each with its numbers of
# shape (batch, 1, 1, 1), drawn from U(0, 1).


def brightness(images: Any, u: Any) -> Any:
    """Adds a number from U(-0.5, 0.5)."""
    return images + (u - 0.5)


def saturation(images: Any, u: Any) -> Any:
    """Multiplies each pixel's distance to its grey, the mean of its channels, by U(0, 2)."""
    grey = ops.mean(images, axis=-1, keepdims=True)
    return grey + 2.0 * u * (images - grey)


def contrast(images: Any, u: Any) -> Any:
    """Multiplies the distance to the image's mean by U(0.5, 1.5)."""
    mean = ops.mean(images, axis=(1, 2, 3), keepdims=True)
    return mean + (0.5 + u) * (images - mean)


def translation(images: Any, u_y: Any, u_x: Any) -> Any:
    """Moves by whole pixels, up to an eighth of the size each way; zeros come in."""
    height, width = images.shape[1:3]
    y, x = places(height, width)
    y, x = y - _shift(u_y, height), x - _shift(u_x, width)
    inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
    moved = pixels(images, ops.clip(y, 0, height - 1), ops.clip(x, 0, width - 1))
    return ops.where(inside, moved, 0.0)


def cutout(images: Any, u_y: Any, u_x: Any) -> Any:
    """Sets a rectangle of half the height and width to zero; it may pass the border."""
    height, width = images.shape[1:3]
    y, x = places(height, width)
    cut = _is_cut(y, u_y, height) & _is_cut(x, u_x, width)
    return ops.where(cut, 0.0, images)


def _shift(u: Any, size: int) -> Any:
    most = int(size / 8 + 0.5)
    return ops.cast(ops.floor(u * (2 * most + 1)), "int32") - most


def _is_cut(place: Any, u: Any, size: int) -> Any:
    length = int(size / 2 + 0.5)
    # From 0 to the last pixel; one beyond it where the middle lies between two pixels.
    middle = ops.cast(ops.floor(u * (size + 1 - length % 2)), "int32")
    start = middle - length // 2
    return (place >= start) & (place < start + length)


# Each name's operations in order, with how many numbers they take.
POLICIES: dict[str, tuple[tuple[Callable[..., Any], int], ...]] = {
    "color": ((brightness, 1), (saturation, 1), (contrast, 1)),
    "translation": ((translation, 2),),
    "cutout": ((cutout, 2),),
}


@keras.saving.register_keras_serializable("keras_gans")
class DiffAugment(ImageAugmentation):
    """Differentiable augmentation: random colour, translation and cutout, always applied.

    With few images the discriminator learns them by heart; it cannot where it never sees the same
    image twice. The numbers are for values on [-1, 1], whose zero is grey; they are not clipped
    afterwards. Images may have any number of channels; the saturation of one is the identity.

    Args:
        policy: Names in the order of their application, separated by commas, out of

            - "color": brightness + U(-0.5, 0.5), saturation x U(0, 2) about each pixel's mean over
              the channels, contrast x U(0.5, 1.5) about the image's mean;
            - "translation": by whole pixels, uniform up to an eighth of height and width, with
              zeros from outside;
            - "cutout": a rectangle of half the height and width is set to zero. Its middle is
              uniform over the image, so that up to three quarters of it may lie outside.
        seed: Integer seed; drawn if None. The random state is saved and resumed with the model.
        **kwargs: `name`, `dtype` and the like, as `keras.layers.Layer` takes them.

    Raises:
        ValueError: If the policy has another name; if it is called with anything but images of
            known size, channels last.

    Example:
        >>> gan.compile(augment=kg.augment.DiffAugment("translation,cutout"))

    Reference:
        Zhao et al., 2020, Differentiable Augmentation for Data-Efficient GAN Training, section 3.2,
        and its code.
    """

    def __init__(
        self,
        policy: str = "color,translation,cutout",
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(seed, **kwargs)
        names = policy.split(",") if isinstance(policy, str) else [policy]
        if not set(names) <= set(POLICIES):
            raise ValueError(
                f"Expected `policy` to be names out of {sorted(POLICIES)}, separated by commas. "
                f"Received: policy={policy!r}"
            )
        self.policy = policy

    def augmented(self, images: Any) -> Any:
        operations = [pair for name in self.policy.split(",") for pair in POLICIES[name]]
        numbers = iter(self.uniforms(images, sum(count for _, count in operations)))
        for operation, count in operations:
            images = operation(images, *itertools.islice(numbers, count))
        return images

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "policy": self.policy}
