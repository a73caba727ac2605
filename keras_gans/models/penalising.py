"""What penalties add to the objectives of both networks."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

from keras import ops

from keras_gans.models.updating import Updating, as_float32, joined
from keras_gans.networks import inspection
from keras_gans.penalties import GradientPenalty, Penalty, squared_norms


class Penalising(Updating):
    """The part of a GAN that penalises its networks.

    Points are drawn before the objective, and so outside XLA, whose random numbers are others.
    """

    penalties: list[Penalty]
    generator_penalties: list[Penalty]

    @property
    def leaves_order_to_chance(self) -> bool:
        """Whether the backend may take sums in another order in each run.

        Seen with other penalties than that of WGAN-GP alone: in 8 of 25 runs with R1, in 10 of 60
        with DRAGAN's, in none of 45 with WGAN-GP's.
        """
        kinds = [type(penalty) for penalty in (*self.penalties, *self.generator_penalties)]
        return kinds not in ([], [GradientPenalty])

    def penalty_points(self, real: Any, fake: Any) -> list[Any]:
        """Draws the points of each penalty of the discriminator."""
        samples = as_float32(real), as_float32(fake)
        return [penalty.points(*samples, self.seed_generator) for penalty in self.penalties]

    def generator_penalty_points(self, real: Any, latents: Any) -> list[Any]:
        """Draws the points of each penalty of the generator."""
        given = as_float32(real), latents, self.seed_generator
        return [penalty.points(*given) for penalty in self.generator_penalties]

    def penalise_discriminator(
        self, points: Sequence[Any], labels: Any, outputs: tuple[Any, Any]
    ) -> tuple[list[Any], dict[str, Any]]:
        """Returns the weighted penalties of the discriminator, and the logs of all.

        Args:
            points: What `penalty_points` returned.
            labels: Of the mini-batch, or None.
            outputs: The discriminator's outputs on reals and on fakes.
        """
        norms = self._norms_in_one_pass(points, labels)

        def values(i: int, penalty: Penalty) -> dict[str, Any]:
            if i in norms:
                return {penalty.name: ops.mean(penalty.cost(norms[i]))}
            with self.frozen(self.discriminator):
                return penalty.values(lambda x: self.judge(x, labels), points[i], *outputs)

        return self._weighted(self.penalties, self.d_optimizer.iterations, values)

    def penalise_generator(
        self, points: Sequence[Any], labels: Any
    ) -> tuple[list[Any], dict[str, Any]]:
        """Returns the weighted penalties of the generator, and the logs of all."""

        def values(i: int, penalty: Penalty) -> dict[str, Any]:
            with self.frozen(self.generator):
                return penalty.values(self.draw, points[i], labels)

        return self._weighted(self.generator_penalties, self.g_optimizer.iterations, values)

    def _norms_in_one_pass(self, points: Sequence[Any], labels: Any) -> dict[int, Any]:
        """Returns squared norms of gradients by the number of the penalty that asks for them.

        Several gradient penalties cost one pass over all their points, and not one each, where the
        discriminator's outputs do not depend on the rest of the batch.
        """
        due = [i for i, p in enumerate(self.penalties) if p.is_of_gradient and p.every == 1]
        layers = [self.discriminator, *([] if self.augment is None else [self.augment])]
        if len(due) < 2 or not all(map(inspection.keeps_samples_apart, layers)):
            return {}
        tiled = None if labels is None else ops.concatenate([labels] * len(due))
        with self.frozen(self.discriminator):
            norms = squared_norms(
                lambda x: self.judge(x, tiled)["logits"], ops.concatenate([points[i] for i in due])
            )
        return dict(zip(due, ops.split(norms, len(due)), strict=True))

    def _weighted(
        self,
        penalties: Sequence[Penalty],
        updates: Any,
        values: Callable[[int, Penalty], dict[str, Any]],
    ) -> tuple[list[Any], dict[str, Any]]:
        weighted, logs = [], []
        for i, penalty in enumerate(penalties):
            logs.append(penalty.lazily(updates, functools.partial(values, i, penalty)))
            weighted.append(penalty.weight_at(self.training_step()) * logs[i][penalty.name])
        return weighted, joined(*logs)
