"""The glue between `fit` and TensorFlow; everything about GANs stands in `gan.py`."""

import contextlib
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from keras_gans.callbacks import NaNGuard, TrainState
from keras_gans.models.minibatches import mini_batches
from keras_gans.models.replicas import mean_over_replicas


class Trainer(keras.Model):
    """A Keras model whose training step takes a tuple of mini-batches.

    Subclasses give `batches_per_step`, `sample_shape`, `check_data`, `seed` and `train_step`. The
    step runs on every replica of the model's strategy.

    Attributes:
        step: How many steps `fit` has trained in all.
        first_step: What `step` was when the current training began, before any interruption.
        steps_per_epoch: Steps in an epoch of the current `fit`; None where only the end of the data
            tells.
    """

    # Whether training reads the labels of (x, y) data.
    uses_labels = False
    step = 0
    first_step = 0
    steps_per_epoch = None
    _steps_to_pass = 0

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: str | int = "auto",
        callbacks: Sequence[keras.callbacks.Callback] | None = None,
        shuffle: bool = True,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
    ) -> keras.callbacks.History:
        """Trains on mini-batches of `batch_size`, grouped as the model's step needs them.

        An epoch has `n // (batch_size * n_critic)` steps, or `n // batch_size` with `reuse_batch`,
        and uses no sample twice.

        Args:
            x: Float array of shape `(n, *sample_shape)`, or a `tf.data.Dataset` of such samples or
                of batches of them, with values in the range of the generator's outputs. Elements
                may be `(x, y)`.
            y: Labels of an array, shape `(n,)`; ignored by unconditional models.
            batch_size: Samples in one mini-batch, over all replicas; 32 by default. Not for a data
                set of batches, which has its own.
            epochs: Epoch to train up to.
            verbose: 0, 1, 2 or "auto", as in Keras.
            callbacks: Keras callbacks.
            shuffle: Whether arrays and unbatched data sets are shuffled, anew for each epoch.
            initial_epoch: Epoch to start from.
            steps_per_epoch: Steps after which an epoch is declared over; the data goes on.

        Returns:
            The `History` of the logs, one value an epoch.

        Raises:
            ValueError: If the model is not compiled, the data does not fit the networks or is too
                small for one step, or a loss becomes NaN.
            RuntimeError: If another worker of a `MultiWorkerMirroredStrategy` fails.

        Example:
            >>> history = gan.fit(images, batch_size=64, epochs=5)
        """
        if not self.compiled:
            raise ValueError(
                "Expected a compiled model. Received: fit() before compile(); call compile() first"
            )
        callbacks = _as_list(callbacks)
        self._check_batch_size(batch_size)
        initial_epoch = max(self._resume(callbacks), initial_epoch)
        data = self._mini_batches(x, y, batch_size, shuffle, steps_per_epoch)
        with _clear_errors_of_workers(self.distribute_strategy):
            return super().fit(
                data,
                epochs=epochs,
                verbose=verbose,
                # The guard first: no other callback is to save what it refuses.
                callbacks=[NaNGuard(), *sorted(callbacks, key=_reads_logs)],
                shuffle=False,  # Done above.
                initial_epoch=initial_epoch,
                steps_per_epoch=self.steps_per_epoch,
            )

    def _resume(self, callbacks) -> int:
        """Restores an interrupted training; returns the epoch to go on with."""
        epoch, self._steps_to_pass, self._steps_run = 0, 0, 0
        self.first_step = self.step
        for state in (c for c in callbacks if isinstance(c, TrainState)):
            epoch, self._steps_to_pass = state.restore(self, callbacks)
        return epoch

    def _mini_batches(self, x, y, batch_size, shuffle, steps_per_epoch) -> tf.data.Dataset:
        """Makes the data of the training from its current step on, and settles its epochs."""
        data = mini_batches(
            x,
            y,
            group=self.batches_per_step,
            batch_size=batch_size,
            sample_rank=len(self.sample_shape),
            labels=self.uses_labels,
            shuffle=shuffle,
            seed=self.seed,
            first_step=self.first_step,
            skip=self.step - self.first_step,
        )
        self.check_data(data.first)
        self.steps_per_epoch = steps_per_epoch or data.steps_per_epoch
        if self.steps_per_epoch is None and self.steps_per_execution > 1:
            raise ValueError(
                "Expected data of known length with steps_per_execution > 1. Received: "
                f"steps_per_execution={self.steps_per_execution} and data that does not tell its "
                "length; pass `steps_per_epoch`, or an array"
            )
        return data.dataset

    @property
    def steps_into_epoch(self) -> int | None:
        """How many steps of the epoch in progress are done, or None where epochs have no length."""
        if self.steps_per_epoch is None:
            return None
        return (self._steps_run - 1) % self.steps_per_epoch + 1 if self._steps_run else 0

    @property
    def passes_done_steps(self) -> bool:
        """Whether `fit` is still at steps that were done before an interruption."""
        return self._steps_to_pass > 0

    def make_train_function(self, force: bool = False) -> Any:
        """Makes the function that runs `steps_per_execution` steps on all replicas."""
        if self.train_function is not None and not force:
            return self.train_function
        strategy = self.distribute_strategy

        def replica_step(batches):
            # When the data has ended, nothing may change, not even a counter or a seed.
            with tf.control_dependencies(tf.nest.flatten(batches)):
                return mean_over_replicas(self.train_step(batches))

        def one_step(iterator):
            logs = strategy.run(replica_step, args=(next(iterator),))
            return {name: strategy.experimental_local_results(v)[0] for name, v in logs.items()}

        def several_steps(iterator, count):
            # The loop is outside the replicas, where optimizers may not be called in a loop, and
            # carries no logs: only those of the last step are asked for.
            tf.while_loop(lambda i: i < count - 1, lambda i: (one_step(iterator), i + 1)[1:], [0])
            return one_step(iterator)

        if not self.run_eagerly:
            one_step = tf.function(one_step, autograph=False)
            several_steps = tf.function(several_steps, autograph=False)

        def train_function(iterator):
            count = self._steps_to_run()
            if self._steps_to_pass:  # Done before an interruption.
                self._steps_to_pass -= count
                logs = self.get_metrics_result()
            else:
                several = count > 1
                logs = (
                    several_steps(iterator, tf.constant(count)) if several else one_step(iterator)
                )
                self.step += count
            self._steps_run += count
            return logs

        self.train_function = train_function
        return train_function

    def reset_metrics(self) -> None:
        """Starts the means of the logs anew, but in an epoch that an interruption has cut."""
        if not self.passes_done_steps:
            super().reset_metrics()

    def _maybe_symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        """Keras would draw a batch to build the model, and fails at it with several workers."""

    def _steps_to_run(self) -> int:
        """How many steps the next execution takes: never more than are left of the epoch."""
        if self.steps_per_epoch is None:
            return 1
        left = self.steps_per_epoch - self._steps_run % self.steps_per_epoch
        return min(self.steps_per_execution, left, self._steps_to_pass or left)

    def _check_batch_size(self, batch_size):
        replicas = self.distribute_strategy.num_replicas_in_sync
        if isinstance(batch_size, int) and batch_size % replicas:
            raise ValueError(
                f"Expected a `batch_size` divisible by the {replicas} replicas. Received: "
                f"batch_size={batch_size}"
            )


@contextlib.contextmanager
def _clear_errors_of_workers(strategy):
    """Says in one sentence that another worker has failed."""
    try:
        yield
    except (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError) as error:
        workers = strategy.extended._num_workers if _has_workers(strategy) else 1
        if workers == 1:
            raise
        reason = " ".join(str(error).split("Collective ops is aborted by:")[-1].split())[:100]
        raise RuntimeError(
            f"Expected all {workers} workers to stay alive. Received: {reason}; start all workers "
            "again, with TrainState they go on from the last saved epoch"
        ) from error


def _has_workers(strategy):
    return isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)


def _reads_logs(callback):
    """Sorts the callbacks that write logs before those that may read them."""
    return not getattr(callback, "writes_logs", False)


def _as_list(callbacks):
    if isinstance(callbacks, keras.callbacks.Callback):
        return [callbacks]
    return list(callbacks or ())
