"""Files that are whole or absent."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: str | os.PathLike) -> Iterator[Path]:
    """Gives a path to write to, which takes the place of `path` once it is written and on disk.

    Args:
        path: The file to make or to replace; its folder is made too.

    Example:
        >>> with replacing("losses.png") as aside:
        ...     figure.savefig(aside)
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # The suffix stays: writers choose the format by it.
    aside = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield aside
        with open(aside, "rb") as written:
            os.fsync(written.fileno())
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def numbered(directory: str | os.PathLike, prefix: str, suffix: str) -> dict[int, Path]:
    """Returns the files `<prefix>_<number><suffix>` of a folder by number, in order."""
    pattern = re.compile(rf"{re.escape(prefix)}_(\d+){re.escape(suffix)}")
    names = os.listdir(directory) if os.path.isdir(directory) else []
    found = {int(m[1]): Path(directory, m[0]) for m in map(pattern.fullmatch, names) if m}
    return dict(sorted(found.items()))
