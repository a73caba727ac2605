"""The bases of augmentations."""

import random
from typing import Any

import keras
from keras import ops

from keras_gans import backend

# A number from U(0, 1) is a multiple of its inverse. As many as leave the middle between any two
# of them a float, too.
STEPS = 2**23


class Augmentation(keras.layers.Layer):
    """Base of augmentations that follow the training; any `keras.Layer` can be an augmentation.

    `compile(augment=...)` has reals and fakes pass through the layer, in training mode, before the
    discriminator sees them, in the updates of both networks. A subclass that adapts itself returns
    `statistics` of the discriminator's outputs, and changes its own weights by them in
    `after_discriminator`.

    Example:
        >>> gan.compile(augment=keras.layers.RandomFlip("horizontal"))
    """

    def statistics(self, real_outputs: dict[str, Any]) -> dict[str, Any]:
        """Returns scalars by name, which are logged and come back in `after_discriminator`.

        Args:
            real_outputs: The discriminator's outputs on reals, with "logits" among them.
        """
        return {}

    def after_discriminator(self, terms: dict[str, Any]) -> None:
        """Follows an update of the discriminator; may add to its `terms`, which are logged."""


class ImageAugmentation(Augmentation):
    """Base of augmentations that draw other numbers for each image, replica and call.

    A subclass says in `augmented` what becomes of a batch of images. It computes in float32,
    whatever the networks compute in, and does nothing outside of training.

    Args:
        seed: Integer seed; drawn if None. The random state is saved and resumed with the model.
        **kwargs: `name`, `dtype` and the like, as `keras.layers.Layer` takes them.

    Raises:
        ValueError: If it is called with anything but images of known size, channels last.

    Example:
        >>> @keras.saving.register_keras_serializable()
        ... class Dimming(kg.augment.ImageAugmentation):
        ...     def augmented(self, images):
        ...         (factor,) = self.uniforms(images, 1)
        ...         return factor * images
        >>> gan.compile(augment=Dimming())
    """

    def __init__(self, seed: int | None = None, **kwargs: Any):
        super().__init__(**{"dtype": "float32", **kwargs})
        self.seed = random.randrange(2**31) if seed is None else seed
        self.seed_generator = backend.ReplicaSeedGenerator(self.seed)

    def augmented(self, images: Any) -> Any:
        """Returns images of the same shape in place of float32 `(batch, height, width, channels)`.

        Each has to depend on its own image only, as reals and fakes may come in one batch.
        """
        raise NotImplementedError

    def uniforms(self, images: Any, count: int) -> list[Any]:
        """Draws numbers from U(0, 1) for each image.

        Args:
            images: The batch that they are for.
            count: How many for each image.

        Returns:
            As many float32 tensors of shape `(batch, 1, 1, 1)`, with values in [0, 1).
        """
        shape = (count, ops.shape(images)[0], 1, 1, 1)
        # Integers, as `keras.random.uniform` returns other numbers when XLA compiles it.
        integers = keras.random.randint(shape, 0, STEPS, seed=self.seed_generator)
        return ops.unstack(ops.cast(integers, "float32") / STEPS, count)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        if len(input_shape) != 4 or None in input_shape[1:]:
            raise ValueError(
                "Expected images of shape (batch, height, width, channels) and known size. "
                f"Received: shape={tuple(input_shape)}; augment samples of another kind with a "
                "keras.Layer of your own"
            )
        super().build(input_shape)

    def call(self, images: Any, training: bool = True) -> Any:
        return self.augmented(images) if training else images

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "seed": self.seed}
