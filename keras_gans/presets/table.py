"""Published set-ups, as data."""

from typing import Any

from keras_gans import models

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


def _pacgan(beta_1: float, source: str, pack: int = 1) -> dict[str, Any]:
    """The GAN of PacGAN's table 1, with one reading or the other of its Adam, or packed."""
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
            "pack": pack,
        },
        "compile": {
            "d_optimizer": {"class": "Adam", "learning_rate": 1e-4, "beta_1": beta_1},
            "g_optimizer": {"class": "Adam", "learning_rate": 1e-4, "beta_1": beta_1},
            "steps_per_execution": 100,
        },
        # Batches of 100 packs, and 1,000 of them in an epoch, however large a pack is.
        "fit": {"batch_size": 100 * pack, "epochs": 400, "steps_per_epoch": 1000},
        "data": {"name": "grid", "size": None},
        "callbacks": {"LossCurves": {"every_epochs": 10}},
    }


def _stacked(pack: int = 1) -> dict[str, Any]:
    """The DCGAN of PacGAN's table 3, plain or packed."""
    name = f"Pac{pack}" if pack > 1 else "DCGAN"
    return {
        "source": f"PacGAN (Lin et al., 2018), {name} of table 3: D a quarter of G",
        "model": {"class": "DCGAN"},
        "generator": {"builder": "stacked_generator"},
        "discriminator": {"builder": "stacked_discriminator", "pack": pack},
        "compile": {
            "d_optimizer": {"class": "Adam", "learning_rate": 2e-4, "beta_1": 0.5, "beta_2": 0.99},
            "g_optimizer": {"class": "Adam", "learning_rate": 1e-4, "beta_1": 0.5, "beta_2": 0.99},
            "steps_per_execution": 100,
        },
        "fit": {"batch_size": 128 * pack, "epochs": 500, "steps_per_epoch": 1000},
        "data": {"name": "stacked_mnist", "size": [28, 28]},
        "callbacks": {"SampleGrid": {"every_epochs": 10}, "LossCurves": {"every_epochs": 10}},
    }


def _digits(source: str, variant: str, num_classes: int | None = None) -> dict[str, Any]:
    """A variant on the networks and the data of the default preset, with its own optimizers."""
    networks = {"hidden": [256, 256], "num_classes": num_classes}
    shape = [8, 8, 1]
    return {
        "source": source,
        "model": {"class": variant},
        "generator": {
            "builder": "mlp_generator",
            "latent_dim": 32,
            "output_shape": shape,
            "batch_norm": True,
            **networks,
        },
        "discriminator": {
            "builder": "mlp_discriminator",
            "input_shape": shape,
            "activation": "leaky_relu",
            **networks,
        },
        "compile": {"ema_decay": 0.99, "steps_per_execution": 100},
        "fit": {"batch_size": 64, "epochs": 120, "steps_per_epoch": 100},
        "data": {"name": "digits", "size": [8, 8]},
        "callbacks": {
            "SampleGrid": {"every_epochs": 4},
            "LossCurves": {"every_epochs": 10},
        },
    }


def _images(
    source: str, variant: str, networks: str, compile: dict[str, Any], epochs: int, **data: Any
) -> dict[str, Any]:
    """A published pair of networks, with their own sizes, on CIFAR-10 or another data set."""
    data = {"name": "cifar10", "size": [32, 32], "num_classes": None, "batch_size": 64, **data}
    arguments = {"image_shape": [*data["size"], 3]}
    if data["num_classes"]:
        arguments["num_classes"] = data["num_classes"]
    return {
        "source": source,
        "model": {"class": variant},
        "generator": {"builder": f"{networks}_generator", **arguments},
        "discriminator": {"builder": f"{networks}_discriminator", **arguments},
        "compile": compile,
        "fit": {"batch_size": data["batch_size"], "epochs": epochs},
        "data": {"name": data["name"], "size": data["size"]},
        "callbacks": {"SampleGrid": {"every_epochs": 5}, "LossCurves": {"every_epochs": 5}},
    }


def _sngan(updates: int) -> dict[str, Any]:
    """Adam(0, .9) whose learning rate falls to 0 in a straight line."""
    schedule = {"initial_learning_rate": 2e-4, "decay_steps": updates, "end_learning_rate": 0.0}
    rate = {"class_name": "PolynomialDecay", "config": schedule}
    return {"class": "Adam", "learning_rate": rate, "beta_1": 0.0, "beta_2": 0.9}


def _falling(start: float, end: float) -> dict[str, Any]:
    """R3GAN's schedules, over 20 million images in batches of 512."""
    return {"class": "Cosine", "start": start, "end": end, "steps": 39_063}


def _small_mnist(source: str, variant: str, **compile: Any) -> dict[str, Any]:
    """A variant on a small convolutional pair and real digits: five minutes on two cores."""
    start = {"class_name": "HeNormal", "config": {}}
    adam = {
        "class": "Adam",
        "learning_rate": {"class": "Cosine", "start": 1.5e-3, "end": 7.5e-5, "steps": 3600},
        "beta_1": 0.0,
        "beta_2": 0.99,
    }
    return {
        "source": source,
        "model": {"class": variant},
        "generator": {
            "builder": "conv_generator",
            "latent_dim": 64,
            "initial_shape": [7, 7, 64],
            "conv_filters": [64, 32, 1],
            "conv_kernel_size": [5, 5, 5],
            "conv_strides": [1, 1, 1],
            "upsample": [2, 2, 1],
            "batch_norm_momentum": 0.9,
            "kernel_initializer": start,
        },
        "discriminator": {
            "builder": "conv_discriminator",
            "input_shape": [28, 28, 1],
            "conv_filters": [32, 64],
            "conv_kernel_size": [5, 5],
            "conv_strides": [2, 2],
            "kernel_initializer": start,
        },
        "compile": {
            "d_optimizer": adam,
            "g_optimizer": adam,
            # Of images; at first over a tenth of those seen, so that the first pictures tell.
            "ema_decay": {"class": "HalfLife", "images": 30_000, "batch_size": 64, "ramp": 0.1},
            "steps_per_execution": 25,
            **compile,
        },
        "fit": {"batch_size": 64, "epochs": 36, "steps_per_epoch": 100},
        "data": {"name": "mnist_5k", "size": [28, 28]},
        "callbacks": {
            "SampleGrid": {"grid": [8, 8], "every_epochs": 2},
            "LossCurves": {"every_epochs": 4},
            "Checkpoint": {"every_epochs": 12},
        },
    }


def _changed(preset: dict[str, Any], **changes: dict[str, Any]) -> dict[str, Any]:
    """A preset with some values of its parts replaced."""
    return {**preset, **{part: {**preset[part], **values} for part, values in changes.items()}}


PRESETS: dict[str, dict[str, Any]] = {
    "hinge-mnist": _changed(
        _small_mnist(
            "Hinge loss and spectral normalisation (Miyato et al., 2018) on a small pair",
            "HingeGAN",
            n_critic=1,
        ),
        discriminator={"spectral_norm": True},
    ),
    "r1gan-mnist": _small_mnist(
        "The same networks with R1 (Mescheder et al., 2018)",
        "GAN",
        penalties=[{"class": "R1", "weight": 0.2}],
    ),
    "r3gan-mnist": _small_mnist(
        "The same networks with R3GAN's loss and penalties (Huang et al., 2024)",
        "R3GAN",
        gp_weight=1.0,
    ),
    "r3gan-aug-mnist": _small_mnist(
        "R3GAN's with DiffAugment's translation (Zhao et al., 2020)",
        "R3GAN",
        gp_weight=1.0,
        augment={"class": "DiffAugment", "policy": "translation"},
    ),
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
    "lsgan-digits": _digits("LSGAN (Mao et al., 2017) at 8x8", "LSGAN"),
    "hinge-digits": _changed(
        _digits("Hinge GAN with spectral normalisation (Miyato et al., 2018) at 8x8", "HingeGAN"),
        discriminator={"spectral_norm": True},
    ),
    "dragan-digits": _digits("DRAGAN (Kodali et al., 2017) at 8x8", "DRAGAN"),
    "r3gan-digits": _digits("R3GAN's loss and penalties (Huang et al., 2024) at 8x8", "R3GAN"),
    "cgan-digits": _digits("Conditional GAN (Mirza and Osindero, 2014) at 8x8", "GAN", 10),
    "acgan-digits": _changed(
        _digits("ACGAN (Odena et al., 2017) at 8x8", "ACGAN", 10),
        discriminator={"num_classes": None, "heads": {"class_logits": 10}},
    ),
    # Of the 32 latents 10 are a categorical code, and 2 continuous ones.
    "infogan-digits": _changed(
        _digits("InfoGAN (Chen et al., 2016) at 8x8", "InfoGAN"),
        model={"categorical": [10], "continuous": 2},
        discriminator={"heads": {"codes": 12}},
    ),
    "gan-mnist": {
        "source": "an MLP GAN in TensorFlow 1",
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
            "input_range": [0.0, 1.0],  # That of the source's pixels.
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
        "source": "an up-sampling DCGAN in Keras",
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
        "source": "Generative Deep Learning, chapter 4: the GAN of Quick, Draw! camels",
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
        "source": "Generative Deep Learning, chapter 4: the WGAN of CIFAR-10",
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
        "source": "Generative Deep Learning, chapter 4: the WGAN-GP of faces",
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
    "dcgan-celeba": _changed(
        _images(
            "DCGAN (Radford et al., 2016) at 64x64",
            "DCGAN",
            "dcgan",
            {
                name: {"class": "Adam", "learning_rate": 2e-4, "beta_1": 0.5}
                for name in ("d_optimizer", "g_optimizer")
            },
            25,
            name="celeb_a",
            size=[64, 64],
            batch_size=128,
        ),
        model={"latent_distribution": "uniform"},
    ),
    # 100,000 updates of the generator, 156 in an epoch of 50,000 images.
    "sngan-cifar10": _images(
        "SNGAN (Miyato et al., 2018) at 32x32",
        "HingeGAN",
        "sngan",
        {"d_optimizer": _sngan(500_000), "g_optimizer": _sngan(100_000), "n_critic": 5},
        642,
    ),
    "projection-cifar10": _images(
        "Projection discriminator (Miyato and Koyama, 2018) on SNGAN's networks",
        "HingeGAN",
        "sngan",
        {"d_optimizer": _sngan(500_000), "g_optimizer": _sngan(100_000), "n_critic": 5},
        642,
        num_classes=10,
    ),
    "sagan-cifar10": _images(
        "SAGAN (Zhang et al., 2019) at 32x32, conditional, with its two learning rates",
        "HingeGAN",
        "sagan",
        {
            "d_optimizer": {"class": "Adam", "learning_rate": 4e-4, "beta_1": 0.0, "beta_2": 0.9},
            "g_optimizer": {"class": "Adam", "learning_rate": 1e-4, "beta_1": 0.0, "beta_2": 0.9},
            "n_critic": 1,
        },
        128,
        num_classes=10,
    ),
    # Without its augmentation, and with beta2 at the value that it rises to.
    "r3gan-cifar10": _images(
        "R3GAN (Huang et al., 2024) on CIFAR-10, conditional, without augmentation",
        "R3GAN",
        "r3gan",
        {
            **{
                name: {
                    "class": "Adam",
                    "learning_rate": _falling(2e-4, 5e-5),
                    "beta_1": 0.0,
                    "beta_2": 0.99,
                }
                for name in ("d_optimizer", "g_optimizer")
            },
            "gp_weight": _falling(0.05, 0.005),
            "ema_decay": {
                "class": "HalfLife",
                "images": _falling(0.0, 5e6),
                "batch_size": 512,
            },
        },
        403,
        num_classes=10,
        batch_size=512,
    ),
    "wgan_gp-mnist-book": {
        "source": "Python Machine Learning, chapter 17: the WGAN-GP of MNIST",
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
        "source": "a WGAN-GP tutorial in TensorFlow 2",
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
    **{
        f"pac{m}gan-grid": _pacgan(0.2, f"PacGAN (Lin et al., 2018), Pac{m} of table 1", m)
        for m in (2, 3, 4)
    },
    "dcgan-stacked": _stacked(),
    **{f"pac{m}gan-stacked": _stacked(m) for m in (2, 3, 4)},
    # The networks of ParticleGAN's benchmark, and its budget: 7,000 updates of 2,048 points.
    "r3gan-100gaussians": {
        "source": "R3GAN's loss and penalties on ParticleGAN's 100 Gaussians",
        "model": {"class": "R3GAN", "latent_distribution": "uniform"},
        "generator": {
            "builder": "mlp_generator",
            "latent_dim": 2,
            "output_shape": [2],
            "hidden": [128, 128, 128],
            "activation": "leaky_relu",
            "output_activation": None,
            "fourier": 4,
        },
        "discriminator": {
            "builder": "mlp_discriminator",
            "input_shape": [2],
            "hidden": [128, 128, 128],
            "activation": "leaky_relu",
            "fourier": 2,
        },
        "compile": {
            **{
                name: {
                    "class": "Adam",
                    "learning_rate": {"class": "Cosine", "start": 3e-3, "end": 4e-5, "steps": 7000},
                    "beta_1": 0.0,
                    "beta_2": 0.99,
                }
                for name in ("d_optimizer", "g_optimizer")
            },
            "gp_weight": {"class": "Cosine", "start": 0.1, "end": 5e-4, "steps": 7000},
            "ema_decay": 0.995,
            "steps_per_execution": 100,
        },
        "fit": {"batch_size": 2048, "epochs": 70, "steps_per_epoch": 100},
        "data": {"name": "100gaussians", "size": None},
        "callbacks": {"LossCurves": {"every_epochs": 10}},
    },
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

# Images that the sources train on: an epoch has as many steps, however many images there are.
_IMAGES = {"mnist": 60_000, "camel.npy": 80_000, "cifar10": 50_000, "celeb_a": 162_770}


def _steps_per_epoch(preset: dict[str, Any]) -> int:
    """Returns the steps that take each image of the source's data once."""
    options = preset["compile"]
    batches = 1 if options.get("reuse_batch") else options.get("n_critic")
    batches = batches or getattr(models, preset["model"]["class"]).default_n_critic
    return _IMAGES[preset["data"]["name"]] // (preset["fit"]["batch_size"] * batches)


for _preset in PRESETS.values():
    if _preset["data"]["name"] in _IMAGES:
        _preset["fit"]["steps_per_epoch"] = _steps_per_epoch(_preset)
