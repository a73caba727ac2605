"""What a file holds of a model beside what Keras saves, its networks and optimizers."""

import os
from typing import Any, Self

import keras
import numpy as np
from keras import ops

from keras_gans.models.averages import AveragedNetwork


class Saving(keras.Model):
    """The part of a GAN that saves and loads it whole."""

    def save(self, filepath: str | os.PathLike[str], overwrite: bool = True, **kwargs: Any) -> None:
        """Saves the whole model: networks, averages, optimizers, random states, logs.

        Args:
            filepath: A path that ends in ".keras".
            overwrite: As in Keras.
            **kwargs: As in Keras.

        Raises:
            ValueError: If the path ends otherwise, or an argument of a part cannot be saved.
        """
        if not os.fspath(filepath).endswith(".keras"):
            raise ValueError(
                f"Expected a path that ends in '.keras'. Received: filepath={str(filepath)!r}; to "
                "save the weights alone, use save_weights('name.weights.h5')"
            )
        self.get_config(), self.get_compile_config()  # What cannot be saved leaves no file.
        super().save(filepath, overwrite=overwrite, **kwargs)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "generator": keras.saving.serialize_keras_object(self.generator),
            "discriminator": keras.saving.serialize_keras_object(self.discriminator),
            "latent_distribution": self.latent_distribution,
            "loss": keras.saving.serialize_keras_object(self.loss),
            "seed": self.seed,
            "num_classes": self.num_classes,
            # Not an argument: a file has its averages also where it is loaded without `compile`.
            "averaged": self.ema_generator is not None,
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Self:
        if "averaged" not in config:
            raise ValueError(
                "Expected a file of keras_gans 0.2 or later. Received: one of an earlier version, "
                "which kept other state; load it with that version, or train anew"
            )
        averaged = config["averaged"]
        arguments = {name: value for name, value in config.items() if name != "averaged"}
        for name in ("generator", "discriminator", "loss"):
            arguments[name] = keras.saving.deserialize_keras_object(config[name], custom_objects)
        gan = cls(**arguments)
        if averaged:
            gan.ema_generator = AveragedNetwork(gan.generator)
        return gan

    def get_compile_config(self) -> dict[str, Any] | None:
        if not self.compiled:
            return None
        parts = (
            "d_optimizer",
            "g_optimizer",
            "penalties",
            "generator_penalties",
            "augment",
            "ema_decay",
        )
        return {
            **{name: keras.saving.serialize_keras_object(getattr(self, name)) for name in parts},
            "n_critic": self.n_critic,
            "n_generator": self.n_generator,
            "reuse_batch": self.reuse_batch,
            "run_eagerly": self.run_eagerly,
            "jit_compile": self.jit_compile,
            "steps_per_execution": self.steps_per_execution,
        }

    def compile_from_config(self, config: dict[str, Any]) -> None:
        self.compile(**keras.saving.deserialize_keras_object(config))

    def save_own_variables(self, store: Any) -> None:
        super().save_own_variables(store)  # Those of `add_weight`.
        store["step"] = self.step
        for name, variable in self._named_state().items():
            store[name] = ops.convert_to_numpy(variable)
        if self.compiled:
            for means in self.metrics:
                names = " ".join(means.names).encode()  # Files hold numbers only.
                store[f"{means.name}_names"] = np.frombuffer(names, "uint8")
            for name in ("d_optimizer", "g_optimizer"):
                store[f"{name}_size"] = len(getattr(self, name).variables)

    def load_own_variables(self, store: Any) -> None:
        own = {name: store[name] for name in set(store.keys()) if name.isdigit()}
        state = self._named_state()
        self._check_names(set(store.keys()) - own.keys(), state)
        super().load_own_variables(own)
        self.step = int(np.asarray(store["step"]))
        for name, variable in state.items():
            variable.assign(np.asarray(store[name]))
        if self.compiled:
            for means in self.metrics:
                names = np.asarray(store[f"{means.name}_names"]).tobytes().decode()
                means.names = tuple(names.split())
            self._check_optimizers(store)

    def _named_state(self) -> dict[str, keras.Variable]:
        """Returns the state that Keras would not save, by its name in the file."""
        networks = (self.generator, self.discriminator)
        state = {"seed": self.seed_generator.state}
        for network, name in zip(networks, ("generator", "discriminator"), strict=True):
            state |= _numbered(f"{name}_seed", _random_states(network))
        if self.compiled:
            if self.augment is not None:
                state |= _numbered("augment_seed", _random_states(self.augment))
            for penalty in (*self.penalties, *self.generator_penalties):
                state |= _numbered(penalty.name, penalty.variables)
            for means in self.metrics:
                state |= {f"{means.name}_{v.name}": v for v in means.variables}
        return state

    def _check_names(self, found: set[str], state: dict[str, keras.Variable]) -> None:
        expected = {"step", *state}
        if self.compiled:
            expected |= {f"{means.name}_names" for means in self.metrics}
            expected |= {"d_optimizer_size", "g_optimizer_size"}
        # A model that is not compiled takes of the file what it has.
        if not expected <= found or (self.compiled and expected != found):
            raise ValueError(
                f"Expected a file with the state {sorted(expected)}, as this model has it. "
                f"Received: {sorted(found)}; compile the model as it was when saved"
            )

    def _check_optimizers(self, store: Any) -> None:
        for name in ("d_optimizer", "g_optimizer"):
            # Keras would only warn, and leave the optimizer as it is.
            saved, own = int(np.asarray(store[f"{name}_size"])), len(getattr(self, name).variables)
            if saved != own:
                raise ValueError(
                    f"Expected a saved {name} of {own} variables. Received: {saved}; compile the "
                    "model as it was saved"
                )


def _random_states(layer: keras.Layer) -> list[keras.Variable]:
    weights = {id(weight) for weight in layer.weights}
    return [variable for variable in layer.variables if id(variable) not in weights]


def _numbered(name: str, variables: Any) -> dict[str, keras.Variable]:
    return {f"{name}_{i}": variable for i, variable in enumerate(variables)}
