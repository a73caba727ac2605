"""The networks of a WGAN-GP tutorial for MNIST in TensorFlow 2.

There they are subclasses; here `summary()` shows shapes.
"""

import keras
from keras import layers

from keras_gans.layers import TapwiseConv2D


def wgan_gp_mnist_generator(latent_dim: int = 100, synchronized: bool = False) -> keras.Model:
    """Builds the tutorial's generator: dense, then four 3x3 transposed convolutions.

    Args:
        latent_dim: Size of a latent vector.
        synchronized: Whether batch normalisation spans all replicas.

    Returns:
        A `keras.Sequential` from `(batch, latent_dim)` to images `(batch, 28, 28, 1)` in [-1, 1].

    Example:
        >>> wgan_gp_mnist_generator().count_params()
        2278401
    """
    network = keras.Sequential([keras.Input((latent_dim,))], name="generator")
    network.add(layers.Dense(7 * 7 * 256))
    network.add(layers.BatchNormalization(synchronized=synchronized))
    network.add(layers.Reshape((7, 7, 256)))
    for filters, strides in ((256, 2), (128, 1), (64, 2)):
        network.add(layers.Conv2DTranspose(filters, 3, strides, padding="same"))
        network.add(layers.BatchNormalization(synchronized=synchronized))
        network.add(layers.ReLU())
    network.add(layers.Conv2DTranspose(1, 3, padding="same"))
    network.add(layers.Activation("tanh"))
    return network


def wgan_gp_mnist_critic(synchronized: bool = False) -> keras.Model:
    """Builds the tutorial's critic: five convolutions down to 2x2, then dense.

    Unlike the paper's, it has batch normalisation.

    Args:
        synchronized: Whether batch normalisation spans all replicas.

    Returns:
        A `keras.Sequential` from images `(batch, 28, 28, 1)` to `(batch, 1)`.

    Example:
        >>> wgan_gp_mnist_critic().count_params()
        10807302
    """
    network = keras.Sequential([keras.Input((28, 28, 1))], name="discriminator")
    stack = ((128, 3, 2, "valid"), (256, 3, 2, "valid"), (512, 4, 2, "same"), (1024, 4, 2, "same"))
    for i, (filters, kernel_size, strides, padding) in enumerate(stack):
        # The last one's image, 3x3 pixels, is smaller than its kernel.
        convolution = TapwiseConv2D if filters == 1024 else layers.Conv2D
        network.add(convolution(filters, kernel_size, strides, padding=padding))
        if i > 0:
            network.add(layers.BatchNormalization(synchronized=synchronized))
        network.add(layers.LeakyReLU(0.2))
    network.add(layers.Conv2D(1, 4, padding="same"))
    network.add(layers.Flatten())
    network.add(layers.Dense(1))
    return network
