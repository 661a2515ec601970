"""Finds what is stored of a subject outside the log: personal values, notes of reviewers, uploaded files."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

from django.db import connection

from reviews.console.entity_index import EntityRef, entity_fields, entity_key
from reviews.models import Case, EventEntity
from scoring.catalog.media.attachments import MEDIA_KIND
from scoring.catalog.registry import event_type
from scoring.content.media.attaching import attached
from scoring.content.media.models import MediaItem
from scoring.intake.models import Event
from scoring.lanes.amendments import VERSIONS
from scoring.log.entries import Entry
from scoring.log.models import VaultItem
from scoring.log.read import read_streams

EVENTS_AT_ONCE = 500
_TABLE = EventEntity._meta.db_table
# Entities of the subject's events that events of others name too. For each one, the search ends at the first
# such event: the planner would otherwise read the whole index once there are some hundred entities.
_NAMED_BY_OTHERS = f"""
SELECT given.entity FROM unnest(%s::bigint[]) AS given (entity), LATERAL (
    SELECT FROM {_TABLE} AS named WHERE named.entity = given.entity AND NOT EXISTS (
        SELECT FROM {_TABLE} AS own WHERE own.entity = %s AND own.position = named.position
    ) LIMIT 1
) AS found
"""  # noqa: S608


class PersonalData(NamedTuple):
    """What is stored of a subject: digests of the vault and ids of files, as far as they still exist.

    `shared` are those among `values`, `notes` and `files` that events or cases of others have too, such as an
    address that a household has in common.
    """

    events: int
    values: frozenset[str]
    notes: frozenset[str]
    files: frozenset[str]
    shared: frozenset[str]

    def without_shared(self) -> "PersonalData":
        """Only what no other events and cases have."""
        values, notes, files = (found - self.shared for found in (self.values, self.notes, self.files))
        return self._replace(values=values, notes=notes, files=files)

    def counts(self) -> dict[str, int]:
        """How many there are of each."""
        return {
            "events": self.events,
            "values": len(self.values),
            "notes": len(self.notes),
            "files": len(self.files),
        }


class _Named:
    """What the events of a subject name, erased or not."""

    def __init__(self) -> None:
        self.positions: list[int] = []
        self.values: set[str] = set()
        self.notes: set[str] = set()
        self.files: set[str] = set()
        self.entities: dict[int, str] = {}  # value in the log by entity key

    def add_version(self, data: dict[str, Any]) -> None:
        kind, fields = event_type(data["type"]), data["fields"]
        self.values |= {
            value for name, value in fields.items() if name in kind.fields and kind.fields[name].personal
        }
        for file in attached(kind.name, fields):  # an event's own entities are only the first few
            self.files.add(file)
            self.entities[entity_key(MEDIA_KIND, file)] = file
        for declared in entity_fields(kind.name):
            if (value := fields.get(declared.name)) is not None:
                self.entities[entity_key(declared.kind, str(value))] = str(value)


def personal_data_of(subject: EntityRef) -> PersonalData:
    """What is stored of a subject, of all versions of its events; its size in memory grows with theirs."""
    named, key = _Named(), entity_key(subject.kind, subject.value)
    for positions in _positions(key):
        _read_events(positions, named)
    values = _stored(named.values)
    notes = _stored(named.notes)
    stored = MediaItem.objects.filter(pk__in=named.files, removed_at=None)
    files = frozenset(stored.values_list("pk", flat=True))
    shared = _named_by_others(named, values | files, key) | _notes_of_others(notes, named.positions)
    return PersonalData(len(named.positions), values, notes, files, shared - {subject.value})


def _positions(key: int) -> Iterator[list[int]]:
    """The positions of an entity's events, in parts."""
    after = 0
    while True:
        found = EventEntity.objects.filter(entity=key, position__gt=after).order_by("position")
        positions = list(found.values_list("position", flat=True)[:EVENTS_AT_ONCE])
        if not positions:
            return
        yield positions
        after = positions[-1]


def _read_events(positions: Sequence[int], named: _Named) -> None:
    streams = [event.stream for event in Event.objects.filter(position__in=positions)]
    read = read_streams([*streams, *(f"case/{stream}" for stream in streams)])
    named.positions += positions
    for entry in (entry for stream in read.values() for entry in stream):
        if entry.type in VERSIONS:
            named.add_version(entry.data)
        else:
            named.notes |= _notes_in(entry)


def _notes_in(entry: Entry) -> set[str]:
    """The digests of what reviewers wrote in a case: a note, and the texts of an action."""
    if not entry.type.startswith("case."):
        return set()
    return {str(each) for each in (entry.data.get("note"), *entry.data.get("texts", {}).values()) if each}


def _stored(digests: Collection[str]) -> frozenset[str]:
    """Those of `digests` that are in the vault."""
    return frozenset(VaultItem.objects.filter(pk__in=digests).values_list("pk", flat=True))


def _named_by_others(named: _Named, among: Collection[str], subject: int) -> frozenset[str]:
    keys = [key for key, value in named.entities.items() if value in among]
    with connection.cursor() as cursor:
        cursor.execute(_NAMED_BY_OTHERS, [keys, subject])
        return frozenset(named.entities[key] for (key,) in cursor.fetchall())


def _notes_of_others(notes: Collection[str], positions: Sequence[int]) -> frozenset[str]:
    """Those of `notes` that are the current note of a case of another event, word for word."""
    own = set(positions)
    cases = Case.objects.filter(note__in=notes).values_list("note", "event_position") if notes else ()
    return frozenset(note for note, position in cases if position not in own)
