"""Entries as columns with their data as text, for bulk readers that parse a million at once."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from django.db import connection
from numpy.typing import NDArray

from scoring.log.entries import Cursor, canonical_json
from scoring.log.read import AFTER, IN_READING_ORDER, read_horizon
from scoring.log.upcasters import current_version, upcast_to_current

_COLUMNS = (
    "position, epoch, txid::text::bigint, stream, type, schema_version, data, packed,"
    " (extract(epoch FROM recorded_at) * 1000000)::bigint"
)
# Each column as one value: a row of its own for each entry costs three times as much to receive. Numbers are
# big-endian, texts are separated by characters that they cannot hold.
_AT = """
    SELECT count(*),
           string_agg(int8send(position), ''),
           string_agg(int2send(epoch), ''),
           string_agg(xid8send(txid), ''),
           string_agg(int2send(schema_version), ''),
           string_agg(timestamptz_send(recorded_at), ''),
           string_agg(stream, E'\x1e'),
           string_agg(type, E'\x1e'),
           string_agg(data, E'\n'),
           array_agg(packed)
      FROM scoring_logentry
     WHERE position = ANY(%s)
"""
_SEPARATOR = "\x1e"
_ENTRIES_A_READ = 5_000  # whose data is far from the gigabyte that PostgreSQL puts into one value
_2000_US = 946_684_800_000_000  # where the times of `timestamptz_send` begin
# Without `packed`: an entry that sequences history has 80 kB, a page of them gigabytes.
_UNPACKED = _COLUMNS.replace("packed", "NULL")
_PAGE = f"SELECT {_UNPACKED} FROM scoring_logentry WHERE {AFTER} AND type = ANY(%s) {IN_READING_ORDER}"
_FIRST_POSITIONS = (
    "SELECT stream, position FROM scoring_logentry WHERE stream = ANY(%s) AND stream_version = 1"
)


@dataclass(frozen=True, slots=True)
class Texts:
    """n entries: int64[n] columns and lists. `data` is canonical JSON of this code's schema version."""

    positions: NDArray[np.int64]
    epochs: NDArray[np.int64]
    txids: NDArray[np.int64]
    streams: list[str]
    types: NDArray[np.object_]
    data: list[str]
    packed: list[bytes | None]
    recorded_at_us: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def cursor(self) -> Cursor:
        """The cursor of the last entry."""
        return Cursor(int(self.epochs[-1]), int(self.txids[-1]), int(self.positions[-1]))

    def take(self, rows: NDArray[np.int64]) -> "Texts":
        """The entries of these rows, in this order."""
        return Texts(
            positions=self.positions[rows],
            epochs=self.epochs[rows],
            txids=self.txids[rows],
            streams=[self.streams[row] for row in rows],
            types=self.types[rows],
            data=[self.data[row] for row in rows],
            packed=[self.packed[row] for row in rows],
            recorded_at_us=self.recorded_at_us[rows],
        )


def read_texts(positions: NDArray[np.int64]) -> Texts:
    """The entries at `positions`, in no particular order; unknown positions are absent."""
    starts = range(0, len(positions), _ENTRIES_A_READ)
    parts = [_read_at(positions[start : start + _ENTRIES_A_READ]) for start in starts]
    return _concatenated([part for part in parts if part is not None])


def read_text_page(cursor: Cursor, *, types: Collection[str], limit: int) -> Texts:
    """Up to `limit` entries of these types after `cursor`, in reading order, below the horizon.

    `packed` is left out; `read_texts` includes it.
    """
    # By a separate statement, before the one that reads: see `scoring.log.read.read_page`.
    horizon = read_horizon()
    return _query(_PAGE, [*cursor, *horizon, list(types), limit])


def first_positions(streams: Collection[str]) -> dict[str, int]:
    """The position of the first entry of each of `streams`; unknown streams are absent."""
    with connection.cursor() as cursor:
        cursor.execute(_FIRST_POSITIONS, [list(streams)])
        return dict(cursor.fetchall())


def _read_at(positions: NDArray[np.int64]) -> Texts | None:
    """The entries at a few positions; None where there are none."""
    with connection.cursor() as cursor:
        cursor.execute(_AT, [positions.tolist()])
        count, *numbers, streams, types, data, packed = cursor.fetchone()
    if not count:
        return None
    at, epochs, txids, schemas, recorded = (
        np.frombuffer(column, dtype=kind).astype(np.int64)
        for column, kind in zip(numbers, (">i8", ">i2", ">i8", ">i2", ">i8"), strict=True)
    )
    streams, types = streams.split(_SEPARATOR), types.split(_SEPARATOR)
    return Texts(
        positions=at,
        epochs=epochs,
        txids=txids,
        streams=streams,
        types=np.array(types, dtype=object),
        data=_upcast_data(types, streams, schemas.tolist(), data.split("\n")),
        packed=[None if array is None else bytes(array) for array in packed],
        recorded_at_us=recorded + _2000_US,
    )


def _concatenated(parts: Sequence[Texts]) -> Texts:
    def numbers(name: str) -> NDArray[np.int64]:
        return np.concatenate([np.empty(0, np.int64), *(getattr(part, name) for part in parts)])

    return Texts(
        positions=numbers("positions"),
        epochs=numbers("epochs"),
        txids=numbers("txids"),
        streams=[stream for part in parts for stream in part.streams],
        types=np.concatenate([np.empty(0, dtype=object), *(part.types for part in parts)]),
        data=[text for part in parts for text in part.data],
        packed=[array for part in parts for array in part.packed],
        recorded_at_us=numbers("recorded_at_us"),
    )


def _query(sql: str, values: Sequence[Any]) -> Texts:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows = cursor.fetchall()
    columns = list(zip(*rows, strict=True)) or [()] * 9
    positions, epochs, txids, streams, types, schemas, data, packed, recorded = columns
    return Texts(
        positions=np.array(positions, dtype=np.int64),
        epochs=np.array(epochs, dtype=np.int64),
        txids=np.array(txids, dtype=np.int64),
        streams=list(streams),
        types=np.array(types, dtype=object),
        data=_upcast_data(types, streams, schemas, data),
        packed=[None if array is None else bytes(array) for array in packed],
        recorded_at_us=np.array(recorded, dtype=np.int64),
    )


def _upcast_data(
    types: Sequence[str], streams: Sequence[str], schemas: Sequence[int], data: Sequence[str]
) -> list[str]:
    """`data` with the entries of older schema versions brought up to date."""
    texts = list(data)
    current = {name: current_version(name) for name in set(types)}
    for row, (name, schema) in enumerate(zip(types, schemas, strict=True)):
        if schema != current[name]:
            texts[row] = canonical_json(
                upcast_to_current(name, streams[row], schema, orjson.loads(texts[row]))
            )
    return texts
