"""What JAX and PyTorch share: `fit`'s loop over the data, and one replica."""

import contextlib
import math
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import keras
import numpy as np

from keras_gans.datasets.ranges import scaled


class OneReplica:
    """Stands where TensorFlow has a strategy: the model is on one device, or spread by Keras."""

    num_replicas_in_sync = 1

    def scope(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()


class Model(keras.Model):
    """A `keras.Model` whose `fit` runs `train_function` over an iterable of elements."""

    distribute_strategy = OneReplica()

    def fit(
        self,
        x: Iterable[Any],
        epochs: int = 1,
        verbose: str | int = "auto",
        callbacks: Sequence[keras.callbacks.Callback] = (),
        shuffle: bool = False,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
    ) -> keras.callbacks.History:
        """Trains on the elements of `x`, which is read anew where it has ended.

        Args:
            x: Iterable of what `train_step` takes; endless where the length of an epoch is known.
            epochs: Epoch to train up to.
            verbose: 0, 1, 2 or "auto", as in Keras.
            callbacks: Keras callbacks.
            shuffle: For TensorFlow's signature; nothing is shuffled here.
            initial_epoch: Epoch to start from.
            steps_per_epoch: Steps of an epoch, None where the end of the data tells.

        Returns:
            The `History` of the logs.
        """
        listed = keras.callbacks.CallbackList(
            list(callbacks),
            add_history=True,
            add_progbar=verbose != 0,
            verbose=verbose,
            epochs=epochs,
            steps=steps_per_epoch,
            model=self,
        )
        self.make_train_function()
        self.stop_training = False
        epoch_logs: dict[str, float] = {}
        listed.on_train_begin()
        elements = _elements(x)
        for epoch in range(initial_epoch, epochs):
            self.reset_metrics()
            listed.on_epoch_begin(epoch)
            if not self._run_epoch(elements, listed, steps_per_epoch):
                elements = _elements(x)
            epoch_logs = {name: float(v) for name, v in self.get_metrics_result().items()}
            listed.on_epoch_end(epoch, epoch_logs)
            if self.stop_training:
                break
        listed.on_train_end(epoch_logs)
        return self.history

    def _run_epoch(
        self,
        elements: Iterator[Any],
        callbacks: keras.callbacks.CallbackList,
        steps: int | None,
    ) -> bool:
        """Runs the steps of an epoch; returns False if the data ended before."""
        step = 0
        while (steps is None or step < steps) and not self.stop_training:
            last = step + self.steps_per_execution - 1
            callbacks.on_train_batch_begin(step)
            try:
                logs = self.train_function(elements)
            except StopIteration:
                if steps is not None:
                    warnings.warn(
                        f"Your input ran out of data after {step} of {steps} steps.", stacklevel=3
                    )
                return False
            callbacks.on_train_batch_end(last if steps is None else min(last, steps - 1), logs)
            step = last + 1
        return True


def step_by_step(
    step: Callable[[Any], dict[str, Any]],
) -> Callable[[Iterator[Any], int], dict[str, Any]]:
    """Returns what `compile_steps` does, without compiling anything."""

    def run(elements, count):
        for _ in range(count):
            logs = step(keras.tree.map_structure(keras.ops.convert_to_tensor, next(elements)))
        return logs

    return run


def _elements(data: Any) -> Iterator[Any]:
    """Iterates over arrays, also those of a `tf.data.Dataset`."""
    return data.as_numpy_iterator() if hasattr(data, "as_numpy_iterator") else iter(data)


class ArrayBatches:
    """An endless iterable of tuples of mini-batches, gathered from arrays.

    Args:
        arrays: Samples, or samples and labels.
        steps: Elements of an epoch.
        group: Mini-batches of an element.
        batch_size: Samples of a mini-batch.
        order: A `keras_gans.models.minibatches.Order`.
        scale: The range that samples are mapped onto, if they are pixels.
    """

    def __init__(
        self,
        arrays: Sequence[np.ndarray],
        steps: int,
        group: int,
        batch_size: int,
        order: Any,
        scale: tuple[float, float] | None,
    ):
        self.arrays = arrays
        self.steps, self.group, self.batch_size = steps, group, batch_size
        self.order = order
        self.scale = scale

    def __iter__(self) -> Iterator[Any]:
        for indices in self.indices():
            yield tuple(batch_of(self.arrays, each, self.scale) for each in indices)

    def indices(self) -> Iterator[np.ndarray]:
        """Yields the numbers of each element's samples, of shape `(group, batch_size)`."""
        shuffle, seed, first_step, skip = self.order
        n, shape = len(self.arrays[0]), (self.steps, self.group, self.batch_size)
        start, done = first_step + skip // self.steps * self.steps, skip % self.steps
        while True:
            order = np.random.default_rng((seed, start)).permutation(n) if shuffle else np.arange(n)
            yield from order[: math.prod(shape)].reshape(shape)[done:]
            start, done = start + self.steps, 0


def batch_of(arrays: Sequence[Any], indices: Any, scale: tuple[float, float] | None) -> Any:
    """Gathers a mini-batch of samples, or of samples and labels."""
    x, *labels = (array[indices] for array in arrays)
    # After they are gathered: pixels take a quarter of the memory of floats.
    x = scaled(x.astype("float32"), scale) if scale else x
    return (x, *labels) if labels else x


@keras.saving.register_keras_serializable("keras_gans")
class ReplicaSeedGenerator(keras.random.SeedGenerator):
    """A seed generator under the name that TensorFlow has for one of several replicas."""


def replica_count() -> int:
    """Returns 1: means over a batch are means over all devices that it is spread over."""
    return 1


def mean_over_replicas(tensors: Any) -> Any:
    """Returns the structure as it is."""
    return tensors


def average_over_replicas(variables: Sequence[keras.Variable]) -> None:
    """Does nothing: there is one value of each variable."""


def check_scope(strategy: OneReplica, variables: Sequence[keras.Variable]) -> None:
    """Does nothing: there is one scope."""


def worker_errors(strategy: OneReplica) -> contextlib.AbstractContextManager[None]:
    """Does nothing: there are no workers."""
    return contextlib.nullcontext()


def exact_runs(needed: bool) -> contextlib.AbstractContextManager[None]:
    """Does nothing: the backend takes sums in the same order in each run."""
    return contextlib.nullcontext()
