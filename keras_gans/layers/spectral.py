"""A layer whose kernel has a spectral norm of 1."""

from typing import Any

import keras
from keras import layers, ops

from keras_gans import backend

# Their kernels have the outputs' axis before that of the inputs.
_TRANSPOSED = (layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose)
_DEPTHWISE = (layers.DepthwiseConv1D, layers.DepthwiseConv2D)


@keras.saving.register_keras_serializable("keras_gans")
class SpectralNormalization(layers.Wrapper):
    """Has a layer compute with its kernel divided by the kernel's largest singular value.

    With the kernel W as a matrix of one column an output, the layer computes with

        W / sigma,  sigma = v^T W u,  v = W u / |W u|

    A call in training mode first does a power iteration, u = W^T v / |W^T v|, from the u of the
    call before, which is random at first; one in inference mode leaves u as it is. Gradients pass
    through W in sigma, not through u and v.

    The kernel itself is never overwritten, unlike by Keras' layer of this name, and where a GAN
    calls its discriminator for the generator's update, u too stays as it was: it is a weight of the
    discriminator, which that update leaves alone.

    Args:
        layer: A layer with a `kernel`, such as `Dense`, `Conv2D`, `Conv2DTranspose` or
            `UpSampledConv2D`, or with `embeddings`, such as `Embedding` or `EmbeddingProjection`.
        power_iterations: Power iterations in a call, at least 1.
        **kwargs: `name` and the like, as `keras.layers.Layer` takes them; types are the layer's.

    Raises:
        ValueError: If `power_iterations` is too small, or the layer has no such kernel.

    Example:
        >>> layer = SpectralNormalization(keras.layers.Conv2D(64, 4, 2, "same"))
        >>> layer(keras.ops.ones((8, 28, 28, 1)), training=True).shape
        TensorShape([8, 14, 14, 64])

    Reference:
        Miyato et al., 2018, Spectral Normalization for Generative Adversarial Networks, algorithm 1
        and equation 12.
    """

    def __init__(self, layer: keras.Layer, power_iterations: int = 1, **kwargs: Any):
        # In half precision only the layer computes: sigma is of the kernel as it is kept.
        own = {"dtype": getattr(layer, "variable_dtype", None), "autocast": False}
        super().__init__(layer, **{**kwargs, **own})
        if not isinstance(power_iterations, int) or power_iterations < 1:
            raise ValueError(
                "Expected `power_iterations` to be an integer of at least 1. Received: "
                f"power_iterations={power_iterations!r}"
            )
        self.power_iterations = power_iterations

    @property
    def kernel(self) -> keras.Variable:
        """The layer's kernel as it is trained, not normalised."""
        name = "embeddings" if hasattr(self.layer, "embeddings") else "kernel"
        return getattr(self.layer, name, None)

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        if not isinstance(self.kernel, keras.Variable) or isinstance(self.layer, _DEPTHWISE):
            raise ValueError(
                "Expected a layer with a `kernel`, other than a depthwise one, or with "
                f"`embeddings`. Received: {type(self.layer).__name__}"
            )
        units = self._matrix(self.kernel).shape[-1]
        self.u = self.add_weight(
            (units,), "random_normal", dtype=self._precision(), trainable=False, name="u"
        )

    def call(self, inputs: Any, training: bool = False) -> Any:
        kernel = self.kernel
        values = [(v, v.value) for v in self.layer.variables if v is not kernel]
        values.append((kernel, self.normalized_kernel(training)))
        with backend.Scope(values, collect_losses=True) as scope:
            outputs = self.layer(inputs)
        for loss in scope.losses:  # Of the activity, which ends with the scope.
            self.add_loss(loss)
        return outputs

    def normalized_kernel(self, training: bool = False) -> Any:
        """Returns the kernel divided by sigma.

        Args:
            training: Whether u follows the kernel by power iteration.
        """
        kernel = ops.cast(self.kernel, self._precision())
        matrix = self._matrix(kernel)
        # An average of u over updates is no longer of length 1, nor is its first value.
        fixed, u = ops.stop_gradient(matrix), _direction(self.u)
        if training:
            for _ in range(self.power_iterations):
                u = _direction(ops.matmul(_direction(ops.matmul(fixed, u)), fixed), otherwise=u)
            self.u.assign(u)
        v = _direction(ops.matmul(fixed, u))
        sigma = ops.sum(v * ops.matmul(matrix, u))
        # A kernel of zeros, as some layers start with, stays one and has the gradient of one.
        return kernel / ops.where(sigma > 0.0, sigma, 1.0)

    def _matrix(self, kernel: Any) -> Any:
        """Returns the kernel as a matrix of one column an output."""
        if isinstance(self.layer, _TRANSPOSED):
            kernel = ops.swapaxes(kernel, -1, -2)
        return ops.reshape(kernel, (-1, kernel.shape[-1]))

    def _precision(self) -> str:
        return keras.backend.result_type(self.variable_dtype, "float32")

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        return self.layer.compute_output_shape(input_shape)

    def compute_output_spec(self, inputs: Any, training: bool = False) -> keras.KerasTensor:
        outputs = self.layer.compute_output_spec(inputs)
        return keras.KerasTensor(outputs.shape, self.layer.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "power_iterations": self.power_iterations}


def _direction(vector: Any, otherwise: Any = 0.0) -> Any:
    """Returns a vector of length 1, or another one where it has none."""
    length = ops.sqrt(ops.sum(ops.square(vector)))
    return ops.where(length > 0.0, vector / ops.where(length > 0.0, length, 1.0), otherwise)
