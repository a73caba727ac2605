"""What is timed: one training step of a variant on the networks of a preset."""

import functools
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import layers

from keras_gans import callbacks, models, presets
from keras_gans.layers import TapwiseConv2D, UpSampledConv2D
from keras_gans.networks import inspection

_STEPS_IN_EPOCH = 20


class Maths(NamedTuple):
    """What the hand-written loops of a variant compute.

    Attributes:
        loss: "non_saturating" or "wasserstein".
        gp_weight: Weight of the one-centred gradient penalty, or None.
        clip_value: Largest weight of the critic, or None.
    """

    loss: str
    gp_weight: float | None = None
    clip_value: float | None = None


MATHS = {
    "WGANGP": Maths("wasserstein", gp_weight=10.0),
    "WGAN": Maths("wasserstein", clip_value=0.01),
    "GAN": Maths("non_saturating"),
}


class Case:
    """One training step: everything that all contenders have in common.

    Args:
        preset: Description of the networks, as `presets.get` returns it.
        variant: A key of `MATHS`.
        batch_size: Samples in one mini-batch.
        n_critic: Updates of the discriminator in a step; the variant's default if None.

    Example:
        >>> case = Case(presets.get("dcgan-mnist"), "WGANGP")
        >>> generator, critic = case.networks()
    """

    def __init__(
        self,
        preset: dict[str, Any],
        variant: str,
        batch_size: int = 64,
        n_critic: int | None = None,
    ):
        self.preset = preset
        self.variant = variant
        self.batch_size = batch_size
        self.n_critic: int = n_critic or self._class.default_n_critic
        self.maths = MATHS[variant]

    @property
    def name(self) -> str:
        return self.preset["preset"]

    @property
    def images_per_step(self) -> int:
        """Real samples that one step consumes."""
        return self.n_critic * self.batch_size

    def networks(self, dtype: str = "float32") -> tuple[keras.Model, keras.Model]:
        """Builds the generator and the discriminator; `dtype` is a Keras policy's name."""
        return presets.build_networks({**self.preset, "dtype_policy": dtype})

    def keras_networks(self) -> tuple[keras.Model, keras.Model]:
        """Returns the same networks of Keras' own layers, for the loops written by hand."""
        return tuple(map(_of_keras_layers, self.networks()))

    def optimizer(self) -> keras.optimizers.Optimizer:
        return self._class.default_optimizer()

    def keras_optimizer(self) -> keras.optimizers.Optimizer:
        """Returns the same optimizer from Keras itself, for the loops written by hand."""
        optimizer = self.optimizer()
        return getattr(keras.optimizers, type(optimizer).__name__).from_config(
            optimizer.get_config()
        )

    def model(self, dtype: str = "float32", **compile_arguments: Any) -> models.GAN:
        """Builds the library's model, compiled."""
        networks = self.networks(dtype)
        gan = self._class(*networks, latent_distribution=self.latent_distribution)
        gan.compile(self.optimizer(), self.optimizer(), self.n_critic, **compile_arguments)
        return gan

    def callbacks(self) -> list[keras.callbacks.Callback]:
        """Returns what `fit` needs to compute the variant's maths."""
        clip_value = self.maths.clip_value
        return [callbacks.WeightClipping(clip_value)] if clip_value else []

    @property
    def latent_distribution(self) -> str:
        return self.preset["model"].get("latent_distribution", "normal")

    @functools.cached_property
    def is_tiny(self) -> bool:
        """Whether dispatch rules the time of a step: networks without convolutions."""
        return not any(inspection.contains(n, layers.Conv2D) for n in self.networks())

    @functools.cached_property
    def images(self) -> np.ndarray:
        """Random data of the right shape: what it shows makes no difference to the time."""
        n = _STEPS_IN_EPOCH * self.images_per_step
        shape = (n, *self.networks()[1].input_shape[1:])
        return np.random.default_rng(0).uniform(-1.0, 1.0, shape).astype("float32")

    @property
    def _class(self) -> type[models.GAN]:
        return getattr(models, self.variant)


def _of_keras_layers(network: keras.Sequential) -> keras.Sequential:
    """Rebuilds a network, with its weights, as one writes it without this library."""
    plain = keras.Sequential([keras.Input(network.input_shape[1:])], name=network.name)
    for layer in network.layers:
        if isinstance(layer, UpSampledConv2D):
            plain.add(layers.UpSampling2D())
            plain.add(layers.Conv2D.from_config({**layer.get_config(), "padding": "same"}))
        elif isinstance(layer, TapwiseConv2D):
            plain.add(layers.Conv2D.from_config(layer.get_config()))
        else:
            plain.add(type(layer).from_config(layer.get_config()))
    plain.set_weights(network.get_weights())
    return plain
