"""Published set-ups as data: `build` turns one into a compiled model.

A preset names the class and its arguments, the builders of its networks and theirs, what `compile`
and `fit` take, the data, the callbacks (without their paths) and the source.
"""

import copy
from typing import Any

import keras

from keras_gans import models, networks, optimizers

_NORMAL_005 = {"class_name": "RandomNormal", "config": {"mean": 0.0, "stddev": 0.05}}
_NORMAL_002 = {"class_name": "RandomNormal", "config": {"mean": 0.0, "stddev": 0.02}}
_CONSTANT_01 = {"class_name": "Constant", "config": {"value": 0.1}}


def _decaying_adam(learning_rate: float, updates: int) -> dict[str, Any]:
    """Adam(0.5, 0.9) whose learning rate falls to 0 along a cosine."""
    schedule = {"initial_learning_rate": learning_rate, "decay_steps": updates}
    return {
        "class": "Adam",
        "learning_rate": {"class_name": "CosineDecay", "config": schedule},
        "beta_1": 0.5,
        "beta_2": 0.9,
    }


def _pacgan(beta_1: float, source: str) -> dict[str, Any]:
    """The GAN of PacGAN's table 1, with one reading or the other of its Adam."""
    return {
        "source": source,
        "model": {"class": "GAN"},
        "generator": {
            "builder": "mlp_generator",
            "latent_dim": 2,
            "output_shape": [2],
            "hidden": [400, 400, 400, 400],
            "output_activation": None,
            "batch_norm": True,
            "batch_norm_momentum": 0.95,
            "kernel_initializer": _NORMAL_002,
        },
        "discriminator": {
            "builder": "maxout_discriminator",
            "input_shape": [2],
            "hidden": [200, 200, 200],
            "pieces": 5,
            "kernel_initializer": _NORMAL_002,
        },
        "compile": {
            "d_optimizer": {"class": "Adam", "learning_rate": 1e-4, "beta_1": beta_1},
            "g_optimizer": {"class": "Adam", "learning_rate": 1e-4, "beta_1": beta_1},
            "steps_per_execution": 100,
        },
        "fit": {"batch_size": 100, "epochs": 400},
        "data": {"name": "grid", "size": None},
        "callbacks": {"LossCurves": {"every_epochs": 10}},
    }


PRESETS = {
    "wgan_gp-digits": {
        "source": "WGAN-GP (Gulrajani et al., 2017) at 8x8",
        "model": {"class": "WGANGP"},
        "generator": {
            "builder": "mlp_generator",
            "latent_dim": 32,
            "output_shape": [8, 8, 1],
            "hidden": [256, 256],
            "batch_norm": True,
        },
        "discriminator": {
            "builder": "mlp_discriminator",
            "input_shape": [8, 8, 1],
            "hidden": [256, 256],
            "activation": "leaky_relu",
        },
        "compile": {
            "d_optimizer": {"class": "Adam", "learning_rate": 1e-3, "beta_1": 0.0, "beta_2": 0.9},
            "g_optimizer": {"class": "Adam", "learning_rate": 1e-3, "beta_1": 0.0, "beta_2": 0.9},
            "n_critic": 5,
            "gp_weight": 10.0,
            "ema_decay": 0.99,
            "steps_per_execution": 100,
        },
        # The data has 4 steps; an epoch of Keras costs as much as 2, so that one has 25 of its.
        "fit": {"batch_size": 64, "epochs": 120, "steps_per_epoch": 100},
        "data": {"name": "digits", "size": [8, 8]},
        "callbacks": {
            "SampleGrid": {"grid": [8, 8], "every_epochs": 4},
            "LossCurves": {"every_epochs": 10},
            "Checkpoint": {"every_epochs": 20},
        },
    },
    "gan-mnist": {
        "source": "004: an MLP GAN in TensorFlow 1",
        "model": {"class": "GAN", "latent_distribution": "uniform"},
        "generator": {
            "builder": "mlp_generator",
            "latent_dim": 100,
            "output_shape": [28, 28, 1],
            "hidden": [128],
            "output_activation": "sigmoid",
            "kernel_initializer": _NORMAL_005,
            "bias_initializer": _CONSTANT_01,
        },
        "discriminator": {
            "builder": "mlp_discriminator",
            "input_shape": [28, 28, 1],
            "hidden": [128],
            "kernel_initializer": _NORMAL_005,
            "bias_initializer": _CONSTANT_01,
        },
        "compile": {
            "d_optimizer": {"class": "Adam", "learning_rate": 1e-3},
            "g_optimizer": {"class": "Adam", "learning_rate": 1e-3},
        },
        # 100,000 updates, 937 in an epoch of 60,000 images.
        "fit": {"batch_size": 64, "epochs": 107},
        "data": {"name": "mnist", "size": [28, 28]},
        "callbacks": {"SampleGrid": {"grid": [8, 8], "every_steps": 500}},
    },
    "dcgan-mnist": {
        "source": "001: an up-sampling DCGAN",
        "model": {"class": "DCGAN"},
        "generator": {"builder": "upsampling_generator", "latent_dim": 100},
        "discriminator": {
            "builder": "conv_discriminator",
            "input_shape": [28, 28, 1],
            "conv_filters": [64, 128],
            "conv_kernel_size": [5, 5],
            "conv_strides": [2, 2],
            "dropout_rate": 0.3,
            "kernel_initializer": "glorot_uniform",
        },
        "compile": {
            "d_optimizer": {"class": "Adam", "learning_rate": 1e-3},
            "g_optimizer": {"class": "Adam", "learning_rate": 1e-3},
        },
        # 2,001 updates, 1,875 in an epoch of 60,000 images.
        "fit": {"batch_size": 32, "epochs": 2},
        "data": {"name": "mnist", "size": [28, 28]},
        "callbacks": {"SampleGrid": {"grid": [5, 5], "every_steps": 200}},
    },
    "gan-camel": {
        "source": "002, section 1: the GAN of Quick, Draw! camels",
        "model": {"class": "GAN"},
        "generator": {
            "builder": "conv_generator",
            "latent_dim": 100,
            "initial_shape": [7, 7, 64],
            "conv_filters": [128, 64, 64, 1],
            "conv_kernel_size": [5, 5, 5, 5],
            "conv_strides": [1, 1, 1, 1],
            "upsample": [2, 2, 1, 1],
            "batch_norm_momentum": 0.9,
            "activation": "relu",
        },
        "discriminator": {
            "builder": "conv_discriminator",
            "input_shape": [28, 28, 1],
            "conv_filters": [64, 64, 128, 128],
            "conv_kernel_size": [5, 5, 5, 5],
            "conv_strides": [2, 2, 2, 1],
            "activation": "relu",
            "dropout_rate": 0.4,
        },
        "compile": {
            "d_optimizer": {"class": "RMSprop", "learning_rate": 8e-4},
            "g_optimizer": {"class": "RMSprop", "learning_rate": 4e-4},
        },
        # 6,000 updates, 1,250 in an epoch of 80,000 drawings.
        "fit": {"batch_size": 64, "epochs": 5},
        "data": {"name": "camel.npy", "size": [28, 28]},
        "callbacks": {"SampleGrid": {"grid": [5, 5], "every_steps": 100}},
    },
    "wgan-cifar10": {
        "source": "002, section 2: the WGAN of CIFAR-10",
        "model": {"class": "WGAN"},
        "generator": {
            "builder": "conv_generator",
            "latent_dim": 100,
            "initial_shape": [4, 4, 128],
            "conv_filters": [128, 64, 32, 3],
            "conv_kernel_size": [5, 5, 5, 5],
            "conv_strides": [1, 1, 1, 1],
            "upsample": [2, 2, 2, 1],
            "batch_norm_momentum": 0.8,
            "activation": "leaky_relu",
        },
        "discriminator": {
            "builder": "conv_discriminator",
            "input_shape": [32, 32, 3],
            "conv_filters": [32, 64, 128, 128],
            "conv_kernel_size": [5, 5, 5, 5],
            "conv_strides": [2, 2, 2, 1],
            "activation": "leaky_relu",
        },
        "compile": {
            "d_optimizer": {"class": "RMSprop", "learning_rate": 5e-5},
            "g_optimizer": {"class": "RMSprop", "learning_rate": 5e-5},
            "n_critic": 5,
        },
        # About 6,000 updates of the generator, 78 in an epoch of 50,000 images.
        "fit": {"batch_size": 128, "epochs": 77},
        "data": {"name": "cifar10", "size": [32, 32]},
        "callbacks": {
            "WeightClipping": {"clip_value": 0.01},
            "SampleGrid": {"grid": [5, 5], "every_steps": 100},
        },
    },
    "wgan_gp-celeba": {
        "source": "002, section 3: the WGAN-GP of faces",
        "model": {"class": "WGANGP"},
        "generator": {
            "builder": "conv_generator",
            "latent_dim": 100,
            "initial_shape": [4, 4, 512],
            "conv_filters": [256, 128, 64, 3],
            "conv_kernel_size": [5, 5, 5, 5],
            "conv_strides": [2, 2, 2, 2],
            "upsample": [1, 1, 1, 1],
            "batch_norm_momentum": 0.9,
            "activation": "leaky_relu",
        },
        "discriminator": {
            "builder": "conv_discriminator",
            "input_shape": [64, 64, 3],
            "conv_filters": [64, 128, 256, 512],
            "conv_kernel_size": [5, 5, 5, 5],
            "conv_strides": [2, 2, 2, 2],
            "activation": "leaky_relu",
        },
        "compile": {
            "d_optimizer": {"class": "Adam", "learning_rate": 2e-4, "beta_1": 0.5},
            "g_optimizer": {"class": "Adam", "learning_rate": 2e-4, "beta_1": 0.5},
            "n_critic": 5,
            "gp_weight": 10.0,
        },
        # About 6,000 updates of the generator, 508 in an epoch of 162,770 faces.
        "fit": {"batch_size": 64, "epochs": 12},
        "data": {"name": "celeb_a", "size": [64, 64]},
        "callbacks": {"SampleGrid": {"grid": [5, 5], "every_steps": 50}},
    },
    "wgan_gp-mnist-book": {
        "source": "000: the WGAN-GP of a textbook's chapter 17",
        "model": {"class": "WGANGP", "latent_distribution": "uniform"},
        "generator": {"builder": "transposed_generator", "latent_dim": 20},
        "discriminator": {"builder": "strided_discriminator"},
        "compile": {
            "d_optimizer": {"class": "Adam", "learning_rate": 2e-4},
            "g_optimizer": {"class": "Adam", "learning_rate": 2e-4},
            "n_critic": 1,
            "gp_weight": 10.0,
        },
        "fit": {"batch_size": 128, "epochs": 100},
        "data": {"name": "mnist", "size": [28, 28]},
        "callbacks": {
            "SampleGrid": {"grid": [8, 16]},
            "LossCurves": {},
            "EpochSamples": {"epochs": [1, 2, 4, 10, 50, 100], "columns": 5},
        },
    },
    "wgan_gp-mnist": {
        "source": "003: WGAN-GP on MNIST",
        "model": {"class": "WGANGP"},
        "generator": {"builder": "wgan_gp_mnist_generator", "latent_dim": 100},
        "discriminator": {"builder": "wgan_gp_mnist_critic"},
        "compile": {
            "d_optimizer": {"class": "Adam", "learning_rate": 1e-4, "beta_1": 0.0, "beta_2": 0.9},
            "g_optimizer": {"class": "Adam", "learning_rate": 1e-4, "beta_1": 0.0, "beta_2": 0.9},
            "n_critic": 5,
            "gp_weight": 10.0,
            "reuse_batch": True,
        },
        "fit": {"batch_size": 64, "epochs": 50},
        "data": {"name": "mnist", "size": [28, 28]},
        "callbacks": {
            "SampleGrid": {"grid": [4, 4]},
            "Checkpoint": {"every_epochs": 15},
        },
    },
    "gan-grid": _pacgan(0.8, "PacGAN (Lin et al., 2018), the GAN of table 1"),
    # Blocks, in which PacGAN is written, called beta1 what the paper of Adam calls 1 - beta1 until
    # 2017 (its pull request 1176).
    "gan-grid-blocks": _pacgan(0.2, "PacGAN's GAN, Adam's beta1 as Blocks counted it to 2017"),
    "wgan_gp-grid": {
        "source": "WGAN-GP (Gulrajani et al., 2017), its 25 Gaussians within minutes",
        "model": {"class": "WGANGP"},
        "generator": {
            "builder": "mlp_generator",
            "latent_dim": 2,
            "output_shape": [2],
            "hidden": [128, 128, 128],
            "output_activation": None,
        },
        "discriminator": {
            "builder": "mlp_discriminator",
            "input_shape": [2],
            "hidden": [128, 128, 128],
        },
        "compile": {
            "d_optimizer": _decaying_adam(1e-3, 5 * 16_000),
            "g_optimizer": _decaying_adam(1e-3, 16_000),
            "n_critic": 5,
            "gp_weight": 0.1,
            "ema_decay": 0.995,
            "steps_per_execution": 78,
        },
        # 78 updates of the generator in an epoch of 100,000 points.
        "fit": {"batch_size": 256, "epochs": 206},
        "data": {"name": "25gaussians", "size": None},
        "callbacks": {"LossCurves": {"every_epochs": 10}},
    },
    "wgan_gp-25gaussians": {
        "source": "WGAN-GP (Gulrajani et al., 2017), the toys of figure 1",
        "model": {"class": "WGANGP"},
        "generator": {
            "builder": "mlp_generator",
            "latent_dim": 2,
            "output_shape": [2],
            "hidden": [512, 512, 512],
            "output_activation": None,
        },
        "discriminator": {
            "builder": "mlp_discriminator",
            "input_shape": [2],
            "hidden": [512, 512, 512],
        },
        "compile": {
            "d_optimizer": {"class": "Adam", "learning_rate": 1e-4, "beta_1": 0.5, "beta_2": 0.9},
            "g_optimizer": {"class": "Adam", "learning_rate": 1e-4, "beta_1": 0.5, "beta_2": 0.9},
            "n_critic": 5,
            "gp_weight": 0.1,
            "steps_per_execution": 78,
        },
        # 100,000 updates of the generator, 78 in an epoch of 100,000 points.
        "fit": {"batch_size": 256, "epochs": 1283},
        "data": {"name": "25gaussians", "size": None},
        "callbacks": {"LossCurves": {"every_epochs": 10}},
    },
    "wgan-25gaussians": {
        "source": "WGAN-GP (Gulrajani et al., 2017), the clipped WGAN of figure 1",
        "model": {"class": "WGAN"},
        "generator": {
            "builder": "mlp_generator",
            "latent_dim": 2,
            "output_shape": [2],
            "hidden": [512, 512, 512],
            "output_activation": None,
        },
        "discriminator": {
            "builder": "mlp_discriminator",
            "input_shape": [2],
            "hidden": [512, 512, 512],
        },
        "compile": {
            "d_optimizer": {"class": "RMSprop", "learning_rate": 5e-5},
            "g_optimizer": {"class": "RMSprop", "learning_rate": 5e-5},
            "n_critic": 5,
            "steps_per_execution": 78,
        },
        "fit": {"batch_size": 256, "epochs": 1283},
        "data": {"name": "25gaussians", "size": None},
        "callbacks": {
            "WeightClipping": {"clip_value": 0.01},
            "LossCurves": {"every_epochs": 10},
        },
    },
}


def names() -> list[str]:
    """Returns the names of all presets, the default first."""
    return list(PRESETS)


def get(name: str) -> dict[str, Any]:
    """Returns a preset as a nested dict of plain values, a copy to be changed at will.

    Args:
        name: One of `names()`.

    Raises:
        ValueError: If there is no such preset.

    Example:
        >>> get("wgan_gp-mnist")["fit"]
        {'batch_size': 64, 'epochs': 50}
    """
    if name not in PRESETS:
        raise ValueError(f"Expected a preset, one of {names()}. Received: name={name!r}")
    return {**copy.deepcopy(PRESETS[name]), "preset": name}


def build(preset: str | dict[str, Any], **compile_arguments: Any) -> models.GAN:
    """Builds and compiles the model of a preset; needs no data.

    Args:
        preset: The name of a preset, or a dict such as `get` returns.
        **compile_arguments: Replace or extend what the preset gives `compile`.

    Returns:
        The compiled model, whose name is the preset's.

    Raises:
        ValueError: If there is no such preset.

    Example:
        >>> gan = kg.presets.build("wgan_gp-digits", n_critic=3)
    """
    preset = get(preset) if isinstance(preset, str) else preset
    arguments = {**preset["compile"], **compile_arguments}
    for name in ("d_optimizer", "g_optimizer"):
        if isinstance(arguments[name], dict):
            arguments[name] = _optimizer(**arguments[name])
    description = {"name": preset["preset"], **preset["model"]}
    gan = _make(models, "class", description, *build_networks(preset))
    gan.compile(**arguments)
    return gan


def build_networks(preset: dict[str, Any]) -> tuple[keras.Model, keras.Model]:
    """Builds the generator and the discriminator of a preset.

    Args:
        preset: A dict such as `get` returns; its `dtype_policy`, if it has one, is the Keras dtype
            policy of both, such as "mixed_bfloat16".

    Example:
        >>> generator, critic = build_networks(kg.presets.get("wgan_gp-digits"))
    """
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(preset.get("dtype_policy", policy))
    try:
        return tuple(
            _make(networks, "builder", preset[part]) for part in ("generator", "discriminator")
        )
    finally:
        keras.config.set_dtype_policy(policy)


def _optimizer(learning_rate: float | dict[str, Any], **description: Any) -> Any:
    if isinstance(learning_rate, dict):
        learning_rate = keras.optimizers.schedules.deserialize(learning_rate)
    room = optimizers if hasattr(optimizers, description["class"]) else keras.optimizers
    return _make(room, "class", description, learning_rate)


def _make(room: Any, key: str, description: dict[str, Any], *args: Any) -> Any:
    arguments = {name: value for name, value in description.items() if name != key}
    return getattr(room, description[key])(*args, **arguments)
