"""What the tests of the callbacks share: a small model, and ways to look at what was written."""

import csv

import keras
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

import keras_gans as kg
from conftest import Recorded, images, make, points, vector_networks

X = images(16)  # Four steps an epoch, with batches of four.


def image_networks(channels=1, batch_norm=True):
    """Fully connected, so that each test traces or runs in no time."""
    shape = (8, 8, channels)
    return (
        kg.networks.mlp_generator(3, shape, hidden=(8,), batch_norm=batch_norm),
        kg.networks.mlp_discriminator(shape, hidden=(8,)),
    )


def new(channels=1, batch_norm=True, planar=False, **arguments):
    sgd = keras.optimizers.SGD
    optimizers = {"d_optimizer": sgd(0.1), "g_optimizer": sgd(0.1)}
    networks = vector_networks if planar else lambda: image_networks(channels, batch_norm)
    return make(kg.GAN, networks, **optimizers, **arguments)


_MODELS = {}


def model(rate=0.1, **arguments):
    """The same compiled model for all tests, put back to its initial state: traced only once."""
    key = tuple(sorted(arguments.items()))
    if key not in _MODELS:
        gan = new(**arguments)
        _MODELS[key] = gan, [np.array(v) for v in variables(gan)]
    gan, state = _MODELS[key]
    for variable, value in zip(variables(gan), state, strict=True):
        variable.assign(value)
    gan.step = 0
    gan.d_optimizer.learning_rate = gan.g_optimizer.learning_rate = rate
    return gan


def variables(gan):
    return [*gan.variables, *gan.d_optimizer.variables, *gan.g_optimizer.variables]


def assert_equal_states(a, b):
    for x, y in zip(a.values(), b.values(), strict=True):
        np.testing.assert_array_equal(x, y)


def fit(gan, *callbacks, x=X, epochs=1, **arguments):
    return gan.fit(
        x, batch_size=4, epochs=epochs, verbose=0, callbacks=list(callbacks), **arguments
    )


def pixels(path):
    return np.asarray(Image.open(path))


def names(folder):
    return sorted(path.name for path in folder.iterdir())


class Raise(keras.callbacks.Callback):
    """Interrupts training at the end of a step of an epoch, both counted from 0."""

    def __init__(self, epoch=1, step=1):
        super().__init__()
        self.at = (epoch, step)

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == self.at:
            raise KeyboardInterrupt


def interrupted(gan, *callbacks, **arguments):
    with pytest.raises(KeyboardInterrupt):
        fit(gan, *callbacks, Raise(), epochs=3, **arguments)


def data_of(gan):
    return points(16) if gan.sample_shape == (2,) else X


def grid_by_hand(samples, rows, columns, scale):
    """One pixel of the picture after the other: 127 on the lines, else the sample's."""
    samples = samples.astype("float64")
    height, width = samples.shape[1:3]
    cell_height, cell_width = height * scale + 1, width * scale + 1
    picture = np.full((rows * cell_height + 1, columns * cell_width + 1, 3), 127, "uint8")
    for y, x in np.ndindex(picture.shape[:2]):
        (row, i), (column, j) = divmod(y, cell_height), divmod(x, cell_width)
        if i and j:
            sample = samples[row * columns + column]
            color = sample[(i - 1) // scale, (j - 1) // scale]
            picture[y, x] = np.round((np.minimum(np.maximum(color, -1), 1) + 1) / 2 * 255)
    return picture


class Conditional(Recorded):
    """Stands for a conditional model: an image's grey level is its class."""

    conditional = True
    step = 0

    def __init__(self, num_classes, size=8):
        super().__init__(np.zeros((1, size, size, 1), "float32"))
        self.num_classes = num_classes
        self.asked = []

    def generate(self, n, seed=None, labels=None):
        self.asked.append((n, seed, None if labels is None else list(labels)))
        if labels is None:
            if self.num_classes is None:
                raise ValueError("Expected the number of classes")
            labels = np.arange(n) % self.num_classes
        return self.level(np.asarray(labels))[:, None, None, None] * np.ones(self.sample_shape)

    @staticmethod
    def level(label):
        return label / 20 - 0.5


class Painted(Recorded):
    """Stands for a model whose samples have a range of values."""

    step = 0

    def __init__(self, samples, value_range=(0.0, 1.0)):
        super().__init__(samples)
        self.value_range = value_range


def draw(callback, gan, epochs=1):
    """Calls a callback as `fit` would."""
    callback.set_model(gan)
    callback.on_train_begin()
    for epoch in range(epochs):
        callback.on_epoch_begin(epoch)
        callback.on_epoch_end(epoch, {})
    callback.on_train_end()


def recorded_figures(monkeypatch):
    """The figures that were saved, as long as their artists can still be asked."""
    saved, save = [], Figure.savefig

    def recorded(figure, *args, **kwargs):
        saved.append(figure)
        save(figure, *args, **kwargs)

    monkeypatch.setattr(Figure, "savefig", recorded)
    return saved


def read(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def assert_rows(path, *histories):
    rows = read(path)
    expected = {name: [v for history in histories for v in history[name]] for name in histories[0]}
    assert [int(row["epoch"]) for row in rows] == list(range(1, len(rows) + 1))
    assert list(rows[0]) == ["epoch", *histories[0]]
    for name, values in expected.items():
        assert [float(row[name]) for row in rows] == values, name


def scores_of(history):
    return {name: values for name, values in history.items() if name.startswith("val_")}
