"""Files that are whole or absent."""

import json
import os
import re
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def replacing(path: str | os.PathLike[str], model: Any = None) -> Iterator[Path]:
    """Gives a path to write to, which takes the place of `path` once it is written and on disk.

    On workers other than the chief, what is written goes nowhere.

    Args:
        path: The file to make or to replace; its folder is made too.
        model: A model or strategy that tells the chief, as in `is_chief`.

    Example:
        >>> with replacing("losses.png") as aside:
        ...     figure.savefig(aside)
    """
    path = Path(path)
    # The suffix stays: writers choose the format by it.
    if not is_chief(model):
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder, path.name)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.aside{path.suffix}")
    try:
        yield aside
        with open(aside, "rb") as written:
            os.fsync(written.fileno())
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def check_writable(path: str | os.PathLike[str]) -> None:
    """Raises unless a file can be written there; makes nothing.

    Args:
        path: The file, which may exist, as its folder may.

    Raises:
        ValueError: If the path is a folder, or its folder a file, or it may not be written to.

    Example:
        >>> check_writable("run/losses.png")
    """
    path = Path(path)
    nearest = next(parent for parent in path.absolute().parents if parent.exists())
    if path.is_dir():
        reason = "which is a folder"
    elif not nearest.is_dir():
        reason = f"but {nearest} is a file"
    elif not os.access(nearest, os.W_OK):
        reason = f"but {nearest} may not be written to"
    else:
        return
    raise ValueError(f"Expected a file that can be written. Received: {path}, {reason}")


def is_chief(model: Any = None) -> bool:
    """Tells whether this process writes files: of several workers that train a model, one.

    All workers have to make what is written, since reading their common state takes all of them.
    Processes that TF_CONFIG names but no strategy joins train, and write, each for itself.

    Args:
        model: A model, whose strategy tells the workers, or a strategy; None for one process.
    """
    cluster, role, number = _workers(model)
    several, named = _count(cluster) > 1, _count(_named_workers())
    if model is not None and not several and named > 1:
        warnings.warn(
            f"TF_CONFIG names {named} workers, but no strategy joins them: each trains a model of "
            "its own, and writes its own files. Build the model in the scope of "
            "tf.distribute.MultiWorkerMirroredStrategy().",
            stacklevel=1,
        )
    chief = "chief" if "chief" in cluster else "worker"
    return not several or (role, number) == (chief, 0)


def has_workers(model: Any = None) -> bool:
    """Tells whether this process is one of several workers; `model` as for `is_chief`."""
    return _count(_workers(model)[0]) > 1


def _workers(model: Any) -> tuple[dict[str, Any], str | None, int]:
    """Returns the addresses of all workers by role, and role and number of this process."""
    strategy = getattr(model, "distribute_strategy", model)
    resolver = getattr(strategy, "cluster_resolver", None)
    if resolver is None:
        return {}, None, 0
    return resolver.cluster_spec().as_dict(), resolver.task_type, resolver.task_id


def _named_workers() -> dict[str, Any]:
    return json.loads(os.environ.get("TF_CONFIG") or "{}").get("cluster", {})


def _count(cluster: dict[str, Any]) -> int:
    return sum(len(cluster.get(role, ())) for role in ("chief", "worker"))


def numbered(directory: str | os.PathLike[str], prefix: str, suffix: str) -> dict[int, Path]:
    """Returns the files `<prefix>_<number><suffix>` of a folder by number, in order."""
    pattern = re.compile(rf"{re.escape(prefix)}_(\d+){re.escape(suffix)}")
    names = os.listdir(directory) if os.path.isdir(directory) else []
    found = {int(m[1]): Path(directory, m[0]) for m in map(pattern.fullmatch, names) if m}
    return dict(sorted(found.items()))


def write_json(path: Path, content: Any, model: Any = None) -> None:
    """Writes readable JSON, whole or not at all; `model` as for `replacing`."""
    with replacing(path, model) as aside:
        aside.write_text(json.dumps(content, indent=2) + "\n")
