"""Files: what a user's own parts bring along, what is loaded in part, and what is refused."""

import keras
import numpy as np
import pytest
from keras import layers, ops

import keras_gans as kg
from conftest import (
    assert_same_state,
    image_networks,
    images,
    make,
    points,
    represented_by,
    vector_networks,
)
from keras_gans.networks import inspection

pytestmark = pytest.mark.filterwarnings("ignore:WGAN trains without weight clipping")


def fit(gan, x=None, epochs=1):
    x = points() if x is None else x
    return gan.fit(x, batch_size=4, epochs=epochs, verbose=0)


def round_trip(gan, folder, **arguments):
    gan.save(folder / "gan.keras")
    return keras.saving.load_model(folder / "gan.keras", **arguments)


# A variant's own variables


@keras.saving.register_keras_serializable("tests")
class PathLength(kg.GAN):
    """Has a variable of its own, as StyleGAN2's running mean of path lengths."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.mean_length = self.add_weight((), "zeros", trainable=False, name="mean_length")

    def after_generator(self, terms):
        self.mean_length.assign(0.9 * self.mean_length + 0.1 * terms["g_loss"])


def test_a_variants_own_variable_is_saved(tmp_path):
    gan = make(PathLength)
    fit(gan)
    assert float(gan.mean_length) > 0
    loaded = round_trip(gan, tmp_path)
    assert float(loaded.mean_length) == float(gan.mean_length)
    for model in (gan, loaded):
        fit(model)
    assert_same_state(gan, loaded)
    assert float(loaded.mean_length) == float(gan.mean_length)


def test_a_variants_own_variable_is_resumed(tmp_path):
    def train(folder, epochs):
        gan = make(PathLength)
        state = kg.callbacks.TrainState(folder)
        gan.fit(points(), batch_size=4, epochs=epochs, verbose=0, callbacks=[state])
        return gan

    straight = train(tmp_path / "a", 2)
    train(tmp_path / "b", 1)
    resumed = train(tmp_path / "b", 2)
    assert_same_state(straight, resumed)
    assert float(resumed.mean_length) == float(straight.mean_length) > 0


# Networks of every kind


@keras.saving.register_keras_serializable("tests")
class Perceptron(keras.Model):
    """A subclassed network, which tells its shapes only by what it was built with."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.hidden = layers.Dense(8, "relu")
        self.norm = layers.BatchNormalization()
        self.out = layers.Dense(units)
        self.units = units

    def call(self, inputs, training=False):
        return self.out(self.norm(self.hidden(inputs), training=training))

    def get_config(self):
        return {**super().get_config(), "units": self.units}


def by_call(network, size):
    network(np.zeros((5, size), "float32"))
    return network


def by_build(network, size):
    network.build((None, size))
    return network


@pytest.mark.core
@pytest.mark.filterwarnings("ignore:`build\\(\\)` was called")
@pytest.mark.parametrize("built", represented_by(by_build, among=[by_call, by_build]))
def test_subclassed_networks(variant, built, tmp_path):
    def networks():
        return built(Perceptron(2), 3), built(Perceptron(1), 2)

    gan = make(variant, networks, ema_decay=0.9, n_critic=2)
    assert gan.latent_dim == 3 and gan.sample_shape == (2,)
    fit(gan)
    loaded = round_trip(gan, tmp_path)
    assert_same_state(gan, loaded)
    np.testing.assert_array_equal(gan.generate(5, seed=0), loaded.generate(5, seed=0))
    for model in (gan, loaded):
        fit(model)
    assert_same_state(gan, loaded)


def test_networks_of_named_inputs_are_refused():
    class TwoArguments(keras.Model):
        def __init__(self):
            super().__init__()
            self.out = layers.Dense(2)

        def call(self, latents, labels):
            return self.out(latents)

    generator = TwoArguments()
    generator(np.zeros((1, 3), "float32"), np.zeros(1, "int32"))
    with pytest.raises(ValueError, match="one argument, a tensor or a tuple of tensors. Received"):
        kg.GAN(generator, vector_networks()[1])


def test_a_patch_discriminator_fits_every_size():
    generator, _ = image_networks()
    patches = keras.Sequential(
        [
            keras.Input((None, None, 1)),
            layers.Conv2D(4, 3, 2),
            layers.LeakyReLU(),
            layers.Conv2D(1, 1),
        ]
    )
    gan = make(kg.WGANGP, lambda: (generator, patches), n_critic=1)
    assert gan.sample_shape == (8, 8, 1)
    history = fit(gan, images()).history
    assert np.isfinite(list(history.values())).all() and gan.evaluate(images())["fid"] > 0


def test_common_layers_are_refused():
    """They would train in both updates, and could not be loaded."""
    common = layers.Dense(8)
    z, x = keras.Input((2,)), keras.Input((2,))
    generator = keras.Model(z, layers.Dense(2)(common(z)))
    discriminator = keras.Model(x, layers.Dense(1)(common(x)))
    with pytest.raises(ValueError, match=r"without common weights.* Received: .*kernel in both"):
        kg.GAN(generator, discriminator)


# What cannot be known is not refused


def gated(x):
    return layers.Multiply()([layers.Dense(4)(x), layers.Dense(4, "sigmoid")(x)])


ENDS = {
    "a gate inside": (lambda x: layers.Dense(1)(gated(x)), False),
    "a gate at the end": (lambda x: ops.sum(gated(x), axis=-1, keepdims=True), False),
    "a sigmoid": (lambda x: layers.Dense(1, "sigmoid")(x), True),
    "a sigmoid, then a reshape": (
        lambda x: layers.Reshape((1,))(layers.Dense(1, "sigmoid")(x)),
        True,
    ),
    "another head": (
        lambda x: {"logits": layers.Dense(1)(x), "real": layers.Dense(1, "sigmoid")(x)},
        False,
    ),
}


@pytest.mark.parametrize("name", ENDS)
def test_which_discriminators_end_in_a_probability(name):
    end, refused = ENDS[name]
    x = keras.Input((2,))
    discriminator = keras.Model(x, end(layers.Dense(8, "relu")(x)))
    if refused:
        with pytest.raises(ValueError, match="ends in a probability"):
            kg.GAN(vector_networks()[0], discriminator)
    else:
        gan = make(kg.GAN, lambda: (vector_networks()[0], discriminator))
        assert np.isfinite(fit(gan).history["d_loss"][0])


RANGES = {
    "tanh": (lambda x: layers.Dense(2, "tanh")(x), (-1, 1)),
    "a multiple": (lambda x: 5.0 * layers.Dense(2, "tanh")(x), None),
    "a product": (lambda x: layers.Multiply()([layers.Dense(2, "tanh")(x), x]), None),
    "rescaled": (lambda x: layers.Rescaling(5.0)(layers.Dense(2, "tanh")(x)), (-5, 5)),
    "two branches": (lambda x: layers.Dense(2, "tanh")(x) + layers.Dense(2)(x), None),
}


@pytest.mark.parametrize("name", RANGES)
def test_which_ranges_are_known(name):
    end, expected = RANGES[name]
    z = keras.Input((2,))
    generator = keras.Model(z, end(z))
    assert inspection.output_range(generator) == expected
    if expected is None:
        gan = make(kg.GAN, lambda: (generator, vector_networks()[1]))
        fit(gan, 4 * points())


# Averages are whole


def test_an_average_has_what_is_no_weight_of_the_generator(tmp_path):
    norm = layers.Normalization()
    norm.adapt(np.random.default_rng(0).normal(100.0, 5.0, (500, 2)).astype("float32"))
    back = layers.Normalization(mean=100.0, variance=25.0, invert=True)
    z = keras.Input((3,))
    generator = keras.Model(z, back(norm(back(layers.Dense(2)(z)))))
    gan = make(kg.GAN, lambda: (generator, vector_networks()[1]), ema_decay=0.5)
    raw = gan.generate(64, seed=0, ema=False)
    assert abs(raw.mean() - 100.0) < 5.0
    np.testing.assert_allclose(gan.generate(64, seed=0), raw, rtol=1e-6)
    fit(gan)
    loaded = round_trip(gan, tmp_path)
    np.testing.assert_array_equal(gan.generate(8, seed=0), loaded.generate(8, seed=0))
    difference = np.abs(gan.generate(64, seed=0) - gan.generate(64, seed=0, ema=False))
    assert 0 < difference.mean() < 1.0


def test_a_generator_with_a_lambda_is_averaged():
    z = keras.Input((3,))
    generator = keras.Model(z, layers.Lambda(lambda x: 2.0 * x)(layers.Dense(2)(z)))
    gan = make(kg.GAN, lambda: (generator, vector_networks()[1]), ema_decay=0.0)
    fit(gan)
    np.testing.assert_allclose(gan.generate(5, seed=0), gan.generate(5, seed=0, ema=False))


# Arguments of a user's own parts


@keras.saving.register_keras_serializable("tests")
class Smooth(kg.losses.NonSaturatingLoss):
    """One-sided label smoothing, without a get_config."""

    def __init__(self, smooth=0.0):
        self.smooth = smooth

    def discriminator_loss(self, real_logits, fake_logits):
        loss = super().discriminator_loss(real_logits, fake_logits)
        return loss + self.smooth * ops.mean(real_logits)


@keras.saving.register_keras_serializable("tests")
class Centred(kg.penalties.GradientPenalty):
    def __init__(self, center=1.0, **kwargs):
        super().__init__(**kwargs)
        self.center = center

    def cost(self, squared_norm):
        return ops.square(ops.sqrt(squared_norm + 1e-12) - self.center)


@pytest.mark.core
def test_arguments_of_an_own_loss_and_penalty_are_saved(tmp_path):
    gan = make(kg.GAN, loss=Smooth(0.3), penalties=[Centred(0.5, weight=2.0)])
    fit(gan)
    loaded = round_trip(gan, tmp_path)
    assert loaded.loss.smooth == 0.3
    assert (loaded.penalties[0].center, loaded.penalties[0].weight) == (0.5, 2.0)
    for model in (gan, loaded):
        fit(model)
    assert_same_state(gan, loaded)


def test_arguments_that_cannot_be_saved_are_refused(tmp_path):
    gan = make(kg.GAN, loss=Smooth(object()))
    with pytest.raises(ValueError, match="of Smooth that can be saved.*Received: smooth="):
        gan.save(tmp_path / "gan.keras")
    assert not (tmp_path / "gan.keras").exists()


def test_a_loss_without_arguments_takes_none():
    with pytest.raises(TypeError):
        kg.losses.HingeLoss(0.3)


# Loaded in part, and refused


@pytest.mark.core
def test_without_compile_a_file_still_samples(variant, tmp_path):
    gan = make(variant, ema_decay=0.9, penalties=[kg.penalties.R1()], augment=layers.Identity())
    fit(gan)
    loaded = round_trip(gan, tmp_path, compile=False)
    assert not loaded.compiled and loaded.step == gan.step
    np.testing.assert_array_equal(gan.generate(4, seed=0), loaded.generate(4, seed=0))
    np.testing.assert_array_equal(
        gan.generate(4, seed=0, ema=False), loaded.generate(4, seed=0, ema=False)
    )
    loaded.compile(ema_decay=0.9)
    np.testing.assert_array_equal(gan.generate(4, seed=0), loaded.generate(4, seed=0))
    fit(loaded)


@pytest.mark.parametrize("name", ["gan.h5", "gan", "gan.weights.h5"])
def test_other_formats_are_one_sentence(name, tmp_path):
    with pytest.raises(ValueError, match=r"ends in '\.keras'. Received: filepath='.*; to save"):
        make(kg.GAN).save(tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.core
def test_save_weights_and_load_them(variant, tmp_path):
    gan, other = make(variant, ema_decay=0.9), make(variant, ema_decay=0.9, seed=3)
    fit(gan)
    gan.save_weights(tmp_path / "gan.weights.h5")
    other.load_weights(tmp_path / "gan.weights.h5")
    assert_same_state(gan, other)


def test_a_file_of_other_penalties_is_refused(tmp_path):
    make(kg.GAN, penalties=[kg.penalties.R1()], augment=layers.Dropout(0.1)).save_weights(
        tmp_path / "gan.weights.h5"
    )
    with pytest.raises(ValueError, match="Expected a file with the state .*as it was when saved"):
        make(kg.GAN).load_weights(tmp_path / "gan.weights.h5")


def test_a_file_of_an_earlier_version_is_one_sentence():
    gan = make(kg.GAN)
    config = {k: v for k, v in gan.get_config().items() if k not in ("averaged", "num_classes")}
    with pytest.raises(ValueError, match=r"keras_gans 0.2 or later. Received: one of an earlier"):
        kg.GAN.from_config(config)
