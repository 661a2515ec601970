"""The values of published versions in Redis: one hash a version, whole versions at a time.

A field a table and entity, `{table}:{entity}`, holds the table's columns as little-endian float64. The field
COMPLETE is written last: without it a version is not there, whatever else of it is. All of a view's keys lie
in the slot of its lane.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from scoring.batch.views import BatchTable, BatchView
from scoring.catalog.registry import event_type
from scoring.decisions import connections

COMPLETE = "complete"  # no table's field: those begin with a number
ENTITIES_A_WRITE = 5_000
_NAN = np.array([np.nan], dtype="<f8").tobytes()


@dataclass(frozen=True, slots=True)
class Wanted:
    """The entities of which a version's values are wanted: per table of its view, distinct keys."""

    view: BatchView
    number: int
    keys: Sequence[Sequence[str]]


def load(view: BatchView, number: int, tables: Sequence[BatchTable]) -> None:
    """Put a version into Redis, in place of whatever was there under its number.

    Ended half-way it leaves a version that is not complete, which nobody reads.
    """
    client, key = connections.client(), _key(view, number)
    client.sadd(_index(view), number)  # first: what is not listed would never be removed
    client.unlink(key)
    fields = _fields(tables)
    while part := dict(islice(fields, ENTITIES_A_WRITE)):
        client.hset(key, mapping=cast("dict[Any, Any]", part))
    client.hset(key, COMPLETE, "1")


def remove(view: BatchView, number: int) -> None:
    """Take a version out of Redis."""
    client = connections.client()
    client.unlink(_key(view, number))
    client.srem(_index(view), number)


def loaded_numbers(view: BatchView) -> set[int]:
    """The versions of which anything is in Redis."""
    return {int(number) for number in cast("set[bytes]", connections.client().smembers(_index(view)))}


def missing_numbers(view: BatchView, numbers: Iterable[int]) -> list[int]:
    """Those of the versions that are not completely in Redis."""
    wanted = list(numbers)
    with connections.client().pipeline(transaction=False) as pipe:
        for number in wanted:
            pipe.hexists(_key(view, number), COMPLETE)
        return [number for number, there in zip(wanted, pipe.execute(), strict=True) if not there]


def read(wanted: Sequence[Wanted]) -> list[list[NDArray[np.float64]] | None]:
    """Per version its tables' float64[keys + 1, columns]; NaN for entities without values, and a row of it.

    None for a version that is not completely in Redis. One round trip.
    """
    with connections.client().pipeline(transaction=False) as pipe:
        for version in wanted:
            fields = [f"{table}:{key}" for table, keys in enumerate(version.keys) for key in keys]
            pipe.hmget(_key(version.view, version.number), [COMPLETE, *fields])
        replies = cast("list[list[bytes | None]]", pipe.execute())
    return [_matrices(version, reply) for version, reply in zip(wanted, replies, strict=True)]


def _matrices(version: Wanted, reply: Sequence[bytes | None]) -> list[NDArray[np.float64]] | None:
    if reply[0] is None:
        return None
    matrices, start = [], 1
    for spec, keys in zip(version.view.tables, version.keys, strict=True):
        nothing = _NAN * len(spec.columns)
        values = b"".join([*(value or nothing for value in reply[start : start + len(keys)]), nothing])
        matrices.append(np.frombuffer(values, dtype="<f8").reshape(len(keys) + 1, len(spec.columns)))
        start += len(keys)
    return matrices


def _fields(tables: Sequence[BatchTable]) -> Iterator[tuple[str, bytes]]:
    for number, table in enumerate(tables):
        rows = np.ascontiguousarray(table.matrix, dtype="<f8")
        for key, row in zip(table.keys, rows, strict=True):
            yield f"{number}:{key}", row.tobytes()


def _key(view: BatchView, number: int) -> str:
    return f"{_index(view)}:{number}"


def _index(view: BatchView) -> str:
    return f"assay:{{{event_type(view.event_type).lane}}}:batch:{view.key}"
