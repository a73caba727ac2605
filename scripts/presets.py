"""`keras-gans presets`: what there is to train."""

import argparse
import warnings

from keras_gans import presets


def run(arguments: argparse.Namespace) -> None:
    """Prints one line a preset."""
    print(f"{'preset':<20}{'class':<8}{'G':>11}{'D':>12}  source")
    for name in presets.names():
        with warnings.catch_warnings():  # Of the sources' batch normalisation: for training.
            warnings.simplefilter("ignore")
            gan = presets.build(name)
        sizes = f"{gan.generator.count_params():>11,}{gan.discriminator.count_params():>12,}"
        print(f"{name:<20}{type(gan).__name__:<8}{sizes}  {presets.get(name)['source']}")
