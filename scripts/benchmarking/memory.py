"""The most memory that was in use, on the device or in the process."""

from pathlib import Path

import keras

from keras_gans import backend

_CLEAR, _STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")


class PeakMemory:
    """Measures between `reset` and `read`.

    Here the largest resident size of the process, which also holds Python and the weights of all
    contenders, so that only differences between contenders tell something. None where Linux does
    not say.
    """

    def reset(self) -> None:
        if _CLEAR.exists():
            _CLEAR.write_text("5")  # Forgets the largest resident size.

    def read(self) -> int | None:
        if not _STATUS.exists():
            return None
        lines = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) * 1024 if "VmHWM" in lines else None


class TensorFlowMemory(PeakMemory):
    """The most bytes of a GPU that TensorFlow's allocator had handed out."""

    def reset(self) -> None:
        import tensorflow as tf

        tf.config.experimental.reset_memory_stats("GPU:0")

    def read(self) -> int | None:
        import tensorflow as tf

        return tf.config.experimental.get_memory_info("GPU:0")["peak"]


class JaxMemory(PeakMemory):
    """The most bytes of a GPU that JAX' allocator had handed out since the process began.

    JAX cannot forget its peak: a contender's is at least that of those before it.
    """

    def reset(self) -> None:
        pass

    def read(self) -> int | None:
        import jax

        return (jax.local_devices()[0].memory_stats() or {}).get("peak_bytes_in_use")


class TorchMemory(PeakMemory):
    """The most bytes of a GPU that PyTorch's allocator had handed out."""

    def reset(self) -> None:
        import torch

        torch.cuda.reset_peak_memory_stats()

    def read(self) -> int | None:
        import torch

        return torch.cuda.max_memory_allocated()


_OF_GPU = {"tensorflow": TensorFlowMemory, "jax": JaxMemory, "torch": TorchMemory}


def of_backend() -> PeakMemory:
    """Returns what measures the memory of Keras' backend."""
    return _OF_GPU[keras.backend.backend()]() if backend.has_gpu() else PeakMemory()
