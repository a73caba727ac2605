"""Values in place of those that variables hold."""

from collections.abc import Iterable
from typing import Any

import keras

# There is no public name for the scope that is entered.
from keras.src.backend.common.stateless_scope import get_stateless_scope


class Scope(keras.StatelessScope):
    """A `keras.StatelessScope` that starts from the values of the scope around it.

    Keras' own would read the variables themselves: within a compiled step of JAX they are those of
    the time when it was traced.

    Args:
        values: Pairs of a variable and its value.
        **kwargs: As `keras.StatelessScope` takes them.

    Example:
        >>> w = keras.Variable(1.0)
        >>> with Scope([(w, 2.0)]) as scope, Scope() as inner:
        ...     w.assign(w + 1.0)
        >>> float(w.value), float(inner.updates[0][1])
        (1.0, 3.0)
    """

    def __init__(self, values: Iterable[tuple[keras.Variable, Any]] = (), **kwargs: Any):
        super().__init__(list(values), **kwargs)
        self._updated: dict[int, keras.Variable] = {}
        around = get_stateless_scope()
        for key, value in (around.state_mapping if around else {}).items():
            self.state_mapping.setdefault(key, value)

    def add_update(self, update: tuple[keras.Variable, Any]) -> None:
        super().add_update(update)
        self._updated[id(update[0])] = update[0]

    @property
    def updates(self) -> list[tuple[keras.Variable, Any]]:
        """The variables that were assigned to within the scope, and their last values."""
        return [(variable, self.get_current_value(variable)) for variable in self._updated.values()]
