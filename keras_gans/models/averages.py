"""The averaged generator."""

from typing import Any

import keras
from keras import ops

from keras_gans import backend


class AveragedNetwork(keras.Model):
    """A network that computes with running averages of another one's weights.

    It is no copy: it calls the other network with the averages in place of the weights, so that
    whatever else the network holds is the same, and every network can be averaged.

    Args:
        network: A built `keras.Model`, whose weights are the first averages.

    Example:
        >>> average = AveragedNetwork(generator)
        >>> average.update(0.999)
        >>> samples = average(latents)
    """

    def __init__(self, network: keras.Model):
        super().__init__(name=f"average_of_{network.name}", trainable=False)
        # Hidden from Keras, which would save the network with its average too.
        object.__setattr__(self, "network", network)
        self.averages = [
            self.add_weight(weight.shape, "zeros", weight.dtype, trainable=False, name=weight.name)
            for weight in network.weights
        ]
        for average, weight in zip(self.averages, network.weights, strict=True):
            average.assign(ops.convert_to_numpy(weight))
        self.built = True

    def call(self, inputs: Any, training: bool = False) -> Any:
        pairs = zip(self.network.weights, self.averages, strict=True)
        with backend.Scope([(weight, average.value) for weight, average in pairs]):
            return self.network(inputs, training=False)

    def update(self, decay: Any) -> None:
        """Moves the averages towards the network's weights.

        Args:
            decay: Share in [0, 1) of the average that stays, a number or a scalar tensor.
        """
        for average, weight in zip(self.averages, self.network.weights, strict=True):
            if "float" in average.dtype:
                average.assign(decay * average + (1.0 - decay) * weight)
            else:  # A counter.
                average.assign(weight)
