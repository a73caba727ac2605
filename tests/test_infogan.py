"""InfoGAN's codes; what all variants do is in tests/test_headed.py."""

import keras
import numpy as np
import pytest
from keras import ops

import keras_gans as kg
from conftest import points, vector_networks, with_head


def infogan(latent_dim=8, categorical=(3, 2), continuous=1, **arguments):
    keras.utils.set_random_seed(0)
    generator, discriminator = vector_networks(latent_dim)
    size = sum(categorical) + continuous
    discriminator = with_head(discriminator, "codes", size)
    return kg.InfoGAN(
        generator,
        discriminator,
        categorical=categorical,
        continuous=continuous,
        seed=0,
        **arguments,
    )


def test_latents_are_noise_and_codes():
    latents = np.array(infogan().sample_latents(3000, seed=4))
    noise, first, second, continuous = np.split(latents, [2, 5, 7], axis=1)
    for code in (first, second):
        assert set(np.unique(code)) == {0.0, 1.0}
        np.testing.assert_array_equal(code.sum(axis=1), 1.0)
        share = 1 / code.shape[1]
        assert np.abs(code.mean(axis=0) - share).max() < 4 * np.sqrt(share * (1 - share) / 3000)
    assert continuous.min() >= -1 and continuous.max() <= 1
    # Means and variances, to four standard errors; and nothing is drawn twice.
    assert abs(continuous.var() - 1 / 3) < 4 * np.sqrt(4 / 45 / 3000)
    assert abs(noise.mean()) < 4 / np.sqrt(6000) and abs(noise.var() - 1) < 4 * np.sqrt(2 / 6000)
    correlation = np.corrcoef(latents[:, [0, 1, 2, 5, 7]].T) - np.eye(5)
    assert np.abs(correlation).max() < 4 / np.sqrt(3000)


def test_a_seed_gives_the_same_latents():
    gan = infogan()
    a, b, c = (np.array(gan.sample_latents(5, seed=s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(a, b)
    assert np.any(a != c)
    np.testing.assert_array_equal(gan.generate(5, seed=1), gan.generate(5, seed=1))
    assert np.any(np.array(gan.sample_latents(5)) != np.array(gan.sample_latents(5)))


def test_the_terms_are_the_negative_log_likelihood():
    """In NumPy: cross entropy of one-hot codes, half the squared error of continuous ones."""
    gan = infogan(code_weight=0.7)
    rng = np.random.default_rng(0)
    latents = np.array(gan.sample_latents(6, seed=1))
    found = rng.normal(size=(6, 6)).astype("float32")
    expected = 0.0
    for low, high in ((0, 3), (3, 5)):
        scores = np.exp(found[:, low:high])
        shares = scores / scores.sum(axis=1, keepdims=True)
        expected -= np.log(shares[latents[:, 2 + low : 2 + high] == 1]).mean()
    expected += 0.5 * ((latents[:, 7] - found[:, 5]) ** 2).mean()
    outputs = {"codes": ops.convert_to_tensor(found)}
    d = gan.discriminator_terms({}, outputs, None, ops.convert_to_tensor(latents))
    g = gan.generator_terms(None, outputs, None, ops.convert_to_tensor(latents))
    np.testing.assert_allclose(float(d["d_code_loss"]), 0.7 * expected, rtol=1e-5)
    np.testing.assert_allclose(float(g["g_code_loss"]), 0.7 * expected, rtol=1e-5)


def test_both_networks_learn_from_the_terms():
    def weights(code_weight):
        gan = infogan(code_weight=code_weight)
        gan.compile(
            d_optimizer=keras.optimizers.SGD(0.1), g_optimizer=keras.optimizers.SGD(0.1), n_critic=1
        )
        gan.fit(points(8), batch_size=8, verbose=0)
        return gan.discriminator.get_weights(), gan.generator.get_weights()

    for without, with_codes in zip(weights(0.0), weights(1.0), strict=True):
        assert np.abs(without[0] - with_codes[0]).max() > 1e-4


@pytest.mark.slow
def test_codes_are_learnt():
    """Four points, one of four classes: the class of a sample becomes its code."""
    centers = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]], "float32")
    rng = np.random.default_rng(0)
    x = (centers[rng.integers(0, 4, 2048)] + rng.normal(0, 0.05, (2048, 2))).astype("float32")
    keras.utils.set_random_seed(1)
    generator = kg.networks.mlp_generator(6, (2,), (64, 64), output_activation=None)
    discriminator = with_head(kg.networks.mlp_discriminator((2,), (64, 64)), "codes", 4)
    gan = kg.InfoGAN(generator, discriminator, categorical=(4,), continuous=0, seed=1)
    gan.compile(keras.optimizers.Adam(1e-3, 0.5), keras.optimizers.Adam(1e-3, 0.5))
    gan.fit(x, batch_size=64, epochs=25, verbose=0)
    latents = gan.sample_latents(400, seed=0)
    samples = gan.predict(latents, verbose=0)
    mode = ((samples[:, None] - centers) ** 2).sum(axis=2).argmin(axis=1)
    code = np.array(latents)[:, 2:].argmax(axis=1)
    table = np.zeros((4, 4))
    np.add.at(table, (code, mode), 1 / 400)
    entropy = -np.sum(table * np.log(np.maximum(table, 1e-12) / table.sum(1, keepdims=True)))
    assert entropy < 0.4  # Of log 4 = 1.39 without any link.


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"categorical": (3,)}, "a dict with 'codes' of shape \\(None, 4\\). Received: outputs of"),
        (
            {"latent_dim": 4},
            "at least 6 latents, as many as the codes take. Received: latent_dim=4",
        ),
    ],
)
def test_networks_that_do_not_fit(arguments, message):
    networks = vector_networks(arguments.get("latent_dim", 8))
    head = with_head(networks[1], "codes", 6)
    categorical = arguments.get("categorical", (3, 2))
    with pytest.raises(ValueError, match=message):
        kg.InfoGAN(networks[0], head, categorical=categorical, continuous=1)


def test_arguments_are_saved(tmp_path):
    gan = infogan(code_weight=0.3)
    gan.compile()
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert (loaded.categorical, loaded.continuous, loaded.code_weight) == ((3, 2), 1, 0.3)
