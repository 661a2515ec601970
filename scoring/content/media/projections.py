"""Uploaded media, and the events that wait for them, as tables: how each log entry changes their rows."""

from scoring.content.media.entries import FAILED, PROCESSED, RECEIVED, REMOVED, REVEALED
from scoring.content.media.models import AwaitedMedia, MediaItem
from scoring.lanes.amendments import awaits_media
from scoring.log.entries import Entry
from scoring.log.projections import amend_each, fold_into, project
from scoring.sql.bulk_tables import Row

MAX_ERROR = 400  # characters; the column's length
NOTHING_COMPUTED: Row = {
    **dict.fromkeys(("width", "height", "frames", "seconds", "quality", "nsfw")),
    "hashes": [],
    "previews": [],
    "error": "",
    "settled_at": None,
}


def media_of(entry: Entry) -> str:
    """The id of the file that an entry concerns."""
    return str(entry.data["id"])


@fold_into(RECEIVED, MediaItem, key=media_of)
def received_media(row: Row | None, entry: Entry) -> Row:
    """A new file; or one that was removed and is uploaded again, or is to be processed again."""
    data = entry.data
    first = row or {"source": data["source"], "received_at": entry.recorded_at}
    return {
        "id": data["id"],
        "type": data["type"],
        "kind": data["kind"],
        "bytes": data["bytes"],
        "status": "pending",
        **NOTHING_COMPUTED,
        "source": first["source"],
        "received_at": first["received_at"],
        "removed_at": None,
        "version": entry.stream_version,
    }


@fold_into(PROCESSED, MediaItem, key=media_of)
def processed_media(row: Row | None, entry: Entry) -> Row:
    data = entry.data
    return {
        **(row or {}),
        "status": "done",
        **{name: data.get(name) for name in ("width", "height", "frames", "seconds", "nsfw")},
        "hashes": data["hashes"],
        "quality": max((each["quality"] for each in data["hashes"]), default=None),
        "previews": data["previews"],
        "error": "",
        "settled_at": entry.recorded_at,
        "version": entry.stream_version,
    }


@fold_into(FAILED, MediaItem, key=media_of)
def failed_media(row: Row | None, entry: Entry) -> Row:
    return {
        **(row or {}),
        **NOTHING_COMPUTED,
        "status": "failed",
        "error": entry.data["error"][:MAX_ERROR],
        "settled_at": entry.recorded_at,
        "version": entry.stream_version,
    }


@fold_into(REMOVED, MediaItem, key=media_of)
def removed_media(row: Row | None, entry: Entry) -> Row:
    changed = {"removed_at": entry.recorded_at, "previews": [], "version": entry.stream_version}
    is_pending = row is not None and row["status"] == "pending"
    never = {"status": "failed", "error": "removed before it was processed", "settled_at": entry.recorded_at}
    return {**(row or {}), **changed, **(never if is_pending else {})}


@fold_into(REVEALED, MediaItem, key=media_of)
def revealed_media(row: Row | None, entry: Entry) -> Row:
    return {**(row or {}), "version": entry.stream_version}


def awaited_of(entry: Entry) -> list[int]:
    """The key of the version that an amendment replaces, if that one awaited media."""
    return [entry.data["awaited"]] if "awaited" in entry.data else []


@amend_each("event.retracted", AwaitedMedia, keys=awaited_of)
@amend_each("event.enriched", AwaitedMedia, keys=awaited_of)
@amend_each("event.corrected", AwaitedMedia, keys=awaited_of)
def settled_media(row: Row, entry: Entry) -> Row:
    return {**row, "settled": True}


@project("event.corrected", AwaitedMedia)
@project("event.received", AwaitedMedia)
def awaited_media(entry: Entry) -> Row | None:
    if not awaits_media(entry.data):
        return None
    return {
        "position": entry.position,
        "event_stream": entry.stream,
        "media": [each["id"] for each in entry.data["media"] if each["status"] == "pending"],
        "settled": False,
        "received_at": entry.recorded_at,
    }
