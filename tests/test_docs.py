"""Every snippet of README and docs runs; every link leads somewhere; the site builds."""

import importlib.util
import json
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


# What presets cost


@pytest.fixture(scope="module")
def costs():
    spec = importlib.util.spec_from_file_location("costs", ROOT / "docs" / "costs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows_of(page):
    """The cells of each row of the table, by the presets that it names."""
    rows = (line.split("|")[1:-1] for line in page.splitlines() if line.startswith("| `"))
    return {tuple(re.findall("`(.+?)`", first)): cells for first, *cells in rows}


def test_the_table_has_every_preset_once(costs):
    rows = rows_of(costs.PAGE.read_text())
    assert sorted(name for names in rows for name in names) == sorted(kg.presets.names())


def test_the_table_has_what_was_measured(costs):
    """If not: python docs/costs.py."""
    page = costs.PAGE.read_text()
    measured = costs.MEASURED.exists() and json.loads(costs.MEASURED.read_text())["presets"]
    assert costs.with_costs(page, measured or {}) == page


def test_costs_are_written_into_the_table(costs):
    page = costs.PAGE.read_text()
    measured = {
        "hinge-mnist": {"step_seconds": 0.0549, "steps": 3600},
        "gan-grid": {"step_seconds": 0.00161, "steps": 400_000},
        "sngan-cifar10": {"step_seconds": 2.0, "steps": 100_000},
        "projection-cifar10": {"step_seconds": 4.0, "steps": 100_000},
        "r1gan-mnist": {"step_seconds": 1.0, "steps": 1},
    }
    filled = costs.with_costs(page, measured)
    cells = {names: each[-2:] for names, each in rows_of(filled).items()}
    assert cells["hinge-mnist",] == [" 55 ms ", " 3.3 min "]
    assert cells["gan-grid",] == [" 1.6 ms ", " 11 min "]
    assert cells["sngan-cifar10", "projection-cifar10"] == [
        " 2.0 s to 4.0 s ",
        " 56 h to 4.6 days ",
    ]
    assert cells["r1gan-mnist", "r3gan-mnist", "r3gan-aug-mnist"] == ["  ", "  "]  # One of three.
    assert sum(any(map(str.strip, each)) for each in cells.values()) == 3
    # Nothing else is changed, and another measurement takes the first one's place.
    assert costs.with_costs(filled, {}) == costs.with_costs(page, {})
    assert [each[:-2] for each in rows_of(filled).values()] == [
        each[:-2] for each in rows_of(page).values()
    ]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        *((0.00161, "1.6 ms"), (0.0997, "100 ms"), (1, "1.0 s"), (9.96, "10 s"), (89, "89 s")),
        *((90, "1.5 min"), (5399, "90 min"), (5400, "1.5 h"), (84 * 3600, "3.5 days")),
    ],
)
def test_costs_have_about_two_digits(costs, seconds, text):
    assert costs.said(seconds) == text


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
