"""`keras-gans report`: one page that needs no other file."""

import base64
import csv
import html.parser
import io
import json

import numpy as np
import pytest
import yaml
from PIL import Image

import keras_gans as kg
from keras_gans.scripts import report
from keras_gans.scripts.main import main


class Page(html.parser.HTMLParser):
    """What a browser would find: pictures, headings, cells, and tags that do not match."""

    void = ("meta", "img", "br")

    def __init__(self, text):
        super().__init__()
        self.open, self.pictures, self.text = [], [], {}
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        if tag not in self.void:
            self.open.append(tag)
        values = dict(attributes)
        for name in ("src", "href"):
            assert values.get(name, "data:").startswith("data:")  # No other file.
        if tag == "img":
            data = values["src"].partition("base64,")[2]
            self.pictures.append(Image.open(io.BytesIO(base64.b64decode(data))))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open:
            self.text.setdefault(self.open[-1], []).append(data)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of the default networks that is measured."""
    folder = tmp_path_factory.mktemp("report")
    preset = {**kg.presets.get("wgan_gp-digits"), "callbacks": {"SampleGrid": {"grid": [2, 2]}}}
    preset["fit"] = {"batch_size": 64, "epochs": 8, "steps_per_epoch": 1}
    preset["compile"]["steps_per_execution"] = 1
    preset["source"] = "a test of <tags> & signs"
    (folder / "small.json").write_text(json.dumps(preset))
    path = str(folder / "run")
    assert main(["train", str(folder / "small.json"), "--verbose", "0", "--run-dir", path]) == 0
    return folder / "run"


def test_a_run_that_was_not_measured(run, capsys):
    assert main(["report", str(run)]) == 0
    assert capsys.readouterr().out == f"Wrote {run / 'report.html'}.\n"
    page = Page((run / "report.html").read_text())
    assert page.text["h2"] == ["Samples over time", "Losses and scores", "Settings", "Made by"]
    assert "a test of <tags> & signs" in page.text["p"]
    grids, curves = page.pictures[:6], page.pictures[6:]
    captions = page.text["figcaption"]
    assert captions[:6] == [f"epoch {n}" for n in (0, 2, 3, 5, 6, 8)]
    np.testing.assert_array_equal(
        np.asarray(grids[-1]), np.asarray(Image.open(run / "samples" / "epoch_000008.png"))
    )
    last = list(csv.DictReader((run / "history.csv").read_text().splitlines()))[-1]
    assert last.pop("epoch") == "8"
    assert captions[6:] == [f"{name} {float(last[name]):.4g} at epoch 8" for name in last]
    # Twice as many pixels as the narrowest column is wide, 16rem.
    assert all(curve.width >= 512 for curve in curves)
    assert yaml.safe_load("".join(page.text["pre"])) == json.loads(
        (run / "config.json").read_text()
    )


def test_a_run_that_was_measured(run, tmp_path):
    evaluation = ["--metrics", "kid", "coverage", "--extractor", "samples"]
    assert main(["evaluate", str(run), *evaluation]) == 0
    assert main(["report", str(run), "--out", str(tmp_path / "page.html")]) == 0
    page = Page((tmp_path / "page.html").read_text())
    assert "Measured" in page.text["h2"]
    scores = json.loads((run / "evaluation" / "evaluation.json").read_text())["scores"]
    cells = page.text["td"]
    assert cells[cells.index("kid") + 1] == f"{scores['samples']['kid']:.4g}"
    assert any("not measured as published FID is" in text for text in page.text["p"])
    assert any("nearest" in text for text in page.text["figcaption"])


def test_scores_by_class(run, tmp_path):
    """A row a class, beside what `keras-gans evaluate` has written of each."""
    by_class = {"3": {"fid": 1.25, "kid": 0.5}, "7": {"fid": 2.5, "kid": 0.125}}
    scores = {kind: {"fid": 4.0, "kid": 8.0} for kind in ("samples", "held_out", "noise")}
    result = {"run": "run", "step": 8, "data": "digits", "held_out_split": "test", "counts": {}}
    result |= {"extractor": "digits", "resize": None, "seed": 0, "scores": scores}
    (tmp_path / "config.json").write_text((run / "config.json").read_text())
    (tmp_path / "evaluation").mkdir()
    path = tmp_path / "evaluation" / "evaluation.json"
    path.write_text(json.dumps({**result, "labels": [3, 7], "by_class": by_class}))
    page = Page(report.page(tmp_path)).text
    assert page["th"] == [*scores, "class", "fid", "kid"]
    assert page["td"][8:] == ["3", "1.25", "0.5", "7", "2.5", "0.125"]
    assert any("each class" in text for text in page["p"])
    for nothing in ({"by_class": {}}, {}):  # Classes too small, and a model without any.
        path.write_text(json.dumps({**result, **nothing}))
        page = Page(report.page(tmp_path)).text
        assert page["th"] == list(scores) and not any("class" in text for text in page["p"])


def test_a_history_of_no_epochs_and_a_score_never_measured(run, tmp_path):
    (tmp_path / "config.json").write_text((run / "config.json").read_text())
    (tmp_path / "history.csv").write_text("epoch,d_loss,val_fid\n")
    assert Page(report.page(tmp_path)).text["h2"] == ["Settings", "Made by"]
    (tmp_path / "history.csv").write_text("epoch,d_loss,val_fid\n1,0.5,\n")
    assert Page(report.page(tmp_path)).text["figcaption"] == ["d_loss 0.5 at epoch 1"]


def test_what_is_no_run(tmp_path, capsys):
    assert main(["report", str(tmp_path)]) == 2
    assert "Expected a run folder with config.json" in capsys.readouterr().err
