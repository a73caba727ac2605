"""The means that the logs are."""

from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

# How many scalars one update may log.
CAPACITY = 32


class Means(keras.metrics.Metric):
    """Means of the scalars that an update logs, counted together: one variable for all of them.

    The first update settles the names; another name, or one that is missing, is an error later. A
    `keras.metrics.Mean` for each would be a fifth of the operations of a small network's step.

    Raises:
        ValueError: If an update logs other names than the first, more than 32, or no scalars.

    Example:
        >>> means = Means()
        >>> means.update_state({"d_loss": 1.0, "gp": 0.5})
        >>> float(means.result()["gp"])
        0.5
    """

    def __init__(self, name: str = "means"):
        super().__init__(name=name)
        self.names: tuple[str, ...] = ()
        # Made before the names are known: a compiled step can make no variables.
        self.total = self.add_variable((CAPACITY,), "zeros", name="total")
        self.count = self.add_variable((), "zeros", name="count")

    def update_state(self, scalars: Mapping[str, Any]) -> None:
        names = tuple(sorted(scalars))
        self._check(names, scalars)
        self.names = names
        values = ops.stack([ops.cast(scalars[name], self.dtype) for name in names])
        # Not `ops.pad`, which takes PyTorch as long as the rest of this method.
        unused = ops.zeros((CAPACITY - len(names),), self.dtype)
        self.total.assign(self.total + ops.concatenate([values, unused]))
        self.count.assign(self.count + 1)

    def result(self) -> dict[str, Any]:
        """Returns the means by name, none before the first update."""
        means = ops.divide_no_nan(self.total, self.count)
        return {name: means[i] for i, name in enumerate(self.names)}

    def _check(self, names: tuple[str, ...], scalars: Mapping[str, Any]) -> None:
        if self.names and names != self.names:
            raise ValueError(
                f"Expected each update to log {list(self.names)}, as the first one did. Received: "
                f"{list(names)}; let every update return the same names"
            )
        if len(names) > CAPACITY:
            raise ValueError(
                f"Expected at most {CAPACITY} logs of an update. Received: {len(names)}; log fewer"
            )
        for name in names:
            if len(ops.shape(scalars[name])):
                raise ValueError(
                    f"Expected scalars to log. Received: {name} of shape "
                    f"{tuple(ops.shape(scalars[name]))}; log its mean"
                )
