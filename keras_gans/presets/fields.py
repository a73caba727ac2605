"""What a preset may say: the fields, those of them that a typing mistake is nearest to, changes."""

import copy
import difflib
import inspect
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any

from keras_gans import callbacks, models, networks, schedules
from keras_gans.presets.making import MODULES, named

PARTS = ("model", "generator", "discriminator", "compile", "fit", "data", "callbacks")
_NEEDED = {"model", "generator", "discriminator"}
_KNOWN = {*PARTS, "source", "dtype_policy"}
# As a run's config.json has them too.
_OF_RUNS = {"preset", "seed"}
_DATA = {"name", "size", "labels", "skip_corrupt"}


def checked(preset: Any, where: str) -> dict[str, Any]:
    """Returns a preset with all its parts, or raises if it has a field that none has.

    Args:
        preset: What is to be one.
        where: What the error calls it.

    Raises:
        ValueError: If a part is missing, or something is called as no field is.
    """
    if not isinstance(preset, dict) or not _NEEDED <= set(preset) <= _KNOWN | _OF_RUNS:
        found = sorted(map(str, preset)) if isinstance(preset, dict) else preset
        raise ValueError(
            f"Expected a preset of the parts {sorted(_KNOWN)}, with at least {sorted(_NEEDED)}. "
            f"Received: {where} with {found!r}"
        )
    defaults: dict[str, Any] = {"source": "", "compile": {}, "fit": {}, "data": {}, "callbacks": {}}
    preset = {**defaults, **{part: preset[part] for part in _KNOWN & set(preset)}}
    for path, names, known in _fields(preset, where):
        _check_names(path, names, known, where)
    return preset


def changed(preset: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a preset with some fields changed.

    Args:
        preset: A dict such as `get` returns, which stays as it is.
        changes: Values by the names of fields, with dots between a part and what is in it, and the
            numbers of what is in a list.

    Raises:
        ValueError: If there is no such field.

    Example:
        >>> preset = kg.presets.get("wgan_gp-digits")
        >>> small = kg.presets.changed(preset, {"generator.hidden": [64], "fit.epochs": 5})
        >>> gan = kg.presets.build(small)
    """
    result = copied(preset)
    for field, value in changes.items():
        _set(result, field, value)
    others = {name: result[name] for name in _OF_RUNS & set(result)}
    return {**checked(result, "changes"), **others}


def copied(value: Any) -> Any:
    """Copies nested values; unlike `deepcopy`, what stands in two places becomes two."""
    if isinstance(value, dict):
        return {key: copied(each) for key, each in value.items()}
    return [copied(each) for each in value] if isinstance(value, list) else copy.deepcopy(value)


def _set(preset: dict[str, Any], field: str, value: Any) -> None:
    """Sets one field; only parts and callbacks, which have defaults, come into being by it."""
    *way, last = field.split(".")
    place: Any = preset
    for depth, name in enumerate(way):
        if isinstance(place, dict) and (depth == 0 or way[0] == "callbacks"):
            place.setdefault(name, {})
        place = _inside(place, name, field)
    if isinstance(place, list):
        _inside(place, last, field)
        place[int(last)] = value
    elif isinstance(place, dict):
        place[last] = value
    else:
        raise ValueError(_no_place(field, last, place))


def _inside(place: Any, name: str, field: str) -> Any:
    """Returns what is in a dict or a list by a name, or a number."""
    if isinstance(place, dict) and name in place:
        return place[name]
    if isinstance(place, list) and name.isdigit() and int(name) < len(place):
        return place[int(name)]
    raise ValueError(_no_place(field, name, place))


def _no_place(field: str, name: str, place: Any) -> str:
    known = list(place) if isinstance(place, dict) else place
    return (
        f"Expected the field {field!r} to be in the preset up to its last name. Received: "
        f"{name!r}, where the preset has {known!r}; set what is before it as a whole"
    )


def _fields(
    preset: dict[str, Any], where: str
) -> Iterable[tuple[str, Iterable[str], set[str] | None]]:
    """Lists the dicts of a preset: what each is called, its names, and all that it may have."""
    for part in PARTS:
        if not isinstance(preset[part], dict):
            raise ValueError(
                f"Expected {part!r} to be a dict. Received: {where} with {part}={preset[part]!r}"
            )
    variant = named(models, "class", _with_key(preset["model"], "class", "model", where))
    yield "model", preset["model"], _parameters(variant) | {"class"}
    for part in ("generator", "discriminator"):
        builder = named(networks, "builder", _with_key(preset[part], "builder", part, where))
        yield part, preset[part], _parameters(builder) | {"builder"}
    yield "compile", preset["compile"], _parameters(variant.compile)
    for name, module in MODULES.items():
        yield from _nested(f"compile.{name}", preset["compile"].get(name), module, where)
    yield "fit", preset["fit"], _FIT
    yield "data", preset["data"], _DATA
    # What `train` makes; `Evaluation` has its own arguments there.
    yield "callbacks", preset["callbacks"], set(callbacks.__all__)
    for name, arguments in preset["callbacks"].items():
        if name != "Evaluation":
            yield f"callbacks.{name}", arguments, _parameters(getattr(callbacks, name))


def _nested(
    path: str, value: Any, module: ModuleType, where: str
) -> Iterable[tuple[str, Iterable[str], set[str] | None]]:
    """Lists the dicts that stand for objects: optimizers, penalties, schedules."""
    if isinstance(value, list):
        for i, each in enumerate(value):
            yield from _nested(f"{path}.{i}", each, module, where)
    elif isinstance(value, dict) and "class_name" not in value:  # Those Keras checks.
        made = named(module, "class", _with_key(value, "class", path, where))
        yield path, value, _parameters(made) | {"class"}
        for name, each in value.items():
            yield from _nested(f"{path}.{name}", each, schedules, where)


def _with_key(description: dict[str, Any], key: str, path: str, where: str) -> dict[str, Any]:
    if key not in description:
        raise ValueError(
            f"Expected {path!r} to name its {key}. Received: {where} with {sorted(description)}"
        )
    return description


def _parameters(function: Any) -> set[str]:
    """Names the keyword arguments, those that a class hands on to its bases included."""
    bases = inspect.getmro(function) if inspect.isclass(function) else ()
    own = [vars(base).get("__init__") for base in bases if base is not object]
    functions = [each for each in own if each is not None] if bases else [function]
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return {
        name
        for each in functions
        for name, parameter in inspect.signature(each).parameters.items()
        if parameter.kind in named and name != "self"
    }


def _check_names(path: str, names: Iterable[str], known: set[str] | None, where: str) -> None:
    for name in names:
        if known is not None and name not in known:
            near = difflib.get_close_matches(str(name), sorted(known), 1)
            hint = f"; did you mean {path}.{near[0]}?" if near else ""
            raise ValueError(
                f"Expected a field of {path}, one of {sorted(known)}. Received: {where} with "
                f"{path}.{name}{hint}"
            )


# Without what is given to `fit` beside the arguments of the preset.
_FIT = _parameters(models.GAN.fit) - {"x", "y", "callbacks", "verbose"}
