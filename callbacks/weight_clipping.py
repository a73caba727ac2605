"""Weight clipping for WGAN."""

from typing import Any

import keras

from keras_gans.constraints import ClipWeights


class WeightClipping(keras.callbacks.Callback):
    """Keeps the discriminator's trainable weights in [-clip_value, clip_value] while training.

    The clipping is a constraint that the optimizer applies after every update of the
    discriminator, inside the compiled step; the callback puts it on when training starts and takes
    it off when it ends. Moving statistics are not trainable, and not clipped.

    Args:
        clip_value: Positive float.

    Raises:
        ValueError: If `clip_value` is not positive, or a weight has another constraint.

    Example:
        >>> gan.fit(images, callbacks=[kg.callbacks.WeightClipping(0.01)])

    Reference:
        Arjovsky et al., 2017, Wasserstein GAN, algorithm 1, line 7.
    """

    def __init__(self, clip_value: float = 0.01):
        super().__init__()
        self.constraint = ClipWeights(clip_value)
        self._clipped: list[keras.Variable] = []

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        variables = self.model.discriminator.trainable_variables
        for variable in variables:
            if variable.constraint is not None:
                raise ValueError(
                    "Expected discriminator weights without constraints. Received: "
                    f"{variable.path} with {type(variable.constraint).__name__}; leave one out"
                )
        for variable in variables:
            variable.constraint = self.constraint
        self._clipped = variables
        self.model.make_train_function()  # That of these constraints.

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self._take_off()

    def on_train_interrupted(self) -> None:
        """Follows an error or Ctrl-C that ends training."""
        self._take_off()

    def _take_off(self) -> None:
        for variable in self._clipped:
            variable.constraint = None
        self._clipped = []
