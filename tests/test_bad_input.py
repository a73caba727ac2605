"""Whatever comes in: success, or one sentence of this library; an earlier file stays whole.

Property-based: hypothesis draws the cases. `CASES` says how many, over all tests of this file.
"""

import json
import warnings
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import keras_gans as kg
from conftest import VARIANTS, make, points, vector_networks
from keras_gans.scripts.main import main

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
SHARES = {
    "data": 150,
    "compile": 120,
    "construct": 40,
    "state": 120,
    "model file": 60,
    "config": 40,
}
CASES = sum(SHARES.values())


def cases(share):
    return settings(
        max_examples=SHARES[share],
        deadline=None,
        phases=[Phase.generate],  # A failing case is small as it is.
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def outcome(action):
    """Returns what an action gives, or None after an error of this library."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return action()
    except ValueError as error:
        message = str(error)
        assert "Received" in message and "Expected" in message, message
        assert "\n" not in message and len(message) < 1000, message
        return None


def test_there_are_five_hundred_cases():
    assert CASES >= 500


# Data

DTYPES = ["float16", "float32", "float64", "uint8", "int32", "bool", "complex64"]
SHAPES = st.lists(st.integers(0, 9), min_size=0, max_size=4).map(tuple)
SPECIAL = st.sampled_from([0.0, 1.0, -1.0, 1e30, -5.0, np.nan, np.inf])


@st.composite
def arrays(draw):
    shape = draw(st.one_of(SHAPES, st.tuples(st.integers(0, 40), st.just(2))))
    array = np.random.default_rng(0).uniform(-1, 1, shape)
    if array.size and draw(st.booleans()):
        array.flat[draw(st.integers(0, array.size - 1))] = draw(SPECIAL)
    with np.errstate(all="ignore"):
        return array.astype(draw(st.sampled_from(DTYPES)))


def tanh_networks():
    generator, discriminator = vector_networks()
    tanh = keras.layers.Activation("tanh")
    return keras.Sequential([keras.Input((3,)), generator, tanh]), discriminator


@pytest.fixture(scope="module")
def trained():
    """One model for all cases, eager: each case is a few updates."""
    gan = make(kg.WGANGP, tanh_networks, n_critic=2, run_eagerly=True)
    return gan


@cases("data")
@given(
    x=arrays(),
    wrap=st.sampled_from(["array", "samples", "batches", "labelled", "list", "none"]),
    batch_size=st.sampled_from([None, 1, 2, 7, 64, 0, -3, 2.5, "8"]),
    y=st.sampled_from([None, "fits", "short"]),
)
def test_data(trained, x, wrap, batch_size, y):
    labels = {None: None, "fits": np.zeros(len(x) if x.ndim else 0), "short": np.zeros(3)}[y]

    def fit():
        data = x
        if wrap in ("samples", "batches", "labelled"):
            if not x.ndim:
                return None
            data = tf.data.Dataset.from_tensor_slices((x, x) if wrap == "labelled" else x)
            data = data.batch(4) if wrap == "batches" else data
        elif wrap == "list":
            data = x.tolist()
        elif wrap == "none":
            data = None
        return trained.fit(data, labels, batch_size=batch_size, verbose=0)

    outcome(fit)
    assert all(np.isfinite(w).all() for w in trained.get_weights())


# Arguments

NUMBERS = st.one_of(
    st.none(),
    st.integers(-3, 6),
    st.floats(-2, 20),
    st.sampled_from([np.nan, np.inf, "5", True, [1], np.int64(2), np.float32(0.5)]),
)
OPTIMIZERS = st.sampled_from(
    [None, "adam", "sgd", "no such", 3, {"class_name": "SGD", "config": {}}, keras.optimizers.SGD]
)


@cases("compile")
@given(
    variant=st.sampled_from(VARIANTS),
    d_optimizer=OPTIMIZERS,
    g_optimizer=OPTIMIZERS,
    arguments=st.dictionaries(
        st.sampled_from(["n_critic", "gp_weight", "ema_decay", "steps_per_execution"]), NUMBERS
    ),
    loss=st.sampled_from([None, "hinge", "mse", 3, kg.losses.HingeLoss()]),
)
def test_compile_arguments(variant, d_optimizer, g_optimizer, arguments, loss):
    def build():
        gan = variant(*vector_networks(), seed=0)
        gan.compile(d_optimizer, g_optimizer, loss=loss, run_eagerly=True, **arguments)
        return gan

    gan = outcome(build)
    if gan is not None:
        assert gan.n_critic >= 1
        outcome(lambda: gan.fit(points(2 * gan.n_critic), batch_size=1, verbose=0))


@cases("construct")
@given(
    variant=st.sampled_from(VARIANTS),
    latents=st.sampled_from(["normal", "uniform", "cauchy", None, 3]),
    seed=st.sampled_from([None, 0, -1, 2**40, 1.5, "0"]),
    dim=st.sampled_from([2, 3]),
    swapped=st.booleans(),
)
def test_constructor_arguments(variant, latents, seed, dim, swapped):
    generator, discriminator = vector_networks()[0], vector_networks(dim=dim)[1]
    networks = (discriminator, generator) if swapped else (generator, discriminator)

    def build():
        return variant(*networks, latent_distribution=latents, seed=seed).generate(2)

    samples = outcome(build)
    assert samples is None or samples.shape == (2, 2)


# Files


def damage(content, how, where, value):
    """A file cut off, or with one byte changed, or with bytes put in."""
    at = int(where * len(content))
    if how == "cut":
        return content[:at]
    if how == "flip":
        at = min(at, len(content) - 1)
        return content[:at] + bytes([content[at] ^ value]) + content[at + 1 :]
    return content[:at] + bytes([value]) * 10 + content[at:]


DAMAGE = {
    "how": st.sampled_from(["cut", "flip", "insert"]),
    "where": st.floats(0, 1),
    "value": st.integers(1, 255),
}


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    folder = tmp_path_factory.mktemp("state")
    gan = make(kg.GAN, run_eagerly=True)
    callback = kg.callbacks.TrainState(folder)
    gan.fit(points(8), batch_size=4, epochs=1, verbose=0, callbacks=[callback])
    return folder / "state.keras"


@cases("state")
@given(**DAMAGE)
def test_damaged_states(state, tmp_path_factory, how, where, value):
    folder = tmp_path_factory.mktemp("damaged")
    damaged = damage(state.read_bytes(), how, where, value)
    (folder / "state.keras").write_bytes(damaged)
    gan = make(kg.GAN, run_eagerly=True)
    callback = kg.callbacks.TrainState(folder)
    history = outcome(
        lambda: gan.fit(points(8), batch_size=4, epochs=2, verbose=0, callbacks=[callback])
    )
    if history is None:  # What was there is left as it was.
        assert (folder / "state.keras").read_bytes() == damaged
    else:
        assert np.isfinite(gan.generate(2)).all()


def test_states_of_other_models(state, tmp_path):
    content = state.read_bytes()
    for other in VARIANTS[1:]:
        (tmp_path / "state.keras").write_bytes(content)
        gan = make(other, lambda: vector_networks(latent_dim=5), run_eagerly=True)
        callback = kg.callbacks.TrainState(tmp_path)
        result = outcome(
            lambda g=gan, c=callback: g.fit(points(40), verbose=0, batch_size=4, callbacks=[c])
        )
        assert result is None
        assert (tmp_path / "state.keras").read_bytes() == content


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        preset = kg.presets.get("wgan_gp-digits")
        preset["compile"]["run_eagerly"] = True
        del preset["fit"]["steps_per_epoch"]
        patch.setitem(kg.presets.PRESETS, "eager", preset)
        arguments = ["train", "eager", "--epochs", "1", "--n-critic", "1", "--batch-size", "700"]
        assert main([*arguments, "--run-dir", str(folder / "run"), "--verbose", "0"]) == 0
    return folder / "run"


def one_line(capsys, arguments):
    """Runs the command: success, or one line on stderr and no traceback."""
    capsys.readouterr()
    status = main(arguments)
    lines = capsys.readouterr().err.splitlines()
    ours = [line for line in lines if line.startswith("keras-gans: ")]
    assert status in (0, 2) and len(ours) == (1 if status else 0), lines
    assert not any("Traceback" in line for line in lines)
    return status


@cases("model file")
@given(**DAMAGE)
def test_damaged_models(run, capsys, tmp_path_factory, how, where, value):
    folder = tmp_path_factory.mktemp("model")
    (folder / "model.keras").write_bytes(
        damage((run / "model.keras").read_bytes(), how, where, value)
    )
    one_line(capsys, ["sample", str(folder), "-n", "2"])


@cases("config")
@given(**DAMAGE)
def test_damaged_configs(run, capsys, tmp_path_factory, how, where, value):
    folder = tmp_path_factory.mktemp("config")
    content = damage((run / "config.json").read_bytes(), how, where, value)
    (folder / "config.json").write_bytes(content)
    arguments = ["train", "wgan_gp-digits", "--resume", "--run-dir", str(folder)]
    assert one_line(capsys, [*arguments, "--epochs", "1", "--n-critic", "7"]) == 2
    assert (folder / "config.json").read_bytes() == content


def test_a_read_only_folder_is_one_line(capsys, tmp_path, monkeypatch):
    """As root may write anywhere, the refusal is made."""

    def refuse(self, *args, **kwargs):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert one_line(capsys, ["train", "--epochs", "1", "--run-dir", str(tmp_path / "no")]) == 2


def test_a_full_disk_leaves_the_last_state(state, tmp_path, monkeypatch):
    content = state.read_bytes()
    (tmp_path / "state.keras").write_bytes(content)
    gan = make(kg.GAN, run_eagerly=True)

    def full(self, path, *args, **kwargs):
        Path(path).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(keras.Model, "save", full)
    callback = kg.callbacks.TrainState(tmp_path)
    with pytest.raises(OSError, match="No space left"):
        gan.fit(points(8), batch_size=4, epochs=2, verbose=0, callbacks=[callback])
    assert (tmp_path / "state.keras").read_bytes() == content
    assert [p.name for p in tmp_path.iterdir()] == ["state.keras"]


def test_loading_runs_no_code_of_the_file(tmp_path):
    """A Lambda layer in a file is refused; arrays are read without pickle."""
    generator, discriminator = vector_networks()
    doubled = keras.layers.Lambda(lambda x: x * 2)
    gan = kg.GAN(keras.Sequential([keras.Input((3,)), generator, doubled]), discriminator)
    gan.save(tmp_path / "gan.keras")
    with pytest.raises(ValueError, match="(?i)lambda"):
        keras.saving.load_model(tmp_path / "gan.keras")
    np.save(tmp_path / "objects.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="Received"):
        kg.datasets.load(tmp_path / "objects.npy")


def test_the_file_says_all(tmp_path):
    gan = kg.presets.build("wgan_gp-digits", n_critic=3)
    gan.save(tmp_path / "gan.keras")
    with zipfile.ZipFile(tmp_path / "gan.keras") as archive:
        config = json.loads(archive.read("config.json"))
    assert config["config"]["name"] == "wgan_gp-digits"
    assert config["compile_config"]["n_critic"] == 3
    assert {"d_optimizer", "g_optimizer", "ema_decay", "augment"} <= set(config["compile_config"])
    (penalty,) = config["compile_config"]["penalties"]
    assert penalty["class_name"] == "GradientPenalty" and penalty["config"] == {"weight": 10.0}
