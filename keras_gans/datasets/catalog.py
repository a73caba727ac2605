"""Image data sets of TensorFlow Datasets, and those that come inside Python packages."""

import contextlib
import importlib
import io
import logging
import os
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from multiprocessing import TimeoutError as PoolTimeoutError
from multiprocessing.pool import ThreadPool
from typing import Any

import tensorflow as tf

from keras_gans.datasets.splits import check_split

OFFLINE = (
    "'digits', 'mnist_5k', 'photographs', 'ring', 'grid', '8gaussians', '25gaussians', "
    "'100gaussians', 'swissroll', a .npy or .npz file, or a folder of images"
)
PATIENCE = 10.0  # Seconds for the server of a data set to answer.
# The builders of this package, each in the module of its name.
BUNDLED = {"digits": "Digits", "mnist_5k": "Mnist5k"}


def read(name: str, split: str, data_dir: str | os.PathLike[str] | None) -> tf.data.Dataset:
    """Reads a TFDS data set: uint8 images, with their labels where they have one class each."""
    with _without_warnings():
        builder = _builder(name, data_dir)
        keys = _image_and_label(name, builder.info.features)
        if not builder.data_path.exists():
            _prepare(name, builder)
            builder = _builder(name, data_dir)  # Reads what was written, by whichever process.
        dataset = _examples(name, builder, split, keys)
    return dataset.map(lambda example: tuple(example[key] for key in keys))


def _examples(name: str, builder: Any, split: str, keys: Sequence[str]) -> tf.data.Dataset:
    """Streams the examples of a prepared data set in the order of its files."""
    import tensorflow_datasets as tfds

    try:  # TFDS reads sums and slices of splits too.
        builder.info.splits[split]
    except (KeyError, ValueError):
        check_split(split, list(builder.info.splits), name)
    return builder.as_dataset(
        split=split,
        shuffle_files=False,
        decoders=tfds.decode.PartialDecoding(dict.fromkeys(keys, True)),
        read_config=tfds.ReadConfig(try_autocache=False),  # To stream, whatever the size.
    )


def _builder(name: str, data_dir: str | os.PathLike[str] | None) -> Any:
    """Returns the TFDS builder of a name."""
    import tensorflow_datasets as tfds

    if name in BUNDLED:
        module = importlib.import_module(f"keras_gans.datasets.{name}")
        return getattr(module, BUNDLED[name])(data_dir=data_dir)
    try:
        return tfds.builder(name, data_dir=data_dir)
    except ValueError as error:  # TFDS lists its 1,200 names.
        raise ValueError(
            f"Expected a path that exists or the name of a TFDS data set of images. Received: "
            f"name={name!r}; without a network, use {OFFLINE}."
        ) from error


def _image_and_label(name: str, features: Any) -> tuple[str, ...]:
    """Names the features to read: the image and, where there is one, the class."""
    import tensorflow_datasets as tfds

    features = dict(features.items())
    image = features.get("image")
    if not isinstance(image, tfds.features.Image) or image.tf_dtype != tf.uint8:
        raise ValueError(
            f"Expected a TFDS data set with a uint8 feature 'image'. Received: name={name!r}, "
            f"with the features {sorted(features)}"
        )
    labelled = isinstance(features.get("label"), tfds.features.ClassLabel)
    return ("image", "label") if labelled else ("image",)


def _prepare(name: str, builder: Any) -> None:
    """Writes the data set to its directory."""
    if name in BUNDLED:
        builder.check_source()
    url = next((url for url in builder.url_infos or {} if url.startswith("http")), None)
    try:
        if url is None:
            _prepare_silently(builder)
        else:
            _check_reachable(url)
            builder.download_and_prepare()
    except Exception as error:  # TFDS, its downloader and builders raise types of their own.
        if builder.data_path.exists():
            return  # Another process was first.
        raise ConnectionError(
            f"Could not prepare the data set {name!r} in {builder.data_dir}: "
            f"{_reason(error)}. Without a network, use {OFFLINE}."
        ) from error


def _prepare_silently(builder: Any) -> None:
    """Prepares without the messages and bars that are for downloads of minutes."""
    from tensorflow_datasets.core.utils import tqdm_utils

    bars = getattr(tqdm_utils, "_active", True)
    tqdm_utils.display_progress_bar(False)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            builder.download_and_prepare()
    finally:
        tqdm_utils.display_progress_bar(bars)


@contextlib.contextmanager
def _without_warnings() -> Iterator[None]:
    """Holds back the warnings of TFDS about its own use of what it deprecates."""
    logger = logging.getLogger("absl")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _check_reachable(url: str) -> None:
    """Raises if a server does not answer in time; TFDS itself would try for minutes."""
    with ThreadPool(1) as pool:  # The look-up of a name obeys no timeout but this one.
        pool.apply_async(_request, (url,)).get(timeout=PATIENCE)


def _request(url: str) -> None:
    """Asks for a URL and leaves before its content comes."""
    try:
        urllib.request.urlopen(url, timeout=PATIENCE).close()
    except urllib.error.HTTPError as error:
        if error.code >= 500:  # TFDS fails at once on other codes, or knows a second server.
            raise


def _reason(error: Exception) -> str:
    """Says what went wrong in one line."""
    if isinstance(error, PoolTimeoutError):
        return f"no answer within {PATIENCE:g} s"
    return " ".join(str(getattr(error, "reason", error)).split()).rstrip(".")
