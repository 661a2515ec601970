"""Celery tasks for uploaded files. A message is only a hint; what is to be done is in the database."""

import time
from functools import cache
from typing import TYPE_CHECKING

from celery import shared_task
from django.utils import timezone

from scoring.content.media import queue

if TYPE_CHECKING:
    from scoring.content.media.processing.sandbox import Sandbox

MAX_SECONDS = 300.0  # of one run; then another message continues, so that a worker can be stopped


@shared_task
def process_media() -> int:
    """Process the files that are due, one after the other; harmless when delivered twice, late or never."""
    from scoring.content.media.enrichment import enrich_events  # noqa: PLC0415 (only the media worker needs them)
    from scoring.content.media.processing.process import process_next  # noqa: PLC0415

    until, count, turn = time.monotonic() + MAX_SECONDS, 0, ""
    while time.monotonic() < until:
        served = process_next(_sandbox(), now=timezone.now, after=turn)
        if served is None:
            return count
        turn = served
        enrich_events(now=timezone.now())
        count += 1
    queue.send_message()
    return count


@shared_task
def sweep_media() -> int:
    """Queue pending files that no worker has, and enrich events that were missed; returns how many wait."""
    from scoring.content.media.enrichment import enrich_events  # noqa: PLC0415

    now = timezone.now()
    queue.refill(now=now)
    enrich_events(now=now)
    if due := queue.count_due(now=now):
        queue.send_message()
    return due


@shared_task
def delete_old_files() -> int:
    """Delete uploaded files that are older than the installation keeps them; returns how many."""
    from scoring.content.media.handling import remove_older  # noqa: PLC0415

    return remove_older(now=timezone.now())


@cache
def _sandbox() -> "Sandbox":
    """The process that reads files for this worker process."""
    from scoring.content.media.processing.sandbox import Sandbox  # noqa: PLC0415

    return Sandbox()
