"""The result of every reader: a table whose rows come in chunks, with plain values as in a JSON request.

A column is a list of str, int, float, bool or None, whatever its stored type: instants are ISO 8601 text,
decimals their digits, 32-bit floats the shortest number that reads back the same (37.824, not 37.824001). An
empty cell, a null or a NaN is None. Cells that hold lists are kept apart.
"""

import itertools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")

# Bounds the work on a header; no table of events is wider.
MAX_COLUMNS = 10_000
MAX_NAMES_SHOWN = 10  # names in a message


@dataclass(frozen=True, slots=True)
class Chunk:
    """Consecutive rows.

    `malformed` gives, by index, the problem of an unreadable row, whose cells are None. `unreadable` gives
    the problems of single cells, by column and index; those that hold a list are in `lists` too, for fields
    that take one. `blank` counts skipped rows without any value.
    """

    first_row: int  # of the file, counting from 1, without the header and blank rows
    length: int
    columns: Mapping[str, Sequence[Any]]
    malformed: Mapping[int, str] = field(default_factory=dict)
    raw: Mapping[int, Sequence[str]] = field(default_factory=dict)  # the malformed rows as they came
    lines: Sequence[int] = ()  # of the file, counting from 1, where it has lines
    blank: int = 0
    unreadable: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    lists: Mapping[str, Mapping[int, Sequence[Any]]] = field(default_factory=dict)
    others: tuple[str, ...] = ()  # columns that are there too and were not converted
    objects: Sequence[Mapping[str, Any]] = ()  # of JSON: the rows as they came


@dataclass(frozen=True, slots=True)
class SourceTable:
    """Something that can be imported: a file, an upload or a frame.

    `columns` is None if they are only known row by row (JSON Lines). `chunks(skip, size, wanted)` yields the
    rows after the first `skip` ones (including blank ones), `size` at a time; for formats with typed columns,
    only those in `wanted` (None: all) are converted. `count()` is the number of rows, without blank ones.
    """

    name: str
    digest: str  # SHA-256 of the content, unpacked
    columns: tuple[str, ...] | None
    chunks: Callable[[int, int, Collection[str] | None], Iterator[Chunk]]
    count: Callable[[], int]
    form: str = ""  # csv, jsonl, json or parquet
    described: str = ""  # how it was read, for a person


def in_parts(items: Iterator[T], size: int) -> Iterator[list[T]]:
    """Lists of `size` items; the last may be shorter."""
    while part := list(itertools.islice(items, size)):
        yield part


def list_names(names: Sequence[str]) -> str:
    """Names for a message: the first few, and the number of others.

    >>> list_names(["id", "amount"])
    'id, amount'
    """
    shown = ", ".join(name[:80] for name in names[:MAX_NAMES_SHOWN])
    more = len(names) - MAX_NAMES_SHOWN
    return f"{shown} and {more:,} more" if more > 0 else shown
