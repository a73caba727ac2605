"""What the discriminator sees instead of samples."""

from typing import Any

import keras


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
