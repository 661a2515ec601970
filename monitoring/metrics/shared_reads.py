"""What several metrics read alike is read once an evaluation: a page of windows serves all of them."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, TypeVar

Found = TypeVar("Found")

_shared: ContextVar[dict[Hashable, Any] | None] = ContextVar("shared_reads", default=None)


@contextmanager
def shared_reads() -> Iterator[None]:
    """Within the block, functions marked by `read_once` read only once with the same arguments."""
    token = _shared.set({})
    try:
        yield
    finally:
        _shared.reset(token)


def read_once(read: Callable[..., Found]) -> Callable[..., Found]:
    """Mark a function of keyword arguments whose result callers do not change, such as a tuple."""

    @wraps(read)
    def read_or_share(**arguments: Hashable) -> Found:
        found = _shared.get()
        if found is None:
            return read(**arguments)
        key = (read, *sorted(arguments.items()))
        if key not in found:
            found[key] = read(**arguments)
        result: Found = found[key]
        return result

    return read_or_share
