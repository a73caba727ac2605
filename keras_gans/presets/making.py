"""Objects out of their descriptions: a dict of a class or a builder, and of its arguments."""

import importlib
from types import ModuleType
from typing import Any

import keras

from keras_gans import augment, optimizers, penalties, schedules

# Where the classes are that arguments of `compile` name.
MODULES = {
    "d_optimizer": optimizers,
    "g_optimizer": optimizers,
    "penalties": penalties,
    "generator_penalties": penalties,
    "augment": augment,
    "gp_weight": schedules,
    "ema_decay": schedules,
}


def make(module: ModuleType, key: str, description: dict[str, Any], *args: Any) -> Any:
    """Calls what a description names, with its arguments.

    Args:
        module: Where the name is looked up, if it is not "module:name".
        key: What of the description is the name: "class" or "builder".
        description: The name, and keyword arguments.
        *args: Positional arguments, before those.
    """
    arguments = {name: value for name, value in description.items() if name != key}
    return named(module, key, description)(*args, **arguments)


def named(module: ModuleType, key: str, description: dict[str, Any]) -> Any:
    """Returns the class or builder that a description names."""
    where, _, name = str(description[key]).rpartition(":")
    if module is optimizers and not hasattr(optimizers, name):
        module = keras.optimizers
    try:
        return getattr(importlib.import_module(where) if where else module, name)
    except (ImportError, AttributeError) as error:
        raise ValueError(
            f"Expected a {key} of {module.__name__}, or 'module:name'. Received: "
            f"{key}={description[key]!r} ({error})"
        ) from error


def make_nested(value: Any, module: ModuleType) -> Any:
    """Returns what a description stands for: a dict of a class, a list of them, or a number."""
    if isinstance(value, list):
        return [make_nested(each, module) for each in value]
    if not isinstance(value, dict):
        return value
    if "class_name" in value:  # As Keras has it.
        return keras.optimizers.schedules.deserialize(value)
    arguments = {name: make_nested(each, schedules) for name, each in value.items()}
    return make(module, "class", arguments)
