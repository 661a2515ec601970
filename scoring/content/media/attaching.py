"""Look up the media that events name: their signals, computed fields and status go into the receipt.

A receipt carries some frames of a video; the rest is read from the file's stream, as of the version it names.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from scoring.catalog.errors import InvalidEvent
from scoring.catalog.event_type import EventType, ParsedFields
from scoring.catalog.fields import Canonical
from scoring.catalog.media.attachments import ids_of
from scoring.catalog.media.facts import MediaFacts, media_signals
from scoring.catalog.registry import event_type
from scoring.content.media.entries import FAILED, PROCESSED, RECEIVED, stream_of
from scoring.content.media.models import MediaItem
from scoring.declare import Measured, signal_column
from scoring.log.read import read_versions

MAX_FRAMES = 16  # of a video, in an event's entry; the file's own stream has all of them
ALLOWED = "ids of files that were uploaded by POST /api/v1/media"

Facts = Mapping[str, MediaFacts]
Frames = Sequence[Mapping[str, Any]]  # {"at", "quality", "pdq"}: see MediaItem.hashes


def attach_media(
    events: Sequence[ParsedFields], *, pending_outcome: str | None = None
) -> list[ParsedFields | InvalidEvent]:
    """The events with what is known of their media, or the error of one that names an unknown file.

    `pending_outcome`: what the sender's key says instead of the event type's `media_pending_outcome`.
    """
    wanted = {media for each in events for media in attached(each.event_type, each.fields)}
    if not wanted:
        return list(events)
    facts = read_facts(wanted)
    return [_with_media(each, facts, pending_outcome) for each in events]


def attach_to_one(event: ParsedFields, *, pending_outcome: str | None = None) -> ParsedFields:
    """`attach_media` of one event. Raises InvalidEvent."""
    [attached] = attach_media([event], pending_outcome=pending_outcome)
    if isinstance(attached, InvalidEvent):
        raise attached
    return attached


def read_facts(ids: set[str]) -> Facts:
    """What is known of these files, by id; unknown ones are absent."""
    return {item.id: facts_of(item) for item in MediaItem.objects.filter(pk__in=ids)}


def facts_of(item: MediaItem) -> MediaFacts:
    """What an event's entry records of an uploaded file."""
    frames = _spread(item.hashes, MAX_FRAMES)
    return MediaFacts(
        id=item.id,
        kind=item.kind,
        status=item.status,  # type: ignore[arg-type]
        hashes=tuple(tuple(each["pdq"]) for each in frames),
        quality=tuple(each["quality"] for each in frames),
        nsfw=item.nsfw,
        version=item.version if item.kind == "video" and frames else 0,
    )


def frames_as_of(versions: Mapping[str, int]) -> dict[str, Frames]:
    """All frames of files, by their ids, each as of a version of its stream; none of an unknown file.

    From the table where the file is still at that version, or else from its stream.
    """
    rows = MediaItem.objects.filter(pk__in=versions).values_list("id", "version", "hashes")
    current = {media: hashes for media, version, hashes in rows if versions[media] == version}
    return {
        media: current[media] if media in current else _frames_in_stream(media, version)
        for media, version in versions.items()
    }


def enriched(version: Mapping[str, Any]) -> dict[str, Any]:
    """The data of a version of an event with what is known of its media now, and not held any more."""
    kind = event_type(version["type"])
    facts = read_facts(set(attached(kind.name, version["fields"])))
    media, fields, signals = _computed(kind, version["fields"], facts)
    rest = {name: value for name, value in version.items() if name != "held"}
    return {
        **rest,
        "fields": {**version["fields"], **fields},
        "signals": {**version.get("signals", {}), **signals},
        "media": [each.as_data() for each in media],
    }


def _with_media(
    event: ParsedFields, facts: Facts, pending_outcome: str | None
) -> ParsedFields | InvalidEvent:
    kind = event_type(event.event_type)
    if problems := list(_unknown(kind, event.fields, facts)):
        return InvalidEvent(kind.name, problems)
    media, fields, signals = _computed(kind, event.fields, facts)
    if not media:
        return event
    is_pending = any(each.status == "pending" for each in media)
    return replace(
        event,
        fields={**event.fields, **fields},
        signals=event.signals._replace(
            values={**event.signals.values, **signals},
            media=media,
            held=held_outcome(kind, pending_outcome) if is_pending else "",
        ),
    )


def held_outcome(kind: type[EventType], of_key: str | None) -> str:
    """The outcome that events get at least while media are pending: what the key says, or else the type.

    An outcome that the type does not have is none of its outcomes: the type decides.
    """
    if of_key is None or of_key not in ("", *kind.outcomes):
        return kind.media_pending_outcome
    return of_key


def _computed(
    kind: type[EventType], fields: Mapping[str, Canonical], facts: Facts
) -> tuple[tuple[MediaFacts, ...], dict[str, Canonical], Measured]:
    """The media of an event, and the fields and signals that they give."""
    found: dict[str, MediaFacts] = {}
    computed: dict[str, Canonical] = {}
    signals: Measured = {}
    for name, field in kind.media_fields.items():
        if name in fields:
            media = [facts[each] for each in ids_of(fields[name]) if each in facts]
            found |= {each.id: each for each in media}
            signals |= {signal_column(name, key): value for key, value in media_signals(media).items()}
            computed |= field.computed_of(media)
    return tuple(found.values()), computed, signals


def attached(type_name: str, fields: Mapping[str, Canonical]) -> list[str]:
    """The ids of the files that an event names."""
    names = event_type(type_name).media_fields
    return [media for name in names if name in fields for media in ids_of(fields[name])]


def _unknown(
    kind: type[EventType], fields: Mapping[str, Canonical], facts: Facts
) -> list[tuple[str, str, object]]:
    return [
        (f"{name}[{place}]", f"names no uploaded file: {media}", ALLOWED)
        for name in kind.media_fields
        if name in fields
        for place, media in enumerate(ids_of(fields[name]))
        if media not in facts
    ]


def _spread(frames: Sequence[Mapping[str, Any]], most: int) -> list[Mapping[str, Any]]:
    """At most so many frames, evenly spread over all of them."""
    if len(frames) <= most:
        return list(frames)
    return [frames[round(place * (len(frames) - 1) / (most - 1))] for place in range(most)]


def _frames_in_stream(media: str, version: int) -> Frames:
    found = read_versions(stream_of(media), until=version, types=(RECEIVED, PROCESSED, FAILED))
    return found[-1].data["hashes"] if found and found[-1].type == PROCESSED else []
