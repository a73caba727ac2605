"""Pictures for TensorBoard."""

from typing import Any


def write_picture(folder: str, name: str, pixels: Any, step: int) -> None:
    """Writes a picture for TensorBoard, which has to be installed.

    Args:
        folder: Of the event files; a new one is added.
        name: Under which it is shown.
        pixels: uint8 array of shape `(height, width, channels)`.
        step: Where it stands on the slider.
    """
    import tensorflow as tf  # The one format of TensorBoard, whatever the backend.

    writer = tf.summary.create_file_writer(folder)
    with writer.as_default():
        tf.summary.image(name, pixels[None], step)
    writer.close()
