"""Optimizers as fast as the backend has them."""

from typing import Any

import keras

from keras_gans import backend


@keras.saving.register_keras_serializable("keras_gans")
class Adam(keras.optimizers.Adam):
    """Keras' Adam, each variable updated by one operation of the backend instead of some twenty.

    Arguments, state and formula are those of `keras.optimizers.Adam`, to which its weights can be
    loaded and whose weights it loads; numbers agree to rounding. The smaller the networks, the more
    of a training step was spent on those operations.

    Example:
        >>> gan.compile(kg.optimizers.Adam(1e-4, beta_1=0.0), kg.optimizers.Adam(1e-4, beta_1=0.0))

    Reference:
        Kingma and Ba, 2014, Adam: A Method for Stochastic Optimization, the last formula of
        section 2, before 2.1.
    """

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        if not backend.apply_adam(self, gradient, variable, learning_rate):
            super().update_step(gradient, variable, learning_rate)
