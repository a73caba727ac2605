"""What each of several workers runs: `python tests/worker.py FOLDER`, with TF_CONFIG."""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf


def train(folder, strategy):
    """Trains a conditional model with all callbacks; returns the model."""
    import keras_gans as kg

    with strategy.scope():
        generator = kg.networks.mlp_generator(3, (8, 8, 1), (8,), batch_norm=True, num_classes=2)
        critic = kg.networks.mlp_discriminator((8, 8, 1), (8,), num_classes=2)
        gan = kg.WGANGP(generator, critic, seed=0)
        # Not Adam, which makes much of the rounding errors that are a bias's gradient before
        # batch normalisation.
        optimizers = {name: keras.optimizers.SGD(0.05) for name in ("d_optimizer", "g_optimizer")}
        gan.compile(**optimizers, n_critic=2, ema_decay=0.9, steps_per_execution=2)
    x = np.random.default_rng(0).uniform(-1, 1, (64, 8, 8, 1)).astype("float32")
    callbacks = [
        kg.callbacks.SampleGrid(f"{folder}/samples", (2, 2)),
        kg.callbacks.HistoryCSV(f"{folder}/history.csv"),
        kg.callbacks.LossCurves(f"{folder}/losses.png"),
        kg.callbacks.Checkpoint(f"{folder}/checkpoints"),
        kg.callbacks.TrainState(folder),
    ]
    gan.fit(x, np.arange(64) % 2, batch_size=8, epochs=3, verbose=0, callbacks=callbacks)
    return gan


def local_weights(gan):
    """The copies of this process, which a strategy does not hide."""
    return [np.array(v.values[0] if hasattr(v, "values") else v) for v in _values(gan)]


def _values(gan):
    return [weight.value for weight in gan.weights]


if __name__ == "__main__":
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    # The initial weights of each worker differ, until they meet.
    keras.utils.set_random_seed(strategy.cluster_resolver.task_id)
    np.savez(f"{sys.argv[1]}.npz", *local_weights(train(sys.argv[1], strategy)))
