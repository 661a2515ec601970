"""What differs between two recipes."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple


class Difference(NamedTuple):
    """A parameter with its values in two recipes; None where one does not have it."""

    path: str
    before: Any
    after: Any


def recipe_differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """The parameters, as stored with two versions, that differ, by path.

    >>> recipe_differences({"depth": 6, "shares": {"test": 0.1}}, {"depth": 8, "shares": {"test": 0.1}})
    [Difference(path='depth', before=6, after=8)]
    """
    old, new = dict(flat_values(before)), dict(flat_values(after))
    paths = [*old, *(path for path in new if path not in old)]
    return [
        Difference(path, old.get(path), new.get(path)) for path in paths if old.get(path) != new.get(path)
    ]


def flat_values(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """All values with their paths, such as ("shares.gap_days", 14.0)."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from flat_values(value, f"{prefix}{name}.")
        else:
            yield prefix + name, list(value) if isinstance(value, tuple) else value
