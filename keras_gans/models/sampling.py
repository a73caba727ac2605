"""What is asked of a trained model: samples, and how good they are."""

import os
import random
from collections.abc import Sequence
from typing import Any, Never

import keras
import numpy as np
from keras import ops

from keras_gans.latents import truncated
from keras_gans.metrics import protocol
from keras_gans.models.checks import check_labels
from keras_gans.models.refusals import refuse
from keras_gans.networks import inspection


class Sampling(keras.Model):
    """The part of a GAN that draws samples and measures them."""

    @property
    def value_range(self) -> tuple[float, float] | None:
        """The range of the samples' values, None where the generator's end does not tell."""
        return inspection.output_range(self.generator)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Maps latents, or latents and labels, to samples.

        In inference mode it is the averaged generator that does, where there is one.
        """
        network = self.generator if training else self.ema_generator or self.generator
        return network(inputs, training=training)

    def generate(
        self,
        n: int,
        seed: int | None = None,
        ema: bool = True,
        batch_size: int = 256,
        labels: Any = None,
        truncation: float | None = None,
    ) -> np.ndarray:
        """Draws samples from the generator in inference mode.

        Args:
            n: How many, at least 1.
            seed: Integer: the same seed gives the same samples. None draws others in each call.
            ema: Whether the averaged generator is used, where there is one.
            batch_size: How many samples the generator makes at a time.
            labels: Classes of the samples, integers `(n,)` or one for all; of conditional models
                only, by default the classes in turn.
            truncation: Values of latents beyond this positive number are drawn again: samples are
                more typical and vary less, the more so the smaller it is. See
                `kg.latents.truncated`.

        Returns:
            float32 array of shape `(n, *sample_shape)`.

        Raises:
            ValueError: If `n` is not a positive integer, or the labels or truncation do not fit.

        Example:
            >>> images = gan.generate(16, seed=0)
            >>> threes = conditional_gan.generate(16, seed=0, labels=3)
        """
        if not isinstance(n, int | np.integer) or n < 1:
            raise ValueError(f"Expected `n` to be a positive integer. Received: n={n!r}")
        seed = random.randrange(2**31) if seed is None else seed
        latents = ops.convert_to_numpy(self.sample_latents(int(n), seed=seed))
        if truncation is not None:
            latents = self.truncate_latents(latents, truncation, seed)
        classes = self._labels(int(n), labels)
        network = (self.ema_generator if ema else None) or self.generator
        samples = []
        for i in range(0, n, batch_size):
            chunk = slice(i, i + batch_size)
            inputs = latents[chunk] if classes is None else (latents[chunk], classes[chunk])
            samples.append(ops.convert_to_numpy(network(inputs, training=False)))
        return np.concatenate(samples).astype("float32")

    def truncate_latents(self, latents: np.ndarray, bound: float, seed: int) -> np.ndarray:
        """Draws the values of latents beyond a bound again; as `kg.latents.truncated`."""
        return truncated(latents, bound, self.latent_distribution, seed)

    def export(
        self,
        filepath: str | os.PathLike[str],
        format: str = "tf_saved_model",
        verbose: bool | None = None,
        input_signature: Any = None,
        **kwargs: Any,
    ) -> None:
        """Exports the generator for inference, the averaged one where there is one.

        Args:
            filepath: Where to, as in Keras.
            format: As in Keras, such as "tf_saved_model" or "onnx".
            verbose: As in Keras.
            input_signature: As in Keras; latents, or latents and labels, of any number by default.
            **kwargs: As in Keras.

        Example:
            >>> gan.export("generator")
            >>> exported = tf.saved_model.load("generator")
            >>> samples = exported.serve(latents)
        """
        latents = keras.InputSpec(shape=(None, self.latent_dim), dtype="float32")
        labels = keras.InputSpec(shape=(None,), dtype="int32")
        signature = [[latents, labels] if self.conditional else latents]
        network = self.ema_generator or self.generator
        network.export(filepath, format, verbose, input_signature or signature, **kwargs)

    def evaluate(
        self,
        x: Any,
        metrics: Sequence[str] | None = None,
        *,
        extractor: Any = None,
        n: int | None = None,
        seed: int = 0,
        mixture: Any = None,
        by_class: bool = True,
        y: Any = None,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        return_dict: bool = True,
        **refused: Never,
    ) -> protocol.Scores:
        """Measures samples, of the averaged generator where there is one, against real data.

        Args:
            x: Real samples, of any kind that `fit` takes; or precomputed `kg.metrics.Features`.
            metrics: Names such as "fid", "kid", "precision", "coverage", "is", "modes": those of
                `kg.metrics.compare`; all that can be had by default.
            extractor: None for the samples themselves, the name or path of a labelled data set for
                a classifier trained on it ("digits"), "inception", "inception-2015" (that of
                published FID), a `keras.Model`, or a `kg.metrics.Extractor`.
            n: How many samples to draw, and at most how many reals to use, evenly spread over the
                data; by default as many as there are, at most 10,000.
            seed: Integer seed of the latents.
            mixture: `(centers, std)` of the equal Gaussians that 2-D data is drawn from, for
                "modes", "high_quality" and "reverse_kl".
            by_class: Whether each class is measured too, of conditional models on data with labels.
            y: Labels of an array.
            batch_size: Samples that are drawn at a time.
            verbose: As in Keras, for its callers; nothing is printed.
            return_dict: True: the metrics have names.
            **refused: Keras' `sample_weight`, `steps` and `callbacks`, each refused in a sentence
                that says why.

        Returns:
            Dict of floats by name; its `protocol` says how they were measured, and its `by_class`
            has the scores of each class.

        Raises:
            ValueError: If the data does not fit, or a metric is unknown or lacks what it needs.

        Example:
            >>> gan.evaluate(images, ["fid", "coverage"], extractor="digits")
            {'fid': 31.4, 'coverage': 0.89}
        """
        refuse("evaluate", refused)
        if not return_dict:
            raise ValueError("Expected return_dict=True, for names. Received: return_dict=False")
        return protocol.evaluate(
            self,
            x if y is None else (x, y),
            metrics,
            extractor,
            n,
            seed,
            mixture,
            by_class=by_class,
            batch_size=batch_size,
        )

    def _labels(self, n: int, labels: Any) -> np.ndarray | None:
        """Returns n labels, those given or the classes in turn; None for unconditional models."""
        if not self.conditional:
            if labels is not None:
                raise ValueError(
                    "Expected no `labels`, as the generator takes none. Received: "
                    f"labels={labels!r}; give both networks a second input"
                )
            return None
        if labels is None and self.num_classes is None:
            raise ValueError(
                "Expected `labels`, as the networks do not tell how many classes there are. "
                "Received: none; pass `num_classes` to the model"
            )
        labels = np.arange(n) % self.num_classes if labels is None else np.asarray(labels)
        labels = np.full(n, labels) if labels.ndim == 0 else labels
        check_labels(labels, self.num_classes)
        if len(labels) != n:
            raise ValueError(f"Expected {n} labels, one a sample. Received: {len(labels)}")
        return labels.astype("int32")
