"""How the time of a step grows with its batch, its images and its updates."""

from collections.abc import Sequence
from typing import Any

from keras_gans import presets
from keras_gans.scripts.benchmarking.cases import Case
from keras_gans.scripts.benchmarking.timing import FitLoop

AXES: dict[str, Sequence[int]] = {
    "batch_size": (16, 32, 64, 128, 256, 512),
    "image_size": (28, 64, 96, 128),
    "n_critic": (1, 2, 5, 10),
}
QUICK_AXES: dict[str, Sequence[int]] = {
    "batch_size": (4, 8),
    "image_size": (28, 56),
    "n_critic": (1, 10),
}


def measure(
    axes: dict[str, Sequence[int]], batch_size: int, steps: int
) -> dict[str, list[dict[str, float]]]:
    """Times `fit` of WGAN-GP on an up-sampling DCGAN's networks, one axis changed at a time.

    Args:
        axes: Values of "batch_size", "image_size" (divisible by 4) and "n_critic".
        batch_size: The batch where that is not what changes.
        steps: Steps that are timed for each value.

    Returns:
        For each axis one dict a value: `value`, `images_per_step`, `step_seconds`,
        `first_step_seconds`.
    """
    return {
        axis: [_measure(axis, value, batch_size, steps) for value in values]
        for axis, values in axes.items()
    }


def _measure(axis: str, value: int, batch_size: int, steps: int) -> dict[str, float]:
    arguments = {"batch_size": batch_size, "image_size": 28, "n_critic": 5, axis: value}
    preset = _resized(arguments.pop("image_size"))
    case = Case(preset, "WGANGP", **arguments)
    loop = FitLoop(case)
    return {
        "value": value,
        "images_per_step": case.images_per_step,
        "first_step_seconds": loop.first_step(),
        "step_seconds": loop.run(steps),
    }


def _resized(image_size: int) -> dict[str, Any]:
    preset = presets.get("dcgan-mnist")
    preset["generator"]["initial_size"] = image_size // 4
    preset["discriminator"]["input_shape"] = [image_size, image_size, 1]
    return preset
