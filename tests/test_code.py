"""The code itself: format, types, and where each line belongs."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted(
    path
    for folder in ("keras_gans", "callbacks", "scripts")
    for path in (ROOT / folder).rglob("*.py")
)


def name(path):
    return str(path.relative_to(ROOT))


def run(*command, cwd=ROOT):
    result = subprocess.run(
        [sys.executable, "-m", *command], cwd=cwd, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("command", ["check", "format --check"])
def test_ruff(command):
    run("ruff", *command.split(), "--no-cache", "keras_gans", "callbacks", "scripts", "tests")


@pytest.mark.slow
def test_types(tmp_path):
    """Laid out as it is installed: callbacks and scripts inside the package."""
    shutil.copytree(ROOT / "keras_gans", tmp_path / "keras_gans")
    for folder in ("callbacks", "scripts"):
        shutil.copytree(ROOT / folder, tmp_path / "keras_gans" / folder)
    (tmp_path / "keras_gans" / "scripts" / "command").rename(tmp_path / "keras_gans_command")
    packages = ("-p", "keras_gans", "-p", "keras_gans_command")
    run("mypy", "--ignore-missing-imports", "--no-incremental", *packages, cwd=tmp_path)


def functions(node, public=True):
    """Yields each function with whether it is public, those of private classes not."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            dunder = child.name in ("__init__", "__call__")
            yield child, public and (dunder or not child.name.startswith("_"))
            yield from functions(child, public=False)
        elif isinstance(child, ast.ClassDef):
            yield from functions(child, public and not child.name.startswith("_"))
        else:
            yield from functions(child, public)


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_public_functions_have_type_hints(path):
    for function, public in functions(ast.parse(path.read_text())):
        arguments = function.args.posonlyargs + function.args.args + function.args.kwonlyargs
        bare = [a.arg for a in arguments if a.annotation is None and a.arg not in ("self", "cls")]
        returns = function.returns is not None or function.name == "__init__"
        assert not public or (returns and not bare), (function.name, bare)


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_functions_are_short(path):
    for function, _ in functions(ast.parse(path.read_text())):
        lines = function.end_lineno - function.lineno + 1
        if ast.get_docstring(function) is not None:
            lines -= function.body[0].end_lineno - function.body[0].lineno + 1
        assert lines <= 50, (function.name, lines)


def test_the_algorithm_is_on_three_screens():
    assert len((ROOT / "keras_gans" / "models" / "gan.py").read_text().splitlines()) <= 300


# Input code may be of tf.data, and data sets are of TFDS.
INPUT = {"models/pipelines.py"}


def test_only_backends_and_input_code_name_tensorflow():
    folders = [ROOT / "keras_gans", ROOT / "callbacks"]
    for path in (path for folder in folders for path in folder.rglob("*.py")):
        where = str(path.relative_to(folders[0] if folders[0] in path.parents else ROOT))
        allowed = where.startswith(("backend/", "datasets/")) or where in INPUT
        assert allowed or "tensorflow" not in path.read_text(), where


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_private_names_of_others_are_of_backends_only(path):
    """What a file sets on `self` is its own; named tuples' are public in spite of their names."""
    if "backend" in path.parts:
        return
    used = [
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr.startswith("_")
    ]
    own = {n.attr for n in used if isinstance(n.value, ast.Name) and n.value.id in ("self", "cls")}
    own |= {"_asdict", "_replace", "_version", "_arguments"}
    for node in used:
        known = node.attr.startswith("__") or node.attr in own
        assert known, f"{ast.unparse(node)} in line {node.lineno}"
