"""The queue of entries that lanes still have to process. Written in the transaction that appends them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

import orjson
from django.db import connection

from scoring.catalog.registry import event_type
from scoring.log.entries import Entry
from scoring.log.upcasters import lift
from scoring.log.writing.alongside import Beside
from scoring.sql.bulk_tables import copy_values, insert_values
from scoring.sql.statements import Sql, array_text, execute_prepared, unnested
from scoring.timestamps import EPOCH

URGENT, NORMAL, LATER = 0, 1, 2
SOONEST_TRY, LATEST_TRY = timedelta(seconds=15), timedelta(hours=1)

TABLE = "scoring_pending"
COLUMNS = (
    *("position", "lane", "kind", "state", "priority", "event_stream", "due_at", "wake_token", "error"),
    "enqueued_at",
)

QUEUE = """
    queued AS (
        INSERT INTO scoring_pending
            (position, lane, kind, state, priority, event_stream, due_at, wake_token, error, enqueued_at)
        SELECT w.position, q.lane, 'event', 'ready', q.priority, w.stream, NULL, q.token, '', %s::timestamptz
          FROM written w
          JOIN {rows} AS q (stream, lane, priority, token) ON q.stream = w.stream)
"""
# Labels stand before their event in the log and must not in the lane: the kernel passes over a label of what
# was not applied yet. Hence LATER.
RELEASE_HELD = """
    released AS (
        UPDATE scoring_pending p SET state = 'ready', priority = %s
          FROM written w WHERE p.state = 'held' AND p.event_stream = w.stream)
"""

# A label that came before its event takes its place in the history at the time it became known.
HELD_INTO_HISTORY = """
    UPDATE scoring_pending p SET state = 'history', due_at = l.known_at
      FROM scoring_label l
     WHERE l.position = p.position AND p.state = 'held' AND p.event_stream = ANY(%s)
"""

RELEASE_KNOWN = """
    UPDATE scoring_pending p SET state = 'ready'
     WHERE lane = %s AND state = 'history' AND kind = 'label' AND due_at <= %s
       AND NOT EXISTS (
           SELECT 1 FROM scoring_logentry e JOIN scoring_pending w ON w.position = e.position
            WHERE e.stream = p.event_stream AND e.stream_version = 1 AND w.state = 'history')
"""

# Clients that wait come in order of receipt. Then senders take turns, an entry each, so that who has queued a
# hundred thousand does not keep another from his ten; a sender's own entries keep their order, in which the
# labels of an event come after it. `sender` finds who has any by a probe of the index for each, and `after`
# ($2) is who had the last turn: with more senders than a batch holds, the others come next. Limits are not
# parameters: a plan for an unknown limit would read the whole log.
CLAIM = """
    WITH RECURSIVE urgent AS (
        SELECT *, position AS place, '' AS sender FROM scoring_pending
         WHERE lane = $1 AND state = 'ready' AND priority = {urgent} AND position <> ALL ($3::bigint[])
         ORDER BY position LIMIT {most}),
    sender (name) AS (
        (SELECT split_part(event_stream, '/', 2) AS name FROM scoring_pending
          WHERE lane = $1 AND state = 'ready' AND priority = {normal}
          ORDER BY 1 LIMIT 1)
        UNION ALL
        SELECT (SELECT split_part(event_stream, '/', 2) AS name FROM scoring_pending
                 WHERE lane = $1 AND state = 'ready' AND priority = {normal}
                   AND split_part(event_stream, '/', 2) > sender.name
                 ORDER BY 1 LIMIT 1)
          FROM sender WHERE name IS NOT NULL),
    in_turn AS (
        SELECT own.*, sender.name AS sender FROM sender CROSS JOIN LATERAL (
            SELECT *, row_number() OVER (ORDER BY position) AS place FROM (
                SELECT * FROM scoring_pending
                 WHERE lane = $1 AND state = 'ready' AND priority = {normal}
                   AND split_part(event_stream, '/', 2) = sender.name AND position <> ALL ($3::bigint[])
                 ORDER BY position LIMIT {chunk}) first) own),
    late AS (
        SELECT *, 0 AS place, split_part(event_stream, '/', 2) AS sender FROM scoring_pending
         WHERE lane = $1 AND state = 'ready' AND priority = {later} AND position <> ALL ($3::bigint[])
         ORDER BY split_part(event_stream, '/', 2), position LIMIT {chunk}),
    chosen AS (
        SELECT *, row_number() OVER (ORDER BY priority, place, sender <= $2, sender, position) AS turn
          FROM (SELECT * FROM urgent UNION ALL SELECT * FROM in_turn UNION ALL SELECT * FROM late) ready
         ORDER BY turn LIMIT greatest({chunk}, (SELECT count(*) + (count(*) < {most})::int FROM urgent)))
"""
# The entry to process, the receipt of the event it concerns, what the event's stream holds by now, and which
# routes hold: one round trip.
DETAILS = """
    SELECT p.position, p.kind, p.priority, p.event_stream, p.wake_token,
           entry.type, entry.schema_version, entry.data,
           event.position, event.schema_version, event.data,
           CASE WHEN entry.type = 'event.corrected' THEN entry.recorded_at ELSE event.recorded_at END,
           head.version, head.decisions, head.amended,
           (SELECT coalesce(string_agg(event_type || '/' || version, ' ' ORDER BY event_type), '')
              FROM scoring_route)
      FROM chosen p
      JOIN scoring_logentry entry ON entry.position = p.position
      JOIN scoring_logentry event ON event.stream = p.event_stream AND event.stream_version = 1
     CROSS JOIN LATERAL (
           SELECT max(stream_version) AS version, count(*) FILTER (WHERE type LIKE 'decision.%') AS decisions,
                  bool_or(type IN ('event.corrected', 'event.retracted')) AS amended
             FROM scoring_logentry WHERE stream = p.event_stream) head
     ORDER BY p.turn
"""
COUNT = """
    SELECT count(*) FROM (
        SELECT 1 FROM scoring_pending WHERE lane = $1 AND state = 'ready' AND priority = $2 LIMIT $3) queued
"""


class NewPending(NamedTuple):
    """An event to queue, by its stream. `wake_token`: of the client that waits for it."""

    stream: str
    lane: str
    priority: int
    wake_token: str | None


@dataclass(frozen=True, slots=True)
class Claim:
    """One pending entry with everything that processing it needs.

    `event`: the version of the event that the entry is or was decided on, else the data of its receipt;
    `event_version` is that version's position, `event_position` the receipt's. `received_at` is when that
    version was. `amended`: the event was corrected or retracted by now.
    """

    position: int
    kind: str
    urgent: bool
    event_stream: str
    wake_token: str | None
    data: Mapping[str, Any]
    event_position: int
    event: Mapping[str, Any]
    event_version: int
    received_at: datetime
    stream_version: int  # of the event's stream
    decisions: int  # already in the event's stream
    amended: bool
    routes: str  # versions of all routes when it was claimed: "payment/3 post/1"

    @property
    def source(self) -> str:
        """Whose event it concerns."""
        return self.event_stream.split("/", 2)[1]


class Queued(NamedTuple):
    """An entry that its lane has still to process."""

    position: int
    kind: str
    state: str
    priority: int


def queueing(new: Sequence[NewPending], *, now: datetime) -> tuple[Sql, ...]:
    """Clauses beside the append of received events: queue them, and release labels held until they arrive."""
    rows = unnested(list(zip(*new, strict=True)), ("text", "text", "int", "text"))
    return Sql(QUEUE.format(rows=rows.text), (now, *rows.values)), Sql(RELEASE_HELD, (LATER,))


def enqueue_labels(
    entries: Sequence[Entry], *, held: set[str], with_history: set[str], now: datetime
) -> None:
    """Queue labels: of events in `held` to wait for them, of events in `with_history` to go with them."""
    states = dict.fromkeys(with_history, "history") | dict.fromkeys(held, "held")
    _insert(
        (
            entry.position,
            _label_lane(entry),
            "label",
            states.get(entry.data["event"], "ready"),
            NORMAL,
            entry.data["event"],
            entry.data["known_at"] if entry.data["event"] in with_history else None,
            None,
            "",
            now,
        )
        for entry in entries
    )


def enqueue_amendment(
    entry: Entry, *, kind: str, lane: str, priority: int, wake_token: str | None, now: datetime
) -> None:
    """Queue a correction or retraction. `wake_token`: of the client that waits for it."""
    row = (entry.position, lane, kind, "ready", priority, entry.stream, None, wake_token, "", now)
    _insert([row])


def lock_event(positions: Sequence[int]) -> list[Queued]:
    """What is queued of an event, by the positions of its versions; the caller's until its transaction ends.

    What a lane is about to write is waited for: it is then queued no longer.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT position, kind, state, priority FROM scoring_pending"
            " WHERE position = ANY(%s) ORDER BY position FOR UPDATE",
            [list(positions)],
        )
        return [Queued(*row) for row in cursor.fetchall()]


def enqueue_rescores(claims: Sequence[Claim], *, lane: str, now: datetime) -> None:
    """Queue events decided without their model, to be scored when it is back."""
    _insert(
        (
            claim.event_version,
            lane,
            "rescore",
            "waiting",
            LATER,
            claim.event_stream,
            next_try(claim.received_at, now),
            None,
            "",
            now,
        )
        for claim in claims
    )


def next_try(received_at: datetime, now: datetime) -> datetime:
    """When an event is to be decided again: the later the longer it has waited, as a model may fail for ever.

    >>> noon = datetime(2026, 3, 1, 12)
    >>> [str(next_try(noon - timedelta(hours=age), noon) - noon) for age in (0, 1, 100)]
    ['0:00:15', '0:06:00', '1:00:00']
    """
    return now + min(max((now - received_at) / 10, SOONEST_TRY), LATEST_TRY)


def enqueue_history(entries: Sequence[Entry], *, lane: str, now: datetime) -> None:
    """Queue history of `lane` in bulk, for its sequencing; labels held for these events wait with it."""
    copy_values(connection, TABLE, COLUMNS, [_history_row(entry, lane, now) for entry in entries])
    _move_held_into_history([entry.stream for entry in entries if entry.type == "event.received"])


def claim(
    lane: str, *, limit: int, chunk: int | None = None, after: str = "", but: Sequence[int] = ()
) -> list[Claim]:
    """The next entries of a lane: up to `limit` of waiting clients, the batch filled up to `chunk` by others.

    One of the others has a place at least, unless there are `limit` of those: it may be the label of one that
    is still to come. Senders of others take turns; `after` is the source who had the last one. Entries at the
    positions `but` are left out: they are being written. The caller holds the lane, so nothing is locked.
    """
    with connection.cursor() as cursor:
        execute_prepared(cursor, _claiming(limit, chunk or limit), [lane, after, array_text(but)])
        return [_claim(row) for row in cursor.fetchall()]


@cache
def _claiming(limit: int, chunk: int) -> str:
    return CLAIM.format(most=limit, chunk=chunk, urgent=URGENT, normal=NORMAL, later=LATER) + DETAILS


def count_ready(lane: str, *, priority: int, most: int) -> int:
    """How many entries of a priority the lane has still to process; counted up to `most`."""
    with connection.cursor() as cursor:
        execute_prepared(cursor, COUNT, [lane, priority, most])
        return int(cursor.fetchone()[0])


def completion(positions: Sequence[int]) -> Beside:
    """Beside the append of their decisions: remove processed entries, or nothing if one is not there."""
    done = "done AS (DELETE FROM scoring_pending WHERE position = ANY(%s::bigint[]) RETURNING 1)"
    return Beside(
        before=Sql(done, (array_text(positions),)),
        guard=Sql("(SELECT count(*) FROM done) = %s", (len(positions),)),
    )


def complete(positions: Sequence[int]) -> int:
    """Remove processed entries; returns how many were there."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM scoring_pending WHERE position = ANY(%s::bigint[])", [array_text(positions)]
        )
        return cursor.rowcount


def park(position: int, *, error: str) -> bool:
    """Set an entry aside that cannot be processed, listed with its error; False if it is not there."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE scoring_pending SET state = 'parked', error = %s WHERE position = %s", [error, position]
        )
        return cursor.rowcount > 0


def release_overtaken() -> int:
    """Let labels through whose event was appended by a transaction that could not see them yet."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE scoring_pending p SET state = 'ready', priority = %s FROM scoring_logentry e"
            " WHERE p.state = 'held' AND e.stream = p.event_stream AND e.stream_version = 1"
            " AND NOT EXISTS (SELECT 1 FROM scoring_pending w"
            " WHERE w.position = e.position AND w.state = 'history')",
            [LATER],
        )
        return cursor.rowcount


def release_waiting(*, now: datetime) -> int:
    """Let through what is due to be decided again; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE scoring_pending SET state = 'ready' WHERE state = 'waiting' AND due_at <= %s", [now]
        )
        return cursor.rowcount


def next_label_due(lane: str, *, after: datetime | None = None) -> datetime | None:
    """What the lane's clock has to reach for the next label of its history (due after `after`)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(due_at) FROM scoring_pending"
            " WHERE lane = %s AND state = 'history' AND kind = 'label' AND due_at > %s",
            [lane, after or EPOCH],
        )
        return cursor.fetchone()[0]


def release_known_labels(lane: str, *, clock: datetime) -> int:
    """Let labels of history through that had become known when the lane's clock stands at `clock`.

    A label whose event waits as history itself is left to be sequenced with it.
    """
    with connection.cursor() as cursor:
        cursor.execute(RELEASE_KNOWN, [lane, clock])
        return cursor.rowcount


def waiting_as_history(positions: Sequence[int]) -> set[int]:
    """Those of the given entries that are history without a place in their lane's order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT position FROM scoring_pending WHERE state = 'history' AND position = ANY(%s)",
            [list(positions)],
        )
        return {row[0] for row in cursor.fetchall()}


def adopt(positions: Sequence[int], *, wake_token: str) -> int:
    """Let another client wait for events that are still queued; returns how many are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE scoring_pending SET wake_token = %s, priority = %s"
            " WHERE state = 'ready' AND position = ANY(%s)",
            [wake_token, URGENT, list(positions)],
        )
        return cursor.rowcount


def history_positions(lane: str) -> list[int]:
    """Positions of the lane's history that has no place in its order yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT position FROM scoring_pending WHERE lane = %s AND state = 'history'", [lane])
        return [row[0] for row in cursor.fetchall()]


def lanes_with_ready() -> list[str]:
    """Lanes that have something to process."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT lane FROM scoring_pending WHERE state = 'ready'")
        return [row[0] for row in cursor.fetchall()]


def unpark(positions: Sequence[int]) -> int:
    """Give parked entries another try; returns how many were parked."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE scoring_pending SET state = 'ready', error = ''"
            " WHERE state = 'parked' AND position = ANY(%s)",
            [list(positions)],
        )
        return cursor.rowcount


def has_ready(lane: str) -> bool:
    """Whether anything of the lane can be processed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM scoring_pending WHERE lane = %s AND state = 'ready' LIMIT 1", [lane])
        return cursor.fetchone() is not None


def _insert(rows: Iterable[Sequence[Any]]) -> None:
    if given := list(rows):
        insert_values(connection, TABLE, COLUMNS, given, on_conflict="(position) DO NOTHING")


def _history_row(entry: Entry, lane: str, now: datetime) -> Sequence[Any]:
    if entry.type == "event.received":
        kind, stream, due_at = "event", entry.stream, entry.data["occurred_at"]
    else:
        kind, stream, due_at = "label", entry.data["event"], entry.data["known_at"]
    return (entry.position, lane, kind, "history", NORMAL, stream, due_at, None, "", now)


def _move_held_into_history(event_streams: Sequence[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM scoring_pending WHERE state = 'held')")
        if cursor.fetchone()[0]:
            cursor.execute(HELD_INTO_HISTORY, [list(event_streams)])


def _claim(row: Sequence[Any]) -> Claim:
    """Raises UnknownSchemaVersion for an entry of newer code: that is not for this process to park."""
    position, kind, priority, event_stream, wake_token, entry_type, entry_schema, data, *rest = row
    event_position, event_schema, event, received_at, version, decisions, amended, routes = rest
    said = lift(entry_type, event_stream, entry_schema, orjson.loads(data))
    corrected = entry_type == "event.corrected"
    return Claim(
        position=position,
        kind=kind,
        urgent=priority == URGENT,
        event_stream=event_stream,
        wake_token=wake_token,
        data=said,
        event_position=event_position,
        event=said if corrected else lift("event.received", event_stream, event_schema, orjson.loads(event)),
        event_version=position if corrected else event_position,
        received_at=received_at,
        stream_version=version,
        decisions=decisions,
        amended=amended,
        routes=routes,
    )


def _label_lane(entry: Entry) -> str:
    return event_type(entry.data["event"].split("/", 1)[0]).lane
