"""Callbacks of Weights & Biases and of MLflow, offline: what they wrote is read back."""

import json
import struct

import keras
import numpy as np
import pytest

import keras_gans as kg
from conftest import make, points

RATES = {"d_optimizer": 2e-3, "g_optimizer": 1e-3}
EPOCHS, BATCH, N_CRITIC = 2, 4, 2
X = points(48)
STEPS = len(X) // (BATCH * N_CRITIC)


def fit(*callbacks, **compile_arguments):
    optimizers = {name: keras.optimizers.Adam(rate) for name, rate in RATES.items()}
    gan = make(kg.GAN, n_critic=N_CRITIC, **optimizers, **compile_arguments)
    history = gan.fit(X, batch_size=BATCH, epochs=EPOCHS, verbose=0, callbacks=list(callbacks))
    return gan, history.history


def halving():
    return keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.5 * rate)


# Any callback that reads one optimizer


class Rates(keras.callbacks.Callback):
    """Reads of `model.optimizer` what loggers do."""

    def on_train_begin(self, logs=None):
        self.seen = []

    def on_epoch_end(self, epoch, logs=None):
        optimizer = self.model.optimizer
        self.seen.append((float(optimizer.learning_rate.numpy()), int(optimizer.iterations)))


@pytest.mark.parametrize("name", RATES)
def test_a_wrapped_callback_sees_one_optimizer(name):
    rates = Rates()
    gan, _ = fit(halving(), kg.callbacks.ForOptimizer(name, rates))
    updates = STEPS * {"d_optimizer": N_CRITIC, "g_optimizer": 1}[name]
    expected = [(RATES[name] / 2, updates), (RATES[name] / 4, 2 * updates)]
    np.testing.assert_allclose(rates.seen, expected, rtol=1e-5)
    config = gan.optimizer.only(name).get_config()
    assert config["learning_rate"] == pytest.approx(RATES[name] / 4)
    assert config.items() <= getattr(gan, name).get_config().items()


def test_without_its_wrapper_it_is_one_sentence():
    with pytest.raises(AttributeError, match="^Expected .* `learning_rate` .*ForOptimizer"):
        fit(Rates())


# Weights & Biases


@pytest.fixture
def wandb(tmp_path, monkeypatch):
    """The package with a run that writes into a folder only."""
    wandb = pytest.importorskip("wandb")
    for folder in ("DIR", "CACHE_DIR", "CONFIG_DIR", "DATA_DIR"):
        monkeypatch.setenv(f"WANDB_{folder}", str(tmp_path))
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    wandb.init(project="gans")
    yield wandb
    wandb.teardown()


def records(wandb, folder):
    """Ends the run and returns its records.

    They stand in a log of LevelDB's format: blocks of 32 KiB, whose parts have a header of a check
    sum, a length and a kind, 1 for a whole record and 4 for the last part of one.
    """
    from wandb.proto.wandb_internal_pb2 import Record

    wandb.finish()
    wandb.teardown()  # Only then all is written.
    (path,) = folder.glob("wandb/offline-run-*/*.wandb")
    content, position, record, found = path.read_bytes(), 7, b"", []
    while position + 7 <= len(content):
        if (left := 2**15 - position % 2**15) < 7:
            position += left
            continue
        length, kind = struct.unpack_from("<HB", content, position + 4)
        record += content[position + 7 : position + 7 + length]
        position += 7 + length
        if kind in (1, 4):
            found.append(Record.FromString(record))
            record = b""
    return found


def rows(wandb, folder):
    """What was logged, a dict a row."""
    return [
        {item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in row}
        for row in (record.history.item for record in records(wandb, folder))
        if row
    ]


@pytest.mark.slow
@pytest.mark.parametrize("name", RATES)
def test_wandb_has_the_history_and_a_learning_rate(name, wandb, tmp_path):
    from wandb.integration.keras import WandbMetricsLogger

    _, history = fit(halving(), kg.callbacks.ForOptimizer(name, WandbMetricsLogger()))
    logged = rows(wandb, tmp_path)
    assert [row["epoch/epoch"] for row in logged] == list(range(EPOCHS))
    assert {"d_loss", "g_loss", "learning_rate_d_optimizer"} <= history.keys()
    for key, values in history.items():
        np.testing.assert_allclose([row[f"epoch/{key}"] for row in logged], values, rtol=1e-6)
    rates = [row["epoch/learning_rate"] for row in logged]
    np.testing.assert_allclose(rates, [RATES[name] / 2, RATES[name] / 4], rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("steps_per_execution", [1, 3])
def test_wandb_has_every_call_of_the_compiled_step(steps_per_execution, wandb, tmp_path):
    from wandb.integration.keras import WandbMetricsLogger

    logger = kg.callbacks.ForOptimizer("g_optimizer", WandbMetricsLogger("batch"))
    _, history = fit(logger, steps_per_execution=steps_per_execution)
    logged = rows(wandb, tmp_path)
    epochs = [row for row in logged if "epoch/epoch" in row]
    calls = [row for row in logged if "batch/batch_step" in row]
    per_epoch = STEPS // steps_per_execution
    assert (len(epochs), len(calls)) == (EPOCHS, EPOCHS * per_epoch)
    for name in ("d_loss", "g_loss"):  # Means of the epoch so far, whose last is the epoch's.
        last = [row[f"batch/{name}"] for row in calls[per_epoch - 1 :: per_epoch]]
        np.testing.assert_allclose(last, history[name], rtol=1e-6)
        assert calls[0][f"batch/{name}"] != pytest.approx(last[0], rel=1e-6)


@pytest.mark.slow
def test_wandb_keeps_models(wandb, tmp_path):
    from wandb.integration.keras import WandbModelCheckpoint

    gan, _ = fit(WandbModelCheckpoint(tmp_path / "epoch-{epoch}.keras"))
    artifacts = [record.artifact for record in records(wandb, tmp_path) if record.artifact.type]
    names = [entry.path for each in artifacts for entry in each.manifest.contents]
    assert names == [f"epoch-{epoch}.keras" for epoch in (1, 2)]
    assert [set(each.aliases) for each in artifacts] == [{"latest", f"epoch_{i}"} for i in (0, 1)]
    loaded = keras.saving.load_model(tmp_path / "epoch-2.keras")
    np.testing.assert_array_equal(loaded.generate(3, seed=0), gan.generate(3, seed=0))


# MLflow


@pytest.fixture
def mlflow(tmp_path, monkeypatch):
    """The package with a run that writes into a folder only."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", (tmp_path / "runs").as_uri())
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")  # A data base needs more packages.
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    mlflow = pytest.importorskip("mlflow")
    pytest.importorskip("mlflow.keras")
    with mlflow.start_run():
        yield mlflow


def logged_by(mlflow):
    """The run's parameters, and its metrics as lists of (step, value)."""
    mlflow.flush_async_logging()
    run, client = mlflow.active_run().info.run_id, mlflow.MlflowClient()
    data = client.get_run(run).data
    metrics = {
        name: [(metric.step, metric.value) for metric in client.get_metric_history(run, name)]
        for name in data.metrics
    }
    return data.params, metrics


def assert_history(metrics, history):
    assert {"d_loss", "g_loss"} <= history.keys()
    for name, values in history.items():
        np.testing.assert_allclose(metrics[name], list(enumerate(values)), rtol=1e-6)


@pytest.mark.slow
def test_mlflow_has_the_history_and_both_optimizers(mlflow):
    gan, history = fit(halving(), mlflow.keras.MlflowCallback())
    params, metrics = logged_by(mlflow)
    assert_history(metrics, history)
    for name in RATES:
        rates = {"learning_rate": RATES[name], "beta_1": 0.9}  # When training began.
        for key, value in rates.items():
            assert float(params[f"optimizer_{name}_{key}"]) == pytest.approx(value)
    uri = f"{mlflow.get_artifact_uri()}/model_summary.txt"
    summary = mlflow.artifacts.load_text(uri)
    assert f"{gan.generator.name} (" in summary and f"{gan.discriminator.name} (" in summary


@pytest.mark.slow
def test_mlflow_counts_steps_by_one_optimizer(mlflow):
    callback = mlflow.keras.MlflowCallback(log_every_epoch=False, log_every_n_steps=2)
    _, history = fit(kg.callbacks.ForOptimizer("g_optimizer", callback))
    params, metrics = logged_by(mlflow)
    assert float(params["optimizer_learning_rate"]) == pytest.approx(RATES["g_optimizer"])
    for name in ("d_loss", "g_loss"):
        steps, values = zip(*metrics[name], strict=True)
        assert steps == tuple(range(2, EPOCHS * STEPS + 1, 2))
        at_ends = [values[steps.index(STEPS * epoch)] for epoch in (1, 2)]
        np.testing.assert_allclose(at_ends, history[name], rtol=1e-6)


@pytest.mark.slow
def test_mlflow_logs_by_itself(mlflow):
    mlflow.keras.autolog(log_datasets=False, log_models=False)
    try:
        _, history = fit()
    finally:
        mlflow.keras.autolog(disable=True)
    params, metrics = logged_by(mlflow)
    assert_history(metrics, history)
    assert params["epochs"] == str(EPOCHS)
    assert float(params["optimizer_d_optimizer_learning_rate"]) == pytest.approx(2e-3)
