"""Where a training is."""


class Progress:
    """What `fit` counts and `TrainState` resumes: steps in all, and within the current training.

    After an interruption `fit` passes over the steps of the epoch that are done: the data moves on,
    the model does not.

    Attributes:
        step: How many steps have been trained in all.
        first_step: What `step` was when the current training began, before any interruption.
        steps_per_epoch: Steps in an epoch of the current training; None where only the end of the
            data tells.
    """

    def __init__(self) -> None:
        self.step = 0
        self.begin()

    def begin(self) -> None:
        """Starts a training at the current step."""
        self.first_step = self.step
        self.steps_per_epoch: int | None = None
        self._done = 0  # Steps since `fit` was called, those that were passed included.
        self._to_pass = 0

    def resume(self, done_steps: int) -> None:
        """Goes on within an epoch of which some steps are done."""
        self._to_pass = done_steps

    @property
    def passes_done_steps(self) -> bool:
        """Whether `fit` is still at steps that were done before an interruption."""
        return self._to_pass > 0

    @property
    def steps_into_epoch(self) -> int | None:
        """How many steps of the epoch in progress are done, or None where epochs have no length."""
        if self.steps_per_epoch is None:
            return None
        return (self._done - 1) % self.steps_per_epoch + 1 if self._done else 0

    def next_steps(self, steps_per_execution: int) -> int:
        """Returns how many steps to run at once: never more than are left of the epoch."""
        if self.steps_per_epoch is None:
            return 1
        left = self.steps_per_epoch - self._done % self.steps_per_epoch
        return min(steps_per_execution, left, self._to_pass or left)

    def advance(self, steps: int) -> None:
        """Counts steps that were run, or passed."""
        if self.passes_done_steps:
            self._to_pass -= steps
        else:
            self.step += steps
        self._done += steps
