"""The means that the logs are."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops


class Means(keras.metrics.Metric):
    """Means of several scalars, counted together: one variable for all that an update logs.

    A `keras.metrics.Mean` for each would be a fifth of the operations of a small network's step.

    Args:
        names: Of the scalars.

    Example:
        >>> means = Means(["d_loss", "gp"])
        >>> means.update_state({"d_loss": 1.0, "gp": 0.5})
        >>> float(means.result()["gp"])
        0.5
    """

    def __init__(self, names: Sequence[str]):
        super().__init__(name="_".join(names))
        self.names = list(names)
        self.total = self.add_variable((len(names),), "zeros", name="total")
        self.count = self.add_variable((), "zeros", name="count")

    def update_state(self, scalars: Mapping[str, Any]) -> None:
        values = ops.stack([ops.cast(scalars[name], self.dtype) for name in self.names])
        self.total.assign(self.total + values)
        self.count.assign(self.count + 1)

    def result(self) -> dict[str, Any]:
        means = ops.divide_no_nan(self.total, self.count)
        return {name: means[i] for i, name in enumerate(self.names)}
