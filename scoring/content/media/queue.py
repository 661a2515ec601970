"""The queue of uploaded files to process. `MediaItem` says what is pending; this says who works on it."""

import logging
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from celery import current_app
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Min
from kombu.exceptions import OperationalError

from scoring.content.media.errors import MediaBehind
from scoring.content.media.models import MediaItem, MediaJob

logger = logging.getLogger(__name__)

TASK = "scoring.content.media.tasks.process_media"
MAX_WAITING_SECONDS = 300.0  # of a file that waits; beyond it the queue is behind
MESSAGE_SECONDS = 60.0  # until a message that no worker took expires
MAX_ATTEMPTS = 2
RETRY_AFTER = timedelta(seconds=10)
# Beyond the time that processing may take, for copying the file and storing what was made of it.
LEASE_MARGIN = timedelta(seconds=60)

_CLAIM = Path(__file__).with_name("claim.sql").read_text()
_REFILL = """
    INSERT INTO scoring_mediajob (id, source, attempts, enqueued_at, due_at)
    SELECT id, source, 0, received_at, %s FROM scoring_mediaitem item
     WHERE status = 'pending' AND NOT EXISTS (SELECT 1 FROM scoring_mediajob job WHERE job.id = item.id)
        ON CONFLICT (id) DO NOTHING
"""


class Claimed(NamedTuple):
    """A file that this process is to work on. `attempt`: 1 at first."""

    id: str
    source: str
    attempt: int

    @property
    def is_last(self) -> bool:
        return self.attempt >= MAX_ATTEMPTS


def admit() -> None:
    """Raises MediaBehind while more files wait than may."""
    limit = settings.MEDIA_MAX_PENDING
    waiting = MediaJob.objects.all()[: limit + 1].count()
    if waiting > limit:
        raise MediaBehind(waiting=MediaJob.objects.count(), limit=limit)


def enqueue(media: str, *, source: str, now: datetime) -> None:
    """Queue a file in the caller's transaction, and send a message after it."""
    job = {"source": source, "attempts": 0, "enqueued_at": now, "due_at": now}
    MediaJob.objects.update_or_create(pk=media, defaults=job)
    transaction.on_commit(send_message)


def send_message() -> None:
    """Notify a worker. If the message is lost, or the broker unavailable, the sweep sends another one."""
    try:
        current_app.send_task(TASK, queue="media", retry=False, expires=MESSAGE_SECONDS)
    except (OperationalError, OSError) as error:
        logger.warning("no message sent for uploaded files: %s", error)


def claim(*, now: datetime, after: str = "") -> Claimed | None:
    """The next file that is due, for as long as processing may take; None if there is none.

    `after`: the sender that had the previous turn.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_CLAIM, [now, after])
        row = cursor.fetchone()
        if row is None:
            return None
        claimed = Claimed(row[0], row[1], row[2] + 1)
        until = now + timedelta(seconds=settings.MEDIA_HARD_SECONDS) + LEASE_MARGIN
        MediaJob.objects.filter(pk=claimed.id).update(attempts=claimed.attempt, due_at=until)
    return claimed


def postpone(claimed: Claimed, *, now: datetime, uncounted: bool = False) -> None:
    """Have a file tried again a little later; `uncounted`: this attempt was not the file's fault."""
    attempts = claimed.attempt - 1 if uncounted else claimed.attempt
    MediaJob.objects.filter(pk=claimed.id).update(attempts=attempts, due_at=now + RETRY_AFTER)


def complete(media: str) -> None:
    """Remove a file from the queue."""
    MediaJob.objects.filter(pk=media).delete()


def refill(*, now: datetime) -> int:
    """Queue the pending files that are in no queue; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(_REFILL, [now])
        return cursor.rowcount


def count_due(*, now: datetime) -> int:
    """How many files a worker could begin with."""
    return MediaJob.objects.filter(due_at__lte=now).count()


class MediaBacklog(NamedTuple):
    """How many files are not processed yet, and how long the first of them has waited."""

    waiting: int
    oldest_seconds: float

    @property
    def is_late(self) -> bool:
        return self.oldest_seconds > MAX_WAITING_SECONDS

    @property
    def in_words(self) -> str:
        minutes = f"{self.oldest_seconds / 60:,.0f} min"
        return (
            f"{self.waiting:,} uploaded files wait to be processed, the first for {minutes}."
            " Look at the log of the process media, or give it more processes (ASSAY_MEDIA_WORKERS)."
        )


def read_backlog(*, now: datetime) -> MediaBacklog:
    """The files that are not processed yet."""
    pending = MediaItem.objects.filter(status=MediaItem.Status.PENDING)
    found = pending.aggregate(waiting=Count("pk"), oldest=Min("received_at"))
    return MediaBacklog(found["waiting"], (now - found["oldest"]).total_seconds() if found["oldest"] else 0.0)
