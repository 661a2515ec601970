"""Receive an uploaded file: measure it, check it, store it once, and queue it to be processed."""

from dataclasses import dataclass
from datetime import datetime
from typing import IO

from django.conf import settings
from django.db import transaction

from scoring.content.media import files, queue
from scoring.content.media.entries import RECEIVED, stream_of
from scoring.content.media.errors import (
    EmptyUpload,
    MediaTooLarge,
    MediaTypeDiffers,
    MediaTypeNotAllowed,
)
from scoring.content.media.models import MediaItem
from scoring.content.media.signatures import HEAD_BYTES, TYPES, agrees, kind_of, sniff
from scoring.log.append import append
from scoring.log.entries import NewEntry
from scoring.log.errors import StreamConflict


@dataclass(frozen=True, slots=True)
class UploadReceipt:
    """An uploaded file. `created`: it was not there before."""

    item: MediaItem
    created: bool


def receive_upload(
    file: IO[bytes], *, stated_type: str, source: str, now: datetime, actor: str = ""
) -> UploadReceipt:
    """Store a file under its digest, once, and queue it to be processed.

    `file` is read in parts, from its beginning. Raises EmptyUpload, MediaTypeNotAllowed, MediaTypeDiffers,
    MediaTooLarge, MediaBehind.
    """
    found = _checked_type(file, stated_type)
    size, digest = files.measure(file)
    limit = max_bytes(found)
    if size > limit:
        raise MediaTooLarge(found=found, size=size, limit=limit)
    item = MediaItem.objects.filter(pk=digest).first()
    if item and not item.removed_at:
        return UploadReceipt(item, created=False)
    queue.admit()
    files.put(digest, file, size=size)
    data = {"id": digest, "type": found, "kind": kind_of(found), "bytes": size, "source": source}
    try:
        _append(data, version=item.version if item else 0, now=now, actor=actor)
    except StreamConflict:  # the same file was uploaded at the same time
        return UploadReceipt(MediaItem.objects.get(pk=digest), created=False)
    return UploadReceipt(MediaItem.objects.get(pk=digest), created=True)


def max_bytes(media_type: str) -> int:
    """The largest file of a type that may be uploaded."""
    is_video = kind_of(media_type) == "video"
    return settings.MEDIA_MAX_VIDEO_BYTES if is_video else settings.MEDIA_MAX_IMAGE_BYTES


def allowed_types() -> tuple[str, ...]:
    """The types that may be uploaded."""
    return tuple(name for name in TYPES if name in settings.MEDIA_TYPES)


def _checked_type(file: IO[bytes], stated: str) -> str:
    file.seek(0)
    head = file.read(HEAD_BYTES)
    if not head:
        raise EmptyUpload
    found = sniff(head)
    if found not in allowed_types():
        raise MediaTypeNotAllowed(found, allowed_types())
    if not agrees(stated, found):
        raise MediaTypeDiffers(stated, found)
    return found


def _append(data: dict[str, object], *, version: int, now: datetime, actor: str) -> None:
    media = str(data["id"])
    entry = NewEntry(
        stream=stream_of(media),
        expected_version=version,
        type=RECEIVED,
        data=data,
        metadata={"actor": actor} if actor else {},
    )
    with transaction.atomic():
        append([entry], now=now)
        queue.enqueue(media, source=str(data["source"]), now=now)
