"""Puts the package together as it is installed, for the reference to be read from."""

import re
import shutil
from pathlib import Path

_ROOT = Path(__file__).parents[1]


def on_startup(command: str, dirty: bool) -> None:
    """Copies the parts of the package to `build/package`, before the plug-ins look for it."""
    package = _ROOT / "build" / "package" / "keras_gans"
    shutil.rmtree(package, ignore_errors=True)
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(_ROOT / "keras_gans", package, ignore=ignore)
    for part in ("callbacks", "scripts"):
        shutil.copytree(_ROOT / part, package / part, ignore=ignore)
    for path in package.rglob("*.py"):  # What the reader of docstrings takes for code.
        path.write_text(re.sub(r"^( +)Example:$", r"\1Examples:", path.read_text(), flags=re.M))
