"""How close each sample is to the others of its mini-batch, as features."""

from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("keras_gans")
class MinibatchDiscrimination(layers.Layer):
    """Appends how close each sample is to all of its mini-batch, by several learned measures.

    A tensor T maps features f(x_i) to matrices M_i of `num_kernels` rows. Appended to sample i is

        o(x_i)_b = sum over j of exp(-|M_ib - M_jb|_1)

    for each row b, with j over the whole batch, i itself included, whose part is 1. The products
    take batch^2 * num_kernels * kernel_dim numbers. In the update of a GAN, reals and fakes are
    batches of their own, and so are the parts of each replica.

    Args:
        num_kernels: Rows of the matrices: how many features are appended.
        kernel_dim: Columns of the matrices.
        kernel_initializer: Of T, kept as a matrix of `num_kernels * kernel_dim` columns.
        **kwargs: As `keras.layers.Layer` takes them.

    Raises:
        ValueError: If an argument is too small.

    Example:
        >>> MinibatchDiscrimination(16, 5)(keras.ops.ones((8, 32))).shape
        TensorShape([8, 48])

    Reference:
        Salimans et al., 2016, Improved Techniques for Training GANs, section 3.2.
    """

    def __init__(
        self,
        num_kernels: int,
        kernel_dim: int,
        kernel_initializer: Any = "glorot_uniform",
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if num_kernels < 1 or kernel_dim < 1:
            raise ValueError(
                "Expected `num_kernels` and `kernel_dim` of at least 1. Received: "
                f"num_kernels={num_kernels}, kernel_dim={kernel_dim}"
            )
        self.num_kernels = num_kernels
        self.kernel_dim = kernel_dim
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.input_spec = keras.InputSpec(ndim=2)

    def build(self, input_shape: tuple[Any, ...]) -> None:
        shape = (input_shape[-1], self.num_kernels * self.kernel_dim)
        self.kernel = self.add_weight(shape, self.kernel_initializer, name="kernel")

    def call(self, inputs: Any) -> Any:
        matrices = ops.matmul(inputs, self.kernel)
        matrices = ops.reshape(matrices, (-1, self.num_kernels, self.kernel_dim))
        # Half precision would round the sum over a batch.
        matrices = ops.cast(matrices, keras.backend.result_type(inputs.dtype, "float32"))
        distances = ops.sum(ops.abs(matrices[:, None] - matrices[None]), axis=-1)
        closeness = ops.sum(ops.exp(-distances), axis=1)
        return ops.concatenate([inputs, ops.cast(closeness, inputs.dtype)], axis=-1)

    def compute_output_shape(self, input_shape: tuple[Any, ...]) -> tuple[int | None, ...]:
        return (input_shape[0], input_shape[-1] + self.num_kernels)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_kernels": self.num_kernels,
            "kernel_dim": self.kernel_dim,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }
