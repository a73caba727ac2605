"""One training, to be killed and started again: `python tests/interrupted.py RUN EPOCHS`."""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

import keras_gans as kg
from conftest import images, make, state_of


def networks():
    """With all that has a random state or moving statistics."""
    generator = kg.networks.mlp_generator(3, (8, 8, 1), (8,), batch_norm=True)
    discriminator = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(8, "relu"),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(1),
        ]
    )
    return generator, discriminator


def train(run, epochs, steps_per_execution=1):
    gan = make(
        kg.WGANGP, networks, ema_decay=0.9, n_critic=2, steps_per_execution=steps_per_execution
    )
    callbacks = [
        kg.callbacks.SampleGrid(f"{run}/samples", (2, 2), every_steps=5),
        kg.callbacks.HistoryCSV(f"{run}/history.csv"),
        kg.callbacks.LossCurves(f"{run}/losses.png", every_epochs=epochs),
        kg.callbacks.EpochSamples(f"{run}/rows.png", (1, epochs)),
        kg.callbacks.TrainState(run, max_overhead=1.0),
    ]
    history = gan.fit(images(100), batch_size=4, epochs=epochs, verbose=0, callbacks=callbacks)
    np.savez(f"{run}/final.npz", *state_of(gan).values())
    return gan, history


if __name__ == "__main__":
    print("ready", flush=True)
    train(sys.argv[1], int(sys.argv[2]))
