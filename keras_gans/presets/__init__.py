"""Published set-ups as data: `build` turns one into a compiled model.

A preset names the class and its arguments, the builders of its networks and theirs, what `compile`
and `fit` take, the data, the callbacks (without their paths) and the source. Penalties, the
augmentation and schedules are dicts of a class and its arguments. Classes and builders are those of
this library, or "module:name" of any other.
"""

import difflib
import os
from pathlib import Path
from typing import Any

import keras

from keras_gans import models, networks
from keras_gans.presets import fields, files
from keras_gans.presets.fields import changed
from keras_gans.presets.making import MODULES, make, make_nested
from keras_gans.presets.table import PRESETS

__all__ = ["PRESETS", "build", "build_networks", "changed", "get", "names", "register"]


def names() -> list[str]:
    """Returns the names of all presets, the default first."""
    return list(PRESETS)


def register(name: str, preset: dict[str, Any]) -> None:
    """Adds a preset of the user's, which `build` and the command line then know by its name.

    Args:
        name: A new name.
        preset: Nested dict of plain values as `get` returns it: "model", "generator" and
            "discriminator", and what else it sets.

    Raises:
        ValueError: If the name is taken, or the preset lacks a part or has one that none has.

    Example:
        >>> preset = kg.presets.get("wgan_gp-digits")
        >>> preset["generator"]["hidden"] = [64]
        >>> kg.presets.register("small", preset)
    """
    if name in PRESETS:
        raise ValueError(f"Expected a new name of a preset. Received: name={name!r}, which exists")
    PRESETS[name] = fields.checked(fields.copied(preset), repr(name))


def get(name: str | os.PathLike[str]) -> dict[str, Any]:
    """Returns a preset as a nested dict of plain values, a copy to be changed at will.

    Args:
        name: One of `names()`, or the path of a JSON or YAML file that holds one.

    Raises:
        ValueError: If there is no such preset, or the file does not hold one.

    Example:
        >>> get("wgan_gp-mnist")["fit"]
        {'batch_size': 64, 'epochs': 50, 'steps_per_epoch': 937}
    """
    path = Path(name)
    if path.suffix in files.SUFFIXES:
        return {**fields.checked(files.read(path), str(path)), "preset": path.stem}
    if name not in PRESETS:
        near = difflib.get_close_matches(str(name), names(), 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(
            f"Expected a preset, one of {names()}, or a .json or .yaml file. Received: "
            f"name={name!r}{hint}"
        )
    return {**fields.copied(PRESETS[str(name)]), "preset": name}


def build(preset: str | os.PathLike[str] | dict[str, Any], **compile_arguments: Any) -> models.GAN:
    """Builds and compiles the model of a preset; needs no data.

    Args:
        preset: The name of a preset, the path of a file, or a dict such as `get` returns.
        **compile_arguments: Replace or extend what the preset gives `compile`.

    Returns:
        The compiled model, whose name is the preset's.

    Raises:
        ValueError: If there is no such preset.

    Example:
        >>> gan = kg.presets.build("wgan_gp-digits", n_critic=3)
    """
    preset = preset if isinstance(preset, dict) else get(preset)
    arguments = {**preset.get("compile", {}), **compile_arguments}
    for name, module in MODULES.items():
        if name in arguments:
            arguments[name] = make_nested(arguments[name], module)
    description = {"name": preset.get("preset"), **preset["model"]}
    gan = make(models, "class", description, *build_networks(preset))
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
            make(networks, "builder", preset[part]) for part in ("generator", "discriminator")
        )
    finally:
        keras.config.set_dtype_policy(policy)
