"""The Inception network of published FID, its weights of 2015, its pooling and its resize."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from keras_gans.metrics.features import Extractor

# The weights as pytorch-fid has converted them; the name ends with the start of their SHA-256.
URL = (
    "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/"
    "pt_inception-2015-12-05-6726825d.pth"
)
CHECKSUM = "6726825d"
SIZE = 299


class ReferenceInception(Extractor):
    """Extracts the 2,048 features of published FID, and 1,008 class probabilities.

    Images become whole pixels from 0 to 255, three channels, and 299x299 by bilinear interpolation
    as TensorFlow 1 had it: without antialiasing, corners at corner. Scores of these features can be
    compared with published ones, where the numbers of samples are the same.

    Args:
        weights: Path of a `.pth` file (which takes PyTorch to be read) or of a `.npz` of the same
            names; or None for the usual file, which is downloaded once.
        width: Share of the filters, 1 but for tests.

    Raises:
        ValueError: If the file is another one than is meant, or does not hold all weights.
        ConnectionError: If it must be downloaded and cannot be.

    Example:
        >>> extractor = kg.metrics.ReferenceInception("pt_inception-2015-12-05-6726825d.pth")
        >>> gan.evaluate(images, ["fid"], extractor=extractor)

    Reference:
        Szegedy et al., 2016, Rethinking the Inception Architecture for Computer Vision; Heusel et
        al., 2017, GANs Trained by a Two Time-Scale Update Rule, for its use.
    """

    def __init__(self, weights: str | os.PathLike[str] | None = None, width: float = 1.0):
        model = reference_network(width)
        arrays, self.comparable = read(weights)
        load(model, arrays)
        super().__init__(model, "inception-2015-12-05")

    def resize_method(self, sample_shape: tuple[int, ...]) -> str:
        """Tells how samples of a shape are resized: "none" where they fit."""
        fits = tuple(sample_shape[:2]) == (SIZE, SIZE)
        return "none" if fits else "bilinear, as TensorFlow 1"

    def _extract(self, samples: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        pixels = np.rint(np.clip((samples + 1.0) * 127.5, 0.0, 255.0))
        images = ops.convert_to_tensor(pixels.astype("float32"))
        images = ops.repeat(images, 3, axis=-1) if samples.shape[-1] == 1 else images
        images = (resized(images, SIZE) - 128.0) / 128.0
        outputs = self.model(images, training=False)
        vectors, probabilities = (
            np.asarray(ops.convert_to_numpy(outputs[name]))
            for name in ("features", "probabilities")
        )
        return vectors, probabilities


def resized(images: Any, size: int) -> Any:
    """Resizes a batch as TensorFlow 1 did by default: output i is at i * in / out of the input.

    Args:
        images: float32 tensor of shape `(n, height, width, channels)`.
        size: Sides of the result.

    Returns:
        float32 tensor of shape `(n, size, size, channels)`.
    """
    height, width = images.shape[1:3]
    rows, columns = (ops.convert_to_tensor(_interpolation(side, size)) for side in (height, width))
    return ops.einsum("ih,jw,nhwc->nijc", rows, columns, images)


def _interpolation(before: int, after: int) -> np.ndarray:
    """Returns the matrix of linear interpolation of one axis."""
    # In single precision, as there.
    position = np.arange(after, dtype="float32") * np.float32(before / after)
    low = np.floor(position).astype(int)
    share = position - low.astype("float32")
    matrix = np.zeros((after, before), "float32")
    np.add.at(matrix, (np.arange(after), low), 1.0 - share)
    np.add.at(matrix, (np.arange(after), np.minimum(low + 1, before - 1)), share)
    return matrix


def read(weights: str | os.PathLike[str] | None) -> tuple[Mapping[str, np.ndarray], bool]:
    """Reads the arrays of a weights file by their names in PyTorch.

    Args:
        weights: As for `ReferenceInception`.

    Returns:
        The arrays, and whether the file is known to be that of published FID.
    """
    path = Path(weights if weights is not None else _downloaded())
    if path.suffix == ".npz":
        return dict(np.load(path)), False
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if not found.startswith(CHECKSUM):
        raise ValueError(
            f"Expected the weights of published FID, whose SHA-256 starts with {CHECKSUM}. "
            f"Received: {path} with {found[:8]}; get {URL}"
        )
    try:
        import torch
    except ImportError as error:
        raise ValueError(
            f"Expected PyTorch, to read {path}. Received: {error}; run pip install torch, or save "
            "the arrays as .npz where it is installed"
        ) from error
    tensors = torch.load(path, weights_only=True)
    return {name: each.numpy() for name, each in tensors.items()}, True


def _downloaded() -> str:
    try:
        return keras.utils.get_file(os.path.basename(URL), URL)
    except Exception as error:  # Keras raises a bare Exception where a download fails.
        raise ConnectionError(
            f"Expected to download {URL}. Received: {error}; pass the path of the file"
        ) from error


def load(model: keras.Model, arrays: Mapping[str, np.ndarray]) -> None:
    """Sets the weights of the network from arrays by their names in PyTorch."""
    for layer in model.layers:
        names = _names(layer)
        missing = [name for name in names if name not in arrays]
        if missing:
            raise ValueError(
                f"Expected weights of all layers. Received: a file without {missing[0]!r}"
            )
        values = [np.asarray(arrays[name]) for name in names]
        if isinstance(layer, layers.Conv2D):
            values = [np.transpose(values[0], (2, 3, 1, 0))]
        elif isinstance(layer, layers.Dense):
            values = [values[0].T, values[1]]
        for weight, value in zip(layer.weights, values, strict=True):
            if tuple(weight.shape) != value.shape:
                raise ValueError(
                    f"Expected weights of shape {tuple(weight.shape)} for {layer.name!r}. "
                    f"Received: {value.shape}"
                )
        layer.set_weights(values)


def _names(layer: keras.Layer) -> list[str]:
    """Returns PyTorch's names of a layer's weights, in Keras' order."""
    parts = {
        layers.Conv2D: ("weight",),
        layers.Dense: ("weight", "bias"),
        layers.BatchNormalization: ("weight", "bias", "running_mean", "running_var"),
    }
    return [f"{layer.name}.{part}" for part in parts.get(type(layer), ())]


# The network. Layers are named as in torchvision, whose names the weights have.


def reference_network(width: float = 1.0, classes: int = 1008) -> keras.Model:
    """Builds the network, with random weights.

    Args:
        width: Share of the filters of each convolution.
        classes: How many classes it tells, with one of which FID has nothing to do.

    Returns:
        A `keras.Model` from images of 299x299x3 in [-1, 1] to "features" and "probabilities".

    Example:
        >>> reference_network(1 / 32).output["features"].shape
        (None, 64)
    """
    net = _Builder(width)
    x = inputs = keras.Input((SIZE, SIZE, 3))
    x = net.conv(x, "Conv2d_1a_3x3", 32, 3, strides=2, padding="valid")
    x = net.conv(x, "Conv2d_2a_3x3", 32, 3, padding="valid")
    x = net.conv(x, "Conv2d_2b_3x3", 64, 3)
    x = layers.MaxPooling2D(3, 2)(x)
    x = net.conv(x, "Conv2d_3b_1x1", 80, 1, padding="valid")
    x = net.conv(x, "Conv2d_4a_3x3", 192, 3, padding="valid")
    x = layers.MaxPooling2D(3, 2)(x)
    for name, pooled in (("Mixed_5b", 32), ("Mixed_5c", 64), ("Mixed_5d", 64)):
        x = net.at_35(x, name, pooled)
    x = net.to_17(x, "Mixed_6a")
    for name, filters in (
        ("Mixed_6b", 128),
        ("Mixed_6c", 160),
        ("Mixed_6d", 160),
        ("Mixed_6e", 192),
    ):
        x = net.at_17(x, name, filters)
    x = net.to_8(x, "Mixed_7a")
    x = net.at_8(x, "Mixed_7b", layers.AveragePooling2D)
    # What this graph has and later ones have not.
    x = net.at_8(x, "Mixed_7c", layers.MaxPooling2D)
    features = layers.GlobalAveragePooling2D()(x)
    probabilities = layers.Dense(classes, "softmax", name="fc")(features)
    return keras.Model(inputs, {"features": features, "probabilities": probabilities})


class _Builder:
    """The modules of the network, as figures 5 to 7 and 10 of the paper have them."""

    def __init__(self, width: float):
        self.width = width

    def conv(
        self,
        x: Any,
        name: str,
        filters: int,
        kernel_size: Any,
        strides: int = 1,
        padding: str = "same",
    ) -> Any:
        filters = max(1, round(filters * self.width))
        x = layers.Conv2D(
            filters, kernel_size, strides, padding, use_bias=False, name=f"{name}.conv"
        )(x)
        return layers.ReLU()(layers.BatchNormalization(epsilon=1e-3, name=f"{name}.bn")(x))

    def chain(self, x: Any, name: str, *steps: tuple[str, int, Any]) -> Any:
        """Convolutions one after the other: the end of each name, filters, and kernel size."""
        for end, filters, kernel_size in steps:
            x = self.conv(x, f"{name}.{end}", filters, kernel_size)
        return x

    def at_35(self, x: Any, name: str, pooled: int) -> Any:
        branches = [
            self.chain(x, name, ("branch1x1", 64, 1)),
            self.chain(x, name, ("branch5x5_1", 48, 1), ("branch5x5_2", 64, 5)),
            self.chain(
                x,
                name,
                ("branch3x3dbl_1", 64, 1),
                ("branch3x3dbl_2", 96, 3),
                ("branch3x3dbl_3", 96, 3),
            ),
            self._pooled(x, name, pooled),
        ]
        return layers.Concatenate()(branches)

    def to_17(self, x: Any, name: str) -> Any:
        double = self.chain(x, name, ("branch3x3dbl_1", 64, 1), ("branch3x3dbl_2", 96, 3))
        branches = [
            self._halve(x, f"{name}.branch3x3", 384),
            self._halve(double, f"{name}.branch3x3dbl_3", 96),
            layers.MaxPooling2D(3, 2)(x),
        ]
        return layers.Concatenate()(branches)

    def at_17(self, x: Any, name: str, filters: int) -> Any:
        row, column = (1, 7), (7, 1)
        branches = [
            self.chain(x, name, ("branch1x1", 192, 1)),
            self.chain(
                x,
                name,
                ("branch7x7_1", filters, 1),
                ("branch7x7_2", filters, row),
                ("branch7x7_3", 192, column),
            ),
            self.chain(
                x,
                name,
                ("branch7x7dbl_1", filters, 1),
                ("branch7x7dbl_2", filters, column),
                ("branch7x7dbl_3", filters, row),
                ("branch7x7dbl_4", filters, column),
                ("branch7x7dbl_5", 192, row),
            ),
            self._pooled(x, name, 192),
        ]
        return layers.Concatenate()(branches)

    def to_8(self, x: Any, name: str) -> Any:
        single = self.chain(x, name, ("branch3x3_1", 192, 1))
        seven = self.chain(
            x,
            name,
            ("branch7x7x3_1", 192, 1),
            ("branch7x7x3_2", 192, (1, 7)),
            ("branch7x7x3_3", 192, (7, 1)),
        )
        branches = [
            self._halve(single, f"{name}.branch3x3_2", 320),
            self._halve(seven, f"{name}.branch7x7x3_4", 192),
            layers.MaxPooling2D(3, 2)(x),
        ]
        return layers.Concatenate()(branches)

    def at_8(self, x: Any, name: str, pooling: type[keras.Layer]) -> Any:
        single = self.chain(x, name, ("branch3x3_1", 384, 1))
        double = self.chain(x, name, ("branch3x3dbl_1", 448, 1), ("branch3x3dbl_2", 384, 3))
        branches = [
            self.chain(x, name, ("branch1x1", 320, 1)),
            self.chain(single, name, ("branch3x3_2a", 384, (1, 3))),
            self.chain(single, name, ("branch3x3_2b", 384, (3, 1))),
            self.chain(double, name, ("branch3x3dbl_3a", 384, (1, 3))),
            self.chain(double, name, ("branch3x3dbl_3b", 384, (3, 1))),
            self._pooled(x, name, 192, pooling),
        ]
        return layers.Concatenate()(branches)

    def _halve(self, x: Any, name: str, filters: int) -> Any:
        return self.conv(x, name, filters, 3, strides=2, padding="valid")

    def _pooled(
        self,
        x: Any,
        name: str,
        filters: int,
        pooling: type[keras.Layer] = layers.AveragePooling2D,
    ) -> Any:
        # Averages leave out what is padded.
        return self.conv(
            pooling(3, strides=1, padding="same")(x), f"{name}.branch_pool", filters, 1
        )
