"""The losses that the sources print while they train, and ours at the same steps."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

TERMS = ("g_loss", "d_loss")
# Of ours the mean over so many steps stands beside the loss of one mini-batch.
_WINDOW = 100


class Printed(NamedTuple):
    """Losses that a source prints.

    Attributes:
        losses: Those of the generator and the discriminator by the step, from 0, that they are of.
        window: Steps up to that one that they are the means of.
    """

    losses: Mapping[int, tuple[float, float]]
    window: int = 1

    def published(self) -> dict[str, tuple[float, None]]:
        """Returns them by the names that ours have."""
        return {
            f"{name} at {step}": (loss, None)
            for step, losses in self.losses.items()
            for name, loss in zip(TERMS, losses, strict=True)
        }

    def ours(self, curves: Mapping[str, Any]) -> dict[str, float]:
        """Returns the losses of a training by the same names, of the steps that it reached.

        Args:
            curves: The state of a `LossCurves` of the two losses.
        """
        values, window = np.array(curves["values"]), max(self.window, _WINDOW)
        scores: dict[str, float] = {}
        for step in self.losses:
            if step + 1 in curves["steps"]:
                end = curves["steps"].index(step + 1) + 1
                means = values[max(end - window, 0) : end].mean(axis=0)
                scores |= {f"{t} at {step}": float(x) for t, x in zip(TERMS, means, strict=True)}
        return scores


SOURCES = {
    "gan-mnist": Printed(
        {
            0: (1.462668, 1.422923),
            5_000: (5.218184, 0.094545),
            90_000: (2.534064, 0.544332),
            95_000: (2.208852, 0.578487),
        }
    ),
    # It prints half the discriminator's loss.
    "dcgan-mnist": Printed({0: (0.5319, 2 * 0.7238), 2_000: (2.1844, 2 * 0.4667)}),
    # Means of epochs of 60,000 images in batches of 128, the first 11 of 100.
    "wgan_gp-mnist-book": Printed(
        {
            468 * epoch + 467: losses
            for epoch, losses in enumerate(
                (
                    (264.35, -429.40),
                    (196.05, -171.74),
                    (177.99, -95.76),
                    (153.67, 7.65),
                    (87.47, 12.47),
                    (77.16, -22.17),
                    (69.26, -9.35),
                    (62.45, -19.28),
                    (87.78, -39.11),
                    (64.18, -33.13),
                    (82.42, -38.13),
                )
            )
        },
        window=468,
    ),
}
