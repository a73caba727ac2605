"""How many operations a training step takes, and how many a second the machine can do."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf


def count(graph: tf.Graph) -> int:
    """Counts the operations of a function graph's convolutions and matrix products.

    A multiplication and an addition count as two, also where a convolution meets its padding. What
    the outputs do not need, and so never runs, does not count, nor do element-wise operations.

    Args:
        graph: Of a concrete function with static shapes, without loops.

    Example:
        >>> product = tf.function(lambda x: x @ x)
        >>> count(product.get_concrete_function(tf.TensorSpec((3, 3))).graph)
        54
    """
    return sum(2 * _multiplications(operation) for operation in _needed(graph))


def convolution_peak(dtype: str, repeats: int = 5) -> float:
    """Measures the best rate of a large convolution, in operations a second.

    Args:
        dtype: "float32" or "bfloat16".
        repeats: How many times it is timed; the best counts.

    Returns:
        Operations a second of a 5x5 convolution of 64 images of 28x28 from 64 to 128 channels.
    """
    images = tf.cast(tf.random.normal((64, 28, 28, 64)), dtype)
    kernel = tf.cast(tf.random.normal((5, 5, 64, 128)), dtype)
    convolve = tf.function(lambda: tf.nn.conv2d(images, kernel, 1, "SAME"))
    calls = 20 if tf.config.list_physical_devices("GPU") else 2
    operations = count(convolve.get_concrete_function().graph)
    return max(operations / _seconds(convolve, calls) for _ in range(repeats))


def _seconds(function: Callable[[], tf.Tensor], calls: int) -> float:
    function()[0, 0, 0, 0].numpy()
    start = time.perf_counter()
    for _ in range(calls):
        outputs = function()
    outputs[0, 0, 0, 0].numpy()
    return (time.perf_counter() - start) / calls


def _needed(graph: tf.Graph) -> Iterator[Any]:
    """Yields the operations that run."""
    waiting = [tensor.op for tensor in graph.outputs] + list(graph.control_outputs)
    seen = set()
    while waiting:
        operation = waiting.pop()
        if operation not in seen:
            seen.add(operation)
            yield operation
            waiting += [tensor.op for tensor in operation.inputs] + operation.control_inputs


def _multiplications(operation: Any) -> int:
    inputs, outputs = operation.inputs, operation.outputs
    if operation.type in ("MatMul", "BatchMatMulV2"):
        name = "transpose_a" if operation.type == "MatMul" else "adj_x"
        summed = inputs[0].shape[-2 if operation.get_attr(name) else -1]
        return outputs[0].shape.num_elements() * summed
    # Each convolution and both of its gradients: every output of the convolution meets the kernel.
    convolved, kernel = {
        "Conv2D": lambda: (outputs[0], inputs[1]),
        "Conv2DBackpropInput": lambda: (inputs[2], inputs[1]),
        "Conv2DBackpropFilter": lambda: (inputs[2], outputs[0]),
    }.get(operation.type, lambda: (None, None))()
    if convolved is None:
        return 0
    return convolved.shape.num_elements() // kernel.shape[-1] * kernel.shape.num_elements()
