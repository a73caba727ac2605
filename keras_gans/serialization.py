"""Objects that remember how they were made, and so can be saved."""

import inspect
from typing import Any, Self

import keras


class Configured:
    """Base of what is saved by its constructor's arguments: losses and penalties.

    A subclass needs no `get_config`: its constructor's arguments are recorded as they were given,
    and are its configuration. They must be plain values or Keras objects.

    Example:
        >>> class Smooth(kg.losses.NonSaturatingLoss):
        ...     def __init__(self, smooth=0.0):
        ...         self.smooth = smooth
        >>> Smooth(0.3).get_config()
        {'smooth': 0.3}
    """

    _arguments: dict[str, Any]

    def __init__(self) -> None:
        """Takes no arguments: those of a class that has none of its own would be lost."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        instance = super().__new__(cls)
        # Partially, as `copy` makes an instance without arguments and fills it later.
        bound = inspect.signature(cls.__init__).bind_partial(instance, *args, **kwargs)
        instance._arguments = dict(list(bound.arguments.items())[1:])
        return instance

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments by name, as plain values."""
        kinds = inspect.signature(type(self).__init__).parameters
        config: dict[str, Any] = {}
        for name, value in self._arguments.items():
            if kinds[name].kind is inspect.Parameter.VAR_KEYWORD:
                config.update(value)
            elif kinds[name].kind is inspect.Parameter.VAR_POSITIONAL:
                raise ValueError(
                    f"Expected arguments of {type(self).__name__} that have names, to be saved by "
                    f"them. Received: *{name}={value!r}; give the class a get_config method"
                )
            else:
                config[name] = value
        return {name: self._serialized(name, value) for name, value in config.items()}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        return cls(**{name: keras.saving.deserialize_keras_object(v) for name, v in config.items()})

    def _serialized(self, name: str, value: Any) -> Any:
        try:
            return keras.saving.serialize_keras_object(value)
        except Exception as error:  # Keras raises several types.
            raise ValueError(
                f"Expected arguments of {type(self).__name__} that can be saved: numbers, strings "
                f"or Keras objects. Received: {name}={value!r}; give the class a get_config method"
            ) from error
