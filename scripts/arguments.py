"""What the arguments of several commands are read by."""

import argparse
import contextlib
from collections.abc import Callable


def integer(smallest: int) -> Callable[[str], int]:
    """Returns the reader of an argument that is an integer of at least `smallest`."""

    def read(text: str) -> int:
        with contextlib.suppress(ValueError):
            if int(text) >= smallest:
                return int(text)
        raise argparse.ArgumentTypeError(
            f"expected an integer of at least {smallest}, received {text}"
        )

    return read
