"""Optimizers as fast as the backend has them."""

from typing import Any

import keras

from keras_gans import backend


@keras.saving.register_keras_serializable("keras_gans")
class Adam(backend.Adam):
    """Keras' Adam in the fewest operations that the backend has for it.

    Arguments, state and formula are those of `keras.optimizers.Adam`, to which its weights can be
    loaded and whose weights it loads; numbers agree to rounding. The smaller the networks, the more
    of a training step was spent on those operations.

    Example:
        >>> gan.compile(kg.optimizers.Adam(1e-4, beta_1=0.0), kg.optimizers.Adam(1e-4, beta_1=0.0))

    Reference:
        Kingma and Ba, 2014, Adam: A Method for Stochastic Optimization, the last formula of
        section 2, before 2.1.
    """


def lazy_adam(
    learning_rate: float, beta_1: float, beta_2: float, every: int, **kwargs: Any
) -> Adam:
    """Returns Adam as corrected for a lazy penalty, which is due each `every` updates.

    The learning rate and the powers of both betas fall by every / (every + 1): with a penalty in
    an update of its own, as the paper has it, there would be so many more updates.

    Args:
        learning_rate: Before the correction.
        beta_1: Before the correction.
        beta_2: Before the correction.
        every: As the penalty has it, at least 1.
        **kwargs: As for `Adam`.

    Example:
        >>> gan.compile(
        ...     d_optimizer=kg.optimizers.lazy_adam(2e-3, 0.0, 0.99, every=16),
        ...     penalties=[kg.penalties.R1(10.0, every=16)],
        ... )

    Reference:
        Karras et al., 2020, Analyzing and Improving the Image Quality of StyleGAN, appendix B.
    """
    share = every / (every + 1)
    return Adam(learning_rate * share, beta_1**share, beta_2**share, **kwargs)
