"""Request bodies that differ from valid ones in one place."""

from collections.abc import Iterator
from typing import Any


def with_an_unknown_member(value: Any) -> Iterator[Any]:
    """The value once for each object in it, which has one more member."""
    if isinstance(value, dict):
        yield value | {"unknown": 1}
        for name, inner in value.items():
            yield from (value | {name: changed} for changed in with_an_unknown_member(inner))
    if isinstance(value, list):
        for at, inner in enumerate(value):
            yield from ([*value[:at], changed, *value[at + 1 :]] for changed in with_an_unknown_member(inner))
