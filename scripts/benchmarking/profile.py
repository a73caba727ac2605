"""Where the time of a step goes: seconds by type of operation."""

import collections
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow.tsl.profiler.protobuf import xplane_pb2

# Operations that only contain others.
_CONTAINERS = ("PartitionedCall", "StatefulPartitionedCall", "While", "StatelessWhile")


def seconds_by_operation(run: Callable[[], Any]) -> dict[str, float]:
    """Profiles a call and adds up the time of TensorFlow's operations by their type.

    Operations that run beside each other count in full, so that the sum may exceed the wall time.

    Args:
        run: Function without arguments that trains, already traced.

    Returns:
        Seconds by the operation's type, the longest first; on a GPU by the kernel's name.
    """
    with tempfile.TemporaryDirectory() as folder:
        with tf.profiler.experimental.Profile(folder):
            run()
        space = xplane_pb2.XSpace()
        for path in Path(folder).rglob("*.xplane.pb"):
            space.MergeFromString(path.read_bytes())
    seconds: dict[str, float] = collections.defaultdict(float)
    for name, duration in _operations(space):
        seconds[name] += duration
    return dict(sorted(seconds.items(), key=lambda item: -item[1]))


def _operations(space: Any) -> Iterator[tuple[str, float]]:
    gpus = [plane for plane in space.planes if plane.name.startswith("/device:GPU")]
    for plane in gpus or space.planes:
        for event in (event for line in plane.lines for event in line.events):
            described = plane.event_metadata[event.metadata_id]
            kind = described.name if gpus else _type_of(described)
            if kind and kind not in _CONTAINERS:
                yield kind, event.duration_ps / 1e12


def _type_of(described: Any) -> str | None:
    """Returns the type of an operation, whose event is called `node:Type` and shown as `Type`."""
    kind = described.display_name
    return kind if kind and described.name.endswith(f":{kind}") else None
