"""The most memory that was in use, on the device or in the process."""

from pathlib import Path

import tensorflow as tf

_CLEAR, _STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")


class PeakMemory:
    """Measures between `reset` and `read`.

    On a GPU: the most bytes that TensorFlow's allocator had handed out. Elsewhere: the largest
    resident size of the process, which also holds Python and the weights of all contenders, so
    that only differences between contenders tell something. None where Linux does not say.
    """

    def reset(self) -> None:
        if tf.config.list_physical_devices("GPU"):
            tf.config.experimental.reset_memory_stats("GPU:0")
        elif _CLEAR.exists():
            _CLEAR.write_text("5")  # Forgets the largest resident size.

    def read(self) -> int | None:
        if tf.config.list_physical_devices("GPU"):
            return tf.config.experimental.get_memory_info("GPU:0")["peak"]
        if not _STATUS.exists():
            return None
        lines = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) * 1024 if "VmHWM" in lines else None
