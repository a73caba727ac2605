"""The check of a split's name that every source of data makes."""

from collections.abc import Collection


def check_split(split: str, splits: Collection[str], name: object) -> None:
    """Raises unless `split` is one of `splits`, those that the data set `name` has."""
    if split not in splits:
        raise ValueError(
            f"Expected a split of the data set {str(name)!r}, one of {sorted(splits)}. "
            f"Received: split={split!r}"
        )
