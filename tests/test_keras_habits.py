"""What Keras users do: each habit works, or is one sentence that says what was expected.

`HABITS` is the one table of what is supported; docs/keras.md prints it.
"""

import inspect
import itertools
import warnings
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import keras_gans as kg
from conftest import image_networks, images, labelled_networks, make, points
from keras_gans.models.refusals import REFUSED

SAMPLES, BATCH, N_CRITIC = 40, 4, 2
STEPS = SAMPLES // (BATCH * N_CRITIC)
X = images(SAMPLES)
PIXELS = np.round((X + 1) * 127.5).astype("uint8")
Y = np.arange(SAMPLES) % 3
LATENTS = np.zeros((6, 4), "float32")


def make_gan(**arguments):
    return make(kg.GAN, image_networks, n_critic=N_CRITIC, **arguments)


@pytest.fixture(scope="module")
def gan():
    return make_gan()


# Kinds of data


class Batches(keras.utils.PyDataset):
    """Counts what it gives."""

    def __init__(self, labels=False, samples=SAMPLES, **kwargs):
        super().__init__(**kwargs)
        self.labels, self.samples = labels, samples
        self.reads, self.ends = [], 0

    def __len__(self):
        return -(-self.samples // BATCH)

    def __getitem__(self, index):
        self.reads.append(index)
        batch = slice(index * BATCH, min((index + 1) * BATCH, self.samples))
        return (X[batch], Y[batch]) if self.labels else X[batch]

    def on_epoch_end(self):
        self.ends += 1


def generator(labels=False):
    for i in itertools.cycle(range(0, SAMPLES, BATCH)):
        yield (X[i : i + BATCH], Y[i : i + BATCH]) if labels else X[i : i + BATCH]


def data_set(labels=False):
    return tf.data.Dataset.from_tensor_slices((X, Y) if labels else X)


def loader(labels=False, samples=SAMPLES, **arguments):
    torch = pytest.importorskip("torch")
    parts = [torch.tensor(X[:samples]), torch.tensor(Y[:samples])][: 2 if labels else 1]
    parts = torch.utils.data.TensorDataset(*parts)
    return torch.utils.data.DataLoader(parts, batch_size=BATCH, **arguments)


class Loader:
    """Batches as PyTorch's loader has them: lists of parts, and a data set of known length."""

    def __init__(self, labels=False):
        self.dataset, self.labels = X, labels

    def __len__(self):
        return SAMPLES // BATCH

    def __iter__(self):
        for i in range(0, SAMPLES, BATCH):
            parts = [X[i : i + BATCH], Y[i : i + BATCH]]
            yield parts if self.labels else parts[:1]


def folder(tmp_path, labels=False):
    for i in range(SAMPLES):
        (tmp_path / str(Y[i])).mkdir(exist_ok=True)
        Image.fromarray(PIXELS[i, ..., 0]).save(tmp_path / str(Y[i]) / f"{i:02}.png")
    return keras.utils.image_dataset_from_directory(
        tmp_path,
        label_mode="int" if labels else None,
        color_mode="grayscale",
        image_size=(8, 8),
        batch_size=BATCH,
        verbose=False,
    )


# Name: data with or without labels, and further arguments of fit.
SIZED = {"batch_size": BATCH}
INPUTS = {
    "NumPy array": (lambda labels: (X, Y) if labels else X, SIZED),
    "list of samples": (lambda labels: (list(X), list(Y)) if labels else list(X), SIZED),
    "tensor": (
        lambda labels: (tf.constant(X), tf.constant(Y)) if labels else tf.constant(X),
        SIZED,
    ),
    "uint8 pixels": (
        lambda labels: (PIXELS, Y) if labels else PIXELS,
        SIZED,
    ),
    "dict of arrays": (lambda labels: {"image": X, **({"label": Y} if labels else {})}, SIZED),
    "tf.data.Dataset of samples": (data_set, SIZED),
    "tf.data.Dataset of batches": (lambda labels: data_set(labels).batch(BATCH), {}),
    "tf.data.Dataset of dicts": (
        lambda labels: data_set(True).map(lambda x, y: {"image": x, "label": y}),
        SIZED,
    ),
    "keras.utils.PyDataset": (Batches, {}),
    "keras.utils.PyDataset with workers": (lambda labels: Batches(labels, workers=3), {}),
    "generator with steps_per_epoch": (generator, {"steps_per_epoch": STEPS}),
    "PyTorch DataLoader": (Loader, {}),
}


@pytest.mark.parametrize("kind", INPUTS)
def test_every_kind_of_data_is_trained_on(kind, gan):
    data, arguments = INPUTS[kind]
    before = gan.step
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "Your input ran out of data")
        history = gan.fit(data(False), epochs=2, verbose=0, **arguments).history
    assert gan.step - before == 2 * STEPS and gan.steps_per_epoch == STEPS
    assert np.isfinite(list(history.values())).all()


class Seen(kg.GAN):
    """Remembers what it is trained on."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        object.__setattr__(self, "seen", [])  # Keras would track a list.

    def update_discriminator(self, batch):
        tf.py_function(lambda x, y: self.seen.extend(zip(x.numpy(), y.numpy())), batch, [])  # noqa: B905
        super().update_discriminator(batch)


def labelled_images():
    """Networks of 8x8 images with a class of three, of a few weights."""
    (generator, _), (_, discriminator) = labelled_networks(4, 64), labelled_networks(dim=64)
    latents, samples = keras.Input((4,)), keras.Input((8, 8, 1))
    labels = [keras.Input((), dtype="int32") for _ in range(2)]
    made = keras.layers.Reshape((8, 8, 1))(generator([latents, labels[0]]))
    made = keras.layers.Activation("tanh")(made)
    judged = discriminator([keras.layers.Flatten()(samples), labels[1]])
    return keras.Model([latents, labels[0]], made), keras.Model([samples, labels[1]], judged)


@pytest.fixture(scope="module")
def seeing():
    return make(Seen, labelled_images, n_critic=N_CRITIC)


@pytest.mark.parametrize("kind", INPUTS)
def test_an_epoch_has_each_sample_once_with_its_label(kind, seeing):
    data, arguments = INPUTS[kind]
    seeing.seen.clear()
    seeing.fit(data(True), verbose=0, **arguments)
    tolerance = 0.01 if kind == "uint8 pixels" else 0.0
    order = [int(np.abs(X - x).max(axis=(1, 2, 3)).argmin()) for x, _ in seeing.seen]
    for (x, label), index in zip(seeing.seen, order, strict=True):
        np.testing.assert_allclose(x, X[index], atol=tolerance)
        assert label == Y[index]
    assert sorted(order) == list(range(SAMPLES))


@pytest.mark.parametrize("kind", INPUTS)
def test_every_kind_of_data_is_evaluated(kind, gan):
    data, _ = INPUTS[kind]
    scores = gan.evaluate(data(False), ["fid"], n=SAMPLES)
    expected = gan.evaluate(X, ["fid"], n=SAMPLES)
    np.testing.assert_allclose(scores["fid"], expected["fid"], rtol=0.02)
    assert scores.protocol["real_samples"] == SAMPLES


@pytest.mark.parametrize("kind", ["NumPy array", "keras.utils.PyDataset", "PyTorch DataLoader"])
def test_every_kind_of_data_validates(kind, gan):
    data, _ = INPUTS[kind]
    history = gan.fit(X, batch_size=BATCH, validation_data=data(False), verbose=0).history
    np.testing.assert_allclose(history["val_fid"], gan.evaluate(X)["fid"], rtol=1e-3)


def test_a_folder_read_by_keras(gan, tmp_path):
    """Its floats from 0 to 255 are mapped, which is said."""
    data = folder(tmp_path)
    before = gan.step
    with pytest.warns(UserWarning, match="taken for pixels and mapped from"):
        gan.fit(data, verbose=0)
    assert gan.step - before == STEPS
    with pytest.warns(UserWarning, match="taken for pixels"):
        scores = gan.evaluate(data, ["fid"])
    np.testing.assert_allclose(scores["fid"], gan.evaluate(X, ["fid"])["fid"], rtol=0.02)


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("samples", [SAMPLES, SAMPLES - 2])
def test_the_loader_of_pytorch(gan, workers, samples):
    data = loader(samples=samples, num_workers=workers, shuffle=True)
    before = gan.step
    gan.fit(data, epochs=2, verbose=0)
    assert gan.step - before == 2 * (samples // (BATCH * N_CRITIC))


@pytest.mark.parametrize("samples", [SAMPLES, SAMPLES - 2])
def test_a_py_dataset_is_read_once_an_epoch(samples):
    data = Batches(samples=samples)
    make_gan().fit(data, verbose=0)
    count = len(data)
    # The last batch once more, for its size; after the epoch a few are read ahead.
    assert sorted(data.reads[: count + 1]) == [*range(count), count - 1]
    assert data.ends >= 1


def test_py_datasets_are_shuffled_by_the_seed():
    def order(**arguments):
        data = Batches()
        make_gan().fit(data, verbose=0, **arguments)
        return [i for i in data.reads if i < SAMPLES // BATCH - 1][: SAMPLES // BATCH - 1]

    assert order() == order() != order(shuffle=False) == list(range(SAMPLES // BATCH - 1))


# Lengths


@pytest.fixture(scope="module")
def two_steps_a_call():
    return make_gan(steps_per_execution=2)


@pytest.mark.parametrize("samples", [SAMPLES, SAMPLES - 3])
@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.batch(BATCH),
        lambda data: data.shuffle(10).batch(BATCH).prefetch(2),
        lambda data: data.batch(BATCH).map(lambda x: x * 0.5, num_parallel_calls=2).cache(),
        lambda data: tf.data.Dataset.zip((data, data)).batch(BATCH),
    ],
)
def test_the_length_of_batches_is_known(change, samples, two_steps_a_call, capsys):
    """Without reading them, so that several steps run in one call and progress has a total."""
    reads, begun = [], []

    def counted(x):
        tf.py_function(lambda x: reads.append(1), [x], [])
        return x

    gan, before = two_steps_a_call, two_steps_a_call.step
    data = tf.data.Dataset.from_tensor_slices(X[:samples]).map(counted)
    begins = keras.callbacks.LambdaCallback(on_train_begin=lambda logs: begun.append(len(reads)))
    gan.fit(change(data), callbacks=[begins], verbose=1)
    assert BATCH <= begun[0] < samples  # The first batch, and what stands ready behind it.
    steps = samples // (BATCH * N_CRITIC)
    assert gan.step - before == gan.steps_per_epoch == steps
    assert f"{steps}/{steps}" in capsys.readouterr().out


def test_a_data_set_of_unknown_length_ends_without_a_warning(gan):
    data = data_set().batch(BATCH).filter(lambda x: True)
    before = gan.step
    with warnings.catch_warnings():
        warnings.filterwarnings("error", category=UserWarning)
        gan.fit(data, epochs=2, verbose=0)
    assert gan.step - before == 2 * STEPS and gan.steps_per_epoch is None


BAD_DATA = {
    "endless": (lambda: data_set().batch(BATCH).repeat(), {}, "`steps_per_epoch` with data that"),
    "generator": (generator, {}, "`steps_per_epoch` with data that.*read once"),
    "unknown": (
        lambda: data_set().batch(BATCH).filter(lambda x: True),
        {"steps_per_execution": 2},
        "known length with steps_per_execution > 1",
    ),
    "weights": (
        lambda: tf.data.Dataset.zip((data_set(True), data_set())).map(lambda a, b: (*a, b)),
        {},
        "elements x or \\(x, y\\). Received: elements of 3 parts; leave sample weights out",
    ),
    "empty": (lambda: iter(()), {"steps_per_epoch": 1}, "at least one step. Received: an empty"),
    "ends before": (
        lambda: (x for x in (X[:BATCH],)),
        {"steps_per_epoch": 1},
        "at least one step, 2 mini-batches. Received: a data set that ended",
    ),
    "ragged": (lambda: [X[0], X[0, :4]], {}, "arrays of one shape. Received: x of type list"),
    "nothing": (
        lambda: None,
        {},
        "an array or a data set to train on. Received: x of type NoneType",
    ),
    "words": (lambda: "digits", {}, "Received: x of type str"),
    "labels twice": (lambda: data_set(True), {"y": Y}, "labels inside the data set"),
}


@pytest.mark.filterwarnings("ignore:Your input ran out of data")
@pytest.mark.parametrize("kind", BAD_DATA)
def test_other_data_is_one_sentence(kind):
    data, arguments, message = BAD_DATA[kind]
    arguments = dict(arguments)
    settings = {n: arguments.pop(n) for n in ("steps_per_execution",) if n in arguments}
    gan = make_gan(**settings)
    with pytest.raises(ValueError, match=f"^Expected .*{message}|^Expected {message}"):
        gan.fit(data(), verbose=0, **arguments)


def test_a_sentence_from_within_the_data_is_the_error(gan, tmp_path):
    """A picture that is damaged inside is named when its turn comes."""
    for i in range(SAMPLES):
        Image.fromarray(PIXELS[i, ..., 0]).resize((32, 32)).save(tmp_path / f"{i:02}.png")
    whole = (tmp_path / "17.png").read_bytes()
    middle = len(whole) // 2
    (tmp_path / "17.png").write_bytes(whole[:middle] + bytes(40) + whole[middle + 40 :])
    data = kg.datasets.load(tmp_path, size=(8, 8))
    with pytest.raises(ValueError, match=r"^Expected pictures .*17\.png"):
        gan.fit(data, batch_size=BATCH, verbose=0)


# Callbacks of Keras

FITTED = {"batch_size": BATCH, "epochs": 3, "verbose": 0}
CALLBACKS = {
    "BackupAndRestore": lambda path: keras.callbacks.BackupAndRestore(path / "backup"),
    "Callback": lambda path: keras.callbacks.Callback(),
    "CSVLogger": lambda path: keras.callbacks.CSVLogger(path / "log.csv"),
    "EarlyStopping": lambda path: keras.callbacks.EarlyStopping("val_fid", mode="min", patience=1),
    "History": lambda path: keras.callbacks.History(),
    "LambdaCallback": lambda path: keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: (path / "seen").write_text(str(sorted(logs)))
    ),
    "LearningRateScheduler": lambda path: keras.callbacks.LearningRateScheduler(
        lambda epoch, rate: 0.5 * rate
    ),
    "ModelCheckpoint": lambda path: keras.callbacks.ModelCheckpoint(
        path / "best.keras", "val_fid", mode="min", save_best_only=True
    ),
    "ProgbarLogger": lambda path: keras.callbacks.ProgbarLogger(),
    "ReduceLROnPlateau": lambda path: keras.callbacks.ReduceLROnPlateau(
        "val_fid", mode="min", patience=1, min_delta=1e9
    ),
    "RemoteMonitor": lambda path: keras.callbacks.RemoteMonitor("http://localhost:1"),
    "SwapEMAWeights": lambda path: keras.callbacks.SwapEMAWeights(swap_on_epoch=True),
    "TensorBoard": lambda path: keras.callbacks.TensorBoard(path / "board", histogram_freq=1),
    "TerminateOnNaN": lambda path: keras.callbacks.TerminateOnNaN(),
}
# They need a package that is not required, or are no callbacks to pass.
NOT_TRIED = {"OrbaxCheckpoint", "CallbackList"}


def test_all_callbacks_of_keras_are_in_the_table():
    public = {name for name in dir(keras.callbacks) if not name.startswith("_")}
    assert public == set(CALLBACKS) | NOT_TRIED


def effect(name, path, gan):
    """What each of them is for, after three epochs."""
    rates = [float(o.learning_rate) for o in (gan.d_optimizer, gan.g_optimizer)]
    history = gan.history.history
    if name in ("LearningRateScheduler", "ReduceLROnPlateau"):
        halvings = 3 if name == "LearningRateScheduler" else np.log(0.1**2) / np.log(0.5)
        np.testing.assert_allclose(rates, np.array([2e-3, 1e-3]) * 0.5**halvings, rtol=1e-4)
        assert "learning_rate_d_optimizer" in history or name == "ReduceLROnPlateau"
    if name == "CSVLogger":
        header, *rows = (path / "log.csv").read_text().splitlines()
        assert {"d_loss", "g_loss", "val_fid"} <= set(header.split(",")) and len(rows) == 3
    if name == "LambdaCallback":
        assert "'val_fid'" in (path / "seen").read_text()
    if name == "ModelCheckpoint":
        best = keras.saving.load_model(path / "best.keras")
        np.testing.assert_allclose(best.evaluate(X)["fid"], min(history["val_fid"]), rtol=1e-4)
    if name == "TensorBoard":
        assert list((path / "board" / "train").glob("events*"))
    if name == "SwapEMAWeights":
        assert gan.d_optimizer.use_ema


@pytest.mark.filterwarnings("ignore:Could not reach RemoteMonitor")
@pytest.mark.parametrize("name", CALLBACKS)
def test_callbacks_of_keras_do_what_they_are_for(name, tmp_path):
    pytest.importorskip(
        {"RemoteMonitor": "requests", "TensorBoard": "tensorboard"}.get(name, "keras")
    )
    rates = {"d_optimizer": 2e-3, "g_optimizer": 1e-3}
    gan = make_gan(
        **{n: keras.optimizers.Adam(r, use_ema=name == "SwapEMAWeights") for n, r in rates.items()}
    )
    callback = CALLBACKS[name](tmp_path)
    gan.fit(X, validation_data=X, callbacks=[callback], **FITTED)
    assert gan.step >= 2 * STEPS
    effect(name, tmp_path, gan)


@pytest.mark.parametrize("name", ["d_optimizer", "g_optimizer"])
def test_one_learning_rate_follows_where_asked(name):
    rates = {"d_optimizer": 2e-3, "g_optimizer": 1e-3}
    gan = make_gan(**{n: keras.optimizers.Adam(rate) for n, rate in rates.items()})
    halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.5 * rate)
    history = gan.fit(X, callbacks=[kg.callbacks.ForOptimizer(name, halve)], **FITTED).history
    for each, rate in rates.items():
        expected = rate / 8 if each == name else rate
        np.testing.assert_allclose(float(getattr(gan, each).learning_rate), expected, rtol=1e-5)
    assert f"learning_rate_{name}" in history
    other = kg.callbacks.ForOptimizer("optimizer", halve)
    with pytest.raises(ValueError, match="^Expected the name of an optimizer.*'optimizer'"):
        gan.fit(X, callbacks=[other], **FITTED)


# Averages of the optimizers themselves


@pytest.mark.parametrize("replicas", [1, 2])
def test_averages_of_the_optimizers_are_written_at_the_end(replicas, mirrored):
    """As Keras' own fit does: the mean over the updates, by hand."""

    class Weights(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.seen = []

        def on_train_batch_end(self, batch, logs=None):
            self.seen.append(self.read())

        def read(self):
            return [np.array(keras.ops.convert_to_numpy(w)) for w in self.model.generator.weights]

    strategy = mirrored if replicas == 2 else tf.distribute.get_strategy()
    with strategy.scope():
        gan = make(kg.GAN, g_optimizer=keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5))
    weights = Weights()
    gan.fit(points(32), batch_size=4, verbose=0, callbacks=[weights])
    average = weights.seen[0]
    for seen in weights.seen[1:]:
        average = [0.5 * a + 0.5 * w for a, w in zip(average, seen, strict=True)]
    last = weights.seen[-1]
    for value, expected, raw in zip(gan.generator.weights, average, last, strict=True):
        value = keras.ops.convert_to_numpy(value)
        np.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-6)
        assert np.abs(value - raw).max() > 1e-5


# Arguments of Keras' methods

# By method: what works, with a value; what is refused is in `REFUSED`.
ARGUMENTS = {
    "compile": {
        "loss": "hinge",
        "run_eagerly": True,
        "steps_per_execution": 2,
        "jit_compile": False,
    },
    "fit": {
        "x": X,
        "y": Y,
        "batch_size": BATCH,
        "epochs": 2,
        "verbose": 0,
        "callbacks": [keras.callbacks.History()],
        "validation_split": 0.25,
        "validation_data": X,
        "shuffle": False,
        "initial_epoch": 1,
        "steps_per_epoch": 2,
        "validation_batch_size": 7,
        "validation_freq": 2,
    },
    "evaluate": {
        "x": X,
        "y": Y,
        "batch_size": 7,
        "verbose": 0,
        "return_dict": True,
        "kwargs": None,
    },
    "predict": {"x": LATENTS, "batch_size": 4, "verbose": 0, "steps": 1, "callbacks": []},
    "predict_on_batch": {"x": LATENTS},
    "export": {
        "filepath": "exported",
        "format": "tf_saved_model",
        "verbose": False,
        "input_signature": None,
        "kwargs": None,
    },
    "save": {"filepath": "gan.keras", "overwrite": True, "zipped": True, "kwargs": None},
    "save_weights": {"filepath": "gan.weights.h5", "overwrite": True, "max_shard_size": None},
    "load_weights": {"filepath": "gan.weights.h5", "skip_mismatch": False, "kwargs": None},
}
NEEDED = {"fit": ["x"], "evaluate": ["x"], "predict": ["x"]}
CASES = [(m, name) for m, names in ARGUMENTS.items() for name in names if name != "kwargs"]


@pytest.mark.parametrize("method", ARGUMENTS)
def test_all_arguments_of_keras_are_in_the_table(method):
    keras_own = set(inspect.signature(getattr(keras.Model, method)).parameters) - {"self"}
    assert keras_own == set(ARGUMENTS[method]) | set(REFUSED.get(method, {}))


@pytest.fixture
def in_tmp_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("method", "name"), CASES)
def test_arguments_of_keras_are_taken(method, name, gan, in_tmp_path):
    gan = make_gan() if method == "compile" else gan
    values = ARGUMENTS[method]
    arguments = {n: values[n] for n in (*NEEDED.get(method, ["filepath"]), name) if n in values}
    if method == "fit":
        arguments = {"batch_size": BATCH, "epochs": 2, "verbose": 0, **arguments}
        arguments |= {"epochs": 2, "validation_data": X} if name.startswith("validation_") else {}
        if name == "validation_split":
            del arguments["validation_data"]
    if method == "load_weights":
        gan.save_weights("gan.weights.h5")
    result = getattr(gan, method)(**arguments)
    if method == "fit":
        epochs = {"initial_epoch": 1}.get(name, 2)
        assert len(result.history["d_loss"]) == epochs
        measured = len(result.history.get("val_fid", ()))
        assert measured == 2 * name.startswith("validation_")
        if name == "validation_split":
            assert gan.steps_per_epoch == 30 // (BATCH * N_CRITIC)
    if method in ("predict", "predict_on_batch"):
        assert np.shape(result)[1:] == (8, 8, 1)
    if method in ("export", "save", "save_weights"):
        assert Path(values["filepath"]).exists()


@pytest.mark.parametrize(
    ("method", "name"), [(m, name) for m, names in REFUSED.items() for name in names]
)
def test_what_has_no_meaning_is_one_sentence(method, name, gan):
    required = {"fit": {"x": X}, "evaluate": {"x": X}}.get(method, {})
    with pytest.raises(ValueError, match=f"^Expected {method}\\(\\) without `{name}`: .*Received"):
        getattr(gan, method)(**required, **{name: [1]})
    with pytest.raises(TypeError, match="unexpected keyword argument 'no_such'"):
        getattr(gan, method)(**required, no_such=1)


@pytest.mark.parametrize("method", ["train_on_batch", "test_on_batch"])
def test_methods_of_one_batch_are_one_sentence(method, gan):
    with pytest.raises(ValueError, match=f"^Expected `.*Received: {method}\\(\\)"):
        getattr(gan, method)(X[:4])


def test_a_list_in_place_of_a_dict_is_one_sentence(gan):
    with pytest.raises(ValueError, match="^Expected return_dict=True"):
        gan.evaluate(X, return_dict=False)


# The table


def table():
    """Returns what is supported, as docs/keras.md prints it."""
    lines = ["| Keras | here |", "|---|---|"]
    lines += [f"| data: {kind} | yes |" for kind in INPUTS]
    lines += [
        "| data: `image_dataset_from_directory`, floats from 0 to 255 | yes, mapped onto the "
        "generator's range, with a warning |"
    ]
    lines += [f"| callback `{name}` | yes |" for name in CALLBACKS]
    for method, names in ARGUMENTS.items():
        taken = ", ".join(f"`{name}`" for name in names if name != "kwargs")
        lines.append(f"| `{method}`: {taken} | yes |")
    for method, reasons in REFUSED.items():
        lines += [f"| `{method}`: `{name}` | no: {why} |" for name, why in reasons.items()]
    lines += [
        "| `train_on_batch` | no: a step takes `n_critic` mini-batches, which `fit` groups |",
        "| `test_on_batch` | no: the metrics compare sets of samples; use `evaluate` |",
    ]
    return "\n".join(lines)


def test_the_docs_print_the_table():
    assert table() in (Path(__file__).parents[1] / "docs" / "keras.md").read_text()


# What else a model of Keras can


def test_a_summary_lists_each_network_once_and_counts_both_optimizers():
    gan, lines = make_gan(ema_decay=0.9), []
    for _ in range(2):  # Before training and after.
        lines.clear()
        gan.summary(print_fn=lambda line, **_: lines.append(line), expand_nested=True)
        text = "".join(lines)
        for part in ("generator (", "discriminator (", "average_of_generator"):
            assert text.count(f"│ {part}") == 1
        slots = sum(np.size(v) for o in (gan.d_optimizer, gan.g_optimizer) for v in o.variables)
        assert f"Optimizer params: {slots:,}" in text
        gan.fit(X, batch_size=BATCH, epochs=1, verbose=0)


def test_parts_and_configurations(gan):
    assert gan.get_layer("generator") is gan.generator
    networks = (gan.generator, gan.discriminator)
    assert gan.count_params() == sum(network.count_params() for network in networks)
    again = keras.models.model_from_json(gan.to_json())
    assert type(again) is type(gan) and again.latent_dim == gan.latent_dim


def test_weights_without_the_model(gan, tmp_path):
    gan.save_weights(tmp_path / "gan.weights.h5")
    other = make_gan(seed=1)
    other.generator.set_weights([0 * w for w in other.generator.get_weights()])
    other.load_weights(tmp_path / "gan.weights.h5")
    np.testing.assert_array_equal(other.generate(3, seed=0), gan.generate(3, seed=0))
