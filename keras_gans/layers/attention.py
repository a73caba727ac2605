"""Attention of each pixel to all others."""

from typing import Any

import keras
from keras import layers, ops

from keras_gans.layers.spectral import SpectralNormalization


@keras.saving.register_keras_serializable("keras_gans")
class SelfAttention2D(layers.Layer):
    """Adds to each pixel what it finds at all pixels of the feature map, a learned part of it.

    With pixels x_1 to x_N of C channels and 1x1 convolutions without biases, f and g to C / 8
    channels, h to C / 2, and v back to C, at least one channel each:

        s_ij = f(x_i)^T g(x_j)
        beta_ji = exp(s_ij) / sum over i of exp(s_ij)
        o_j = v(sum over i of beta_ji h(x_i))
        y_j = gamma o_j + x_j

    The scalar gamma starts at 0, so that the layer starts as the identity. The paper's text has
    C / 8 channels for h too; C / 2 are those of the authors' code, whose max-pooling of f and h is
    left out, as in the paper's equations. The attention takes N^2 numbers a sample.

    Args:
        spectral_normalization: Whether f, g, h and v are normalised by `SpectralNormalization`, as
            in the paper.
        **kwargs: As `keras.layers.Layer` takes them.

    Example:
        >>> SelfAttention2D()(keras.ops.ones((8, 14, 14, 64))).shape
        TensorShape([8, 14, 14, 64])

    Reference:
        Zhang et al., 2019, Self-Attention Generative Adversarial Networks, section 3, equations 1
        to 3.
    """

    def __init__(self, spectral_normalization: bool = False, **kwargs: Any):
        super().__init__(**kwargs)
        self.spectral_normalization = spectral_normalization
        self.input_spec = keras.InputSpec(ndim=4)

    def build(self, input_shape: tuple[Any, ...]) -> None:
        channels = input_shape[-1]
        narrow, half = max(channels // 8, 1), max(channels // 2, 1)
        self.f, self.g = (self._convolution(name, channels, narrow) for name in "fg")
        self.h = self._convolution("h", channels, half)
        self.v = self._convolution("v", half, channels)
        self.gamma = self.add_weight((), "zeros", name="gamma")

    def _convolution(self, name: str, channels: int, filters: int) -> keras.Layer:
        """Returns a 1x1 convolution, which is a dense layer of each pixel."""
        layer = layers.Dense(filters, use_bias=False, name=name, dtype=self.dtype_policy)
        if self.spectral_normalization:
            layer = SpectralNormalization(layer, name=name)
        layer.build((None, None, channels))
        return layer

    def call(self, inputs: Any) -> Any:
        _, height, width, channels = ops.shape(inputs)
        x = ops.reshape(inputs, (-1, height * width, channels))
        scores = ops.matmul(self.g(x), ops.swapaxes(self.f(x), 1, 2))  # s_ij in row j, column i.
        attended = ops.matmul(ops.softmax(scores, axis=-1), self.h(x))
        outputs = ops.reshape(self.v(attended), (-1, height, width, channels))
        return self.gamma * outputs + inputs

    def compute_output_shape(self, input_shape: tuple[Any, ...]) -> tuple[int | None, ...]:
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "spectral_normalization": self.spectral_normalization}
