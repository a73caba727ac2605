"""How readable generated digits are to a classifier of real ones.

Run as `python tests/digits_quality.py RUN`, with the folder of a run of `wgan_gp-digits`.
"""

import sys
from pathlib import Path

import numpy as np


def real_digits(split):
    """Pixels `(n, 64)` in [-1, 1] and labels."""
    import keras_gans as kg

    pairs = list(kg.datasets.load("digits", split=split, labels=True).as_numpy_iterator())
    images, labels = zip(*pairs, strict=True)
    return np.stack(images).reshape(len(images), -1), np.array(labels)


def quality(samples):
    """Returns what a classifier of pixels says of samples `(n, 8, 8, 1)`.

    The figures: its accuracy on held-out digits (five folds), its mean top probability on held-out
    digits and on the samples, and the smallest of the ten classes' shares of the samples.
    """
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from sklearn.svm import SVC

    pixels, labels = real_digits("train+test")
    accuracy = cross_val_score(
        SVC(gamma=0.064), pixels, labels, cv=StratifiedKFold(5, shuffle=True, random_state=0)
    ).mean()
    classifier = SVC(gamma=0.064, probability=True, random_state=0).fit(*real_digits("train"))
    held_out, _ = real_digits("test")
    probabilities = classifier.predict_proba(samples.reshape(len(samples), -1))
    classes = np.bincount(probabilities.argmax(axis=1), minlength=10)
    return {
        "accuracy": accuracy,
        "real_top_probability": classifier.predict_proba(held_out).max(axis=1).mean(),
        "top_probability": probabilities.max(axis=1).mean(),
        "smallest_class": classes.min() / len(samples),
    }


if __name__ == "__main__":
    import keras

    import keras_gans as kg  # noqa: F401, registers the classes

    gan = keras.saving.load_model(Path(sys.argv[1], "model.keras"))
    for name, value in quality(gan.generate(1000, seed=1)).items():
        print(f"{name:<22}{value:.4f}")
