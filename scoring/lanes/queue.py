"""The queue of pending entries, written in the transaction that appends them. `claiming` reads it."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

from django.db import connection
from django.db.models import Min, QuerySet

from scoring.catalog.registry import event_type
from scoring.lanes.models import Pending
from scoring.log.entries import Entry
from scoring.log.writing.alongside import Alongside
from scoring.sql.bulk_tables import copy_values, insert_values
from scoring.sql.statements import Sql, array_text, execute_prepared, unnested
from scoring.timestamps import EPOCH

URGENT, NORMAL, LATER = 0, 1, 2
MIN_RETRY, MAX_RETRY = timedelta(seconds=15), timedelta(hours=1)

Kind, State = Pending.Kind, Pending.State

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
# These labels come before their event in the log but must not in the lane, since the kernel ignores the label
# of an event that was not applied yet. Hence LATER.
RELEASE_HELD = """
    released AS (
        UPDATE scoring_pending p SET state = 'ready', priority = %s
          FROM written w WHERE p.state = 'held' AND p.event_stream = w.stream)
"""

# A label that arrived before its event is placed in the history at the time it became known.
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


class Undecided(Protocol):
    """A claimed event that was decided without its model."""

    @property
    def event_version(self) -> int: ...

    @property
    def event_stream(self) -> str: ...

    @property
    def received_at(self) -> datetime: ...


def queue_clauses(new: Sequence[NewPending], *, now: datetime) -> tuple[Sql, ...]:
    """Clauses of the append of received events: queue them, and release the labels held for them."""
    rows = unnested(list(zip(*new, strict=True)), ("text", "text", "int", "text"))
    return Sql(QUEUE.format(rows=rows.text), (now, *rows.values)), Sql(RELEASE_HELD, (LATER,))


def enqueue_labels(
    entries: Sequence[Entry], *, held: set[str], with_history: set[str], now: datetime
) -> None:
    """Queue labels; those of events in `held` wait for them, those in `with_history` go with them."""
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
    """Queue a correction, enrichment or retraction. `wake_token`: of the client that waits for it."""
    row = (entry.position, lane, kind, "ready", priority, entry.stream, None, wake_token, "", now)
    _insert([row])


def lock_event(positions: Sequence[int]) -> list[Pending]:
    """The queued entries of an event, by the positions of its versions, locked until the transaction ends.

    Waits for a lane that is writing one of them, which is then no longer queued.
    """
    return list(_at(positions).order_by("position").select_for_update())


def enqueue_rescores(claims: Sequence[Undecided], *, lane: str, now: datetime) -> None:
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
    """When to decide an event again: the longer it has waited, the later, as a model may fail forever.

    >>> noon = datetime(2026, 3, 1, 12)
    >>> [str(next_try(noon - timedelta(hours=age), noon) - noon) for age in (0, 1, 100)]
    ['0:00:15', '0:06:00', '1:00:00']
    """
    return now + min(max((now - received_at) / 10, MIN_RETRY), MAX_RETRY)


def enqueue_history(entries: Sequence[Entry], *, lane: str, now: datetime) -> None:
    """Queue history of a lane in bulk, to be sequenced; labels held for these events wait with it."""
    copy_values(connection, TABLE, COLUMNS, [_history_row(entry, lane, now) for entry in entries])
    _move_held_into_history([entry.stream for entry in entries if entry.type == "event.received"])


def count_ready(lane: str, *, priority: int, limit: int) -> int:
    """How many entries of a priority the lane has to process; counted up to `limit`."""
    with connection.cursor() as cursor:
        execute_prepared(cursor, COUNT, [lane, priority, limit])
        return int(cursor.fetchone()[0])


def dequeue_clause(positions: Sequence[int]) -> Alongside:
    """The clause that removes processed entries with the append of their decisions, or fails it if one is not
    queued.
    """
    done = "done AS (DELETE FROM scoring_pending WHERE position = ANY(%s::bigint[]) RETURNING 1)"
    return Alongside(
        before=Sql(done, (array_text(positions),)),
        guard=Sql("(SELECT count(*) FROM done) = %s", (len(positions),)),
    )


def complete(positions: Sequence[int]) -> int:
    """Remove processed entries; returns how many were queued."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM scoring_pending WHERE position = ANY(%s::bigint[])", [array_text(positions)]
        )
        return cursor.rowcount


def park(position: int, *, error: str) -> bool:
    """Set an entry aside that cannot be processed, with its error; False if it is not queued."""
    return bool(_at([position]).update(state=State.PARKED, error=error))


def release_overtaken() -> int:
    """Release labels whose event was appended by a transaction that could not see them yet."""
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
    """Release decisions that are due to be made again; returns how many."""
    return Pending.objects.filter(state=State.WAITING, due_at__lte=now).update(state=State.READY)


def next_label_due(lane: str, *, after: datetime | None = None) -> datetime | None:
    """The time that the lane's clock has to reach for the next label of its history (due after `after`)."""
    labels = Pending.objects.filter(
        lane=lane, state=State.HISTORY, kind=Kind.LABEL, due_at__gt=after or EPOCH
    )
    return labels.aggregate(due=Min("due_at"))["due"]


def release_known_labels(lane: str, *, clock: datetime) -> int:
    """Release labels of history that were known by the time of the lane's clock.

    A label whose event is waiting history itself is sequenced together with it.
    """
    with connection.cursor() as cursor:
        cursor.execute(RELEASE_KNOWN, [lane, clock])
        return cursor.rowcount


def unsequenced_history(positions: Sequence[int]) -> set[int]:
    """The positions among these whose entries are history without a place in their lane's order."""
    return set(_at(positions).filter(state=State.HISTORY).values_list("position", flat=True))


def wait_for_queued(positions: Sequence[int], *, wake_token: str) -> int:
    """Register a client, by its wake token, for events that are still queued; returns how many are."""
    return _at(positions).filter(state=State.READY).update(wake_token=wake_token, priority=URGENT)


def history_positions(lane: str) -> list[int]:
    """Positions of the lane's history without a place in its order yet."""
    return list(Pending.objects.filter(lane=lane, state=State.HISTORY).values_list("position", flat=True))


def lanes_with_ready() -> list[str]:
    """The lanes that have something to process."""
    return list(Pending.objects.filter(state=State.READY).values_list("lane", flat=True).distinct())


def unpark(positions: Sequence[int]) -> int:
    """Give parked entries another try; returns how many were parked."""
    return _at(positions).filter(state=State.PARKED).update(state=State.READY, error="")


def has_ready(lane: str) -> bool:
    """Whether the lane has something to process."""
    return Pending.objects.filter(lane=lane, state=State.READY).exists()


def _at(positions: Sequence[int]) -> "QuerySet[Pending]":
    return Pending.objects.filter(position__in=positions)


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


def _label_lane(entry: Entry) -> str:
    return event_type(entry.data["event"].split("/", 1)[0]).lane
