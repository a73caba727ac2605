"""The command line, run in this process; once as the installed command."""

import csv
import json
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from types import SimpleNamespace

import imageio_ffmpeg
import keras
import numpy as np
import pytest
from PIL import Image, ImageSequence

import keras_gans as kg
from conftest import make, vector_networks
from keras_gans.callbacks.pictures import as_pixels, image_grid
from keras_gans.scripts import time_left, train
from keras_gans.scripts.main import main

# A set-up for forty 8x8 images, with everything that a run folder can hold.
PRESET = kg.presets.get("wgan_gp-digits")
PRESET |= {
    "compile": {**PRESET["compile"], "run_eagerly": True},  # Tracing takes longer than ten steps.
    "fit": {"batch_size": 64, "epochs": 2},
    "callbacks": {
        "SampleGrid": {"grid": [2, 3]},
        "LossCurves": {},
        "EpochSamples": {"epochs": [1, 2]},
        "Checkpoint": {},
    },
}
QUICK = ["--epochs", "2", "--batch-size", "8", "--n-critic", "1", "--verbose", "0"]
QUICK += ["--steps-per-execution", "1"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Data of several kinds, a small preset, and a run of it."""
    folder = tmp_path_factory.mktemp("scripts")
    uint8 = np.random.default_rng(0).integers(0, 256, (40, 12, 12, 3), "uint8")
    np.save(folder / "grey.npy", uint8[:, :8, :8, 0])
    np.save(folder / "colour.npy", uint8)
    np.save(folder / "points.npy", np.zeros((40, 2), "float32"))
    (folder / "images").mkdir()
    for i, image in enumerate(uint8[..., 0]):
        Image.fromarray(image).save(folder / "images" / f"{i:02d}.png")
    (folder / "text.keras").write_text("no archive")
    make(kg.GAN, vector_networks).save(folder / "vectors.keras")
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save(folder / "plain.keras")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(kg.presets.PRESETS, "tiny", PRESET)
        patch.setitem(kg.presets.PRESETS, "bare", {**PRESET, "callbacks": {}})
        assert train_quickly("tiny", folder, "run") == 0
        yield folder


@pytest.fixture(scope="module")
def gan(folder):
    return keras.saving.load_model(folder / "run" / "model.keras")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Runs without a --run-dir land in a folder of the test's own."""
    monkeypatch.chdir(tmp_path)


def train_quickly(preset, folder, run_dir, *arguments, data="grey.npy"):
    data, run_dir = ["--data", str(folder / data)], ["--run-dir", str(folder / run_dir)]
    return main(["train", preset, *QUICK, *data, *run_dir, *arguments])


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in Path(folder).rglob("*.*"))


def names(folder):
    return sorted(path.name for path in Path(folder).iterdir())


def pixels(path):
    return np.asarray(Image.open(path))


# train


def test_run_folder(folder):
    assert files(folder / "run") == [
        "checkpoints/epoch_000001.keras",
        "checkpoints/epoch_000002.keras",
        "checkpoints/state.keras",
        "config.json",
        "epoch_samples.png",
        "history.csv",
        "losses.png",
        "model.keras",
        "samples/epoch_000000.png",
        "samples/epoch_000001.png",
        "samples/epoch_000002.png",
        "samples/training.gif",
    ]
    header, *rows = (folder / "run" / "history.csv").read_text().splitlines()
    assert set(header.split(",")) == {"epoch", "d_loss", "g_loss", "d_real", "d_fake", "gp"}
    assert [row.split(",")[0] for row in rows] == ["1", "2"]


def test_config_is_the_resolved_preset(folder, gan):
    config = json.loads((folder / "run" / "config.json").read_text())
    assert config["preset"] == "tiny" and config["seed"] == config["model"]["seed"] == 0
    assert config["fit"] == {"batch_size": 8, "epochs": 2}
    assert config["data"] == {"name": str(folder / "grey.npy"), "size": [8, 8]}
    assert config["compile"] == {**PRESET["compile"], "n_critic": 1, "steps_per_execution": 1}
    for part in ("generator", "discriminator", "callbacks", "source"):
        assert config[part] == PRESET[part]
    built = kg.presets.build(config)
    assert type(built) is type(gan) and built.seed == gan.seed
    assert compiled(built) == compiled(gan)


def compiled(gan):
    config = gan.get_compile_config()
    for optimizer in ("d_optimizer", "g_optimizer"):
        del config[optimizer]["config"]["name"]  # Numbered by Keras.
    return config


def test_arguments_reach_the_config():
    changes = ["--gp-weight", "3", "--ema-decay", ".5", "--n-critic", "4", "--seed", "9"]
    changes += ["--dtype-policy", "mixed_bfloat16"]
    config = resolved("train", "wgan_gp-mnist", *changes)
    expected = kg.presets.get("wgan_gp-mnist")
    expected["compile"] |= {"gp_weight": 3.0, "ema_decay": 0.5, "n_critic": 4}
    expected["model"]["seed"] = 9
    assert config == {
        "preset": "wgan_gp-mnist",
        "seed": 9,
        "dtype_policy": "mixed_bfloat16",
        **expected,
    }


def test_any_field_is_set():
    line = "generator.hidden=[128,64] compile.d_optimizer.learning_rate=1e-4 fit.epochs=3"
    config = resolved("train", "wgan_gp-digits", "--set", *line.split())
    expected = resolved("train", "wgan_gp-digits")
    expected["generator"]["hidden"] = [128, 64]
    expected["compile"]["d_optimizer"]["learning_rate"] = 1e-4
    expected["fit"]["epochs"] = 3
    assert config == expected


@pytest.mark.parametrize(
    ("preset", "steps", "epochs", "steps_per_epoch"),
    [("dcgan-mnist", 2000, 2, 1000), ("dcgan-mnist", 1875, 1, 1875), ("wgan_gp-grid", 50, 1, 50)],
)
def test_steps_are_divided_into_epochs(preset, steps, epochs, steps_per_epoch):
    fit = resolved("train", preset, "--steps", str(steps))["fit"]
    assert (fit["epochs"], fit["steps_per_epoch"]) == (epochs, steps_per_epoch)


def test_a_run_has_the_steps_that_were_asked_for(folder, capsys):
    line = [*QUICK[2:], "--steps", "9", "--data", str(folder / "grey.npy")]
    assert main(["train", "tiny", *line]) == 0  # An epoch of the data has 5.
    assert "Trained tiny for 9 steps" in capsys.readouterr().out


def test_there_are_no_control_codes_where_there_is_no_terminal(folder, capsys):
    quick = [word for word in QUICK if word not in ("--verbose", "0")]
    assert main(["train", "tiny", *quick, "--data", str(folder / "grey.npy")]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out and "\r" not in out and "\b" not in out
    assert len(re.findall(r"^5/5 - .*d_loss", out, re.M)) == 2
    lines = out.splitlines()  # Between the two epochs, on a line of its own.
    assert re.fullmatch(r"About \d+ s left\.", lines[lines.index("Epoch 2/2") - 1])


def test_the_time_left_is_told_at_times(monkeypatch, capsys):
    now = iter(range(0, 100_000, 3600))
    # The module's own: other threads look at the clock too.
    monkeypatch.setattr(time_left, "time", SimpleNamespace(monotonic=lambda: next(now)))
    told = time_left.TimeLeft()
    told.set_params({"epochs": 6})
    told.on_train_begin()
    for epoch in range(6):
        told.on_epoch_begin(epoch)
        told.on_epoch_end(epoch)
    # The clock goes on by an hour when it is read: at the begin, after 1, 2 and 4 epochs.
    left = ["5 h 0 min", "4 h 0 min", "1 h 30 min"]
    assert capsys.readouterr().out.splitlines() == [f"About {text} left." for text in left]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (89, "89 s"), (95, "2 min"), (3500, "58 min")]
)
def test_a_time_is_said_as_people_do(seconds, text):
    assert time_left.duration(seconds) == text
    assert time_left.duration(3 * 3600 + 1190) == "3 h 20 min"


def resolved(*argv):
    seen = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train, "run", lambda arguments: seen.update(train.resolve(arguments)))
        assert main(argv) == 0
    return seen


def test_without_arguments_the_default_is_trained():
    expected = kg.presets.get("hinge-mnist")
    expected["model"]["seed"] = 0
    expected |= {"preset": "hinge-mnist", "seed": 0, "dtype_policy": "float32"}
    assert resolved("train") == expected


def test_the_same_seed_gives_the_same_run_and_another_one_does_not(folder):
    train_quickly("bare", folder, "same")  # The pictures have no say.
    train_quickly("bare", folder, "other", "--seed", "1")
    run, same, other = (contents(folder / name) for name in ("run", "same", "other"))
    assert run[0] == same[0] and run[0] != other[0]
    assert all(np.array_equal(a, b) for a, b in zip(run[1], same[1], strict=True))
    assert not np.array_equal(run[1][0], other[1][0])


def contents(run):
    """The history's text, and all variables of the model."""
    gan = keras.saving.load_model(run / "model.keras")
    parts = (gan, gan.d_optimizer, gan.g_optimizer)
    return (run / "history.csv").read_text(), [np.array(v) for p in parts for v in p.variables]


def test_the_saved_model_is_the_trained_one(folder, gan):
    assert gan.step == 10
    last = keras.saving.load_model(folder / "run" / "checkpoints" / "epoch_000002.keras")
    np.testing.assert_array_equal(gan.generate(4, seed=3), last.generate(4, seed=3))
    expected = image_grid(gan.generate(6, seed=0), 2, 3)
    np.testing.assert_array_equal(pixels(folder / "run/samples/epoch_000002.png"), expected)


def test_a_folder_of_images_is_resized_and_streamed(folder, monkeypatch, capsys):
    monkeypatch.setattr(train, "_is_small", lambda *_: False)  # As if they were millions.
    run = folder / "streamed"
    assert train_quickly("bare", folder, run, "--epochs", "1", data="images") == 0
    written = "checkpoints, config.json, history.csv, model.keras"
    line = f"Trained bare for 5 steps; {run} holds {written}.\n"
    assert capsys.readouterr() == (line, "")
    config = json.loads((run / "config.json").read_text())
    assert config["data"] == {"name": str(folder / "images"), "size": [8, 8]}


def test_corrupt_pictures_are_left_out_where_asked(folder, tmp_path, capsys):
    for i in range(12):
        Image.open(folder / "images" / f"{i:02d}.png").save(tmp_path / f"{i:02d}.png")
    (tmp_path / "02.png").write_bytes((tmp_path / "01.png").read_bytes()[:60])
    arguments = "--epochs", "1", "--batch-size", "5"
    assert train_quickly("bare", tmp_path, "refused", *arguments, data=".") == 2
    assert "02.png" in capsys.readouterr().err and not (tmp_path / "refused").exists()
    with pytest.warns(UserWarning, match="02.png"):
        assert train_quickly("bare", tmp_path, "run", "--skip-corrupt", *arguments, data=".") == 0
    assert keras.saving.load_model(tmp_path / "run" / "model.keras").step == 2  # 11 by 5.
    with pytest.warns(UserWarning, match="02.png"):  # As the run did.
        assert main(["evaluate", str(tmp_path / "run"), "--metrics", "kid"]) == 0


def test_a_run_is_shown_in_tensorboard(folder):
    pytest.importorskip("tensorboard")
    assert train_quickly("tiny", folder, "shown", "--epochs", "1", "--tensorboard") == 0
    events = list((folder / "shown" / "tensorboard" / "train").glob("events*"))
    assert len(events) == 3 and max(path.stat().st_size for path in events) > 500


def test_colour_becomes_grey_for_a_model_of_grey_images(folder, capsys):
    assert train_quickly("bare", folder, "grey", "--epochs", "1", data="colour.npy") == 0
    assert keras.saving.load_model(folder / "grey" / "model.keras").sample_shape == (8, 8, 1)
    run = str(folder / "grey")
    assert main(["evaluate", run, "--extractor", "samples", "--metrics", "kid"]) == 0


def test_tf_config_without_a_strategy_writes_all_files(folder, monkeypatch, recwarn):
    """The process trains for itself, although it is named as one of several."""
    task = {"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 1}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(task))
    assert train_quickly("bare", folder, "named", "--epochs", "1") == 0
    written = ["checkpoints/state.keras", "config.json", "history.csv", "model.keras"]
    assert files(folder / "named") == written
    assert "no strategy joins them" in str(recwarn.pop(UserWarning).message)


def test_a_run_is_evaluated_on_the_way(tmp_path):
    run = tmp_path / "run"
    line = f"train wgan_gp-digits --epochs 4 --evaluate-every 2 --verbose 0 --run-dir {run} "
    line += "--set fit.steps_per_epoch=5 compile.steps_per_execution=5"
    assert main(line.split()) == 0
    with open(run / "history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [bool(row["val_fid"]) for row in rows] == [True, True, False, True]
    # Of the averaged generator after the last epoch, as the saved model has it.
    gan = keras.saving.load_model(run / "model.keras")
    digits = np.concatenate(list(kg.datasets.load("digits").batch(2000).as_numpy_iterator()))
    scores = gan.evaluate(digits, ["fid"], extractor="digits")
    assert float(rows[-1]["val_fid"]) == pytest.approx(scores["fid"], rel=1e-4)
    assert (run / "metrics.png").stat().st_size > 1000


def test_default_run_folders_are_numbered(folder):
    data = ["--data", str(folder / "grey.npy")]
    for expected in ("tiny", "tiny-2"):
        with pytest.MonkeyPatch.context() as patch:  # What is trained is tested above.
            patch.setattr(kg.GAN, "fit", lambda gan, *args, **kwargs: None)
            assert main(["train", "tiny", *QUICK, *data]) == 0
        assert names("runs")[-1] == expected and names(f"runs/{expected}") == ["model.keras"]


def test_a_second_run_at_the_same_time_is_refused(folder, tmp_path, capsys, monkeypatch):
    """It is begun by a callback of the first, with the same arguments."""
    line = ["train", "bare", *QUICK, "--data", str(folder / "grey.npy")]
    line += ["--run-dir", str(tmp_path / "run"), "--resume"]
    make_callbacks, seen = train.make_callbacks, []

    def with_second_run(*arguments):
        begin = keras.callbacks.LambdaCallback(on_train_begin=lambda logs: seen.append(main(line)))
        return [*make_callbacks(*arguments), begin]

    monkeypatch.setattr(train, "make_callbacks", with_second_run)
    assert main(line) == 0 and seen == [2]
    error = capsys.readouterr().err
    assert "Expected a folder that no other run writes to. Received: --run-dir" in error
    assert ".lock" not in names(tmp_path / "run")


def test_an_interruption_is_told(monkeypatch, capsys):
    def interrupt(arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(train, "run", interrupt)
    assert main(["train"]) == 130
    assert capsys.readouterr() == ("", "keras-gans: interrupted\n")


# sample


def sample(folder, *arguments, run="run"):
    assert main(["sample", str(folder / run), *map(str, arguments)]) == 0


def test_sample_writes_a_grid(folder, gan, capsys):
    sample(folder, "-n", 6, "--seed", 5)
    path = folder / "run" / "samples.png"
    assert capsys.readouterr().out == f"Wrote 6 samples of {folder / 'run'} to {path}.\n"
    np.testing.assert_array_equal(pixels(path), image_grid(gan.generate(6, seed=5), 2, 3))
    path.unlink()


def test_sample_a_file_to_a_place_of_ones_own(folder, gan, tmp_path):
    sample(folder, "--out", tmp_path / "new" / "grid.png", run="run/model.keras")
    expected = image_grid(gan.generate(64, seed=0), 8, 8)
    np.testing.assert_array_equal(pixels(tmp_path / "new" / "grid.png"), expected)


def test_samples_beside_a_file(folder, gan, tmp_path):
    gan.save(tmp_path / "any.keras")
    sample(tmp_path, "-n", 3, run="any.keras")
    assert files(tmp_path) == ["any.keras", "samples.png"]


def test_separate_samples_are_the_images_pixel_for_pixel(folder, gan, tmp_path, capsys):
    sample(folder, "-n", 5, "--separate", "--out", tmp_path / "out")
    assert "Wrote 5 samples" in capsys.readouterr().out
    assert files(tmp_path / "out") == [f"{i:05d}.png" for i in range(5)]
    samples = gan.generate(5, seed=0)
    for i, expected in enumerate(as_pixels(samples)):
        np.testing.assert_array_equal(pixels(tmp_path / "out" / f"{i:05d}.png"), expected[..., 0])
    (read,) = kg.datasets.load(tmp_path / "out").batch(5)  # As data again.
    np.testing.assert_allclose(read, samples, atol=1 / 255 + 1e-6)


def test_separate_samples_of_colour(tmp_path):
    preset = kg.presets.get("wgan-cifar10")
    preset["generator"].update(initial_shape=[4, 4, 2], conv_filters=[2, 2, 2, 3])
    gan = kg.presets.build(preset)
    gan.save(tmp_path / "colour.keras")
    sample(tmp_path, "-n", 2, "--separate", run="colour.keras")
    for i, expected in enumerate(as_pixels(gan.generate(2, seed=0))):
        np.testing.assert_array_equal(pixels(tmp_path / "separate" / f"{i:05d}.png"), expected)


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (2, "L"), (4, "RGBA")])
@pytest.mark.filterwarnings("ignore:Of 2 channels, pictures show")
def test_samples_from_0_to_1_and_of_other_channels(channels, mode, tmp_path):
    dense = keras.layers.Dense(64 * channels, "sigmoid")
    generator = keras.Sequential([keras.Input((3,)), dense, keras.layers.Reshape((8, 8, channels))])
    gan = kg.GAN(generator, kg.networks.mlp_discriminator((8, 8, channels), hidden=(4,)))
    gan.save(tmp_path / "gan.keras")
    sample(tmp_path, "-n", 2, "--separate", run="gan.keras")
    sample(tmp_path, "-n", 2, run="gan.keras")
    grid = np.asarray(Image.open(tmp_path / "samples.png"))
    for i, expected in enumerate(np.rint(255 * gan.generate(2, seed=0))):
        picture = Image.open(tmp_path / "separate" / f"{i:05d}.png")
        assert picture.mode == mode
        found = np.asarray(picture)
        np.testing.assert_array_equal(found, expected[..., 0] if mode == "L" else expected)
        left = 57 * i + 1
        enlarged = grid[1:57, left : left + 56][::7, ::7]
        np.testing.assert_array_equal(enlarged[..., 0], expected[..., 0])


@pytest.mark.parametrize("distribution", ["normal", "uniform"])
def test_a_walk_goes_from_one_sample_to_another(distribution, folder, gan, tmp_path):
    gan.latent_distribution = distribution
    gan.save(tmp_path / "gan.keras")
    gan.latent_distribution = "normal"
    gan = keras.saving.load_model(tmp_path / "gan.keras")
    sample(tmp_path, "-n", 2, "--interpolate", 5, "--seed", 4, run="gan.keras")
    starts, ends = np.split(np.array(gan.sample_latents(4, seed=4)), 2)
    rows = [walk_by_hand(a, b, 5, distribution) for a, b in zip(starts, ends, strict=True)]
    walks = gan.ema_generator(np.concatenate(rows))
    written = pixels(tmp_path / "interpolation.png").astype(int)
    difference = np.abs(written - np.asarray(image_grid(walks, 2, 5)))
    assert difference.max() <= 1  # A level, where rounding decides.
    np.testing.assert_array_equal(np.array(gan.generate(4, seed=4))[:2], walks[::5])


def frames_of(path):
    if path.suffix == ".gif":
        with Image.open(path) as film:
            return [np.array(frame.convert("RGB")) for frame in ImageSequence.Iterator(film)]
    reader = imageio_ffmpeg.read_frames(str(path))
    width, height = next(reader)["size"]
    return [np.frombuffer(frame, "uint8").reshape(height, width, 3) for frame in reader]


@pytest.mark.parametrize("name", ["film.gif", "walk.mp4"])
def test_a_film_walks_through_latents_and_back(name, folder, gan, tmp_path):
    gan.save(tmp_path / "gan.keras")
    arguments = [] if name == "film.gif" else ["--out", tmp_path / name]
    sample(tmp_path, "-n", 3, "--film", 4, "--truncation", 0.8, *arguments, run="gan.keras")
    latents = gan.truncate_latents(np.array(gan.sample_latents(3, seed=0)), 0.8, seed=0)
    walk = kg.latents.walk(latents, 4, closed=True)
    expected = [np.asarray(image_grid(gan.predict(z[None], verbose=0), 1, 1)) for z in walk]
    frames = np.stack(frames_of(tmp_path / name))
    assert len(frames) == 12
    shown = frames[:, : expected[0].shape[0], : expected[0].shape[1], :3].astype(int)
    # H.264 loses some of the detail.
    assert np.abs(shown - np.array(expected)).mean() < (1 if name == "film.gif" else 8)


def test_truncation_is_that_of_generate(folder, gan, tmp_path):
    out = str(tmp_path / "samples.png")
    line = ["sample", str(folder / "run"), "-n", "4", "--truncation", "0.5", "--out", out]
    assert main(line) == 0
    expected = image_grid(gan.generate(4, seed=0, truncation=0.5), 2, 2)
    np.testing.assert_array_equal(pixels(out), np.asarray(expected))


def walk_by_hand(a, b, steps, distribution):
    """Straight, or on the circle through both: the length of a turned by equal angles."""
    shares = np.linspace(0, 1, steps)
    if distribution == "uniform":
        return np.array([a + share * (b - a) for share in shares], "float32")
    a, b = a.astype("float64"), b.astype("float64")
    angle = np.arccos(a @ b / np.sqrt((a @ a) * (b @ b)))
    weights = np.linalg.solve([[1, np.cos(angle)], [0, np.sin(angle)]], np.eye(2))
    points = []
    for share in shares:
        along_a, along_b = weights @ [np.cos(share * angle), np.sin(share * angle)]
        points.append(along_a * a + along_b * b)
    return np.array(points, "float32")


# Labels


@pytest.fixture(scope="module")
def conditional(folder):
    """A run of a conditional preset on a labelled archive of two classes."""
    random = np.random.default_rng(0)
    x = random.integers(0, 256, (40, 8, 8), "uint8")
    np.savez(folder / "labelled.npz", x_train=x, y_train=np.arange(40) % 10)
    with pytest.MonkeyPatch.context() as patch:
        preset = {**kg.presets.get("cgan-digits"), "fit": PRESET["fit"]}
        patch.setitem(kg.presets.PRESETS, "labelled", preset)
        assert train_quickly("labelled", folder, "conditional", data="labelled.npz") == 0
        yield keras.saving.load_model(folder / "conditional" / "model.keras")


def test_a_conditional_run(folder, conditional):
    assert conditional.conditional and conditional.num_classes == 10
    # A row a class.
    expected = image_grid(
        conditional.generate(80, seed=0, labels=np.repeat(np.arange(10), 8)), 10, 8
    )
    grid = pixels(folder / "conditional" / "samples" / "epoch_000002.png")
    np.testing.assert_array_equal(grid, np.asarray(expected))


def test_train_on_some_classes(folder, conditional, capsys):
    chosen = ["--labels", "3", "7"]
    assert train_quickly("labelled", folder, "two", *chosen, data="labelled.npz") == 0
    config = json.loads((folder / "two" / "config.json").read_text())
    assert config["data"]["labels"] == [3, 7]
    assert keras.saving.load_model(folder / "two" / "model.keras").step == 2 * (8 // 8)
    capsys.readouterr()
    assert train_quickly("labelled", folder, "no", "--labels", "77", data="labelled.npz") == 2
    assert "Expected data of these classes. Received: none" in capsys.readouterr().err


def test_sample_of_some_classes(folder, conditional, tmp_path):
    run, out = str(folder / "conditional"), str(tmp_path / "samples.png")
    assert main(["sample", run, "-n", "6", "--labels", "3", "7", "--out", out]) == 0
    expected = image_grid(conditional.generate(6, seed=0, labels=[3, 7] * 3), 2, 3)
    np.testing.assert_array_equal(pixels(out), np.asarray(expected))
    arguments = ["-n", "2", "--interpolate", "3", "--labels", "5"]
    assert main(["sample", run, *arguments, "--out", out]) == 0


def test_labels_of_an_unconditional_run(folder, capsys):
    assert main(["sample", str(folder / "run"), "--labels", "3"]) == 2
    assert "Expected no --labels" in capsys.readouterr().err


def test_train_a_preset_of_a_file(folder, tmp_path):
    preset = {name: part for name, part in PRESET.items() if name != "preset"}
    (tmp_path / "mine.json").write_text(json.dumps(preset))
    assert main(["train", "mine.json", *QUICK, "--data", str(folder / "grey.npy")]) == 0
    assert (tmp_path / "runs" / "mine" / "model.keras").is_file()


# presets and help


def test_presets_lists_all_with_their_sizes(capsys, monkeypatch):
    """All of a short table: that each preset can be built is tested elsewhere."""
    few = "hinge-mnist", "wgan_gp-mnist", "dcgan-mnist"
    monkeypatch.setattr(kg.presets, "PRESETS", {name: kg.presets.PRESETS[name] for name in few})
    assert main(["presets"]) == 0
    out, err = capsys.readouterr()
    title, *rows = out.splitlines()
    assert title.split() == ["preset", "class", "G", "D", "source"] and not err
    rows = {row.split()[0]: row for row in rows}
    assert list(rows) == kg.presets.names()
    assert rows["wgan_gp-mnist"].split()[1:4] == ["WGANGP", "2,278,401", "10,807,302"]
    assert rows["dcgan-mnist"].split()[1:4] == ["DCGAN", "865,281", "212,865"]
    for name, row in rows.items():
        assert row.endswith(kg.presets.get(name)["source"])


OPTIONS = {
    "train": "PRESET --data --data-dir --labels --epochs --batch-size --run-dir --seed --n-critic "
    "--gp-weight --ema-decay --steps-per-execution --strategy --resume --verbose "
    "--dtype-policy --evaluate-every --skip-corrupt --tensorboard --set --steps",
    "sample": "RUN -n --seed --labels --out --separate --interpolate --film --truncation",
    "evaluate": "RUN --data --data-dir --labels --extractor --metrics -n --seed --out "
    "--skip-corrupt",
    "report": "RUN --out",
    "card": "RUN --out",
    "export": "RUN --format --out",
    "presets": "",
    "reproduce": "TABLE --trials --epochs --rows --seed --out",
    "benchmark": "--networks --variants --contenders --rounds --steps --batch-size --growth "
    "--profile --overheads --costs --backends --presets --quick --out",
    "": "train sample evaluate report card export presets reproduce benchmark --version",
}


@pytest.mark.parametrize("command", OPTIONS)
def test_help_mentions_each_option(command, capsys):
    with pytest.raises(SystemExit) as exit:
        main([*command.split(), "--help"])
    out, err = capsys.readouterr()
    assert exit.value.code == 0 and not err
    assert "None" not in out and "False" not in out
    for option in OPTIONS[command].split():
        # At the start of a line, with some words on it.
        assert re.search(rf"^ +{option}\b.*\n? {{2,}}\S+ \S+", out, re.M), option
    assert set(re.findall(r"^  (-\S+)", out, re.M)) <= {*OPTIONS[command].split(), "-h,"}


def test_version(capsys):
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"keras-gans {kg.__version__}\n"


# Mistakes

MISTAKES = {  # {} is the folder of the data.
    "": "required: COMMAND",
    "trian": "invalid choice: 'trian'",
    "train nope": "one of .*'hinge-mnist'.* Received: name='nope'",
    "train tiny --data nope": "Received: name='nope'",
    "train tiny --data {}/nope.npy": "Received: name='.*nope.npy', not a file",
    "train tiny --data {}/points.npy": "no size for points, and no channels. Received: size=",
    "train tiny --data {}/grey.npy --batch-size 64": "Received: 40 samples; use a smaller `batch_",
    "train tiny --data {}/grey.npy --n-critic 50": "Received: 40 samples",
    "train tiny --data {}/grey.npy --run-dir {}/run": "new or empty run folder. Received: .*/run,",
    "train tiny --data {}/grey.npy --run-dir {}/grey.npy": "new or empty run folder. Received: ",
    "train tiny --data {}/grey.npy --gp-weight -1": "Received: gp_weight=-1",
    "train tiny --data {}/grey.npy --ema-decay 1": "Received: ema_decay=1",
    "train gan-mnist --gp-weight 10": "has no penalty. Received: gp_weight=10",
    "train gan-camel": "Received: name='camel.npy', not a file",
    "train --epochs 0": "--epochs: expected an integer of at least 1, received 0",
    "train --epochs two": "--epochs: expected an integer of at least 1, received two",
    "train --batch-size -3": "--batch-size: expected an integer of at least 1, received -3",
    "train --n-critic 1.5": "--n-critic: expected an integer of at least 1, received 1.5",
    "train --gp-weight ten": "--gp-weight: invalid float value: 'ten'",
    "train --seed -1": "--seed: expected an integer of at least 0, received -1",
    "train --seed 99999999999": "[Ss]eed",
    "train --epoks 3": "train: unrecognized arguments: --epoks; did you mean --epochs; see",
    "train tiny --epoks=3 --sed 3": "--epoks=3 --sed 3; did you mean --epochs --seed; see",
    "train tiny --xyz": "unrecognized arguments: --xyz; see",
    "train --set epochs": "Expected --set FIELD=VALUE. Received: 'epochs'",
    "train --set fit.epoch=3": "changes with fit.epoch; did you mean fit.epochs",
    "train --steps 3 --epochs 3": "not allowed with argument",
    "train --verbose 3": "--verbose: invalid choice: ",
    "sample": "required: RUN",
    "sample {}/nope": "run folder with model.keras, or a .keras file. Received: .*/nope;",
    "sample {}/images": "run folder with model.keras.* Received: .*/images;",
    "sample {}/text.keras": "text.keras",
    "sample {}/plain.keras": "saved GAN. Received: .*plain.keras with a Sequential",
    "sample {}/vectors.keras": r"Received: samples of shape \(64, 2\)",
    "sample {}/run -n 0": "-n: expected an integer of at least 1, received 0",
    "sample {}/run --interpolate 1": "--interpolate: expected an integer of at least 2, received 1",
    "sample {}/run --separate --interpolate 3": "not allowed with argument",
    "sample {}/run --out x.nope": ".nope",
    "evaluate": "required: RUN",
    "evaluate {}/nope": "run folder with model.keras, or a .keras file. Received: .*/nope;",
    "evaluate {}/vectors.keras": "name the data by --data",
    "evaluate {}/run -n 0": "-n: expected an integer of at least 1, received 0",
    "presets x": "unrecognized arguments: x",
}


@pytest.mark.parametrize("line", MISTAKES)
def test_a_mistake_is_one_line(line, folder, tmp_path, capsys):
    before = files(folder)
    argv = [word.format(folder) for word in line.split()]
    try:
        status = main(argv)
    except SystemExit as exit:
        status = exit.code
    out, err = capsys.readouterr()
    assert status == 2 and not out
    assert err.startswith("keras-gans") and err.count("\n") == 1
    assert re.search(MISTAKES[line], err), err
    assert files(folder) == before and not list(tmp_path.rglob("*.*"))
    assert not list(tmp_path.glob("runs/*"))


# As installed


COMMANDS = [command for command in OPTIONS if command]
CONSOLE = Path(sysconfig.get_path("scripts"), "keras-gans")


@pytest.mark.parametrize(
    ("line", "out", "err"),
    [
        ("--version", f"keras-gans {kg.__version__}\n", ""),
        ("--help", "evaluate", ""),
        *((f"{command} --help", f"usage: keras-gans {command} ", "") for command in COMMANDS),
        ("trian", "", "invalid choice: 'trian'"),
        ("train --epohs 3", "", "unrecognized arguments: --epohs; did you mean --epochs; see"),
        ("reproduce nothing", "", "argument TABLE: invalid choice: 'nothing'"),
        ("", "", "required: COMMAND"),
    ],
)
def test_what_needs_no_tensorflow_comes_without_it(line, out, err):
    """In a Python whose every import of TensorFlow, Keras or NumPy is an error."""
    code = (
        "import sys; sys.modules.update(dict.fromkeys(('tensorflow', 'keras', 'numpy'))); "
        f"sys.argv = ['keras-gans', *{line.split()!r}]; import keras_gans_command as c; c.main()"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert out in run.stdout and err in run.stderr
    assert run.returncode == (2 if err else 0)


@pytest.mark.slow
def test_the_console_command_trains_on_digits(tmp_path):
    arguments = ["--epochs", "1", "--batch-size", "64", "--n-critic", "1"]
    arguments += ["--run-dir", "run", "--data-dir", "data"]
    run = subprocess.run(
        [CONSOLE, "train", "wgan_gp-digits", *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    assert not run.stderr  # TensorFlow's log lines.
    assert "100/100" in run.stdout and "d_loss" in run.stdout
    last = run.stdout.rstrip().splitlines()[-1]
    assert last.startswith("Trained wgan_gp-digits for 100 steps; run holds checkpoints, ")
    assert files(tmp_path / "run") == [
        "checkpoints/state.keras",
        "config.json",
        "history.csv",
        "losses.png",
        "model.keras",
        "samples/epoch_000000.png",
        "samples/epoch_000001.png",
        "samples/training.gif",
    ]


def test_the_folder_alone_tells_what_goes_on(folder, tmp_path, capsys):
    """Preset, data, seed and all other settings are those of the run."""
    arguments = ["--seed", "3", "--epochs", "1"]
    assert train_quickly("bare", folder, tmp_path / "part", *arguments) == 0
    assert train_quickly("bare", folder, tmp_path / "whole", *arguments[:2]) == 0
    line = ["train", "--resume", "--run-dir", str(tmp_path / "part"), "--verbose", "0"]
    assert main([*line, "--epochs", "2"]) == 0
    part, whole = contents(tmp_path / "part"), contents(tmp_path / "whole")
    assert part[0] == whole[0]
    assert all(np.array_equal(a, b) for a, b in zip(part[1], whole[1], strict=True))
    config = json.loads((tmp_path / "part" / "config.json").read_text())
    assert (config["preset"], config["seed"], config["fit"]["epochs"]) == ("bare", 3, 2)
    capsys.readouterr()
    assert main([*line, "--seed", "4"]) == 2
    error = capsys.readouterr().err
    assert "Expected the settings of" in error and "seed" in error


def test_resume_goes_on_where_a_run_was_interrupted(folder, capsys):
    arguments = ["train", "tiny", "--data", str(folder / "grey.npy"), "--batch-size", "8"]
    arguments += ["--verbose", "0", "--resume"]
    straight, resumed = str(folder / "straight"), str(folder / "resumed")
    assert main([*arguments, "--epochs", "3", "--run-dir", straight]) == 0
    for epochs in ("1", "3", "3"):
        assert main([*arguments, "--epochs", epochs, "--run-dir", resumed]) == 0
    a, b = (keras.saving.load_model(Path(run, "model.keras")) for run in (straight, resumed))
    for x, y in zip(a.variables, b.variables, strict=True):
        np.testing.assert_array_equal(x, y)
    assert Path(straight, "history.csv").read_text() == Path(resumed, "history.csv").read_text()
    capsys.readouterr()
    assert main([*arguments, "--epochs", "3", "--run-dir", resumed, "--n-critic", "4"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "Received: other compile" in error
