"""The logs of training, on disk."""

import pytest

import keras_gans as kg
from callback_cases import assert_rows, fit, interrupted, model, names, read


def test_history_is_kerass_to_the_last_digit(tmp_path):
    history = fit(model(), kg.callbacks.HistoryCSV(tmp_path / "a" / "history.csv"), epochs=3)
    assert_rows(tmp_path / "a" / "history.csv", history.history)
    assert names(tmp_path / "a") == ["history.csv"]


def test_history_goes_on_after_an_interruption(tmp_path):
    path = tmp_path / "history.csv"
    gan = model()
    first = fit(gan, kg.callbacks.HistoryCSV(path), epochs=3).history
    second = fit(gan, kg.callbacks.HistoryCSV(path), epochs=5, initial_epoch=2).history
    assert_rows(path, {name: values[:2] for name, values in first.items()}, second)
    third = fit(gan, kg.callbacks.HistoryCSV(path), epochs=1).history
    assert_rows(path, third)


def test_history_is_on_disk_after_each_epoch(tmp_path):
    interrupted(model(), kg.callbacks.HistoryCSV(tmp_path / "history.csv"))
    assert [row["epoch"] for row in read(tmp_path / "history.csv")] == ["1"]


def test_a_table_of_something_else_is_not_overwritten(tmp_path):
    path, gan = tmp_path / "measurements.csv", model()
    path.write_text("time,place\n1,2\n")
    with pytest.raises(ValueError, match=r"history of a training.*columns \['time', 'place'\]"):
        fit(gan, kg.callbacks.HistoryCSV(path))
    assert path.read_text() == "time,place\n1,2\n" and gan.step == 0
