"""`keras-gans reproduce`: rows, trials and the table against figures counted by hand."""

import json

import keras
import numpy as np
import pytest
import scipy.stats
from PIL import Image

import keras_gans as kg
import keras_gans_command
from conftest import image_networks, make
from keras_gans.scripts import printed, reproduce, tables, warping
from keras_gans.scripts.main import main

RESULT = {"epochs": 2, "epochs_of_preset": 400, "steps": 2000, "seconds": 90, "date": "2026-01-01"}


def trial_file(folder, seed, modes=20, high_quality=0.9, preset="gan-grid", data="grid", **changes):
    folder.mkdir(exist_ok=True)
    scores = {"modes": modes, "high_quality": high_quality}
    content = {**RESULT, "preset": preset, "data": data, "seed": seed, "scores": scores}
    content |= {"command": "keras-gans reproduce", **changes}
    (folder / f"{preset}_{data}_seed{seed}.json").write_text(json.dumps(content))


def test_the_command_knows_all_tables():
    assert keras_gans_command.reproduce.TABLES == (*tables.TABLES, "dirac-gan")


@pytest.mark.parametrize("table", reproduce.TABLES)
def test_rows_are_presets_on_data_that_fits(table):
    for row in reproduce.TABLES[table].rows:
        description = row.description()
        gan = kg.presets.build(description)
        size = description["data"]["size"] if row.data == "photographs" else None
        data = kg.datasets.load(row.data, row.split, size)
        assert data.element_spec.shape == gan.sample_shape


# Table 1 of the paper: modes, high quality in percent, and KL divergence of eight and 25 modes.
TABLE_1 = """
gan-grid      ring  6.3 0.5  98.2 0.2  0.45 0.09
gan-grid      grid 17.3 0.8  94.8 0.7  0.70 0.07
pac2gan-grid  ring  7.9 0.1  95.6 2.0  0.07 0.03
pac2gan-grid  grid 23.8 0.7  91.3 0.8  0.13 0.04
pac3gan-grid  ring  7.8 0.1  97.7 0.3
pac3gan-grid  grid 24.6 0.4  94.2 0.4
pac4gan-grid  ring  7.8 0.1  95.9 1.4
pac4gan-grid  grid 24.8 0.2  93.6 0.6
"""


def test_pacgans_rows_are_published_figures():
    rows = {row[:2]: row.published for row in reproduce.TABLES["pacgan-table1"].rows}
    for line in TABLE_1.split("\n")[1:-1]:
        preset, data, *numbers = line.split()
        numbers = list(map(float, numbers))
        published = rows[preset, data]
        assert published["modes"] == tuple(numbers[:2])
        np.testing.assert_allclose(published["high_quality"], np.array(numbers[2:4]) / 100)
        assert published.get("reverse_kl") == (tuple(numbers[4:]) or None)
        if preset == "gan-grid":
            assert rows["gan-grid-blocks", data] == published


@pytest.fixture
def small_row(monkeypatch):
    """A row of few steps: a test trains it whole."""
    small = kg.presets.get("gan-grid")
    small["generator"]["hidden"] = small["discriminator"]["hidden"] = [8]
    small["fit"]["steps_per_epoch"], small["compile"]["steps_per_execution"] = 4, 2
    monkeypatch.setitem(kg.presets.PRESETS, "gan-grid", small)
    points = reproduce.samples_of("ring")[:400]
    monkeypatch.setattr(reproduce, "samples_of", lambda *_, **__: points)
    return reproduce.Row("gan-grid", "ring")


def test_a_trial_from_end_to_end(tmp_path, capsys, monkeypatch):
    """Two epochs of a preset made small, written once and not repeated."""
    small = kg.presets.get("wgan-25gaussians")
    for network in ("generator", "discriminator"):
        small[network]["hidden"] = [8]
    small["fit"]["batch_size"], small["compile"]["steps_per_execution"] = 5000, 4
    monkeypatch.setitem(kg.presets.PRESETS, "wgan-25gaussians", small)
    command = ["reproduce", "wgan_gp-toys", "--rows", "wgan-25gaussians on swiss", "--epochs", "2"]
    command += ["--out", str(tmp_path), "--seed", "3", "--trials"]
    assert main([*command, "1"]) == 0
    path = tmp_path / "wgan-25gaussians_swissroll_seed3.json"
    first = json.loads(path.read_text())
    assert first["steps"] == 2 * (100_000 // (5 * 5000)) and first["epochs"] == 2
    assert set(first["scores"]) == {"transport", "floor"}
    assert 0 < first["scores"]["floor"] < 0.3 < first["scores"]["transport"]
    assert first["curve"]["epoch"] == [1, 2]
    assert {name: len(values) for name, values in first["losses"].items()} == {
        "g_loss": 2,
        "d_loss": 2,
    }
    assert first["curve"]["transport"][-1] == first["scores"]["transport"]
    for picture in (path.with_suffix(".png"), tmp_path / "wgan-25gaussians_swissroll.png"):
        assert picture.stat().st_size > 1000
    table = (tmp_path / "table.md").read_text()
    assert "shortened to 2 of 1283 epochs, 8 steps" in table and "seeds 3; " in table

    assert main([*command, "2"]) == 0
    assert json.loads(path.read_text()) == first  # Not run again, or its time would be another.
    printed = capsys.readouterr().out
    assert "| 2 |" in printed and "seeds 3, 4; " in printed
    assert main([*command[:-1], "--epochs", "5"]) == 2
    assert "Expected trials of 5 epochs. Received: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("texts", "chosen"),
    [
        (["WGANGP on mnist_5k"], ["WGANGP"]),
        (["WGANGP"], ["WGANGP", "conditional-WGANGP"]),
        (["conditional-R3GAN on mnist_5k", "LSGAN"], ["LSGAN", "conditional-R3GAN"]),
        (["R3GAN on mnist_5k", "conditional-R"], ["R3GAN", "conditional-R3GAN"]),
        (["nope"], []),
        (None, [row.preset for row in reproduce.TABLES["variants"].rows]),
    ],
)
def test_a_whole_name_chooses_its_row_alone(texts, chosen):
    rows = reproduce.chosen(reproduce.TABLES["variants"].rows, texts)
    assert [row.preset for row in rows] == chosen


def test_the_same_seed_is_the_same_trial(small_row):
    scores = [
        reproduce.trial(small_row, lambda gan, _: {"x": gan.generate(1, seed=0)[0, 0]}, seed, 1)[0]
        for seed in (5, 5, 6)
    ]
    a, b, c = (each["scores"]["x"] for each in scores)
    assert a == b != c


# 004, 001 and the first and last epochs of 000, as their texts print them.
PRINTED = {
    ("gan-mnist", 0): (1.462668, 1.422923),
    ("gan-mnist", 5000): (5.218184, 0.094545),
    ("gan-mnist", 95000): (2.208852, 0.578487),
    ("dcgan-mnist", 0): (0.5319, 1.4476),  # Of the discriminator it prints the half.
    ("dcgan-mnist", 2000): (2.1844, 0.9334),
    ("wgan_gp-mnist-book", 467): (264.35, -429.40),
    ("wgan_gp-mnist-book", 11 * 468 - 1): (82.42, -38.13),
}


def test_the_sources_rows_are_what_they_print():
    rows = {row.preset: row for row in reproduce.TABLES["sources"].rows}
    for (preset, step), losses in PRINTED.items():
        found = [rows[preset].published[f"{name}_loss at {step}"][0] for name in "gd"]
        assert found == pytest.approx(losses)


def bars():
    """Twenty bars of 28x28 pixels, each elsewhere."""
    images = np.full((20, 28, 28, 1), -1.0, "float32")
    for i, image in enumerate(images):
        image[8:20, 6 + i // 2 : 10 + i // 2] = 1.0
    return images


def centers(images):
    """The mean place of what is bright, in pixels."""
    rows, columns = np.indices(images.shape[1:3])
    mass = images[..., 0] + 1
    return np.stack([(mass * x).sum((1, 2)) / mass.sum((1, 2)) for x in (rows, columns)], axis=1)


def test_warped_copies_are_other_images_of_the_same_digits():
    images = bars()
    several = warping.with_copies(images, 3)
    assert several.shape == (80, 28, 28, 1) and several.min() >= -1 and several.max() <= 1
    np.testing.assert_array_equal(several[:20], images)
    np.testing.assert_array_equal(warping.with_copies(images, 3), several)
    for start in (20, 40, 60):  # Near to the first, and none the same.
        apart = np.abs(several[start : start + 20] - images).mean(axis=(1, 2, 3))
        assert (apart > 1e-3).all() and (apart < 0.5).all()
        moved = centers(several[start : start + 20]) - centers(images)
        assert 0.1 < np.abs(moved).max() < 4


def test_a_row_trains_on_its_copies():
    rows = {row.preset: row for row in reproduce.TABLES["sources"].rows}
    few = rows["gan-mnist-warped"]._replace(split="train[:20]", copies=2)
    x, y = reproduce._training_data(few, [28, 28], conditional=False)
    assert x.shape == (60, 28, 28, 1) and y is None
    plain, _ = reproduce._training_data(few._replace(copies=0), [28, 28], conditional=False)
    np.testing.assert_array_equal(plain, x[:20])


def test_losses_are_means_of_the_steps_up_to_the_sources():
    curves = {"steps": list(range(1, 301)), "values": [[s, -2 * s] for s in range(1, 301)]}
    losses = dict.fromkeys((0, 5, 250, 300), (1.0, 1.0))
    assert printed.Printed(losses).ours(curves) == {
        **{"g_loss at 0": 1, "d_loss at 0": -2},
        **{"g_loss at 5": np.mean([1, 2, 3, 4, 5, 6]), "d_loss at 5": -7},
        **{"g_loss at 250": (152 + 251) / 2, "d_loss at 250": -152 - 251},
    }
    wider = printed.Printed({250: (1.0, 1.0)}, window=200).ours(curves)
    assert wider == {"g_loss at 250": (52 + 251) / 2, "d_loss at 250": -52 - 251}


def test_a_trial_has_the_losses_that_its_source_prints(small_row, tmp_path):
    row = small_row._replace(
        printed=printed.Printed(dict.fromkeys((0, 5, 99), (1.0, 1.0))),
        changes={"compile.steps_per_execution": 1},
    )
    picture = tmp_path / "losses.png"
    scores = reproduce.trial(row, lambda *_: {"x": 0.0}, 0, 2, losses=picture)[0]["scores"]
    names = {f"{name}_loss at {step}" for name in "gd" for step in (0, 5)}
    assert set(scores) == {"x", *names} and picture.stat().st_size > 1000
    # Logits are near 0 at first: log 2 of fakes, and of reals too.
    assert scores["g_loss at 0"] == pytest.approx(np.log(2), rel=0.05)
    assert scores["d_loss at 0"] == pytest.approx(2 * np.log(2), rel=0.05)


def test_rows_change_their_presets():
    rows = {row.preset: row for row in reproduce.TABLES["variants"].rows}
    variants = {type(kg.presets.build(row.description())) for row in rows.values()}
    assert variants == {getattr(kg, name) for name in kg.models.__all__} - {kg.DCGAN}
    sizes = {
        name: kg.presets.build(rows[name].description()).generator.count_params()
        for name in ("GAN", "WGANGP", "R3GAN", "conditional-GAN", "conditional-WGANGP")
    }
    assert sizes["GAN"] == sizes["WGANGP"] == sizes["R3GAN"]
    assert sizes["conditional-GAN"] == sizes["conditional-WGANGP"] == sizes["GAN"] + 10 * 512
    few = {row.preset: row for row in reproduce.TABLES["few"].rows}
    assert len(reproduce.samples_of("mnist_5k", few["r3gan-ada-50"].split)) == 50
    assert isinstance(kg.presets.build(few["r3gan-ada-50"].description()).augment, kg.augment.ADA)


def test_a_conditional_row_has_labels(tmp_path):
    row = {row.preset: row for row in reproduce.TABLES["variants"].rows}["conditional-GAN"]
    row = row._replace(split="train[:640]", epochs=1)
    changes = {**row.changes, "fit.steps_per_epoch": 3, "compile.steps_per_execution": 1}
    row = row._replace(changes=changes)
    result, gan = reproduce.trial(row, reproduce.TABLES["variants"].scores, 0, 1)
    assert gan.step == 3 and gan.conditional
    assert result["scores"]["fid of held_out"] < result["scores"]["fid"] < 1000
    assert 0 <= result["scores"]["coverage"] <= 1


def test_an_interrupted_trial_goes_on(small_row, monkeypatch, tmp_path):
    """It has the scores, at each measurement, of one that was never interrupted."""
    measurements = 0

    def scores(gan, _):
        nonlocal measurements
        measurements += 1
        if measurements == interrupted_at:
            raise KeyboardInterrupt
        return {"x": gan.generate(1, seed=0)[0, 0]}

    interrupted_at = None
    straight, _ = reproduce.trial(small_row, scores, 0, 6, 3)
    measurements, interrupted_at = 0, 2
    monkeypatch.setattr(kg.callbacks.TrainState, "_is_due", lambda self: True)
    with pytest.raises(KeyboardInterrupt):
        reproduce.trial(small_row, scores, 0, 6, 3, tmp_path)
    went_on, _ = reproduce.trial(small_row, scores, 0, 6, 3, tmp_path)
    assert went_on["losses"] == straight["losses"]
    assert went_on["curve"] == straight["curve"] and straight["curve"]["epoch"] == [2, 4, 6]
    assert went_on["steps"] == straight["steps"] and measurements == 4


def test_a_clipped_row_is_clipped(monkeypatch):
    points = reproduce.samples_of("swissroll")[:1280]
    monkeypatch.setattr(reproduce, "samples_of", lambda *_, **__: points)
    row = reproduce.Row("wgan-25gaussians", "swissroll")
    _, gan = reproduce.trial(row, lambda *_: {}, 0, 1)
    assert gan.step == 1
    assert max(np.abs(w).max() for w in gan.critic.get_weights()) == pytest.approx(0.01)


def test_scores_of_the_data_itself(monkeypatch):
    """A generator of real points has what ANCHORS of the literature say of a perfect one."""
    gan, real = make(kg.GAN), reproduce.samples_of("grid")
    monkeypatch.setattr(gan, "generate", lambda n, seed: real[:n])
    scores = tables.mode_scores(gan, tables.Row("any", "grid"))
    assert scores["modes"] == 25
    share, error = 1 - np.exp(-4.5), np.sqrt(0.9889 * 0.0111 / 2500)
    assert abs(scores["high_quality"] - share) < 4 * error
    scores = tables.transport_scores(gan, tables.Row("any", "grid"))
    assert scores["transport"] == scores["floor"] and scores["modes"] == 25


@pytest.mark.slow
def test_real_digits_are_as_readable_as_real_digits(monkeypatch):
    """Training digits as samples: read as well as others, each class, and all copies; noise not."""
    gan = make(kg.GAN, lambda: image_networks(28))
    digits = reproduce.samples_of("mnist_5k")
    monkeypatch.setattr(gan, "generate", lambda n, seed, **_: digits[:n])
    scores = tables.readable_scores(gan, tables.Row("any", "mnist_5k"))
    assert abs(scores["readable"] - 1) < 0.02 and scores["near_copies"] == 1
    assert 0.07 < scores["smallest_class"] < scores["largest_class"] < 0.13
    unseen = reproduce.samples_of("mnist_5k", "test")
    monkeypatch.setattr(gan, "generate", lambda n, seed, **_: unseen[:n])
    assert tables.readable_scores(gan, tables.Row("any", "mnist_5k"))["near_copies"] < 0.1
    noise = np.random.default_rng(0).uniform(-1, 1, (1000, 28, 28, 1)).astype("float32")
    monkeypatch.setattr(gan, "generate", lambda n, seed, **_: noise[:n])
    scores = tables.readable_scores(gan, tables.Row("any", "mnist_5k"))
    assert scores["readable"] < 0.9 or scores["largest_class"] > 0.5


def test_scores_of_digits_stand_beside_their_floors(monkeypatch):
    """A generator of training digits beats held-out ones, and these noise."""
    gan, digits = make(kg.GAN, image_networks), reproduce.samples_of("digits")
    monkeypatch.setattr(gan, "generate", lambda n, seed: digits[:n])
    scores = tables.feature_scores(gan, tables.Row("any", "digits"))
    assert scores["fid of samples"] < scores["fid of noise"] / 10
    assert scores["fid of held_out"] < scores["fid of noise"] / 10
    assert scores["coverage of held_out"] > 0.9 > 0.1 > scores["coverage of noise"]
    for name in ("fid", "kid", "precision", "recall", "coverage"):
        for kind in ("samples", "held_out", "noise"):
            assert np.isfinite(scores[f"{name} of {kind}"])


def test_shortening_shortens_the_fall_of_the_learning_rate():
    preset = kg.presets.get("wgan_gp-grid")
    full = preset["compile"]["d_optimizer"]["learning_rate"]["config"]["decay_steps"]
    reproduce.shorten(preset, preset["fit"]["epochs"] // 2)
    assert preset["compile"]["d_optimizer"]["learning_rate"]["config"]["decay_steps"] == full / 2
    gan = kg.presets.build(preset)
    assert isinstance(gan.g_optimizer._learning_rate, keras.optimizers.schedules.CosineDecay)
    both = kg.presets.get("hinge-mnist")  # Whose optimizers are alike.
    reproduce.shorten(both, 9)  # Of 36.
    for name in ("d_optimizer", "g_optimizer"):
        assert both["compile"][name]["learning_rate"]["steps"] == 900
    several = kg.presets.get("r3gan-100gaussians")
    reproduce.shorten(several, 7)  # Of 70.
    gan = kg.presets.build(several)
    for schedule in (gan.d_optimizer._learning_rate, gan.g_optimizer._learning_rate, gan.gp_weight):
        assert schedule.steps == 700
    plain = kg.presets.get("gan-grid")
    reproduce.shorten(plain, 3)
    assert plain["compile"] == kg.presets.get("gan-grid")["compile"] and plain["fit"]["epochs"] == 3


def test_the_table_counts_as_one_would_by_hand(tmp_path):
    values = [18, 21, 15, 20]
    for seed, modes in enumerate(values):
        trial_file(tmp_path, seed, modes, 0.95)
    trials = [json.loads(path.read_text()) for path in sorted(tmp_path.iterdir())]
    text = reproduce.report(reproduce.TABLES["pacgan-table1"], trials)
    row = next(line for line in text.splitlines() if line.startswith("| gan-grid on grid | modes"))
    error = scipy.stats.sem(values)
    assert f"| 4 | 18.5 +- {error:.2g} | 17.3 +- 0.8 |" in row
    t = scipy.stats.ttest_ind_from_stats(18.5, np.std(values, ddof=1), 4, 17.3, 0.8 * 10**0.5, 10)
    assert row.endswith(f"{t.statistic:+.1f} |") and "pooled" in text
    assert "on ring" not in text and "seeds 0, 1, 2, 3; 2026-01-01" in text
    assert "shortened to 2 of 400 epochs, 2000 steps, at best 1.5 min a trial" in text


def test_a_full_length_is_not_called_shortened(tmp_path):
    trial_file(tmp_path, 0, epochs=400)
    text = reproduce.report(
        reproduce.TABLES["pacgan-table1"], [json.loads(next(tmp_path.iterdir()).read_text())]
    )
    assert "400 epochs, 2000 steps" in text and "shortened" not in text
    assert "| gan-grid on grid | modes | 1 | 20 | 17.3 +- 0.8 | +1.0 |" in text  # scipy: 1.02.


def test_the_table_tells_whether_the_loss_follows_fid(tmp_path):
    fid = [9.0, 5.0, 4.0, 3.0, 2.5, 2.0]
    for seed, loss in enumerate(([6, 5, 4, 3, 2, 1], [1, 5, 2, 6, 3, 4])):
        curve = {"epoch": [1, 2, 3, 4, 5, 6], "fid": fid}
        trial_file(tmp_path, seed, curve=curve, losses={"d_loss": loss})
    trials = [json.loads(path.read_text()) for path in sorted(tmp_path.iterdir())]
    text = reproduce.report(reproduce.TABLES["pacgan-table1"], trials)
    # By hand: 1 - 6 sum d^2 / n (n^2 - 1), the ranks of the second being 6 2 5 1 4 3 the other way.
    second = 1 - 6 * sum(d * d for d in (5, 0, 2, 3, 1, 3)) / 210
    assert f"of d_loss and FID over the training: +1.00, {second:+.2f}" in text


def test_losses_are_drawn_beside_fid_where_both_are_kept(tmp_path):
    table, picture = reproduce.TABLES["pacgan-table1"], tmp_path / "losses.png"
    trial_file(tmp_path, 0, curve={"epoch": [1, 2], "fid": [2.0, 1.0]})
    reproduce._draw_losses(table, [json.loads(next(tmp_path.iterdir()).read_text())], picture)
    assert not picture.exists()
    trial_file(tmp_path, 0, curve={"epoch": [1, 2], "fid": [2.0, 1.0]}, losses={"d_loss": [1, 2]})
    reproduce._draw_losses(table, [json.loads(next(tmp_path.iterdir()).read_text())], picture)
    with Image.open(picture) as drawn:
        assert drawn.height < drawn.width < 2 * drawn.height  # One panel, of one row.


def test_one_published_run_has_no_error(tmp_path):
    trial_file(tmp_path, 0, 98, 0.5, preset="r3gan-100gaussians", data="100gaussians")
    trials = [json.loads(next(tmp_path.iterdir()).read_text())]
    text = reproduce.report(reproduce.TABLES["particlegan"], trials)
    assert "| r3gan-100gaussians on 100gaussians | modes | 1 | 98 | 100 |  |" in text
    assert "| high_quality | 1 | 0.5 | 0.989 |  |" in text


@pytest.mark.parametrize("values", [[8], [8, 8], [8, 7, 5]])
def test_distance_from_published_means_is_students_t(values):
    spread = np.std(values, ddof=1) if len(values) > 1 else 0
    expected = scipy.stats.ttest_ind_from_stats(
        np.mean(values), spread, len(values), 6.3, 0.5 * 10**0.5, 10
    ).statistic
    assert reproduce.errors_apart(np.array(values), 6.3, 0.5, 10) == pytest.approx(expected)


def test_rows_that_are_none(capsys, tmp_path):
    assert main(["reproduce", "pacgan-table1", "--rows", "dcgan", "--out", str(tmp_path)]) == 2
    assert "Expected --rows to choose some of ['gan-grid on ring'" in capsys.readouterr().err
