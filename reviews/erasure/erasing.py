"""Deletes what is stored of a subject outside the log, and records that it was."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from reviews.console.entity_index import ENTITIES, EntityRef
from reviews.erasure.personal_data import PersonalData, personal_data_of
from reviews.errors import InvalidErasure, SubjectUnknown
from scoring.catalog.parsing.card_numbers import mask_card_numbers
from scoring.content.media.errors import MediaAlreadyRemoved
from scoring.content.media.handling import remove_media
from scoring.log.append import append
from scoring.log.consumers.registry import catch_up
from scoring.log.entries import Entry, NewEntry
from scoring.log.models import VaultItem
from scoring.log.read import last_version, read_stream
from scoring.log.retry import append_retrying

ERASED = "subject.erased"
MAX_REASON_LENGTH = 200
ROWS_AT_ONCE = 5_000  # deleted in a transaction
BECAUSE = "its subject was erased"


def erasures_of(subject: EntityRef) -> list[Entry]:
    """The erasures of a subject, the first one first."""
    return read_stream(stream_of(subject))


def stream_of(subject: EntityRef) -> str:
    """The log's stream of a subject; its value is the digest if it is personal."""
    return f"subject/{subject.kind}/{subject.value}"


def preview_erasure(subject: EntityRef, *, now: datetime, with_shared: bool = False) -> PersonalData:
    """What an erasure deletes, if it runs now. Raises SubjectUnknown for a subject without events."""
    catch_up(ENTITIES, now=now)  # the index follows the log by seconds
    data = personal_data_of(subject)
    if not data.events:
        raise SubjectUnknown(subject.kind)
    return data if with_shared else data.without_shared()


def erased_counts(data: PersonalData, *, with_shared: bool) -> dict[str, int]:
    """What an erasure of `data` deletes, and how much it keeps because others have it too."""
    return {**data.counts(), "kept": 0 if with_shared else len(data.shared)}


def in_words(counts: Mapping[str, Any]) -> str:
    """What was deleted, or would be."""
    names = (("personal values", "values"), ("notes", "notes"), ("files", "files"))
    deleted = ", ".join(f"{words}: {counts[name]:,}" for words, name in names)
    return f"{deleted}; kept because others have it too: {counts['kept']:,}"


def erase_subject(
    subject: EntityRef, *, reason: str, actor: str, now: datetime, with_shared: bool = False
) -> Entry:
    """Delete the personal values, reviewers' notes and uploaded files of a subject; gives the log's entry.

    What others have too stays unless `with_shared`. An erasure that is interrupted has no entry; the next one
    finds what is left. `reason` goes to the log, so it must not name the subject.

    Raises InvalidErasure without a reason, or for a longer one than MAX_REASON_LENGTH, and SubjectUnknown.
    """
    reason = _clean_reason(reason)
    data = preview_erasure(subject, now=now, with_shared=with_shared)
    _delete_values(sorted(data.values | data.notes))
    for media in sorted(data.files):
        with suppress(MediaAlreadyRemoved):  # meanwhile
            remove_media(media, reason=BECAUSE, now=now, actor=actor)
    counts = erased_counts(data, with_shared=with_shared)
    return append_retrying(lambda: _record(subject, {**counts, "reason": reason}, actor, now))


def _clean_reason(reason: str) -> str:
    cleaned = mask_card_numbers(" ".join(reason.replace("\x00", "").split()))
    if not cleaned or len(cleaned) > MAX_REASON_LENGTH:
        raise InvalidErasure(len(cleaned), MAX_REASON_LENGTH)
    return cleaned


def _delete_values(digests: list[str]) -> None:
    for first in range(0, len(digests), ROWS_AT_ONCE):
        VaultItem.objects.filter(pk__in=digests[first : first + ROWS_AT_ONCE]).delete()


def _record(subject: EntityRef, data: dict[str, Any], actor: str, now: datetime) -> Entry:
    stream = stream_of(subject)
    entry = NewEntry(
        stream=stream,
        expected_version=last_version(stream),
        type=ERASED,
        data={"kind": subject.kind, "subject": subject.value, **data},
        metadata={"actor": actor},
    )
    [recorded] = append([entry], now=now)
    return recorded
