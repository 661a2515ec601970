"""New entries ready to be written, and as readers will see them."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import orjson

from scoring.log.entries import Entry, NewEntry, canonical_json
from scoring.log.errors import StreamConflict
from scoring.log.upcasters import current_version
from scoring.log.writing.request_ids import request_metadata

POSITIONS = "'scoring_logentry_position_seq'"


class EntryPlace(NamedTuple):
    """Where an entry was written."""

    position: int
    epoch: int
    txid: int


UNWRITTEN = EntryPlace(-1, -1, -1)  # of an entry not yet written


class Draft(NamedTuple):
    """A new entry with its text as the log will hold it."""

    new: NewEntry
    schema_version: int
    data: str
    metadata: str


def draft(new: NewEntry) -> Draft:
    """The entry with its data as canonical JSON, and with the id of the request that appends it.

    Raises TypeError for values without a JSON form.
    """
    metadata = {**request_metadata(), **new.metadata}
    return Draft(new, current_version(new.type), canonical_json(new.data), canonical_json(metadata))


def entry_of(draft: Draft, place: EntryPlace, now: datetime) -> Entry:
    """The entry as readers will see it: its data comes back from JSON, so that a rebuild folds the same."""
    new = draft.new
    return Entry(
        *place,
        new.stream,
        new.stream_version,
        new.type,
        draft.schema_version,
        orjson.loads(draft.data),
        new.packed,
        orjson.loads(draft.metadata),
        now,
    )


def check_consecutive(entries: Sequence[NewEntry]) -> dict[str, int]:
    """The first version given for each stream. Raises `StreamConflict` for a gap after it."""
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for new in entries:
        if last.setdefault(new.stream, new.expected_version) != new.expected_version:
            raise StreamConflict(new.stream, new.expected_version)
        first.setdefault(new.stream, new.stream_version)
        last[new.stream] = new.stream_version
    return first
