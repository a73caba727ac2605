"""Trains every variant for a few steps on the backend of Keras, and writes the weights to a file.

Run by tests/test_backends.py once a backend: all that is random is drawn by NumPy here, in the same
order, so that the backends train on the same numbers.
"""

import sys

import keras
import numpy as np
from keras import layers

RNG = np.random.default_rng(0)


def _normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    return keras.ops.convert_to_tensor(RNG.normal(mean, stddev, shape).astype("float32"))


def _uniform(shape, minval=0.0, maxval=1.0, dtype=None, seed=None):
    return keras.ops.convert_to_tensor(RNG.uniform(minval, maxval, shape).astype("float32"))


def _randint(shape, minval, maxval, dtype="int32", seed=None):
    return keras.ops.convert_to_tensor(RNG.integers(minval, maxval, shape).astype("int32"))


# Before the library takes them.
keras.random.normal, keras.random.uniform, keras.random.randint = _normal, _uniform, _randint

import keras_gans as kg  # noqa: E402

STEPS, BATCH = 10, 8
SGD = keras.optimizers.SGD


def vector_networks(labelled=False, heads=None, norm=False):
    """Dense networks for points in the plane, with labels and further outputs where asked for."""
    latents, points = keras.Input((6,)), keras.Input((2,))
    classes = [keras.Input((), dtype="int32") for _ in range(2)] if labelled else [None, None]

    def embedded(x, labels):
        if labels is None:
            return x
        return layers.Concatenate()([x, layers.Embedding(3, 2)(labels)])

    x = layers.Dense(8)(embedded(latents, classes[0]))
    x = layers.BatchNormalization(momentum=0.9)(x) if norm else x
    generator_inputs = [latents, classes[0]] if labelled else latents
    generator = keras.Model(generator_inputs, layers.Dense(2)(layers.Activation("tanh")(x)))
    takes_labels = labelled and heads != "class_logits"
    features = layers.Dense(8)(embedded(points, classes[1] if takes_labels else None))
    features = layers.LeakyReLU(0.2)(features)
    outputs = layers.Dense(1)(features)
    if heads is not None:
        outputs = {"logits": outputs, heads: layers.Dense(3)(features)}
    return generator, keras.Model([points, classes[1]] if takes_labels else points, outputs)


def image_networks(spectral=False):
    """Convolutional networks for images of 8x8 pixels."""
    wrapped = kg.layers.SpectralNormalization if spectral else lambda layer: layer
    generator = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(4 * 4 * 4, activation="relu"),
            layers.Reshape((4, 4, 4)),
            layers.UpSampling2D(),
            layers.Conv2D(1, 3, padding="same", activation="tanh"),
        ]
    )
    discriminator = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            wrapped(layers.Conv2D(4, 3, strides=2, padding="same")),
            layers.LeakyReLU(0.2),
            layers.Flatten(),
            wrapped(layers.Dense(1)),
        ]
    )
    return generator, discriminator


def of_points(variant, arguments=(), networks=(), **compiled):
    return variant, dict(arguments), vector_networks(**dict(networks)), compiled


def of_images(variant, spectral=False, **compiled):
    return variant, {}, image_networks(spectral), compiled


def cases():
    """Returns variant, its arguments, its networks, and the arguments of compile by name."""
    penalties, augment = kg.penalties, kg.augment
    each = {
        variant.__name__: of_points(variant)
        for variant in (kg.GAN, kg.LSGAN, kg.WGAN, kg.WGANGP, kg.DRAGAN, kg.R3GAN, kg.HingeGAN)
    }
    labelled = {
        f"conditional {variant.__name__}": of_points(variant, networks={"labelled": True})
        for variant in (kg.GAN, kg.WGANGP, kg.R3GAN)
    }
    return {
        **each,
        **labelled,
        "ACGAN": of_points(kg.ACGAN, networks={"labelled": True, "heads": "class_logits"}),
        "InfoGAN": of_points(
            kg.InfoGAN, {"categorical": (2,), "continuous": 1}, {"heads": "codes"}
        ),
        "batch norm, average": of_points(kg.GAN, networks={"norm": True}, ema_decay=0.9),
        "Adam": of_points(kg.GAN, d_optimizer=kg.optimizers.Adam(1e-2), ema_decay=0.9),
        "reuse_batch": of_points(kg.WGANGP, reuse_batch=True, n_critic=2),
        "n_generator": of_points(kg.GAN, n_generator=2),
        "lazy R1 and R2": of_points(
            kg.GAN, penalties=[penalties.R1(0.1, every=3), penalties.R2(0.1, every=2)]
        ),
        "LeCam": of_points(kg.HingeGAN, penalties=[penalties.LeCam()]),
        "path length": of_points(kg.GAN, generator_penalties=[penalties.PathLength(0.1, every=2)]),
        "consistency": of_images(
            kg.HingeGAN,
            penalties=[penalties.ConsistencyRegularization(augment.DiffAugment(seed=0), 0.01)],
        ),
        "spectral normalisation": of_images(kg.HingeGAN, spectral=True),
        "DiffAugment": of_images(kg.GAN, augment=augment.DiffAugment(seed=0)),
        "ADA": of_images(kg.R3GAN, augment=augment.ADA(p=0.5, every=2, kimg=0.01, seed=0)),
        "top-k": of_points(kg.GAN, loss=kg.losses.TopKLoss(kg.losses.get("non_saturating"), 0.5)),
    }


def trained(variant, arguments, networks, compiled):
    """Returns the weights of both networks and the average, before training and after it."""
    global RNG
    RNG = np.random.default_rng(1)
    for weight in (weight for network in networks for weight in network.weights):
        weight.assign(RNG.normal(0, 0.3, weight.shape) + ("variance" in weight.path))
    gan = variant(*networks, seed=0, **arguments)
    gan.compile(
        **{"d_optimizer": SGD(0.05), "g_optimizer": SGD(0.05), **compiled}, run_eagerly=True
    )
    n = STEPS * BATCH * gan.batches_per_step
    x = np.tanh(RNG.normal(size=(n, *gan.sample_shape))).astype("float32")
    y = RNG.integers(0, 3, n) if gan.conditional else None
    before = weights(gan)
    gan.fit(x, y, batch_size=BATCH, shuffle=False, verbose=0)
    return before, weights(gan)


def weights(gan):
    parts = [gan.generator, gan.discriminator, *([gan.ema_generator] if gan.ema_generator else [])]
    return [np.array(w) for part in parts for w in part.get_weights()]


if __name__ == "__main__":
    results = {}
    for name, case in cases().items():
        for when, arrays in zip(("before", "after"), trained(*case), strict=True):
            results |= {f"{name}/{when}/{i}": array for i, array in enumerate(arrays)}
    np.savez(sys.argv[1], **results)
