"""`keras-gans evaluate`: the table, the JSON and the pictures are those of the library."""

import json
import os
import subprocess
import sys
import time
import tracemalloc

import keras
import numpy as np
import pytest
from PIL import Image

import keras_gans as kg
from conftest import Recorded, images, make, points, vector_networks
from keras_gans.metrics import protocol
from keras_gans.scripts import evaluate
from keras_gans.scripts.main import main


def image_networks():
    return (
        kg.networks.mlp_generator(3, (8, 8, 1), hidden=(8,)),
        kg.networks.mlp_discriminator((8, 8, 1), hidden=(8,)),
    )


def make_run(folder, networks, data=None, history=None):
    gan = make(kg.GAN, networks, ema_decay=0.5)
    folder.mkdir()
    gan.save(folder / "model.keras")
    if data:
        (folder / "config.json").write_text(json.dumps({"data": {"name": str(data)}}))
    if history:
        (folder / "history.csv").write_text(history)
    return gan


def report_of(folder):
    return json.loads((folder / "evaluation.json").read_text())


def array_of(name, split):
    batches = kg.datasets.load(name, split=split).batch(1000).as_numpy_iterator()
    return np.concatenate(list(batches))


def test_a_run_of_digits(tmp_path, capsys):
    run = tmp_path / "run"
    history = "epoch,d_loss,val_fid\n1,0.5,\n2,0.4,3.5\n3,0.3,\n4,0.2,2.5\n"
    gan = make_run(run, image_networks, "digits", history)
    assert main(["evaluate", str(run), "-n", "50", "--seed", "3"]) == 0
    report, printed = report_of(run / "evaluation"), capsys.readouterr().out

    expected = gan.evaluate(array_of("digits", "train"), extractor="digits", n=50, seed=3)
    assert report["scores"]["samples"] == pytest.approx(dict(expected), rel=1e-5)
    for entry in ("extractor", "extractor_version", "resize", "seed"):
        assert report[entry] == expected.protocol[entry]
    assert report["counts"] == {"real": 50, "samples": 50, "held_out": 50, "noise": 50}
    assert report["held_out_split"] == "test" and report["data"] == "digits"

    floor, noise = report["scores"]["held_out"], report["scores"]["noise"]
    extract = kg.metrics.classifier("digits")
    spread = [array_of("digits", split) for split in ("train", "test")]
    spread = [extract(x[[-(-len(x) * i // 50) for i in range(50)]]) for x in spread]
    assert floor == pytest.approx(kg.metrics.compare(*spread), rel=1e-5)
    assert floor["fid"] < 0.5 * noise["fid"] and floor["coverage"] > 0.9 > noise["coverage"]
    assert floor["duplicates"] < 0.3 and noise["duplicates"] < 0.3

    for name, value in expected.items():
        (line,) = [line for line in printed.splitlines() if line.startswith(f"{name} ")]
        assert line.split()[1:] == [f"{v[name]:.4f}" for v in report["scores"].values()]
        assert line.split()[1] == f"{value:.4f}"
    assert "digits-classifier-8x8, resize none, seed 3" in printed
    names = {"classes.png", "evaluation.json", "metrics.png", "nearest.png"}
    assert {path.name for path in (run / "evaluation").iterdir()} == names
    for name in names - {"evaluation.json"}:
        with Image.open(run / "evaluation" / name) as picture:
            picture.verify()
        assert name in printed


def test_a_run_of_points(tmp_path, capsys):
    gan = make_run(tmp_path / "run", vector_networks, "ring")
    assert main(["evaluate", str(tmp_path / "run"), "-n", "300", "--out", str(tmp_path / "o")]) == 0
    report = report_of(tmp_path / "o")
    train = array_of("ring", "train")
    used = train[[-(-len(train) * i // 10_000) for i in range(10_000)]]
    mixture = kg.metrics.Mixture(kg.datasets.ring_centers(), 0.01)
    expected = gan.evaluate(used, n=300, mixture=mixture)
    assert report["scores"]["samples"] == pytest.approx(dict(expected), rel=1e-6)
    assert report["scores"]["held_out"]["modes"] == 8
    assert report["scores"]["held_out"]["high_quality"] == pytest.approx(0.989, abs=0.02)
    assert report["scores"]["noise"]["high_quality"] < 0.05
    assert report["extractor"] == "samples"
    assert {path.name for path in (tmp_path / "o").iterdir()} == {"evaluation.json", "surface.png"}


def test_data_without_labels_or_test_split(tmp_path, capsys):
    x = images(60)
    np.save(tmp_path / "x.npy", x)
    gan = make_run(tmp_path / "run", image_networks)
    file, data = str(tmp_path / "run" / "model.keras"), str(tmp_path / "x.npy")
    assert main(["evaluate", file, "--data", data, "--metrics", "kid", "recall"]) == 0
    report = report_of(tmp_path / "run" / "evaluation")
    assert report["held_out_split"] == "every other sample of train"
    assert report["extractor"] == "samples"
    assert list(report["scores"]["samples"]) == ["kid", "recall"]
    expected = kg.metrics.kernel_distance(x[::2].reshape(30, -1), x[1::2].reshape(30, -1)).mean
    assert report["scores"]["held_out"]["kid"] == pytest.approx(expected, rel=1e-4, abs=1e-6)
    flat = gan.generate(30, seed=0).reshape(30, -1)
    expected = kg.metrics.kernel_distance(x[::2].reshape(30, -1), flat).mean
    assert report["scores"]["samples"]["kid"] == pytest.approx(expected, rel=1e-4)


class Conditional(Recorded):
    """Stands for a conditional model of a run: draws samples of the class asked for."""

    conditional = True
    step = 12
    value_range = None

    def __init__(self, samples, labels):
        super().__init__(samples)
        self.labels = labels
        self.num_classes = int(labels.max()) + 1
        self.asked = []

    def generate(self, n, seed=None, labels=None):
        self.asked.append(labels)
        rng = np.random.default_rng(seed)
        return np.stack([rng.choice(self.samples[self.labels == label]) for label in labels])


def pairs_of(name, split):
    pairs = kg.datasets.load(name, split=split, labels=True)
    (pair,) = pairs.batch(10_000).as_numpy_iterator()
    return pair


def conditional_run(folder, monkeypatch, x, y, data):
    gan = Conditional(x, y)
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"data": {"name": str(data)}}))
    monkeypatch.setattr(evaluate, "load_run", lambda path: gan)
    return gan


@pytest.mark.parametrize("labels", [[], [3, 7]])
def test_a_conditional_run(labels, tmp_path, monkeypatch, capsys):
    gan = conditional_run(tmp_path / "run", monkeypatch, *pairs_of("digits", "test"), "digits")
    arguments = ["--labels", *map(str, labels)] if labels else []
    metrics = ["fid", "coverage"]
    assert main(["evaluate", str(tmp_path / "run"), *arguments, "--metrics", *metrics]) == 0
    report, printed = report_of(tmp_path / "run" / "evaluation"), capsys.readouterr().out

    (train, y), (held_out, held_out_y) = (pairs_of("digits", split) for split in ("train", "test"))
    classes = labels or list(range(10))
    train, y = train[np.isin(y, classes)], y[np.isin(y, classes)]
    held_out = held_out[np.isin(held_out_y, classes)]
    n = len(held_out)
    expected = protocol.evaluate(gan, (train, y), metrics, "digits", n)
    for asked in gan.asked:
        np.testing.assert_array_equal(asked, y[[-(-len(y) * i // n) for i in range(n)]])
    assert report["scores"]["samples"] == pytest.approx(dict(expected), rel=1e-5)
    assert report["counts"] == dict.fromkeys(["real", "samples", "held_out", "noise"], n)
    assert report["labels"] == (labels or None)
    assert list(report["by_class"]) == [str(label) for label in classes]
    for label, scores in expected.by_class.items():
        assert report["by_class"][str(label)] == pytest.approx(scores, rel=1e-5)
    extract = kg.metrics.classifier("digits")
    spread = (x[[-(-len(x) * i // n) for i in range(n)]] for x in (train, held_out))
    floor = kg.metrics.compare(*map(extract, spread), metrics)
    assert report["scores"]["held_out"] == pytest.approx(floor, rel=1e-5)

    lines = printed.splitlines()
    (header,) = [i for i, line in enumerate(lines) if line.split() == ["class", *metrics]]
    for line, (label, scores) in zip(lines[header + 1 :], expected.by_class.items(), strict=False):
        assert line.split() == [str(label), *(f"{value:.4f}" for value in scores.values())]
    assert ("of digits, classes 3 7" in printed) == bool(labels)
    names = {path.name for path in (tmp_path / "run" / "evaluation").iterdir()}
    assert names == {"classes.png", "evaluation.json", "nearest.png"}


def test_a_conditional_run_of_points_without_a_test_split(tmp_path, monkeypatch):
    x, y = points(80), np.arange(80) % 4 // 2
    np.savez(tmp_path / "x.npz", x=x, y=y)
    gan = conditional_run(tmp_path / "run", monkeypatch, x, y, tmp_path / "x.npz")
    assert main(["evaluate", str(tmp_path / "run"), "--labels", "1", "--metrics", "fid"]) == 0
    report = report_of(tmp_path / "run" / "evaluation")
    assert report["held_out_split"] == "every other sample of train"
    assert set(gan.asked[0]) == {1} and report["counts"]["real"] == 20
    assert report["by_class"] == {"1": report["scores"]["samples"]}
    real, held_out = (kg.metrics.Features(x[i::2][y[i::2] == 1]) for i in (0, 1))
    expected = kg.metrics.compare(real, held_out, ["fid"])
    assert report["scores"]["held_out"] == pytest.approx(expected, rel=1e-5)
    # No picture of a surface: the discriminator has one for each class.
    written = [path.name for path in (tmp_path / "run" / "evaluation").iterdir()]
    assert written == ["evaluation.json"]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["3", "12"], "classes of the data, 0 1 2 3 4 5 6 7 8 9. Received: --labels 3 12"),
        (["0.5"], "expected an integer of at least 0, received 0.5"),
    ],
)
def test_classes_that_are_not_there(labels, message, tmp_path, monkeypatch, capsys):
    conditional_run(tmp_path / "run", monkeypatch, *pairs_of("digits", "test"), "digits")
    assert_one_error(capsys, ["evaluate", str(tmp_path / "run"), "--labels", *labels], message)


def test_classes_of_an_unconditional_run(tmp_path, capsys):
    make_run(tmp_path / "run", image_networks, "digits")
    arguments = ["evaluate", str(tmp_path / "run"), "--labels", "3"]
    message = "Received: --labels 3 and an unconditional one; leave --labels out"
    assert_one_error(capsys, arguments, message)


def test_a_conditional_run_needs_labels(tmp_path, monkeypatch, capsys):
    x, y = pairs_of("digits", "test")
    np.save(tmp_path / "x.npy", x)
    conditional_run(tmp_path / "run", monkeypatch, x, y, tmp_path / "x.npy")
    assert_one_error(capsys, ["evaluate", str(tmp_path / "run")], "data set with labels")


def assert_one_error(capsys, arguments, message):
    try:
        assert main(arguments) == 2
    except SystemExit as stopped:  # Where the arguments cannot be read.
        assert stopped.code == 2
    assert message in capsys.readouterr().err.strip().splitlines()[-1]


def test_noise_fills_the_range_of_the_data():
    train = np.array([[-3.0, 0.0], [1.0, 5.0]], "float32")
    noise = evaluate._noise(train, 4000, seed=0)
    assert noise.shape == (4000, 2)
    assert noise.min() == pytest.approx(-3, abs=0.01) and noise.max() == pytest.approx(5, abs=0.01)
    np.testing.assert_array_equal(noise, evaluate._noise(train, 4000, seed=0))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name the data by --data"),
        (["--data", "digits"], "samples of shape (2,)"),
        (["--data", "ring", "--metrics", "is"], "is needs probabilities"),
        (["--data", "ring", "--extractor", "ring"], "data set of images"),
        (["--data", "no-such-data"], "no-such-data"),
    ],
)
def test_errors_are_one_sentence(arguments, message, tmp_path, capsys):
    make_run(tmp_path / "run", vector_networks)
    assert main(["evaluate", str(tmp_path / "run"), "-n", "20", *arguments]) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("keras-gans: ") and message in error
    assert not (tmp_path / "run" / "evaluation").exists()


def test_without_a_model(tmp_path, capsys):
    assert main(["evaluate", str(tmp_path)]) == 2
    assert "Expected a run folder with model.keras" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda x: 50 * (x + 1), r"generator's range \[-1, 1\]. Received: values in \[0"),
        (lambda x: np.where(x == x.max(), np.nan, x), "finite data. Received: NaN"),
    ],
)
@pytest.mark.parametrize("how", ["evaluate", "Evaluation"])
def test_reals_are_checked_as_fit_checks_them(how, spoil, message):
    """Values of another range would give a distance of a million, without a word."""
    gan, reals = make(kg.GAN, image_networks), spoil(images(16)).astype("float32")
    with pytest.raises(ValueError, match=message):
        if how == "evaluate":
            gan.evaluate(reals)
        else:
            gan.fit(images(8), batch_size=4, verbose=0, callbacks=[kg.callbacks.Evaluation(reals)])


# What it costs: without an extractor every value of a pixel is a feature


def pixels_of(n, shape, seed=0):
    return 2 * np.random.default_rng(seed).random((n, *shape), "float32") - 1


def one_layer_gan(shape):
    """A model whose samples cost little."""
    latents, samples = keras.Input((4,)), keras.Input(shape)
    drawn = keras.layers.Dense(int(np.prod(shape)), activation="tanh")(latents)
    generator = keras.Model(latents, keras.layers.Reshape(shape)(drawn))
    logits = keras.layers.Dense(1)(keras.layers.Flatten()(samples))
    return kg.GAN(generator, keras.Model(samples, logits))


def test_the_cost_of_few_colour_images():
    """64 of 32 x 32 x 3: covariances would take a minute, and 75 MB each."""
    gan, x = one_layer_gan((32, 32, 3)), pixels_of(64, (32, 32, 3))
    tracemalloc.start()
    start = time.perf_counter()
    scores = gan.evaluate(x)
    seconds, peak = time.perf_counter() - start, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seconds < 10 and peak < 40e6
    fakes = gan.generate(64, seed=0).reshape(64, -1).astype(float)
    real, fake = (a - a.mean(axis=0) for a in (x.reshape(64, -1).astype(float), fakes))
    shift = x.reshape(64, -1).mean(axis=0, dtype=float) - fakes.mean(axis=0)
    cross = np.linalg.norm(real @ fake.T, ord="nuc")
    fid = shift @ shift + (np.sum(real**2) + np.sum(fake**2) - 2 * cross) / 63
    assert scores["fid"] == pytest.approx(fid, rel=1e-9)


@pytest.mark.slow
def test_the_cost_of_many_colour_images():
    """5,000 of 64 x 64 x 3 in a process of its own: memory with TensorFlow, and processor time.

    Memory is VmHWM, as `ru_maxrss` of a new process begins with that of the one that started it.
    """
    if not os.path.exists("/proc/self/status"):
        pytest.skip("Only Linux tells a process's largest memory of its own")
    script = (
        "import sys\n"
        "sys.modules['jax'] = None  # TensorFlow imports it where it is installed.\n"
        "import re, time, test_evaluate as t\n"
        "gan, x = t.one_layer_gan((64, 64, 3)), t.pixels_of(5000, (64, 64, 3))\n"
        "start = time.process_time()\n"
        "assert len(gan.evaluate(x)) == 8\n"
        "peak = re.search(r'VmHWM:\\s*(\\d+)', open('/proc/self/status').read()).group(1)\n"
        "print(time.process_time() - start, peak)"
    )
    command, folder = [sys.executable, "-c", script], os.path.dirname(__file__)
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=900)
    assert run.returncode == 0, run.stderr
    seconds, kilobytes = map(float, run.stdout.split()[-2:])
    assert kilobytes < 2 * 2**20
    assert seconds < 240  # Of two cores: about one minute of them, if nothing else runs.
