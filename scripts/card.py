"""`keras-gans card`: what a model is, where it comes from, how good it is."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from keras_gans import models
from keras_gans._version import __version__
from keras_gans.callbacks.files import replacing
from keras_gans.scripts.sample import load_run


def run(arguments: argparse.Namespace) -> None:
    """Writes the card as the command line says."""
    folder = Path(arguments.run_dir)
    if not (folder / "config.json").is_file():
        raise ValueError(f"Expected a run folder with config.json. Received: {folder}")
    out = Path(arguments.out or folder / "README.md")
    with replacing(out) as aside:
        aside.write_text(card(folder), encoding="utf-8")
    print(f"Wrote {out}.")


def card(folder: Path) -> str:
    """Returns the model card of a run folder.

    Args:
        folder: With config.json and a model, and the evaluation if there is one.

    Example:
        >>> Path("README.md").write_text(card(Path("runs/hinge-mnist")))
    """
    config, gan = json.loads((folder / "config.json").read_text()), load_run(folder)
    lines = [
        *_front_matter(config),
        "",
        f"# {config['preset']}",
        "",
        *_description(config, gan),
        "",
        "## Use",
        "",
        *_use(gan),
        "",
        "## Training",
        "",
        *_training(config, gan),
        "",
        "## Evaluation",
        "",
        *_evaluation(folder / "evaluation" / "evaluation.json"),
        "",
        "## Limits",
        "",
        "Samples follow the training data, with its gaps and biases, and may come close to single "
        "training samples. Intended uses, licence and what the data allows are for the makers of "
        "this model to add.",
    ]
    return "\n".join(lines) + "\n"


def _front_matter(config: dict[str, Any]) -> Iterator[str]:
    yield "---"
    yield "library_name: keras"
    yield "tags: [gan, keras_gans]"
    if config["data"].get("size"):
        yield "pipeline_tag: unconditional-image-generation"
    yield "---"


def _description(config: dict[str, Any], gan: models.GAN) -> Iterator[str]:
    kind = f"{type(gan).__name__}{f' of {gan.num_classes} classes' if gan.conditional else ''}"
    yield (
        f"A {kind}, made with keras_gans {__version__}: samples of shape {gan.sample_shape} from "
        f"{gan.latent_dim} {gan.latent_distribution} latents. Generator of "
        f"{gan.generator.count_params():,} parameters, discriminator of "
        f"{gan.discriminator.count_params():,}."
    )
    if config.get("source"):
        yield ""
        yield f"Set-up: {config['source']}."


def _use(gan: models.GAN) -> Iterator[str]:
    yield "```python"
    yield "import keras"
    yield "import keras_gans"
    yield ""
    yield 'gan = keras.saving.load_model("model.keras")'
    labels = ", labels=0" if gan.conditional else ""
    values = f"  # values in {list(gan.value_range)}" if gan.value_range else ""
    yield f"samples = gan.generate(16, seed=0{labels}){values}"
    yield "```"


def _training(config: dict[str, Any], gan: models.GAN) -> Iterator[str]:
    fit = config["fit"]
    yield f"- data: `{config['data'].get('name')}`"
    yield f"- {gan.step:,} steps of {gan.n_critic} discriminator updates, seed {config['seed']}"
    yield f"- fit: `{json.dumps(fit)}`"
    yield f"- loss: {type(gan.loss).__name__}"
    for penalty in (*gan.penalties, *gan.generator_penalties):
        yield f"- penalty: {type(penalty).__name__}, weight {_number(penalty.weight)}"
    for name in ("d_optimizer", "g_optimizer"):
        optimizer = getattr(gan, name)
        yield f"- {name}: {type(optimizer).__name__}, {_settings(optimizer.get_config())}"
    if gan.ema_generator:
        yield f"- samples come from an average of the generator, decay {_number(gan.ema_decay)}"


def _settings(config: dict[str, Any]) -> str:
    """The numbers of an optimizer that papers give."""
    names = ("learning_rate", "beta_1", "beta_2", "rho", "momentum")
    return ", ".join(f"{name} {_number(config[name])}" for name in names if name in config)


def _number(value: Any) -> str:
    if isinstance(value, dict):  # A schedule, serialised.
        return f"by {value['class_name']}"
    return f"by {type(value).__name__}" if callable(value) else f"{float(value):g}"


def _evaluation(path: Path) -> Iterator[str]:
    if not path.is_file():
        yield "Not measured; `keras-gans evaluate` does."
        return
    result = json.loads(path.read_text())
    scores = result["scores"]
    yield f"| | {' | '.join(scores)} |"
    yield "|---" * (len(scores) + 1) + "|"
    for name in next(iter(scores.values())):
        yield f"| {name} | {' | '.join(f'{each[name]:.4g}' for each in scores.values())} |"
    yield ""
    comparable = "" if result.get("comparable") else "not "
    yield (
        f"At step {result['step']}, extractor {result['extractor']}; FID is {comparable}comparable "
        f"with published ones. `held_out` are real samples, {result['held_out_split']}."
    )
