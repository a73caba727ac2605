"""Presets in files, JSON or YAML, and values as they are written there."""

import json
import re
from pathlib import Path
from typing import Any

import yaml

SUFFIXES = (".json", ".yaml", ".yml")


class _Loader(yaml.SafeLoader):
    """Reads YAML as its version 1.2 has numbers: 1e-4, which 1.1 takes for text, is one."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$"),
    list("-+.0123456789"),
)


def parsed(text: str) -> Any:
    """Returns the value that a text is, as YAML has it: a number, a list, a dict, or text.

    Example:
        >>> parsed("[128, 128]"), parsed("1e-4"), parsed("relu")
        ([128, 128], 0.0001, 'relu')
    """
    return yaml.load(text, _Loader)


def read(path: Path) -> Any:
    """Reads a file of JSON or YAML."""
    try:
        text = path.read_text()
        return json.loads(text) if path.suffix == ".json" else parsed(text)
    except (OSError, ValueError, yaml.YAMLError) as error:
        kind = "JSON" if path.suffix == ".json" else "YAML"
        raise ValueError(
            f"Expected a readable {kind} file of a preset. Received: {path} ({error})"
        ) from error
