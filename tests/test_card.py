"""`keras-gans card`: what it says of a run is what the run is."""

import json
import re

import pytest
import yaml

import keras_gans as kg
from keras_gans.scripts.main import main


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A conditional run of a few steps."""
    folder = tmp_path_factory.mktemp("card")
    preset = kg.presets.changed(
        kg.presets.get("cgan-digits"),
        {"fit.epochs": 1, "fit.steps_per_epoch": 3, "callbacks": {}, "generator.hidden": [8]},
    )
    preset["compile"]["steps_per_execution"] = 1
    preset["compile"]["penalties"] = [{"class": "R1", "weight": 0.25}]
    del preset["preset"]
    (folder / "small.json").write_text(json.dumps(preset))
    arguments = ["--verbose", "0", "--run-dir", str(folder / "run"), "--seed", "7"]
    assert main(["train", str(folder / "small.json"), *arguments]) == 0
    return folder / "run"


def card_of(run, capsys):
    assert main(["card", str(run)]) == 0
    assert "README.md" in capsys.readouterr().out
    return (run / "README.md").read_text()


def test_a_card_before_and_after_the_evaluation(run, capsys):
    text = card_of(run, capsys)
    front, body = text.split("---\n")[1:]
    assert yaml.safe_load(front)["library_name"] == "keras"
    gan = kg.presets.build(json.loads((run / "config.json").read_text()))
    for fact in (
        "A GAN of 10 classes",
        "samples of shape (8, 8, 1) from 32 normal latents",
        f"Generator of {gan.generator.count_params():,} parameters",
        f"discriminator of {gan.discriminator.count_params():,}.",
        "Set-up: Conditional GAN (Mirza and Osindero, 2014)",
        "- data: `digits`",
        "- 3 steps of 1 discriminator updates, seed 7",
        "- penalty: R1, weight 0.25",
        "- d_optimizer: Adam, learning_rate 0.0002, beta_1 0.5",
        "an average of the generator, decay 0.99",
        "Not measured",
    ):
        assert fact in body, fact
    assert main(["evaluate", str(run), "--metrics", "fid", "coverage", "-n", "100"]) == 0
    capsys.readouterr()
    body = card_of(run, capsys)
    scores = json.loads((run / "evaluation" / "evaluation.json").read_text())["scores"]
    assert f"| fid | {scores['samples']['fid']:.4g} |" in body and "not comparable" in body


def test_its_snippet_runs(run, capsys, monkeypatch):
    monkeypatch.chdir(run)
    snippet = re.search(r"```python\n(.*?)```", card_of(run, capsys), re.S)[1]
    namespace = {}
    exec(snippet, namespace)
    assert namespace["samples"].shape == (16, 8, 8, 1)
    assert "labels=0" in snippet and "[-1.0, 1.0]" in snippet


def test_what_is_no_run(tmp_path, capsys):
    assert main(["card", str(tmp_path)]) == 2
    assert "Expected a run folder with config.json. Received: " in capsys.readouterr().err
