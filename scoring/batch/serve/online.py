"""The values of published versions in Redis: one hash per version.

The field `{table}:{entity}` contains the table's columns as little-endian float64. The field COMPLETE is
written last; a version without it does not count. All keys of a view are in the slot of its lane.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from scoring.batch.views import BatchTable, BatchView
from scoring.catalog.registry import event_type
from scoring.signals import redis_connections as connections
from scoring.states.store import ScriptCall

COMPLETE = "complete"  # no table's field: those begin with a number
ENTITIES_A_WRITE = 5_000
_NAN = np.array([np.nan], dtype="<f8").tobytes()


# KEYS: hashes; ARGV: how many lists of entities, each list (every entity ends with a zero byte), then per
# hash how many tables it has, and per table the number of its list and what stands for missing values.
# Gives per hash its tables' values one after the other, a row of missing ones at the end of each; false for
# a hash that is not complete.
READ = """
local lists, at = {}, 1 + ARGV[1]
for n = 1, ARGV[1] do
  local entities = {}
  for entity in string.gmatch(ARGV[1 + n], '([^%z]*)%z') do entities[#entities + 1] = entity end
  lists[n] = entities
end
local replies = {}
for n = 1, #KEYS do
  local tables, parts = ARGV[at + 1], {}
  for t = 1, tables do
    local entities, none, fields = lists[tonumber(ARGV[at + 2 * t])], ARGV[at + 2 * t + 1], {}
    for e = 1, #entities do fields[e] = (t - 1) .. ':' .. entities[e] end
    fields[#fields + 1] = 'complete'
    local found = redis.call('HMGET', KEYS[n], unpack(fields))
    if not found[#found] then parts = false break end
    for e = 1, #entities do found[e] = found[e] or none end
    found[#found] = none
    parts[t] = table.concat(found)
  end
  replies[n] = parts and table.concat(parts)
  at = at + 1 + 2 * tables
end
return replies
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The entities whose values are wanted: distinct keys for each table of a version's view."""

    view: BatchView
    number: int
    keys: Sequence[Sequence[str]]

    def matrices(self, values: bytes) -> list[NDArray[np.float64]]:
        """Per table float64[keys + 1, columns]: NaN for entities without values, and in the last row."""
        matrices, start = [], 0
        for spec, keys in zip(self.view.tables, self.keys, strict=True):
            shape = (len(keys) + 1, len(spec.columns))
            matrix = np.frombuffer(values, dtype="<f8", count=shape[0] * shape[1], offset=start)
            matrices.append(matrix.reshape(shape))
            start += matrix.nbytes
        return matrices


def reading(wanted: Sequence[Wanted]) -> ScriptCall:
    """A reader of these versions: it returns the values of each as bytes, or None if incomplete."""
    lists: dict[int, tuple[int, str]] = {}  # tables of which the same entities are wanted share one
    arguments: list[str | bytes | int] = []
    for version in wanted:
        tables = version.view.tables
        arguments.append(len(tables))
        for spec, keys in zip(tables, version.keys, strict=True):
            known = lists.setdefault(id(keys), (len(lists) + 1, "".join(f"{key}\0" for key in keys)))
            arguments += [known[0], _NAN * len(spec.columns)]
    texts = [text for _, text in lists.values()]
    hashes = [_key(version.view, version.number) for version in wanted]
    return ScriptCall(READ, hashes, [len(texts), *texts, *arguments])


def load(view: BatchView, number: int, tables: Sequence[BatchTable]) -> None:
    """Load a version into Redis, replacing any values under its number.

    If interrupted, it leaves an incomplete version, which is never read.
    """
    client, key = connections.client(), _key(view, number)
    client.sadd(_index(view), number)  # first: what is not listed would never be removed
    client.unlink(key)
    fields = _fields(view, tables)
    while part := dict(islice(fields, ENTITIES_A_WRITE)):
        client.hset(key, mapping=cast("dict[Any, Any]", part))
    client.hset(key, COMPLETE, "1")


def remove(view: BatchView, number: int) -> None:
    """Remove a version from Redis."""
    client = connections.client()
    client.unlink(_key(view, number))
    client.srem(_index(view), number)


def loaded_numbers(view: BatchView) -> set[int]:
    """The versions with any data in Redis."""
    return {int(number) for number in cast("set[bytes]", connections.client().smembers(_index(view)))}


def missing_numbers(view: BatchView, numbers: Iterable[int]) -> list[int]:
    """Those of the versions that are not completely in Redis."""
    wanted = list(numbers)
    with connections.client().pipeline(transaction=False) as pipe:
        for number in wanted:
            pipe.hexists(_key(view, number), COMPLETE)
        return [number for number, there in zip(wanted, pipe.execute(), strict=True) if not there]


def _fields(view: BatchView, tables: Sequence[BatchTable]) -> Iterator[tuple[str, bytes]]:
    for number, (spec, table) in enumerate(zip(view.tables, tables, strict=True)):
        rows = np.ascontiguousarray(table.matrix[:, : len(spec.columns)], dtype="<f8")
        for key, row in zip(table.keys, rows, strict=True):
            yield f"{number}:{key}", row.tobytes()


def _key(view: BatchView, number: int) -> str:
    return f"{_index(view)}:{number}"


def _index(view: BatchView) -> str:
    return f"assay:{{{event_type(view.event_type).lane}}}:batch:{view.key}"
