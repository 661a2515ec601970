"""What people and retention do with stored files: delete them, process them again, look at them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache

from django.conf import settings
from django.db import transaction

from scoring.content.media import files, queue
from scoring.content.media.entries import RECEIVED, REMOVED, REVEALED, stream_of
from scoring.content.media.errors import MediaAlreadyRemoved, MediaFileMissing, MediaNotFound
from scoring.content.media.models import MediaItem
from scoring.discovery import discover
from scoring.log.append import append
from scoring.log.entries import NewEntry

FILES_A_RUN = 1_000
TOO_OLD = "older than the installation keeps files"

# user name, position of the event whose file it is (0 for none), now -> why it is not shown, "" if it may be
ViewingRule = Callable[[str, int, datetime], str]
_rules: list[ViewingRule] = []


def remove_media(media: str, *, reason: str, now: datetime, actor: str = "") -> None:
    """Delete a file and its previews; events that name it keep what they have.

    Raises MediaNotFound, MediaAlreadyRemoved.
    """
    with transaction.atomic():
        item = _locked(media)
        if item.removed_at:
            raise MediaAlreadyRemoved(media)
        _append(item, REMOVED, {"id": media, "reason": reason}, now=now, actor=actor)
        queue.complete(media)
        transaction.on_commit(lambda: files.remove(media))


def remove_older(*, now: datetime) -> int:
    """Delete the files that are older than `MEDIA_KEEP_DAYS`; returns how many. 0 days: none."""
    if not settings.MEDIA_KEEP_DAYS:
        return 0
    before = now - timedelta(days=settings.MEDIA_KEEP_DAYS)
    old = MediaItem.objects.filter(received_at__lt=before, removed_at=None).order_by("received_at")
    found = list(old.values_list("pk", flat=True)[:FILES_A_RUN])
    for media in found:
        remove_media(media, reason=TOO_OLD, now=now, actor="schedule")
    return len(found)


def process_again(media: str, *, now: datetime, actor: str = "") -> None:
    """Queue a stored file to be processed once more. Raises MediaNotFound, MediaFileMissing."""
    with transaction.atomic():
        item = _locked(media)
        if item.removed_at:
            raise MediaFileMissing(media, "was removed")
        names = ("id", "type", "kind", "bytes", "source")
        _append(item, RECEIVED, {name: getattr(item, name) for name in names}, now=now, actor=actor)
        queue.enqueue(media, source=item.source, now=now)


def record_revealed(media: str, *, what: str, now: datetime, actor: str, event_position: int = 0) -> None:
    """Record that a person looks at a file, on account of an event if they do. Raises MediaNotFound."""
    data = {"id": media, "what": what, "event_position": event_position, "sensitive": True}
    with transaction.atomic():
        _append(_locked(media), REVEALED, data, now=now, actor=actor)


def register_viewing_rule(rule: ViewingRule) -> ViewingRule:
    """Ask this rule before a file is shown, beyond its blurred preview."""
    _rules.append(rule)
    return rule


def why_not_shown(user: str, *, event_position: int, now: datetime) -> str:
    """Why a file is not shown to a person now, "" if it may be."""
    answers = (rule(user, event_position, now) for rule in _registered_rules())
    return next((why for why in answers if why), "")


@cache
def _registered_rules() -> list[ViewingRule]:
    discover("viewing_rules")
    return _rules


def _locked(media: str) -> MediaItem:
    item = MediaItem.objects.select_for_update().filter(pk=media).first()
    if item is None:
        raise MediaNotFound(media)
    return item


def _append(item: MediaItem, entry_type: str, data: dict[str, object], *, now: datetime, actor: str) -> None:
    entry = NewEntry(
        stream=stream_of(item.id),
        expected_version=item.version,
        type=entry_type,
        data=data,
        metadata={"actor": actor} if actor else {},
    )
    append([entry], now=now)
