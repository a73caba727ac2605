"""What the numbers were measured on."""

import contextlib
import datetime
import importlib.metadata
import importlib.util
import os
import platform
from pathlib import Path
from typing import Any

import keras

# Of the processor's flags, those that convolutions depend on.
_FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "amx_tile")


def installed_backends() -> list[str]:
    """Returns which of Keras' backends are installed."""
    return [name for name in _BACKENDS if importlib.util.find_spec(name) is not None]


def gpu_names() -> list[str]:
    """Returns the names of all GPUs that Keras' backend sees."""
    return _BACKENDS[keras.backend.backend()]()


def _of_tensorflow() -> list[str]:
    import tensorflow as tf

    devices = tf.config.list_physical_devices("GPU")
    return [
        tf.config.experimental.get_device_details(d).get("device_name", d.name) for d in devices
    ]


def _of_jax() -> list[str]:
    import jax

    return [device.device_kind for device in jax.devices() if device.platform == "gpu"]


def _of_torch() -> list[str]:
    import torch

    return [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]


_BACKENDS = {"tensorflow": _of_tensorflow, "jax": _of_jax, "torch": _of_torch}


def share_gpus() -> None:
    """Lets TensorFlow take GPU memory as it needs it, so that PyTorch finds some."""
    if keras.backend.backend() != "tensorflow":
        return
    import tensorflow as tf

    for device in tf.config.list_physical_devices("GPU"):
        with contextlib.suppress(RuntimeError):  # Already in use.
            tf.config.experimental.set_memory_growth(device, True)


def facts() -> dict[str, Any]:
    """Returns processor, GPUs, versions and the date.

    Example:
        >>> facts()["gpus"]
        []
    """
    cpu = _cpu()
    versions = {"python": platform.python_version()}
    for package in (*installed_backends(), "keras", "numpy"):
        versions[package] = importlib.metadata.version(package)
    return {
        "date": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        "system": platform.platform(),
        "cpu": cpu.get("model name") or platform.processor(),
        "cores": os.cpu_count(),
        "flags": [flag for flag in _FLAGS if flag in cpu.get("flags", "").split()],
        "load": os.getloadavg()[0],
        "gpus": gpu_names(),
        "versions": versions,
    }


def _cpu() -> dict[str, str]:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    pairs = (line.split(":", 1) for line in lines if ":" in line)
    return {name.strip(): value.strip() for name, value in pairs}
