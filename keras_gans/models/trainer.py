"""The glue between `fit` and TensorFlow; everything about GANs stands in `gan.py`."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from keras_gans.callbacks import NaNGuard
from keras_gans.models.minibatches import mini_batches


class Trainer(keras.Model):
    """A Keras model whose training step takes a tuple of mini-batches.

    Subclasses give `batches_per_step`, `sample_shape`, `check_data`, `step`, `seed` and
    `train_step`. The step runs on every replica of the model's strategy.
    """

    # Whether training reads the labels of (x, y) data.
    uses_labels = False

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

        Example:
            >>> history = gan.fit(images, batch_size=64, epochs=5)
        """
        if not self.compiled:
            raise ValueError(
                "Expected a compiled model. Received: fit() before compile(); call compile() first"
            )
        data = mini_batches(
            x,
            y,
            group=self.batches_per_step,
            batch_size=batch_size,
            sample_rank=len(self.sample_shape),
            labels=self.uses_labels,
            shuffle=shuffle,
            seed=self.seed,
            first_step=self.step,
        )
        self.check_data(data.first)
        self._plan_epoch(steps_per_epoch or data.steps_per_epoch)
        if isinstance(callbacks, keras.callbacks.Callback):
            callbacks = [callbacks]
        return super().fit(
            data.dataset,
            epochs=epochs,
            verbose=verbose,
            callbacks=[*(callbacks or ()), NaNGuard()],
            shuffle=False,  # Done above.
            initial_epoch=initial_epoch,
            steps_per_epoch=steps_per_epoch or data.steps_per_epoch,
        )

    def make_train_function(self, force: bool = False) -> Any:
        """Makes the function that runs `steps_per_execution` steps on all replicas."""
        if self.train_function is not None and not force:
            return self.train_function
        strategy = self.distribute_strategy

        def replica_step(batches):
            # When the data has ended, nothing may change, not even a counter or a seed.
            with tf.control_dependencies(tf.nest.flatten(batches)):
                return self.train_step(batches)

        def one_step(iterator):
            logs = strategy.run(replica_step, args=(next(iterator),))
            return {name: strategy.reduce("MEAN", v, axis=None) for name, v in logs.items()}

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
            return one_step(iterator) if count == 1 else several_steps(iterator, tf.constant(count))

        self.train_function = train_function
        return train_function

    def _plan_epoch(self, steps_per_epoch: int | None) -> None:
        if steps_per_epoch is None and self.steps_per_execution > 1:
            raise ValueError(
                "Expected data of known length with steps_per_execution > 1. Received: "
                f"steps_per_execution={self.steps_per_execution} and data that does not tell its "
                "length; pass `steps_per_epoch`, or an array"
            )
        self._steps_per_epoch = steps_per_epoch
        self._steps_run = 0

    def _steps_to_run(self) -> int:
        """How many steps the next execution takes: never more than are left of the epoch."""
        if self._steps_per_epoch is None:
            return 1
        left = self._steps_per_epoch - self._steps_run % self._steps_per_epoch
        count = min(self.steps_per_execution, left)
        self._steps_run += count
        return count
