"""Process an uploaded file: have it read, store its previews, and record what was computed or why not."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from scoring.content.media import files, queue
from scoring.content.media.entries import FAILED, PROCESSED, stream_of
from scoring.content.media.errors import MediaFileMissing
from scoring.content.media.models import MediaItem
from scoring.content.media.processing.protocol import Job, Outcome
from scoring.content.media.processing.sandbox import ReadingFailed, Sandbox, working_directory
from scoring.content.media.queue import Claimed
from scoring.log.append import append
from scoring.log.entries import NewEntry
from scoring.signals.telemetry import telemetry

logger = logging.getLogger(__name__)

PREVIEWS: tuple[files.Preview, ...] = ("still", "blurred")


def process_next(sandbox: Sandbox, *, now: Callable[[], datetime], after: str = "") -> str | None:
    """Process the next file that is due, of the sender whose turn it is after that one; returns its sender.

    None if no file is due. A file that kills its process, or takes too long, is tried once more and then
    failed; so is one whose workers died.
    """
    claimed = queue.claim(now=now(), after=after)
    if claimed is None:
        return None
    item = MediaItem.objects.filter(pk=claimed.id, status=MediaItem.Status.PENDING).first()
    if item is None:
        queue.complete(claimed.id)
    elif outcome := _outcome(item, claimed, sandbox, now=now):
        settle(item, outcome, claimed, now=now())
    return claimed.source


def _outcome(
    item: MediaItem, claimed: Claimed, sandbox: Sandbox, *, now: Callable[[], datetime]
) -> Outcome | None:
    """What became of a file; None if it is to be tried again."""
    if claimed.attempt > queue.MAX_ATTEMPTS:
        return Outcome({}, f"the worker that processed it died {queue.MAX_ATTEMPTS} times")
    try:
        return read_and_store(item, sandbox)
    except MediaFileMissing as missing:
        return Outcome({}, str(missing))
    except OSError as error:  # the store, or this machine's disk: not the file's fault
        logger.warning("media %s cannot be copied: %s", item.id, error)
        queue.postpone(claimed, now=now(), uncounted=True)
        return None
    except ReadingFailed as failed:
        if not claimed.is_last:
            logger.warning("media %s is tried again: %s", item.id, failed)
            queue.postpone(claimed, now=now())
            return None
        return Outcome({}, f"{failed}; it was tried {claimed.attempt} times")


def read_and_store(item: MediaItem, sandbox: Sandbox) -> Outcome:
    """Have a copy of the file read, and store its previews.

    Raises MediaFileMissing, ReadingFailed, OSError.
    """
    with files.local_copy(item.id) as path, working_directory() as directory:
        made = {preview: Path(directory, f"{preview}.jpg") for preview in PREVIEWS}
        job = Job(
            path=str(path),
            media_type=item.type,
            still=str(made["still"]),
            blurred=str(made["blurred"]),
            soft_seconds=settings.MEDIA_SOFT_SECONDS,
            hard_seconds=settings.MEDIA_HARD_SECONDS,
        )
        outcome = sandbox.read(job)
        if outcome.problem:
            return outcome
        stored = [preview for preview, picture in made.items() if picture.exists()]
        for preview in stored:
            with made[preview].open("rb") as picture:
                files.put_preview(item.id, preview, picture)
    return Outcome({**outcome.result, "previews": stored})


def settle(item: MediaItem, outcome: Outcome, claimed: Claimed, *, now: datetime) -> None:
    """Record the outcome, unless the file was settled meanwhile, and take it off the queue."""
    told: Mapping[str, Any] = {"error": outcome.problem} if outcome.problem else outcome.result
    with transaction.atomic():
        current = MediaItem.objects.select_for_update().get(pk=item.id)
        if current.status == MediaItem.Status.PENDING:
            entry = NewEntry(
                stream=stream_of(item.id),
                expected_version=current.version,
                type=FAILED if outcome.problem else PROCESSED,
                data={"id": item.id, "kind": item.kind, "attempt": claimed.attempt, **told},
            )
            append([entry], now=now)
        queue.complete(item.id)
    telemetry.add("media", item.kind, "failed" if outcome.problem else "done")
