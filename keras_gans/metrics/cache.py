"""Arrays kept on disk under a key of all that they depend on."""

import hashlib
import os
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

# Part of every key: raise it when the same inputs give other arrays.
VERSION = 1


def folder() -> Path:
    """Returns where arrays are kept: `$KERAS_GANS_CACHE`, or `~/.cache/keras_gans`."""
    return Path(os.environ.get("KERAS_GANS_CACHE") or Path.home() / ".cache" / "keras_gans")


def fingerprint(*parts: Any) -> str:
    """Hashes arrays (values, shape and type) and anything else by its `repr`.

    Args:
        parts: What to tell apart, in order.

    Returns:
        32 hexadecimal digits.

    Example:
        >>> fingerprint([1, 2]) == fingerprint([1, 2]) != fingerprint([2, 1])
        True
    """
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        if isinstance(part, np.ndarray):
            digest.update(repr((part.shape, part.dtype.str)).encode())
            digest.update(np.ascontiguousarray(part).data)
        else:
            digest.update(repr(part).encode() + b"\0")
    return digest.hexdigest()


def cached(
    name: str, key: tuple[Any, ...], make: Callable[[], dict[str, Any]]
) -> dict[str, np.ndarray]:
    """Returns the arrays kept under a key; makes and keeps them the first time.

    Files appear whole, so that processes may share the folder; a damaged one is made anew.

    Args:
        name: Start of the file's name.
        key: All that the arrays depend on, for `fingerprint`.
        make: Function without arguments that returns the arrays by name.

    Returns:
        The arrays by name.
    """
    path = folder() / f"{name}-{fingerprint(VERSION, *key)}.npz"
    try:
        with np.load(path, allow_pickle=False) as archive:
            return dict(archive)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error):
        arrays = make()
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".aside", delete=False) as aside:
        np.savez(aside, **arrays)
    os.replace(aside.name, path)
    return arrays
