"""Spans of traces, if the installation traces: what a process does, within the trace of what caused it.

Without a tracer nothing is recorded, and a block costs one comparison.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

METADATA_KEY = "traceparent"  # in the metadata of receipts, only of requests that are traced

Attributes = Mapping[str, str | int]


class Tracer(Protocol):
    """Records spans. Causes and parents are W3C trace contexts, texts such as "00-{trace}-{span}-01"."""

    def span(
        self, name: str, attributes: Attributes, *, parent: str, causes: Sequence[str]
    ) -> AbstractContextManager[None]:
        """A span around the block, below the current one unless another is given; linked to its causes."""

    def add(self, name: str, attributes: Attributes, *, parent: str, began: int, cause: str) -> None:
        """A span that ends now; `began` in nanoseconds since 1970."""

    def current(self) -> str:
        """The current span, "" if there is none or it is not sampled."""


_tracers: list[Tracer] = []


def install(tracer: Tracer) -> None:
    """Record spans of this process with `tracer`."""
    _tracers[:] = [tracer]


def uninstall() -> None:
    """Record no more spans."""
    _tracers.clear()


def is_tracing() -> bool:
    """Whether this process records spans."""
    return bool(_tracers)


def span(
    name: str, *, parent: str = "", causes: Iterable[str] = (), **attributes: str | int
) -> AbstractContextManager[None]:
    """A span around the block, see `Tracer.span`. Causes without a trace are left out."""
    if not _tracers:
        return nullcontext()
    return _tracers[0].span(name, attributes, parent=parent, causes=[each for each in causes if each])


def current() -> str:
    """The current span, "" if there is none or it is not sampled."""
    return _tracers[0].current() if _tracers else ""


def trace_metadata() -> dict[str, str]:
    """The metadata of a receipt, by which the worker that decides finds the trace of the request."""
    traced = current()
    return {METADATA_KEY: traced} if traced else {}


class Share:
    """The spans of events that were processed together, one in the trace of each request that is traced."""

    def __init__(self) -> None:
        self._began = time.time_ns() if _tracers else 0

    def end(self, name: str, *, parent: str, cause: str, **attributes: str | int) -> None:
        """Add a span from the beginning until now; none without a parent."""
        if _tracers and parent:
            _tracers[0].add(name, attributes, parent=parent, began=self._began, cause=cause)
