"""The types that a step computes in, and how fast the device convolves in each."""

import time
from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from keras_gans import backend

# The policies of Keras. TF32 is a setting of the device's products, whose operands are float32.
POLICIES = {"float32": "float32", "tf32": "float32", "bfloat16": "mixed_bfloat16"}


def use(dtype: str) -> None:
    """Settles, for the whole process, what GPUs make of products of float32.

    Args:
        dtype: A key of `POLICIES`; with "float32" they keep all digits.
    """
    _SETTERS[keras.backend.backend()](dtype)


def _of_tensorflow(dtype: str) -> None:
    import tensorflow as tf

    tf.config.experimental.enable_tensor_float_32_execution(dtype != "float32")


def _of_jax(dtype: str) -> None:
    import jax

    names = {"float32": "highest", "tf32": "tensorfloat32"}
    jax.config.update("jax_default_matmul_precision", names.get(dtype))


def _of_torch(dtype: str) -> None:
    import torch

    torch.backends.cuda.matmul.allow_tf32 = dtype != "float32"
    torch.backends.cudnn.allow_tf32 = dtype != "float32"


_SETTERS = {"tensorflow": _of_tensorflow, "jax": _of_jax, "torch": _of_torch}


def convolution_rate(dtype: str, repeats: int = 5) -> float:
    """Measures the best rate of a large convolution on the backend, in operations a second.

    Args:
        dtype: A key of `POLICIES`, which `use` was called with.
        repeats: How many times it is timed; the best counts.

    Returns:
        Operations a second of a 3x3 convolution of 32x32 pixels from 256 to 256 channels: of 256
        images on a GPU, of one on a processor.
    """
    count, calls = (256, 20) if backend.has_gpu() else (1, 2)
    kind = "bfloat16" if dtype == "bfloat16" else "float32"
    images = ops.cast(keras.random.normal((count, 32, 32, 256)), kind)
    kernel = ops.cast(keras.random.normal((3, 3, 256, 256)), kind)
    convolve = _compiled(lambda x, w: ops.conv(x, w, padding="same", data_format="channels_last"))
    operations = 2 * count * 32 * 32 * 3 * 3 * 256 * 256

    def seconds(calls: int) -> float:
        start = time.perf_counter()
        for _ in range(calls):
            outputs = convolve(images, kernel)
        float(outputs[0, 0, 0, 0])  # Waits for the device.
        return time.perf_counter() - start

    seconds(1)
    return max(operations * calls / seconds(calls) for _ in range(repeats))


def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    if keras.backend.backend() == "jax":
        import jax

        return jax.jit(function)
    return function
