"""Image data sets of TensorFlow Datasets, and the digits that come with this package."""

import contextlib
import io
import logging
import os
import urllib.error
import urllib.request
from multiprocessing import TimeoutError as PoolTimeoutError
from multiprocessing.pool import ThreadPool

import tensorflow as tf

from keras_gans.datasets.splits import check_split

OFFLINE = (
    "'digits', 'ring', 'grid', '8gaussians', '25gaussians', 'swissroll', a .npy or .npz file, or a "
    "folder of images"
)
PATIENCE = 10.0  # seconds for the server of a data set to answer


def read(name: str, split: str, data_dir: str | os.PathLike | None) -> tf.data.Dataset:
    """Read a TFDS data set: uint8 images, with their labels where they have one class each."""
    with _without_warnings():
        builder = _builder(name, data_dir)
        keys = _image_and_label(name, builder.info.features)
        if not builder.data_path.exists():
            _prepare(name, builder)
            builder = _builder(name, data_dir)  # reads what was written, by whichever process
        dataset = _examples(name, builder, split, keys)
    return dataset.map(lambda example: tuple(example[key] for key in keys))


def _examples(name, builder, split, keys):
    """Stream the examples of a prepared data set in the order of its files."""
    import tensorflow_datasets as tfds

    try:  # TFDS reads sums and slices of splits too
        builder.info.splits[split]
    except (KeyError, ValueError):
        check_split(split, list(builder.info.splits), name)
    return builder.as_dataset(
        split=split,
        shuffle_files=False,
        decoders=tfds.decode.PartialDecoding(dict.fromkeys(keys, True)),
        read_config=tfds.ReadConfig(try_autocache=False),  # stream, whatever the size
    )


def _builder(name, data_dir):
    """Return the TFDS builder of a name."""
    import tensorflow_datasets as tfds

    if name == "digits":
        from keras_gans.datasets.digits import Digits

        return Digits(data_dir=data_dir)
    try:
        return tfds.builder(name, data_dir=data_dir)
    except ValueError as error:  # TFDS lists its 1,200 names
        raise ValueError(
            f"Expected a path that exists or the name of a TFDS data set of images. Received: "
            f"name={name!r}; without a network, use {OFFLINE}."
        ) from error


def _image_and_label(name, features):
    """Name the features to read: the image and, where there is one, the class."""
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


def _prepare(name, builder):
    """Write the data set to its directory."""
    url = next((url for url in builder.url_infos or {} if url.startswith("http")), None)
    try:
        if url is None:
            _prepare_silently(builder)
        else:
            _check_reachable(url)
            builder.download_and_prepare()
    except Exception as error:  # TFDS, its downloader and each builder raise types of their own
        if builder.data_path.exists():
            return  # another process was first
        raise ConnectionError(
            f"Could not prepare the data set {name!r} in {builder.data_dir}: "
            f"{_reason(error)}. Without a network, use {OFFLINE}."
        ) from error


def _prepare_silently(builder):
    """Prepare without the messages and bars that are for downloads of minutes."""
    from tensorflow_datasets.core.utils import tqdm_utils

    bars = getattr(tqdm_utils, "_active", True)
    tqdm_utils.display_progress_bar(False)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            builder.download_and_prepare()
    finally:
        tqdm_utils.display_progress_bar(bars)


@contextlib.contextmanager
def _without_warnings():
    """Hold back the warnings of TFDS about its own use of what it deprecates."""
    logger = logging.getLogger("absl")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _check_reachable(url):
    """Raise if a server does not answer in time; TFDS itself would try for minutes."""
    with ThreadPool(1) as pool:  # the look-up of a name obeys no timeout but this one
        pool.apply_async(_request, (url,)).get(timeout=PATIENCE)


def _request(url):
    """Ask for a URL and leave before its content comes."""
    try:
        urllib.request.urlopen(url, timeout=PATIENCE).close()
    except urllib.error.HTTPError as error:
        if error.code >= 500:  # TFDS fails at once on other codes, and may know a second server
            raise


def _reason(error):
    """Say what went wrong in one line."""
    if isinstance(error, PoolTimeoutError):
        return f"no answer within {PATIENCE:g} s"
    return " ".join(str(getattr(error, "reason", error)).split()).rstrip(".")
