"""What is timed: one training step of a variant on the networks of a preset."""

import functools
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import layers

from keras_gans import callbacks, models, presets
from keras_gans.layers import GroupedConv2D, TapwiseConv2D, UpSampledConv2D
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
        preset: Description of the networks, as `presets.get` returns it; those of a conditional
            preset are built without labels.
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
        self.preset = _without_labels(preset)
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

    def keras_networks(self, dtype: str = "float32") -> tuple[keras.Model, keras.Model]:
        """Returns the same networks of Keras' own layers, for the loops written by hand."""
        return tuple(map(_of_keras_layers, self.networks(dtype)))

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


def _without_labels(preset: dict[str, Any]) -> dict[str, Any]:
    parts = ("generator", "discriminator")
    return {
        **preset,
        **{
            part: {**preset[part], "num_classes": None}
            for part in parts
            if "num_classes" in preset[part]
        },
    }


def _of_keras_layers(network: keras.Model) -> keras.Model:
    """Rebuilds a network, with its weights, as one writes it without this library.

    Layers that Keras has no equal of stay as they are.
    """
    plain = keras.models.clone_model(network, clone_function=_of_keras)
    plain.set_weights(network.get_weights())
    return plain


def _of_keras(layer: keras.Layer) -> keras.Layer:
    config = layer.get_config()
    if isinstance(layer, UpSampledConv2D):
        convolution = layers.Conv2D.from_config({**config, "padding": "same"})
        return keras.Sequential([layers.UpSampling2D(), convolution])
    if isinstance(layer, TapwiseConv2D | GroupedConv2D):
        return layers.Conv2D.from_config(config)
    return type(layer).from_config(config)
