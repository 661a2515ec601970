"""Reading the log: by stream, by position, and in reading order below the horizon."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

import orjson
from django.db import connection

from scoring.log.entries import LAST_POSITION, START, Cursor, Entry
from scoring.log.epochs import CURRENT_EPOCH, check_epoch_once
from scoring.log.errors import EntryNotFound
from scoring.log.upcasters import current_version, upcast_to_current

_COLUMNS = (
    "position, epoch, txid::text::bigint, stream, stream_version, type, schema_version, data, packed, "
    "metadata, recorded_at"
)
_SELECT = f"SELECT {_COLUMNS} FROM scoring_logentry "
# Row comparisons, so that both bounds form one range of the index on (epoch, txid, position).
AFTER = "(epoch, txid, position) > (%s, %s::text::xid8, %s) AND (epoch, txid) < (%s, %s::text::xid8)"
# By the table's own columns: a bare `txid` would mean the cast above, which no index covers.
IN_READING_ORDER = (
    " ORDER BY scoring_logentry.epoch, scoring_logentry.txid, scoring_logentry.position LIMIT %s"
)
_HORIZON = f"SELECT {CURRENT_EPOCH}, pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
_LAG = """
SELECT (SELECT count(*) FROM scoring_logentry WHERE (epoch, txid) >= (%s, %s::text::xid8)),
       extract(epoch FROM clock_timestamp() - least(
           (SELECT min(xact_start) FROM pg_stat_activity
            WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()),
           (SELECT min(prepared) FROM pg_prepared_xacts)))::float8
"""


class Horizon(NamedTuple):
    """Entries before it, in reading order, are complete: no open transaction can still add one."""

    epoch: int
    txid: int

    @property
    def cursor(self) -> Cursor:
        """The cursor of the last entry that could lie below the horizon."""
        return Cursor(self.epoch, self.txid - 1, LAST_POSITION)


class HorizonLag(NamedTuple):
    """How far readers lag: committed entries above the horizon, and the oldest open writing transaction."""

    entries: int
    oldest_transaction_s: float | None


class LogPage(NamedTuple):
    """Entries in reading order, and the cursor up to which the log was searched for them."""

    entries: list[Entry]
    cursor: Cursor


def read_stream(stream: str) -> list[Entry]:
    """The entries of `stream` in version order; none for an unknown stream."""
    return read_streams([stream]).get(stream, [])


def last_version(stream: str) -> int:
    """The version of the last entry of `stream`; 0 for an unknown stream."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(stream_version) FROM scoring_logentry WHERE stream = %s", [stream])
        return cursor.fetchone()[0] or 0


def read_streams(streams: Sequence[str], *, version: int | None = None) -> dict[str, list[Entry]]:
    """The entries of each of `streams` in version order, or only `version`; unknown streams are absent."""
    if not streams:
        return {}
    of_version = "" if version is None else " AND stream_version = %s"
    rows = _query(
        _SELECT + f"WHERE stream = ANY(%s){of_version} ORDER BY stream, stream_version",
        [list(set(streams)), *([] if version is None else [version])],
    )
    found: dict[str, list[Entry]] = {}
    for entry in rows:
        found.setdefault(entry.stream, []).append(entry)
    return found


def read_versions(
    stream: str,
    *,
    after: int = 0,
    until: int | None = None,
    types: Collection[str] | None = None,
    limit: int = 1000,
) -> list[Entry]:
    """Up to `limit` entries of `stream` with versions in (after, until], in order; of these types, or all."""
    of_types, values = _of_types(types)
    return _query(
        _SELECT
        + f"WHERE stream = %s AND stream_version > %s AND stream_version <= %s{of_types}"
        + " ORDER BY stream_version LIMIT %s",
        [stream, after, LAST_POSITION if until is None else until, *values, limit],
    )


def read_positions(positions: Sequence[int]) -> list[Entry]:
    """The entries at `positions`, in the order given. Raises `EntryNotFound` for one that is missing."""
    if not positions:
        return []
    wanted = [int(position) for position in positions]
    found = {entry.position: entry for entry in _query(_SELECT + "WHERE position = ANY(%s)", [wanted])}
    try:
        return [found[position] for position in wanted]
    except KeyError as error:
        raise EntryNotFound(error.args[0]) from None


def iter_log(*, types: Collection[str] | None = None, batch: int = 20_000) -> Iterator[list[Entry]]:
    """Every visible entry by position, `batch` at a time: for folds over a log without writers."""
    last = 0
    of_types, values = _of_types(types)
    while entries := _query(
        _SELECT + f"WHERE position > %s{of_types} ORDER BY position LIMIT %s", [last, *values, batch]
    ):
        yield entries
        last = entries[-1].position


def read_horizon() -> Horizon:
    """The current horizon. Raises `LogAheadOfCluster` on the first use of a connection to a restored log."""
    check_epoch_once()
    with connection.cursor() as cursor:
        cursor.execute(_HORIZON)
        return Horizon(*cursor.fetchone())


def read_page(
    cursor: Cursor = START,
    *,
    types: Collection[str] | None = None,
    limit: int = 1000,
    horizon: Horizon | None = None,
) -> LogPage:
    """Up to `limit` entries after `cursor` in reading order, below the horizon, and where to continue.

    The cursor is past entries of other types, even if the page is empty. `horizon`: one read earlier, for
    several pages up to the same end.
    """
    # A separate statement reads the horizon first: all transactions below it have ended by then, so the later
    # snapshot sees them.
    horizon = horizon or read_horizon()
    of_types, values = _of_types(types)
    entries = _query(
        _SELECT + "WHERE " + AFTER + of_types + IN_READING_ORDER, [*cursor, *horizon, *values, limit]
    )
    if len(entries) == limit:
        return LogPage(entries, entries[-1].cursor)
    return LogPage(entries, max(cursor, horizon.cursor))


def count_after(cursor: Cursor, *, types: Collection[str] | None = None) -> int:
    """How many committed entries lie after `cursor`, those above the horizon included."""
    of_types, values = _of_types(types)
    with connection.cursor() as db:
        db.execute(
            "SELECT count(*) FROM scoring_logentry WHERE (epoch, txid, position) > (%s, %s::text::xid8, %s)"
            + of_types,
            [*cursor, *values],
        )
        return int(db.fetchone()[0])


def horizon_lag() -> HorizonLag:
    """Committed entries that readers cannot see yet, and the age in seconds of the oldest open writer."""
    horizon = read_horizon()
    with connection.cursor() as cursor:
        cursor.execute(_LAG, horizon)
        return HorizonLag(*cursor.fetchone())


def _of_types(types: Collection[str] | None) -> tuple[str, list[Any]]:
    return ("", []) if types is None else (" AND type = ANY(%s)", [list(types)])


def _query(sql: str, values: Sequence[Any]) -> list[Entry]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [_entry(row) for row in cursor.fetchall()]


def _entry(row: Sequence[Any]) -> Entry:
    (
        position,
        epoch,
        txid,
        stream,
        stream_version,
        entry_type,
        version,
        data,
        packed,
        metadata,
        recorded_at,
    ) = row
    return Entry(
        position,
        epoch,
        txid,
        stream,
        stream_version,
        entry_type,
        current_version(entry_type),
        upcast_to_current(entry_type, stream, version, orjson.loads(data)),
        None if packed is None else bytes(packed),
        orjson.loads(metadata),
        recorded_at,
    )
