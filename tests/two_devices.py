"""Trains on one device of JAX and on two, and says how far apart the weights are.

Run by tests/test_backends.py in a process of its own, as devices are settled when JAX starts.
"""

import keras
import numpy as np

import keras_gans as kg


def trained(**compiled):
    keras.utils.set_random_seed(0)
    generator = kg.networks.mlp_generator(4, (2,), (16,), batch_norm=True, output_activation=None)
    gan = kg.WGANGP(generator, kg.networks.mlp_discriminator((2,), (16,)), seed=0)
    sgd = keras.optimizers.SGD
    gan.compile(sgd(0.05), sgd(0.05), n_critic=2, ema_decay=0.9, **compiled)
    x = np.random.default_rng(0).normal(size=(256, 2)).astype("float32")
    history = gan.fit(x, batch_size=16, epochs=2, verbose=0).history
    return [keras.ops.convert_to_numpy(weight) for weight in gan.weights], history, gan


if __name__ == "__main__":
    one, history, _ = trained()
    keras.distribution.set_distribution(keras.distribution.DataParallel())
    for compiled in ({}, {"steps_per_execution": 3}):
        two, two_history, gan = trained(**compiled)
        (kernel, *_) = gan.generator.weights
        print("devices", len(kernel.value.sharding.device_set))
        print("apart", max(np.abs(a - b).max() for a, b in zip(one, two, strict=True)))
        print("logs", max(abs(v[-1] - two_history[name][-1]) for name, v in history.items()))
