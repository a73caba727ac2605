"""What is checked before training; each error is one sentence."""

import warnings
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_gans.datasets.ranges import are_pixels, check_values
from keras_gans.networks import inspection
from keras_gans.penalties import Penalty


def check_networks(
    generator: keras.Model, discriminator: keras.Model, discriminator_takes_labels: bool = True
) -> None:
    """Raises a ValueError unless the networks can be trained against each other."""
    for name, network in (("generator", generator), ("discriminator", discriminator)):
        if not isinstance(network, keras.Model) or not network.built:
            raise ValueError(
                f"Expected `{name}` to be a built keras.Model. Received: {name}={network!r}; call "
                "it on a batch, or give it an Input"
            )
    (latents, *g_labels), (samples, *d_labels) = map(
        inspection.input_shapes, (generator, discriminator)
    )
    outputs = inspection.output_shapes(generator)
    if list(outputs) != ["logits"]:  # As one unnamed output is called.
        raise ValueError(
            "Expected a generator of one output, the samples. Received: "
            f"a dict of {sorted(outputs)}"
        )
    made = outputs["logits"]
    if len(latents) != 1:
        raise ValueError(
            "Expected a generator of latents of shape (batch, latent_dim). Received: "
            f"inputs of shape {(None, *latents)}"
        )
    if not inspection.shapes_fit(made, samples):
        raise ValueError(
            "Expected the generator's outputs to fit the discriminator's inputs. Received: "
            f"generator.output_shape={(None, *made)}, discriminator.input_shape={(None, *samples)}"
        )
    _check_label_inputs(g_labels, d_labels, discriminator_takes_labels)
    if inspection.ends_in_probabilities(discriminator):
        raise ValueError(
            "Expected a discriminator that outputs logits. Received: "
            f"{discriminator.name}, which ends in a probability; remove its last activation"
        )
    _check_apart(generator, discriminator)
    if "logits" not in inspection.output_shapes(discriminator):
        raise ValueError(
            "Expected a discriminator whose outputs are logits or a dict with 'logits'. Received: "
            f"a dict of {sorted(inspection.output_shapes(discriminator))}"
        )


def _check_label_inputs(
    g_labels: Sequence[Any], d_labels: Sequence[Any], discriminator_takes_labels: bool
) -> None:
    if discriminator_takes_labels and (len(g_labels) != len(d_labels) or len(g_labels) > 1):
        raise ValueError(
            "Expected both networks to take labels as their second input, or neither. Received: "
            f"a generator of {1 + len(g_labels)} inputs and a discriminator of {1 + len(d_labels)}"
        )
    if not discriminator_takes_labels and (len(g_labels) != 1 or d_labels):
        raise ValueError(
            "Expected a generator of (latents, labels) and a discriminator of samples alone, which "
            f"finds the classes itself. Received: a generator of {1 + len(g_labels)} inputs and a "
            f"discriminator of {1 + len(d_labels)}"
        )
    for name, labels in (("generator", g_labels), ("discriminator", d_labels)):
        if labels and labels[0] not in ((), (1,)):
            raise ValueError(
                f"Expected the second input of the {name} to be labels, integers of shape "
                f"(batch,). Received: an input of shape {(None, *labels[0])}; give the network one "
                "input, or turn class numbers into vectors inside it"
            )


def _check_apart(generator: keras.Model, discriminator: keras.Model) -> None:
    own = {id(weight) for weight in generator.weights}
    shared = [weight.path for weight in discriminator.weights if id(weight) in own]
    if shared:
        raise ValueError(
            "Expected networks without common weights, as an update of one leaves the other alone. "
            f"Received: {shared[0]} in both; give each network layers of its own"
        )


def check_output(
    discriminator: keras.Model, name: str, shape: tuple[int, ...] | None = None
) -> None:
    """Raises a ValueError unless the discriminator's outputs are a dict that has this one."""
    outputs = inspection.output_shapes(discriminator)
    if name not in outputs or (shape is not None and outputs[name] != shape):
        wanted = "" if shape is None else f" of shape {(None, *shape)}"
        raise ValueError(
            f"Expected a discriminator whose outputs are a dict with {name!r}{wanted}. Received: "
            f"outputs of shape { {n: (None, *s) for n, s in outputs.items()} }"
        )


def check_compile(
    n_critic: Any,
    n_generator: Any,
    steps_per_execution: Any,
    ema_decay: Any,
    d_optimizer: Any,
    g_optimizer: Any,
    augment: Any,
) -> None:
    """Raises a ValueError if an argument of `compile` is out of its range."""
    counts = {
        "n_critic": n_critic,
        "n_generator": n_generator,
        "steps_per_execution": steps_per_execution,
    }
    for name, value in counts.items():
        if not isinstance(value, int | np.integer) or value < 1:
            raise ValueError(f"Expected an integer `{name}` >= 1. Received: {name}={value!r}")
    schedule = isinstance(ema_decay, keras.optimizers.schedules.LearningRateSchedule)
    if ema_decay is not None and not schedule and not (is_number(ema_decay) and 0 <= ema_decay < 1):
        raise ValueError(f"Expected `ema_decay` in [0, 1). Received: ema_decay={ema_decay!r}")
    if d_optimizer is g_optimizer and isinstance(d_optimizer, keras.optimizers.Optimizer):
        raise ValueError(
            "Expected two optimizers, each with a state of its own. Received: the same object as "
            "d_optimizer and g_optimizer"
        )
    if augment is not None and not isinstance(augment, keras.Layer):
        raise ValueError(f"Expected `augment` to be a keras.Layer. Received: augment={augment!r}")


def check_penalties(penalties: Sequence[Any]) -> None:
    """Raises a ValueError unless these are penalties that the logs can tell apart."""
    for penalty in penalties:
        if not isinstance(penalty, Penalty):
            raise ValueError(
                "Expected `penalties` to be a list of keras_gans.penalties.Penalty. Received: "
                f"{penalty!r} among them"
            )
    names = [penalty.name for penalty in penalties]
    taken = [*names, "d_loss", "d_real", "d_fake", "g_loss"]
    doubled = [name for name in names if taken.count(name) > 1]
    if doubled:
        raise ValueError(
            f"Expected penalties of different names, which the logs have. Received: {names}; give "
            f"one of the {doubled[0]!r} another `name`"
        )


def check_gp_weight(gp_weight: Any, own: Sequence[Any], replaced: bool, variant: str) -> None:
    """Raises a ValueError unless the variant has a penalty of its own, and may weigh it so."""
    if replaced or not own:
        reason = "`penalties` replaces its own" if replaced else f"{variant} has no penalty"
        raise ValueError(
            f"Expected no `gp_weight`: {reason}. Received: gp_weight={gp_weight}; give a penalty "
            "of `penalties` its weight"
        )
    schedule = isinstance(gp_weight, keras.optimizers.schedules.LearningRateSchedule)
    if not schedule and not (is_number(gp_weight) and 0 <= gp_weight < np.inf):
        raise ValueError(
            "Expected a finite `gp_weight` >= 0 or a Keras schedule. Received: "
            f"gp_weight={gp_weight!r}"
        )


def warn_of_batch_norm(discriminator: keras.Model, penalties: Sequence[Penalty]) -> None:
    """Warns where a penalty of each sample meets outputs that depend on the whole batch."""
    per_sample = any(penalty.per_sample_norm for penalty in penalties)
    if per_sample and inspection.contains(discriminator, keras.layers.BatchNormalization):
        warnings.warn(
            "The critic has a BatchNormalization layer, which makes each output depend on the "
            "whole batch: the gradient penalty then no longer holds per sample (WGAN-GP, "
            "section 4). LayerNormalization keeps samples apart.",
            stacklevel=4,
        )


def check_data(gan: Any, data: Any) -> None:
    """Raises a ValueError if data does not fit the networks.

    Args:
        gan: The model.
        data: Samples, or a tuple of samples and labels.
    """
    x, *labels = (np.asarray(part) for part in keras.tree.flatten(data))
    to_be_mapped = are_pixels(x, gan.value_range)
    if not to_be_mapped and not np.issubdtype(x.dtype, np.floating):
        raise ValueError(
            f"Expected float data, scaled to the generator's range. Received: dtype={x.dtype}; "
            "for uint8 images use x.astype('float32') / 127.5 - 1"
        )
    if not inspection.shapes_fit(x.shape[1:], gan.sample_shape):
        raise ValueError(
            f"Expected samples of the discriminator's input shape {gan.sample_shape}. "
            f"Received: samples of shape {x.shape[1:]}{_advice(x.shape[1:], gan.sample_shape)}"
        )
    if not to_be_mapped:
        check_values(x, gan.value_range)
        _warn_of_half_a_range(x, gan.value_range)
    if gan.conditional:
        check_labels(labels[0] if labels else None, gan.num_classes)


def _advice(shape: tuple[int, ...], sample_shape: Any) -> str:
    """Tells what to do where only the channel is missing."""
    without_channel = len(sample_shape) == 3 and sample_shape[-1] == 1
    return "; pass x[..., None]" if without_channel and shape == sample_shape[:2] else ""


def _warn_of_half_a_range(x: np.ndarray, value_range: tuple[float, float] | None) -> None:
    """Warns of images from 0 to 1 where -1 is black."""
    if value_range == (-1.0, 1.0) and x.ndim == 4 and x.min() >= 0.0 and x.max() > 0.0:
        warnings.warn(
            f"The data has values in [{x.min():g}, {x.max():g}], and the generator's range is "
            "[-1, 1], whose lower half then holds nothing; for images from 0 to 1 use 2 * x - 1.",
            stacklevel=2,
        )


def check_labels(labels: Any, num_classes: int | None) -> None:
    """Raises a ValueError unless these are class labels, integers `(n,)` from 0."""
    if labels is None:
        raise ValueError(
            "Expected labels, which the networks take as their second input. Received: data "
            "without labels; pass fit(x, y), or a data set of (x, y)"
        )
    labels = np.asarray(labels)
    if not np.issubdtype(labels.dtype, np.integer) or labels.ndim != 1:
        raise ValueError(
            "Expected labels to be integers of shape (n,). Received: "
            f"dtype={labels.dtype}, shape={labels.shape}; number the classes from 0"
        )
    if len(labels) and (labels.min() < 0 or (num_classes and labels.max() >= num_classes)):
        raise ValueError(
            f"Expected labels from 0 to {num_classes - 1 if num_classes else 'the last class'}. "
            f"Received: labels from {labels.min()} to {labels.max()}"
        )


def trainable(network: keras.Model) -> list[keras.Variable]:
    """Returns the trainable variables of a network, or raises a ValueError if there are none."""
    if not network.trainable_variables:
        raise ValueError(
            f"Expected {network.name} to have trainable weights. Received: none; set "
            "`trainable = True` before compile()"
        )
    return list(network.trainable_variables)


def is_number(value: Any) -> bool:
    """Tells whether a value is a real number of Python's or NumPy's."""
    return isinstance(value, int | float | np.integer | np.floating)
