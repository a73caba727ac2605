"""`keras-gans train`: a preset, its data, and the run folder."""

import argparse
import contextlib
import copy
import json
import math
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import filelock
import keras
import numpy as np
import tensorflow as tf

from keras_gans import callbacks, datasets, models, presets
from keras_gans.callbacks.files import has_workers, is_chief, replacing, write_json
from keras_gans.presets import files
from keras_gans.scripts import evaluate
from keras_gans.scripts.time_left import TimeLeft
from keras_gans_command.train import DEFAULT_PRESET

_STRATEGIES = {
    "none": tf.distribute.get_strategy,
    "mirrored": tf.distribute.MirroredStrategy,
    "multiworker": tf.distribute.MultiWorkerMirroredStrategy,
}

# Where in the run folder each callback writes.
_PATHS = {
    "SampleGrid": "samples",
    "Checkpoint": "checkpoints",
    "LossCurves": "losses.png",
    "EpochSamples": "epoch_samples.png",
    "MetricCurves": "metrics.png",
}


def run(arguments: argparse.Namespace) -> None:
    """Trains as the command line says."""
    strategy = _STRATEGIES[arguments.strategy]()  # First: several workers meet before all else.
    config = resolve(arguments)
    with _run_folder(arguments, config, strategy) as run_dir:
        gan = _train(config, arguments, run_dir, strategy)
        with replacing(run_dir / "model.keras", strategy) as aside:
            gan.save(aside)
        if is_chief(strategy):
            written = ", ".join(
                sorted(path.name for path in run_dir.iterdir() if not path.name.startswith("."))
            )
            print(f"Trained {config['preset']} for {gan.step} steps; {run_dir} holds {written}.")


def _train(
    config: dict[str, Any],
    arguments: argparse.Namespace,
    run_dir: Path,
    strategy: tf.distribute.Strategy,
) -> models.GAN:
    # One seed for the initial weights, the latents, the penalty points and the order of the data.
    keras.utils.set_random_seed(config["seed"])
    with strategy.scope():
        gan = presets.build(config)
    whole = _dataset(config, gan, arguments.data_dir)
    data = _of_classes(whole, config["data"].get("labels"), gan.conditional)
    x, y = _in_memory(data, gan.conditional) if _is_small(whole) else (data, None)
    # By now `fit` has checked the data: a mistake leaves no files.
    write_config = keras.callbacks.LambdaCallback(
        on_train_begin=lambda logs: write_json(run_dir / "config.json", config, strategy)
    )
    verbose = _verbosity(arguments.verbose)
    gan.fit(
        x,
        y,
        **config["fit"],
        verbose=verbose,
        callbacks=[
            write_config,
            *([TimeLeft()] if verbose else []),
            *make_callbacks(config, run_dir, data, arguments.tensorboard),
        ],
    )
    return gan


def _verbosity(asked: int | None) -> int:
    """Returns what `fit` is to print: no bars, which are control codes, where no terminal is."""
    if asked is None:
        return 1 if sys.stdout.isatty() else 2
    return asked


def resolve(arguments: argparse.Namespace) -> dict[str, Any]:
    """Returns the preset with the command line's changes, its name and the seed."""
    given = {"seed": arguments.seed, "dtype_policy": arguments.dtype_policy}
    config = {
        "seed": 0,
        "dtype_policy": "float32",
        **_described(arguments),
        **{name: value for name, value in given.items() if value is not None},
    }
    config["model"]["seed"] = config["seed"]
    changes = {
        "fit": {"epochs": arguments.epochs, "batch_size": arguments.batch_size},
        "data": {
            "name": arguments.data,
            "labels": arguments.labels,
            "skip_corrupt": arguments.skip_corrupt or None,
        },
        "compile": {
            "n_critic": arguments.n_critic,
            "gp_weight": arguments.gp_weight,
            "ema_decay": arguments.ema_decay,
            "steps_per_execution": arguments.steps_per_execution,
        },
    }
    if arguments.evaluate_every:
        changes["callbacks"] = {
            "Evaluation": {"every": arguments.evaluate_every},
            "MetricCurves": {},
        }
    for part, entries in changes.items():
        config[part].update({key: value for key, value in entries.items() if value is not None})
    if arguments.steps:
        config["fit"].update(_epochs_of(arguments.steps, config["fit"]))
    config = presets.changed(config, dict(map(_field, arguments.set)))
    if not config["data"].get("name"):
        raise ValueError(
            f"Expected data to train {config['preset']!r} on. Received: none; name it by --data"
        )
    return config


def _epochs_of(steps: int, fit: dict[str, Any]) -> dict[str, int]:
    """Divides steps into epochs of equal length, where they do not divide into some more."""
    epochs = math.ceil(steps / fit.get("steps_per_epoch", 1000))
    return {"epochs": epochs, "steps_per_epoch": math.ceil(steps / epochs)}


def _field(text: str) -> tuple[str, Any]:
    """Reads FIELD=VALUE."""
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise ValueError(f"Expected --set FIELD=VALUE. Received: {text!r}")
    return name, files.parsed(value)


def _described(arguments: argparse.Namespace) -> dict[str, Any]:
    """Returns what is to be trained: the preset, or what the run is of that goes on."""
    if arguments.preset is None and arguments.resume and arguments.run_dir:
        config = Path(arguments.run_dir, "config.json")
        if config.is_file():
            return json.loads(config.read_text())
    return presets.get(arguments.preset or DEFAULT_PRESET)


def make_callbacks(
    config: dict[str, Any],
    run_dir: Path,
    data: tf.data.Dataset | None = None,
    tensorboard: bool = False,
) -> list[keras.callbacks.Callback]:
    """Makes a preset's callbacks, with their paths in the run folder, and the history's.

    Args:
        config: The resolved preset.
        run_dir: The run folder.
        data: What `Evaluation` measures against, with labels where the model is conditional.
        tensorboard: Whether scalars and grids are written for TensorBoard too.

    Returns:
        The callbacks, `TrainState` last.
    """
    board = run_dir / "tensorboard"
    made: list[keras.callbacks.Callback] = [callbacks.HistoryCSV(run_dir / "history.csv")]
    for name, arguments in config["callbacks"].items():
        if name == "Evaluation":
            made.append(_evaluation(config, data, **arguments))
            continue
        paths = [run_dir / _PATHS[name]] if name in _PATHS else []
        if name == "SampleGrid" and tensorboard:
            arguments = {**arguments, "log_dir": board / "train"}
        made.append(getattr(callbacks, name)(*paths, **arguments))
    if tensorboard:
        made.append(keras.callbacks.TensorBoard(board))
    # Last, so that what the others wrote is never behind the state.
    return [*made, callbacks.TrainState(run_dir / "checkpoints")]


def _evaluation(
    config: dict[str, Any], data: tf.data.Dataset | None, every: int
) -> callbacks.Evaluation:
    name, size = config["data"]["name"], config["data"].get("size")
    return callbacks.Evaluation(
        data,
        every,
        extractor=evaluate.default_extractor(name, is_image=size is not None),
        mixture=datasets.modes(name),
    )


def _dataset(config: dict[str, Any], gan: models.GAN, data_dir: str | None) -> tf.data.Dataset:
    """Loads the data of a configuration as the model takes it, with labels where they are used."""
    return datasets.load(
        config["data"]["name"],
        size=config["data"].get("size"),
        channels=gan.sample_shape[-1] if len(gan.sample_shape) == 3 else None,
        labels=gan.conditional or config["data"].get("labels") is not None,
        data_dir=data_dir,
        skip_corrupt=config["data"].get("skip_corrupt", False),
    )


def _of_classes(
    data: tf.data.Dataset, classes: Sequence[int] | None, labels: bool
) -> tf.data.Dataset:
    """Returns the samples of some classes, with labels or without."""
    if classes is None:
        return data
    data = data.filter(lambda x, y: tf.reduce_any(y == tf.constant(classes, y.dtype)))
    return data if labels else data.map(lambda x, y: x)


def _in_memory(data: tf.data.Dataset, labels: bool) -> tuple[np.ndarray, np.ndarray | None]:
    """Returns the x and y of `fit` as arrays."""
    batches = list(data.batch(1024).as_numpy_iterator())
    if not batches:
        raise ValueError("Expected data of these classes. Received: none; see --labels")
    if not labels:
        return np.concatenate(batches), None
    x, y = zip(*batches, strict=True)
    return np.concatenate(x), np.concatenate(y)


@contextlib.contextmanager
def _run_folder(
    arguments: argparse.Namespace, config: dict[str, Any], strategy: tf.distribute.Strategy
) -> Iterator[Path]:
    path = Path(arguments.run_dir or _default_folder(config["preset"], arguments.resume))
    if has_workers(strategy) and not arguments.run_dir:
        raise ValueError("Expected --run-dir, the same for all workers. Received: none")
    if not is_chief(strategy):
        yield path
        return
    if (path / "config.json").is_file() and arguments.resume:
        _check_same(json.loads((path / "config.json").read_text()), config, path)
    elif path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise ValueError(
            f"Expected a new or empty run folder. Received: --run-dir {path}, which holds "
            "something; choose another, or go on with --resume"
        )
    path.mkdir(parents=True, exist_ok=True)
    try:
        with _alone(path):
            yield path
    finally:
        with contextlib.suppress(OSError):
            path.rmdir()  # Only if nothing was written.


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Refuses a folder that another run is writing to; a lock ends with its process."""
    lock = filelock.FileLock(path / ".lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout as error:
        raise ValueError(
            f"Expected a folder that no other run writes to. Received: --run-dir {path}; choose "
            "another, or wait for that run's end"
        ) from error
    try:
        yield
    finally:
        (path / ".lock").unlink(missing_ok=True)
        lock.release()


def _default_folder(preset: str, resume: bool) -> Path:
    """runs/PRESET, numbered so that it is the next one, or to resume the last one."""
    number, last = 1, Path("runs", preset)
    path = last
    while path.exists():
        number, last = number + 1, path
        path = Path("runs", f"{preset}-{number}")
    return last if resume else path


def _check_same(saved: dict[str, Any], config: dict[str, Any], path: Path) -> None:
    saved, config = copy.deepcopy(saved), json.loads(json.dumps(config))
    for settings in (saved, config):  # A run may be made longer.
        settings["fit"].pop("epochs", None)
    different = [name for name in config if config[name] != saved.get(name)]
    if different:
        raise ValueError(
            f"Expected the settings of {path / 'config.json'} with --resume. Received: other "
            f"{', '.join(different)}; repeat the run's own arguments"
        )


def _is_small(data: tf.data.Dataset, limit: float = 512e6) -> bool:
    """Tells whether a data set is known to take less than `limit` bytes as float32."""
    samples = tf.nest.flatten(data.element_spec)[0]
    return 0 <= int(data.cardinality()) * math.prod(samples.shape) * 4 <= limit
