"""When a key was last used, to the minute: noted in the request, written after the response."""

import logging
import time
from datetime import timedelta
from typing import Any

from django.core.signals import request_finished
from django.db import Error
from django.db.models import Q
from django.dispatch import receiver
from django.utils import timezone

from scoring.api.models import ApiKey

logger = logging.getLogger(__name__)

WRITE_EVERY_SECONDS = 60.0

_written: dict[str, float] = {}  # by digest: when this process last wrote its use
_unwritten: set[str] = set()


def note_use(digest: str) -> None:
    """Note that the key was used: a dictionary lookup now, and at most one write a minute."""
    last = _written.get(digest)
    if last is None or time.monotonic() - last >= WRITE_EVERY_SECONDS:
        _unwritten.add(digest)


@receiver(request_finished)
def write_use(**_: Any) -> None:
    """Write the noted uses, except those that another process wrote within the minute.

    A failure loses the notes but fails no request: the response has been sent by now.
    """
    if not _unwritten:
        return
    digests, now = list(_unwritten), timezone.now()
    _unwritten.difference_update(digests)
    _written.update(dict.fromkeys(digests, time.monotonic()))
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - timedelta(seconds=WRITE_EVERY_SECONDS))
    try:
        ApiKey.objects.filter(stale, digest__in=digests).update(last_used_at=now)
    except Error:
        logger.warning("the last use of %d API keys could not be written", len(digests), exc_info=True)
