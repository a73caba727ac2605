"""Files that are whole or absent."""

import json
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def replacing(path: str | os.PathLike) -> Iterator[Path]:
    """Gives a path to write to, which takes the place of `path` once it is written and on disk.

    On workers other than the chief, what is written goes nowhere.

    Args:
        path: The file to make or to replace; its folder is made too.

    Example:
        >>> with replacing("losses.png") as aside:
        ...     figure.savefig(aside)
    """
    path = Path(path)
    # The suffix stays: writers choose the format by it.
    if not is_chief():
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


def is_chief() -> bool:
    """Tells whether this process writes files: of several workers, as TF_CONFIG has them, one.

    All workers have to make what is written, since reading their common state takes all of them.
    """
    task, cluster = _cluster("task"), _cluster("cluster")
    chief = "chief" if "chief" in cluster else "worker"
    return not task or (task.get("type"), int(task.get("index", 0))) == (chief, 0)


def has_workers() -> bool:
    """Tells whether this process is one of several workers."""
    return sum(len(_cluster("cluster").get(role, ())) for role in ("chief", "worker")) > 1


def _cluster(part: str) -> dict:
    return json.loads(os.environ.get("TF_CONFIG") or "{}").get(part, {})


def numbered(directory: str | os.PathLike, prefix: str, suffix: str) -> dict[int, Path]:
    """Returns the files `<prefix>_<number><suffix>` of a folder by number, in order."""
    pattern = re.compile(rf"{re.escape(prefix)}_(\d+){re.escape(suffix)}")
    names = os.listdir(directory) if os.path.isdir(directory) else []
    found = {int(m[1]): Path(directory, m[0]) for m in map(pattern.fullmatch, names) if m}
    return dict(sorted(found.items()))


def write_json(path: Path, content: Any) -> None:
    """Writes readable JSON, whole or not at all."""
    with replacing(path) as aside:
        aside.write_text(json.dumps(content, indent=2) + "\n")
