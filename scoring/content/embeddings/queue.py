"""The queue of events whose texts are to be embedded."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from celery import current_app
from django.db import connection, transaction
from django.db.models import Count, Min
from kombu.exceptions import OperationalError

from scoring.content.embeddings.models import TextJob

logger = logging.getLogger(__name__)

TASK, QUEUE = "scoring.content.embeddings.tasks.embed_queued_texts", "texts"
MESSAGE_SECONDS = 60.0  # until a message that no worker took expires
LEASE = timedelta(minutes=2)  # of a batch, which takes a second or two
RETRY_AFTER = timedelta(seconds=10)
MAX_ATTEMPTS = 5
# An event that is not compared by then is left as it was decided: a backlog would only grow.
MAX_AGE = timedelta(minutes=15)
MAX_WAITING_SECONDS = 300.0

_ENQUEUE = """
    INSERT INTO scoring_textjob AS job
           (event_stream, position, compare, relabeled, attempts, enqueued_at, due_at)
    SELECT given.stream, given.position, given.compare, given.relabeled, 0, %s, %s
      FROM unnest(%s::text[], %s::bigint[], %s::bool[], %s::bool[])
           AS given (stream, position, compare, relabeled)
        ON CONFLICT (event_stream) DO UPDATE
       SET position = greatest(job.position, excluded.position), attempts = 0,
           compare = job.compare OR excluded.compare, relabeled = job.relabeled OR excluded.relabeled,
           enqueued_at = excluded.enqueued_at, due_at = excluded.due_at
"""
# The newest first: what is new is decided on, and what is old may expire.
_CLAIM = """
    UPDATE scoring_textjob job SET attempts = job.attempts + 1, due_at = %s
      FROM (SELECT event_stream FROM scoring_textjob
             WHERE due_at <= %s AND relabeled = %s
             ORDER BY position DESC LIMIT %s FOR UPDATE SKIP LOCKED) due
     WHERE job.event_stream = due.event_stream
 RETURNING job.event_stream, job.compare, job.relabeled, job.attempts, job.enqueued_at
"""
_COMPLETE = """
    DELETE FROM scoring_textjob job USING unnest(%s::text[], %s::timestamptz[]) AS done (stream, enqueued_at)
     WHERE job.event_stream = done.stream AND job.enqueued_at = done.enqueued_at
"""


class Claimed(NamedTuple):
    """An event that this process is to work on. `attempt`: 1 at first."""

    stream: str
    compare: bool
    relabeled: bool
    attempt: int
    enqueued_at: datetime


def enqueue(wanted: Mapping[str, tuple[int, bool, bool]], *, now: datetime) -> None:
    """Queue events in the caller's transaction: (position, compare, relabeled) by stream."""
    columns = [list(column) for column in zip(*wanted.values(), strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(_ENQUEUE, [now, now, list(wanted), *columns])
    transaction.on_commit(send_message)


def send_message() -> None:
    """Notify the worker. If the message is lost, the sweep sends another one."""
    try:
        current_app.send_task(TASK, queue=QUEUE, retry=False, expires=MESSAGE_SECONDS)
    except (OperationalError, OSError) as error:
        logger.warning("no message sent for texts to embed: %s", error)


def claim(*, limit: int, now: datetime) -> list[Claimed]:
    """Up to `limit` events that are due, for the time of a lease; at most half of them for their labels."""
    labels = _claim(relabeled=True, limit=limit // 2, now=now)
    return labels + _claim(relabeled=False, limit=limit - len(labels), now=now)


def _claim(*, relabeled: bool, limit: int, now: datetime) -> list[Claimed]:
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [now + LEASE, now, relabeled, limit])
        return [Claimed(*row) for row in cursor.fetchall()]


def complete(done: Sequence[Claimed]) -> None:
    """Remove events from the queue, but for those that were queued again meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(_COMPLETE, [[each.stream for each in done], [each.enqueued_at for each in done]])


def postpone(claimed: Sequence[Claimed], *, now: datetime) -> None:
    """Have events tried again a little later, unless they were queued again meanwhile and are due anyway."""
    streams = [each.stream for each in claimed]
    TextJob.objects.filter(pk__in=streams, due_at__gt=now).update(due_at=now + RETRY_AFTER)


def drop_expired(*, now: datetime) -> int:
    """Give up comparing the events that have waited too long, not those with new labels; returns how many."""
    expired = TextJob.objects.filter(enqueued_at__lt=now - MAX_AGE)
    count, _ = expired.filter(relabeled=False).delete()
    expired.filter(relabeled=True, compare=True).update(compare=False)
    return count


def has_due(*, now: datetime) -> bool:
    """Whether a worker could begin with an event."""
    return TextJob.objects.filter(due_at__lte=now).exists()


class TextBacklog(NamedTuple):
    """How many events wait to be compared, and how long the first of them has waited."""

    waiting: int
    oldest_seconds: float

    @property
    def is_late(self) -> bool:
        return self.oldest_seconds > MAX_WAITING_SECONDS

    @property
    def in_words(self) -> str:
        minutes = f"{self.oldest_seconds / 60:,.0f} min"
        return (
            f"{self.waiting:,} events wait until their texts are compared with known ones, the first for"
            f" {minutes}. Look at the log of the process texts."
        )


def read_backlog(*, now: datetime) -> TextBacklog:
    """The events that wait."""
    found = TextJob.objects.aggregate(waiting=Count("pk"), oldest=Min("enqueued_at"))
    return TextBacklog(found["waiting"], (now - found["oldest"]).total_seconds() if found["oldest"] else 0.0)
