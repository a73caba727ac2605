"""Arguments of Keras' methods that have no meaning for a GAN, each with the reason."""

from typing import Any

# By method and argument: why not, and what to do instead.
REFUSED = {
    "compile": {
        "optimizer": "each network has an optimizer of its own; pass d_optimizer and g_optimizer",
        "metrics": "a GAN's metrics compare sets of samples; use evaluate(), "
        "fit(validation_data=...) or the callback Evaluation",
        "weighted_metrics": "samples have no weights; use the callback Evaluation",
        "loss_weights": "there is one loss; give each of `penalties` its weight",
        "auto_scale_loss": "a network of the policy mixed_float16 has its loss scaled in any case; "
        "leave it out",
    },
    "fit": {
        "class_weight": "the losses compare batches, not samples with targets; draw the classes in "
        "the shares that they are to have",
        "sample_weight": "the losses compare batches, not samples with targets; draw samples as "
        "often as they are to count",
        "validation_steps": "the metrics compare sets of samples; pass the callback "
        "Evaluation(data, n=...)",
    },
    "evaluate": {
        "sample_weight": "the metrics compare sets of samples; leave it out",
        "steps": "the metrics compare sets of samples; pass `n`, how many",
        "callbacks": "evaluation is one step; use what it returns",
    },
}


def refuse(method: str, given: dict[str, Any]) -> None:
    """Raises if a method is given arguments that it does not take.

    Args:
        method: Such as "fit".
        given: The arguments beside those that it takes; None counts as left out where Keras knows
            the argument.

    Raises:
        ValueError: If an argument is one of Keras' that has no meaning here.
        TypeError: If an argument is unknown.
    """
    for name, value in given.items():
        if name not in REFUSED[method]:
            raise TypeError(f"{method}() got an unexpected keyword argument {name!r}")
        if value is not None:
            raise ValueError(
                f"Expected {method}() without `{name}`: {REFUSED[method][name]}. Received: "
                f"{name} of type {type(value).__name__}"
            )
