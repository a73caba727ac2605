"""What `fit` does around the training step; everything about GANs stands in `gan.py`."""

import contextlib
import re
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, Never

import keras

from keras_gans import backend
from keras_gans.callbacks import Evaluation, NaNGuard, TrainState
from keras_gans.datasets.inputs import split
from keras_gans.models.minibatches import MiniBatches, mini_batches
from keras_gans.models.progress import Progress
from keras_gans.models.refusals import refuse


class Trainer(backend.Model):
    """A Keras model whose training step takes a tuple of mini-batches.

    Subclasses give `batches_per_step`, `sample_shape`, `conditional`, `check_data`, `seed` and
    `train_step`. The step runs on every replica of the model's strategy.

    Attributes:
        progress: Where the training is; `step` and `steps_per_epoch` are the model's too.
    """

    conditional: bool
    sample_shape: tuple[int | None, ...]
    train_function: Any = None

    @property
    def batches_per_step(self) -> int:
        """How many mini-batches a step takes."""
        raise NotImplementedError

    @property
    def seed(self) -> int:
        """Seed of the order of the data."""
        raise NotImplementedError

    @property
    def value_range(self) -> tuple[float, float] | None:
        """The range of the samples' values, None where it is not known."""
        raise NotImplementedError

    @property
    def leaves_order_to_chance(self) -> bool:
        """Whether the backend may take sums in another order in each run."""
        raise NotImplementedError

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self.progress = Progress()

    @property
    def step(self) -> int:
        """How many steps `fit` has trained in all."""
        return self.progress.step

    @step.setter
    def step(self, step: int) -> None:
        self.progress.step = step

    @property
    def steps_per_epoch(self) -> int | None:
        """Steps in an epoch of the current `fit`; None where only the end of the data tells."""
        return self.progress.steps_per_epoch

    def check_data(self, data: Any) -> None:
        """Raises a ValueError if samples, or samples and labels, do not fit the model."""
        raise NotImplementedError

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: str | int = "auto",
        callbacks: Sequence[keras.callbacks.Callback] | None = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        *,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int = 1,
        **refused: Never,
    ) -> keras.callbacks.History:
        """Trains on mini-batches of `batch_size`, grouped as the model's step needs them.

        An epoch has `n // (batch_size * n_critic)` steps, or `n // batch_size` with `reuse_batch`,
        and uses no sample twice.

        Args:
            x: Float array of shape `(n, *sample_shape)`, or a list of samples, with values in the
                range of the generator's outputs; or a `tf.data.Dataset`, a
                `keras.utils.PyDataset`, a PyTorch `DataLoader`, a generator or another iterable
                of samples or of batches. Elements, and x itself, may be `(x, y)`, or dicts with
                "image" and "label". uint8 pixels, and floats from 0 to 255, are mapped onto the
                generator's range, mini-batch by mini-batch, where its last activation tells it:
                uint8 takes a quarter of the memory.
            y: Labels of an array, integers of shape `(n,)`; ignored by unconditional models.
            batch_size: Samples in one mini-batch, over all replicas; 32 by default. Not for data
                in batches, which has its own.
            epochs: Epoch to train up to.
            verbose: 0, 1, 2 or "auto", as in Keras.
            callbacks: Keras callbacks.
            validation_split: Share of an array's samples, the last ones, that are held out as
                `validation_data`.
            validation_data: Held-out data, or a tuple of samples and labels: adds `val_fid` and
                the other metrics to the logs, as the callback `Evaluation` does.
            shuffle: Whether arrays, unbatched data sets and the batches of a `PyDataset` are
                shuffled, anew for each epoch.
            initial_epoch: Epoch to start from.
            steps_per_epoch: Steps after which an epoch is declared over; the data goes on. Needed
                where data has no end, and by generators, which are read once.
            validation_batch_size: Samples that are drawn at a time for validation.
            validation_freq: Epochs between two of these measurements.
            **refused: Keras' `class_weight`, `sample_weight` and `validation_steps`, each refused
                in a sentence that says why.

        Returns:
            The `History` of the logs, one value an epoch.

        Raises:
            ValueError: If the model is not compiled, the data does not fit the networks or is too
                small for one step, or a loss becomes NaN.
            RuntimeError: If another worker of a `MultiWorkerMirroredStrategy` fails.

        Example:
            >>> history = gan.fit(images, batch_size=64, epochs=5)
        """
        self._check_fit(refused)
        if validation_split and validation_data is None:
            x, validation_data = split(x, y, validation_split, labels=self.conditional)
            y = None
        callbacks = [_OwnAverages(), *_with_guard(callbacks)]
        if validation_data is not None:
            size = validation_batch_size
            # After the guard, before those that may read its logs.
            callbacks.insert(2, Evaluation(validation_data, validation_freq, batch_size=size))
        _check_patience(callbacks)
        initial_epoch = max(self._resume(callbacks), initial_epoch)
        data = self._mini_batches(x, y, batch_size, shuffle, steps_per_epoch)
        done = self.step
        with (
            backend.worker_errors(self.distribute_strategy),
            backend.exact_runs(self.leaves_order_to_chance),
            _data_errors(),
            _tidied_up(callbacks),
            _ends_expected(self.steps_per_epoch is None),
        ):
            history = super().fit(
                data.dataset,
                epochs=epochs,
                verbose=verbose,
                callbacks=callbacks,
                shuffle=False,  # Done above.
                initial_epoch=initial_epoch,
                steps_per_epoch=self.steps_per_epoch,
            )
        self._check_progress(done, epochs - initial_epoch)
        return history

    def _check_fit(self, refused: dict[str, Any]) -> None:
        if not self.compiled:
            raise ValueError(
                "Expected a compiled model. Received: fit() before compile(); call compile() first"
            )
        refuse("fit", refused)
        backend.check_scope(self.distribute_strategy, self.weights)

    def _check_progress(self, done: int, epochs: int) -> None:
        if self.step == done and epochs > 0:
            raise ValueError(
                f"Expected data for at least one step, {self.batches_per_step} mini-batches. "
                "Received: a data set that ended before; use a smaller batch or a smaller n_critic"
            )

    def make_train_function(self, force: bool = False) -> Any:
        """Makes the function that runs `steps_per_execution` steps on all replicas.

        A compiled step applies the constraints that the weights had when it was traced: there is a
        function for each set of them, so that those of one `fit` are neither forgotten nor left in
        the next, and nothing is compiled twice.
        """
        if force or self.train_function is None:  # As `compile` leaves it.
            self._train_functions: dict[tuple[Any, ...], Any] = {}
        constraints = tuple(weight.constraint for weight in self.weights)
        if constraints not in self._train_functions:
            self._train_functions[constraints] = self._new_train_function()
        self.train_function = self._train_functions[constraints]
        return self.train_function

    def _new_train_function(self) -> Any:
        run = backend.compile_steps(self)

        def train_function(iterator):
            steps = self.progress.next_steps(self.steps_per_execution)
            if self.progress.passes_done_steps:
                logs = self.get_metrics_result()
            else:
                logs = run(iterator, steps)
            self.progress.advance(steps)
            return logs

        return train_function

    def train_on_batch(self, *args: Any, **kwargs: Any) -> Any:
        """Refuses: a step takes `n_critic` mini-batches, which `fit` groups.

        Raises:
            ValueError: Always.
        """
        raise ValueError(
            f"Expected `fit`, which gives each of the {self.batches_per_step} mini-batches of a "
            "step to an update of its own. Received: train_on_batch(); pass its batches to fit as "
            "a data set, or call train_step with a tuple of mini-batches"
        )

    def test_on_batch(self, *args: Any, **kwargs: Any) -> Any:
        """Refuses: the metrics of a GAN compare sets of samples.

        Raises:
            ValueError: Always.
        """
        raise ValueError(
            "Expected `evaluate`, whose metrics compare sets of samples. Received: "
            "test_on_batch(); pass the samples to evaluate, at least 6"
        )

    def finalize_weights(self) -> None:
        """Follows the last step of training."""
        raise NotImplementedError

    def reset_metrics(self) -> None:
        """Starts the means of the logs anew, but in an epoch that an interruption has cut."""
        if not self.progress.passes_done_steps:
            super().reset_metrics()

    def _resume(self, callbacks: Sequence[keras.callbacks.Callback]) -> int:
        """Restores an interrupted training; returns the epoch to go on with."""
        epoch = 0
        self.progress.begin()
        for state in (c for c in callbacks if isinstance(c, TrainState)):
            epoch, done_steps = state.restore(self, callbacks)
            self.progress.resume(done_steps)
        return epoch

    def _mini_batches(
        self, x: Any, y: Any, batch_size: Any, shuffle: bool, steps_per_epoch: int | None
    ) -> MiniBatches:
        """Makes the data of the training from its current step on, and settles its epochs."""
        data = mini_batches(
            x,
            y,
            group=self.batches_per_step,
            batch_size=batch_size,
            sample_rank=len(self.sample_shape),
            labels=self.conditional,
            shuffle=shuffle,
            seed=self.seed,
            first_step=self.progress.first_step,
            skip=self.step - self.progress.first_step,
            value_range=self.value_range,
        )
        self.check_data(data.checked)
        self.progress.steps_per_epoch = steps_per_epoch or data.steps_per_epoch
        self._check_length(data.endless)
        replicas = self.distribute_strategy.num_replicas_in_sync
        if data.batch_size % replicas:
            raise ValueError(
                f"Expected mini-batches divisible by the {replicas} replicas, whose means count "
                f"alike. Received: batch_size={data.batch_size}"
            )
        return data

    def _check_length(self, endless: bool) -> None:
        if self.steps_per_epoch is not None:
            return
        if endless:
            raise ValueError(
                "Expected `steps_per_epoch` with data that has no end, or that can be read once "
                "only. Received: steps_per_epoch=None"
            )
        if self.steps_per_execution > 1:
            raise ValueError(
                "Expected data of known length with steps_per_execution > 1. Received: "
                f"steps_per_execution={self.steps_per_execution} and data that does not tell its "
                "length; pass `steps_per_epoch`, batches with drop_remainder=True, or an array"
            )


@contextlib.contextmanager
def _tidied_up(callbacks: Sequence[keras.callbacks.Callback]) -> Iterator[None]:
    """Lets callbacks take back what they have changed, where an error or Ctrl-C ends training."""
    try:
        yield
    except BaseException:
        for callback in callbacks:
            if hasattr(callback, "on_train_interrupted"):
                callback.on_train_interrupted()
        raise


@contextlib.contextmanager
def _ends_expected(is_unknown: bool) -> Iterator[None]:
    """Where an epoch ends with its data, keeps Keras from warning that the data has ended."""
    with warnings.catch_warnings():
        if is_unknown:
            warnings.filterwarnings("ignore", "Your input ran out of data")
        yield


@contextlib.contextmanager
def _data_errors() -> Iterator[None]:
    """Raises the sentence that reading the data has ended in, out of what it came wrapped in."""
    try:
        yield
    except Exception as error:
        found = re.search(r"ValueError: (Expected .*Received.*)", str(error))
        if found is None or isinstance(error, ValueError):
            raise
        raise ValueError(found[1]) from error


def _check_patience(callbacks: Sequence[keras.callbacks.Callback]) -> None:
    for callback in callbacks:
        if isinstance(callback, Evaluation):
            callback.check_patience(callbacks)


class _OwnAverages(keras.callbacks.Callback):
    """Has optimizers that average the weights put their averages into them, as Keras' `fit` does.

    Before other callbacks look at the model that training has made.
    """

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self.model.finalize_weights()


def _with_guard(callbacks: Any) -> list[keras.callbacks.Callback]:
    """Returns the callbacks in their order, with a guard where they hold none.

    The guard first: no other callback is to save what it refuses. Then those that write logs,
    before those that may read them.
    """
    listed = [callbacks] if isinstance(callbacks, keras.callbacks.Callback) else callbacks or ()
    guards = [callback for callback in listed if isinstance(callback, NaNGuard)]
    others = [callback for callback in listed if not isinstance(callback, NaNGuard)]
    others.sort(key=lambda callback: not getattr(callback, "writes_logs", False))
    return [*(guards or [NaNGuard()]), *others]
