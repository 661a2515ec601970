"""Entries of the log before and after they are written, and the canonical form of their data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from scoring.timestamps import to_iso


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry to append. It becomes version `expected_version + 1` of its stream."""

    stream: str
    expected_version: int
    type: str
    data: Mapping[str, Any]
    packed: bytes | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def stream_version(self) -> int:
        return self.expected_version + 1


class Entry(NamedTuple):
    """An entry read from the log, its data upcast to this code's schema version.

    A tuple, since a frozen dataclass of so many fields takes six times as long to make.
    """

    position: int
    epoch: int
    txid: int
    stream: str
    stream_version: int
    type: str
    schema_version: int
    data: dict[str, Any]
    packed: bytes | None
    metadata: dict[str, Any]
    recorded_at: datetime

    @property
    def cursor(self) -> "Cursor":
        return Cursor(self.epoch, self.txid, self.position)


class Cursor(NamedTuple):
    """A point in reading order: everything up to and including it has been read."""

    epoch: int = 0
    txid: int = 0
    position: int = 0


START = Cursor()
LAST_POSITION = 2**63 - 1  # no entry lies beyond: positions are signed 64-bit numbers


def canonical_json(data: Mapping[str, Any]) -> str:
    """`data` as JSON with sorted keys, no spaces and UTC times ending in Z: equal data give equal text.

    Raises `TypeError` for values without a JSON form (decimals, bytes, times without a zone).

    >>> from datetime import UTC
    >>> canonical_json({"b": 1, "a": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)})
    '{"a":"2026-01-02T03:04:05Z","b":1}'
    """
    return orjson.dumps(
        data, default=_time_text, option=orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME
    ).decode()


def _time_text(value: Any) -> str:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return to_iso(value)
    raise TypeError(f"{value!r} has no canonical JSON form")
