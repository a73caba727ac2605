"""ACGAN: the discriminator has no labels as its input, and finds the class."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_gans as kg
from conftest import (
    assert_same_state,
    classes,
    labelled_networks,
    make,
    points,
    vector_networks,
    with_head,
)

X, Y = points(), classes()


def networks(**arguments):
    generator, _ = labelled_networks(**arguments)
    return generator, with_head(vector_networks()[1], "class_logits", 3)


def fit(gan, epochs=1, callbacks=(), **arguments):
    return gan.fit(
        X, Y, batch_size=4, epochs=epochs, verbose=0, callbacks=list(callbacks), **arguments
    )


def cross_entropy(logits, labels):
    scores = np.exp(logits - logits.max(axis=1, keepdims=True))
    return -np.log((scores / scores.sum(axis=1, keepdims=True))[np.arange(len(labels)), labels])


def test_the_terms_are_the_papers():
    """The class of reals and of fakes for the discriminator, of fakes for the generator."""
    gan = make(kg.ACGAN, networks)
    gan.class_weight = 0.7
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(2, 5, 3)).astype("float32")
    labels = np.array([0, 2, 1, 1, 0])
    outputs = [{"class_logits": tf.constant(logits)} for logits in (real, fake)]
    d = gan.discriminator_terms(*outputs, tf.constant(labels), None)["d_class_loss"]
    g = gan.generator_terms(None, outputs[1], tf.constant(labels), None)["g_class_loss"]
    of_real, of_fake = cross_entropy(real, labels).mean(), cross_entropy(fake, labels).mean()
    np.testing.assert_allclose(float(d), 0.7 * (of_real + of_fake), rtol=1e-5)
    np.testing.assert_allclose(float(g), 0.7 * of_fake, rtol=1e-5)


def test_logs_and_what_is_minimised():
    logs = {name: values[0] for name, values in fit(make(kg.ACGAN, networks)).history.items()}
    assert {"d_class_loss", "g_class_loss"} <= set(logs)
    without = make(kg.ACGAN, networks)
    without.class_weight = 0.0
    assert fit(without).history["d_class_loss"] == [0.0]
    bare = make(kg.ACGAN, networks, loss="wasserstein")
    logs = {name: values[0] for name, values in fit(bare).history.items()}
    expected = logs["d_fake"] - logs["d_real"] + logs["d_class_loss"]
    np.testing.assert_allclose(logs["d_loss"], expected, rtol=1e-4)


@pytest.mark.slow
def test_samples_have_their_class():
    """Three classes at three points: the generator learns which is which."""
    centers = np.array([[1, 0], [-1, 1], [-1, -1]], "float32")
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 2048)
    x = (centers[y] + rng.normal(0, 0.05, (2048, 2))).astype("float32")
    keras.utils.set_random_seed(0)
    generator = kg.networks.mlp_generator(4, (2,), (64, 64), output_activation=None, num_classes=3)
    discriminator = with_head(kg.networks.mlp_discriminator((2,), (64, 64)), "class_logits", 3)
    gan = kg.ACGAN(generator, discriminator, seed=0)
    gan.compile(keras.optimizers.Adam(1e-3, 0.5), keras.optimizers.Adam(1e-3, 0.5))
    gan.fit(x, y, batch_size=64, epochs=15, verbose=0)
    for label, center in enumerate(centers):
        samples = gan.generate(100, seed=0, labels=label)
        nearest = ((samples[:, None] - centers) ** 2).sum(axis=2).argmin(axis=1)
        assert (nearest == label).mean() > 0.9, (label, center)


def test_saved_whole_and_evaluated(tmp_path):
    gan = make(kg.ACGAN, networks)
    gan.class_weight = 0.5
    fit(gan)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert loaded.class_weight == 0.5 and loaded.num_classes == 3
    for model in (gan, loaded):
        fit(model)
    assert_same_state(gan, loaded)
    assert set(gan.evaluate((X, Y), ["fid"]).by_class) == {0, 1, 2}


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (labelled_networks, "discriminator of samples alone.*Received: a generator of 2 inputs"),
        (
            vector_networks,
            "a generator of \\(latents, labels\\).*Received: a generator of 1 inputs",
        ),
        (
            lambda: (labelled_networks()[0], vector_networks()[1]),
            "a dict with 'class_logits'. Received: outputs of shape",
        ),
    ],
)
def test_networks_that_do_not_fit(build, message):
    with pytest.raises(ValueError, match=message):
        kg.ACGAN(*build())
