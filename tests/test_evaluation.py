"""Metrics of the samples, in the logs."""

from pathlib import Path

import keras
import pytest

import keras_gans as kg
from callback_cases import X, assert_rows, fit, interrupted, model, names, read, scores_of
from conftest import images, points
from keras_gans.callbacks.evaluation import measured


def test_evaluation_logs_what_evaluate_returns():
    gan = model(ema_decay=0.5)
    evaluation = kg.callbacks.Evaluation(images(20, seed=1), n=12, seed=3)
    history = fit(gan, evaluation, epochs=2).history
    expected = gan.evaluate(images(20, seed=1), n=12, seed=3)
    assert {name: values[-1] for name, values in scores_of(history).items()} == {
        f"val_{name}": value for name, value in expected.items()
    }
    assert history["val_fid"][0] != history["val_fid"][1]


def test_evaluation_of_every_other_epoch(tmp_path):
    """And of the first one; in between the logs repeat the scores, and our history does not."""
    evaluation = kg.callbacks.Evaluation(X, every=2, metrics=["fid", "coverage"])
    gan = model(rate=1.0, batch_norm=False)
    history = fit(gan, evaluation, kg.callbacks.HistoryCSV(tmp_path / "h.csv"), epochs=5).history
    first, second, *_, last = values = history["val_fid"]
    assert values == [first, second, second, last, last] and len({first, second, last}) == 3
    assert last != gan.evaluate(X, ["fid"])["fid"]  # That was one epoch ago.
    rows = read(tmp_path / "h.csv")
    expected = [repr(first), repr(second), "", repr(last), ""]
    assert [row["val_fid"] for row in rows] == expected
    assert list(scores_of(rows[0])) == ["val_fid", "val_coverage"]


def test_repeated_scores_are_marked_in_the_logs():
    evaluation = kg.callbacks.Evaluation(X, every=3, metrics=["fid"])
    seen = []
    look = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append("val_fid" in measured(logs))
    )
    fit(model(), evaluation, look, epochs=7)
    assert seen == [True, False, True, False, False, True, False]


def test_logs_of_other_callbacks_are_not_repeated():
    class Once(keras.callbacks.Callback):
        writes_logs = True

        def on_epoch_end(self, epoch, logs=None):
            if epoch == 0:
                logs["val_other"] = 1.0

    evaluation = kg.callbacks.Evaluation(X, every=9, metrics=["fid"])
    history = fit(model(), Once(), evaluation, epochs=3).history
    assert history["val_other"] == [1.0] and len(history["val_fid"]) == 3


def test_each_fit_has_a_measurement_of_its_own():
    gan, evaluation = model(rate=1.0, batch_norm=False), kg.callbacks.Evaluation(X, every=9)
    first, second = (fit(gan, evaluation).history["val_fid"] for _ in range(2))
    assert first != second == [gan.evaluate(X)["fid"]]


def test_repeated_scores_go_on_after_an_interruption(tmp_path):
    """The epoch after it is none in which is measured."""

    def callbacks(folder):
        return [
            kg.callbacks.Evaluation(X, every=3),
            kg.callbacks.HistoryCSV(folder / "history.csv"),
            kg.callbacks.TrainState(folder, max_overhead=1.0),
        ]

    whole = fit(model(), *callbacks(tmp_path / "a"), epochs=3).history
    interrupted(model(), *callbacks(tmp_path / "b"))
    assert fit(model(), *callbacks(tmp_path / "b"), epochs=3).history == whole
    files = [(tmp_path / name / "history.csv").read_text() for name in "ab"]
    assert files[0] == files[1]


# Keras' own callbacks, beside an Evaluation of every other epoch

FIDS = [5.0, 3.0, 4.0, 2.0]  # As measured after epochs 1, 2, 4 and 6.

STOCK = {
    "BackupAndRestore": lambda folder: keras.callbacks.BackupAndRestore(folder / "backup"),
    "CSVLogger": lambda folder: keras.callbacks.CSVLogger(folder / "log.csv"),
    "EarlyStopping": lambda folder: keras.callbacks.EarlyStopping("val_fid", 0, 9, mode="min"),
    "History": lambda folder: keras.callbacks.History(),
    "LambdaCallback": lambda folder: keras.callbacks.LambdaCallback(),
    "LearningRateScheduler": lambda folder: keras.callbacks.LearningRateScheduler(lambda e, r: r),
    "ModelCheckpoint": lambda folder: best(folder),
    "ProgbarLogger": lambda folder: keras.callbacks.ProgbarLogger(),
    "ReduceLROnPlateau": lambda folder: keras.callbacks.ReduceLROnPlateau("val_fid", mode="min"),
    "RemoteMonitor": lambda folder: keras.callbacks.RemoteMonitor(send_as_json=True),
    "TerminateOnNaN": lambda folder: keras.callbacks.TerminateOnNaN(),
}
# What is no callback of its own, needs a package that is none of ours, or an average of Keras'.
NOT_HERE = {"Callback", "CallbackList", "OrbaxCheckpoint", "SwapEMAWeights", "TensorBoard"}


def best(folder):
    path = str(folder / "{epoch}_{val_fid}.keras")
    return keras.callbacks.ModelCheckpoint(path, "val_fid", mode="min", save_best_only=True)


def beside(callback, monkeypatch, epochs=6):
    """The model and the history of a training whose FIDs are known."""
    left = iter(FIDS)
    monkeypatch.setattr(kg.metrics.protocol, "evaluate", lambda *_, **__: {"fid": next(left)})
    gan = model()
    return gan, fit(gan, callback, kg.callbacks.Evaluation(X, 2, ["fid"]), epochs=epochs).history


def test_all_callbacks_of_keras_are_tried():
    names = {name for name in dir(keras.callbacks) if name[0].isupper()}
    assert names == STOCK.keys() | NOT_HERE


@pytest.mark.parametrize("name", STOCK)
@pytest.mark.filterwarnings("error::UserWarning", "ignore:.*__array__ implementation")
def test_callbacks_of_keras_train_beside_an_evaluation(name, tmp_path, monkeypatch):
    sent = []
    monkeypatch.setattr("requests.post", lambda *_, **arguments: sent.append(arguments["json"]))
    _, history = beside(STOCK[name](tmp_path), monkeypatch)
    assert history["val_fid"] == [5.0, 3.0, 3.0, 4.0, 4.0, 2.0]
    if name == "RemoteMonitor":
        assert [each["val_fid"] for each in sent] == history["val_fid"]


def test_the_csv_logger_has_the_scores(tmp_path, monkeypatch):
    _, history = beside(STOCK["CSVLogger"](tmp_path), monkeypatch)
    rows = read(tmp_path / "log.csv")
    assert rows[0].keys() == {"epoch", *history}
    assert [float(row["val_fid"]) for row in rows] == [5.0, 3.0, 3.0, 4.0, 4.0, 2.0]


def test_a_model_checkpoint_saves_the_best_only(tmp_path, monkeypatch):
    beside(best(tmp_path), monkeypatch)
    assert names(tmp_path) == ["1_5.0.keras", "2_3.0.keras", "6_2.0.keras"]


@pytest.mark.parametrize(("patience", "epochs"), [(2, 4), (3, 5), (4, 6)])
def test_early_stopping_counts_epochs(patience, epochs, monkeypatch):
    stopping = keras.callbacks.EarlyStopping("val_fid", patience=patience, mode="min")
    _, history = beside(stopping, monkeypatch)
    assert len(history["d_loss"]) == epochs


def test_a_plateau_counts_epochs(monkeypatch):
    plateau = keras.callbacks.ReduceLROnPlateau("val_fid", 0.5, 2, mode="min")
    gan, _ = beside(plateau, monkeypatch)
    assert rates_of(gan) == pytest.approx([0.05, 0.05])


def rates_of(gan):
    return [float(o.learning_rate) for o in (gan.d_optimizer, gan.g_optimizer)]


@pytest.mark.parametrize("kind", [keras.callbacks.EarlyStopping, keras.callbacks.ReduceLROnPlateau])
def test_a_patience_that_ends_before_the_next_measurement_is_refused(kind):
    evaluation = kg.callbacks.Evaluation(X, every=5)
    message = f"`patience` of at least 5 epochs.* Received: {kind.__name__} with patience=4"
    with pytest.raises(ValueError, match=message):
        evaluation.check_patience([evaluation, kind("val_fid", patience=4, mode="min")])
    others = [kind("val_fid", patience=5, mode="min"), kind("d_loss", patience=1, mode="min")]
    evaluation.check_patience([evaluation, *others, best(Path()), kg.callbacks.CollapseWarning()])
    gan = model()
    with pytest.raises(ValueError, match=message):
        fit(gan, kind("val_fid", patience=4, mode="min"), evaluation)
    assert gan.step == 0


# What is measured


@pytest.mark.parametrize("position", [0, 1, 3])
def test_other_callbacks_find_the_scores_wherever_evaluation_stands(position, tmp_path, capsys):
    gan, path = model(rate=1.0, batch_norm=False), tmp_path / "best.keras"
    callbacks = [
        keras.callbacks.ModelCheckpoint(path, "val_fid", mode="min", save_best_only=True),
        kg.callbacks.HistoryCSV(tmp_path / "history.csv"),
        keras.callbacks.EarlyStopping("val_coverage", mode="max", patience=99),
    ]
    callbacks.insert(position, kg.callbacks.Evaluation(X))
    history = fit(gan, *callbacks, epochs=4).history
    assert len(set(history["val_fid"])) == 4
    best = keras.saving.load_model(path).evaluate(X)["fid"]
    assert best == pytest.approx(min(history["val_fid"]), rel=1e-6)
    assert_rows(
        tmp_path / "history.csv",
        {n: history[n] for n in read(tmp_path / "history.csv")[0] if n != "epoch"},
    )


def test_early_stopping_by_a_score_that_stands_still():
    gan = model(rate=0.0, batch_norm=False)
    stopping = keras.callbacks.EarlyStopping("val_fid", mode="min", patience=2)
    history = fit(gan, stopping, kg.callbacks.Evaluation(X), epochs=9).history
    assert len(history["val_fid"]) == 3


def test_scores_go_on_after_an_interruption(tmp_path):
    def callbacks(folder):
        curves = kg.callbacks.MetricCurves(folder / "metrics.png")
        return [
            curves,
            kg.callbacks.Evaluation(X),
            kg.callbacks.HistoryCSV(folder / "history.csv"),
            kg.callbacks.TrainState(folder, max_overhead=0.1),
        ]

    whole = fit(model(), *callbacks(tmp_path / "a"), epochs=3).history
    interrupted(model(), *callbacks(tmp_path / "b"))
    assert fit(model(), *callbacks(tmp_path / "b"), epochs=3).history == whole
    for name in ("history.csv", "metrics.png"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"metrics": ["is"]}, "is needs probabilities"),
        ({"metrics": ["nothing"]}, "metrics among"),
        ({"data": points(16)}, r"samples of shape \(8, 8, 1\)"),
        ({"data": images(16, 9)}, r"Received: data of shape \(16, 9, 9, 1\)"),
    ],
)
def test_evaluation_refuses_before_training(arguments, message):
    gan = model()
    with pytest.raises(ValueError, match=message):
        fit(gan, kg.callbacks.Evaluation(**{"data": X, **arguments}))
    assert gan.step == 0


def test_evaluation_arguments():
    with pytest.raises(ValueError, match="at least 1. Received: every=0"):
        kg.callbacks.Evaluation(X, every=0)
