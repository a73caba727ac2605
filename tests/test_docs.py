"""Every snippet of README and docs runs; every link leads somewhere; the site builds."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf

import keras_gans as kg

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
WITH_CODE = [page for page in PAGES if "```python" in page.read_text()]


def name_of(page):
    return str(page.relative_to(ROOT))


def snippets(page):
    return re.findall(r"^```python\n(.*?)^```", page.read_text(), re.M | re.S)


@pytest.fixture
def short_budget(monkeypatch):
    """Two steps in place of a training, whatever a snippet asks for."""
    fit, invert = kg.GAN.fit, kg.inversion.invert

    def short(self, *arguments, **options):
        return fit(self, *arguments, **{**options, "epochs": 1, "steps_per_epoch": 2})

    monkeypatch.setattr(kg.GAN, "fit", short)
    monkeypatch.setattr(kg.inversion, "invert", lambda *a, **k: invert(*a, **{**k, "steps": 2}))


@pytest.mark.slow
@pytest.mark.parametrize("page", WITH_CODE, ids=name_of)
def test_snippets_run_as_they_are_pasted(page, short_budget, tmp_path, mirrored, monkeypatch):
    """One after the other, in a new folder and a namespace of the page's own."""
    monkeypatch.chdir(tmp_path)
    # Several strategies of one process break each other's collectives.
    monkeypatch.setattr(tf.distribute, "MirroredStrategy", lambda: mirrored)
    namespace = {"__name__": "__main__"}
    for snippet in snippets(page):
        exec(compile(snippet, name_of(page), "exec"), namespace)


def test_all_pages_with_code_are_found():
    names = {name_of(page) for page in WITH_CODE}
    assert {"README.md", "docs/guide/first_gan.md", "docs/guide/custom.md"} <= names


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_to_files(page):
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text())
    for link in links:
        if not link.startswith("http"):
            assert (page.parent / link).exists(), link


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text().splitlines()) <= 130


def test_the_reference_has_every_public_name():
    pages = "".join(page.read_text() for page in (ROOT / "docs" / "reference").glob("*.md"))
    for module in ("models", "penalties", "layers", "networks", "augment", "callbacks"):
        for name in getattr(kg, module).__all__:
            assert f"::: keras_gans.{module}.{name}\n" in pages, name
    metrics = [name for name, each in vars(kg.metrics).items() if callable(each)]
    for name in metrics:
        assert f"::: keras_gans.metrics.{name}\n" in pages, name


@pytest.mark.slow
def test_the_site_builds_without_a_warning(tmp_path):
    pytest.importorskip("mkdocs")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-3000:]
    assert "WARNING" not in run.stderr
    reference = (tmp_path / "reference" / "callbacks" / "index.html").read_text()
    assert "SampleGrid" in reference and "frame" in reference
    tutorial = (tmp_path / "tutorials" / "digits" / "index.html").read_text()
    assert tutorial.count('href="../../guide/measuring/"') > 1  # Of the text, beside the menu's.
    assert not re.search(r'href="[^":]*\.(md|ipynb)"', tutorial)
    assert "mathjax" not in tutorial.lower()
