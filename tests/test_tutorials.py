"""The tutorials show what their cells returned, and their cells run."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "docs" / "tutorials").glob("*.ipynb"))

# Two steps in place of a training, whatever a cell asks for.
BUDGET = """
import keras_gans

def short(fit):
    def two_steps(self, *arguments, **options):
        return fit(self, *arguments, **{**options, "epochs": 1, "steps_per_epoch": 2})
    return two_steps

keras_gans.GAN.fit = short(keras_gans.GAN.fit)
del short
"""


def all_notebooks(test):
    return pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)(test)


def code_cells(notebook):
    cells = json.loads(notebook.read_text())["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def outputs(notebook):
    return [output for cell in code_cells(notebook) for output in cell["outputs"]]


def texts(output):
    """All that an output says in words: not its pictures."""
    data = {"text/plain": output.get("text", ""), **output.get("data", {})}
    return ["".join(text) for kind, text in data.items() if kind.startswith("text/")]


def test_all_tutorials_are_found_and_are_in_the_navigation():
    names = [path.name for path in NOTEBOOKS]
    assert names == ["conditional.ipynb", "digits.ipynb", "own_variant.ipynb"]
    navigation = (ROOT / "mkdocs.yml").read_text()
    assert all(f"- tutorials/{name}\n" in navigation for name in names)


@all_notebooks
def test_cells_were_executed_in_order(notebook):
    counts = [cell["execution_count"] for cell in code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1))


@all_notebooks
def test_outputs_are_pictures_and_words_without_errors(notebook):
    found = outputs(notebook)
    assert sum("image/png" in output.get("data", {}) for output in found) >= 3
    assert not [output for output in found if output["output_type"] == "error"]
    assert not [output for output in found if output.get("name") == "stderr"]
    for output in found:
        for text in texts(output):
            assert not re.search(r"[\x08\x1b\r]", text), text  # Progress bars and colours.
            assert not text.startswith("<Figure") or "image/png" in output["data"], text


@all_notebooks
def test_nothing_of_a_machine_is_left(notebook):
    cells = json.loads(notebook.read_text())["cells"]
    words = ["".join(cell["source"]) for cell in cells]
    words += [text for output in outputs(notebook) for text in texts(output)]
    for text in words:
        assert not re.search(r"/(home|root|tmp|work|Users|var|opt|usr)\b|[A-Z]:\\", text), text
    assert notebook.stat().st_size < 1_000_000


@all_notebooks
def test_links_of_the_text_lead_to_files(notebook):
    cells = json.loads(notebook.read_text())["cells"]
    text = "".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        assert link.startswith("http") or (notebook.parent / link).exists(), link


@pytest.mark.slow
@all_notebooks
def test_cells_run(notebook, tmp_path):
    """In a new folder, in a kernel of their own."""
    nbformat, nbclient = map(pytest.importorskip, ("nbformat", "nbclient"))
    pytest.importorskip("ipykernel")
    cells = nbformat.read(notebook, as_version=4)
    cells.cells.insert(0, nbformat.v4.new_code_cell(BUDGET))
    resources = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(cells, timeout=600, resources=resources).execute()
    assert list(tmp_path.glob("*.keras"))  # Written where it ran.
