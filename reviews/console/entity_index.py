"""An index from every entity (a card, a merchant, an address) to its events.

Its key is a 64-bit hash of the entity's kind and its value in the log (a digest if personal). Events are also
found by their external id, tried with each source that has sent events.
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Exists, OuterRef

from reviews.models import EventEntity, EventSender
from scoring.catalog.errors import FieldError
from scoring.catalog.event_type import parse_id
from scoring.catalog.fields import Entity
from scoring.catalog.registry import event_type, event_types
from scoring.intake.models import Event
from scoring.lanes.amendments import RECEIVED, REPLACEMENTS, VERSIONS
from scoring.log import vault
from scoring.log.consumers.registry import Consumer
from scoring.log.entries import LAST_POSITION, Entry
from scoring.log.read import read_stream, read_streams
from scoring.sql.bulk_tables import copy_values, insert_values

MAX_COUNTED = 1_000

_TABLE = EventEntity._meta.db_table
_SENDERS = EventSender._meta.db_table
_EVENTS = Event._meta.db_table
_COUNT = f"""
SELECT (SELECT count(*) FROM (SELECT 1 FROM {_TABLE} WHERE entity = given.entity LIMIT %s) AS counted)
FROM unnest(%s::bigint[]) WITH ORDINALITY AS given (entity, place) ORDER BY place
"""  # noqa: S608
_COUNT_OF_TYPES = f"""
SELECT (SELECT count(*) FROM (
            SELECT 1 FROM {_TABLE} AS named JOIN {_EVENTS} AS event ON event.position = named.position
            WHERE named.entity = given.entity AND event.type = ANY(%s) LIMIT %s) AS counted)
FROM unnest(%s::bigint[]) WITH ORDINALITY AS given (entity, place) ORDER BY place
"""  # noqa: S608


class EntityRef(NamedTuple):
    """An entity. `value` is as in the log; `shown` is for display, "" when a personal value was erased."""

    kind: str
    value: str
    shown: str
    personal: bool


class EntityMatch(NamedTuple):
    """An entity that a search found, and the number of its events, counted up to `MAX_COUNTED`."""

    ref: EntityRef
    events: int
    capped: bool


class SearchResult(NamedTuple):
    """What a search found: entities, busiest first, and positions of events with that id, newest first."""

    entities: list[EntityMatch]
    events: list[int]


def entity_key(kind: str, value: str) -> int:
    """Signed 64-bit BLAKE2b hash of an entity; two entities collide with a probability of 2 ** -64."""
    digest = hashlib.blake2b(f"{kind}\x1f{value}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)


def index_entities(entries: Sequence[Entry], *, now: datetime) -> None:
    """Add received events to the index, and move amended ones, in the caller's transaction."""
    received = [entry for entry in entries if entry.type == RECEIVED]
    rows = [(key, entry.position) for entry in received for key in _keys_of(entry.data)]
    copy_values(connection, _TABLE, ("entity", "position"), rows)
    for entry in entries:
        if entry.type in REPLACEMENTS:
            _move(entry)
    senders = sorted({(entry.data["type"], entry.data["source"]) for entry in received})
    if not senders:
        return
    insert_values(
        connection,
        _SENDERS,
        ("event_type", "source"),
        senders,
        on_conflict="(event_type, source) DO NOTHING",
    )


def _move(correction: Entry) -> None:
    """Index a corrected event under the entities it names now, and no others."""
    position, keys = correction.data["event_position"], _keys_of(correction.data)
    before = {
        key
        for entry in read_stream(correction.stream)
        if entry.type in VERSIONS and entry.position < correction.position
        for key in _keys_of(entry.data)
    }
    EventEntity.objects.filter(position=position, entity__in=before - keys).delete()
    rows = [(key, position) for key in sorted(keys)]
    if rows:
        insert_values(
            connection, _TABLE, ("entity", "position"), rows, on_conflict="(entity, position) DO NOTHING"
        )


def empty_index() -> None:
    """Empty the index before the log is read again."""
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {_TABLE}, {_SENDERS}")


def events_of_entity(
    kind: str,
    value: str,
    *,
    before: int | None = None,
    limit: int = 50,
    event_types: Collection[str] | None = None,
) -> list[int]:
    """Positions of an entity's events (`value` as in the log), newest first, at most `limit`.

    `event_types`: only events of these types, None for all.
    """
    below = LAST_POSITION if before is None else before
    found = EventEntity.objects.filter(entity=entity_key(kind, value), position__lt=below)
    if event_types is not None:
        found = found.filter(Exists(Event.objects.filter(pk=OuterRef("position"), type__in=event_types)))
    return list(found.order_by("-position").values_list("position", flat=True)[:limit])


def neighbors_of(kind: str, value: str, position: int, *, each_way: int) -> tuple[list[int], list[int]]:
    """Positions of an entity's events around `position`: the last ones before it and the first ones after."""
    found = EventEntity.objects.filter(entity=entity_key(kind, value))
    before = found.filter(position__lt=position).order_by("-position")[:each_way]
    after = found.filter(position__gt=position).order_by("position")[:each_way]
    return (
        sorted(before.values_list("position", flat=True)),
        list(after.values_list("position", flat=True)),
    )


def entities_of(receipt: Mapping[str, Any]) -> list[EntityRef]:
    """The entities of an event, given the data of its receipt, in declaration order."""
    found = _given(receipt)
    names = vault.reveal(value for declared, value in found if declared.personal)
    return [
        EntityRef(
            declared.kind, value, names.get(value, "") if declared.personal else value, declared.personal
        )
        for declared, value in found
    ]


def search_entities(text: str, *, event_types: Collection[str] | None = None) -> SearchResult:
    """All entities and events that `text` identifies exactly; a few index probes.

    `event_types`: only events of these types are found and counted, None for all.
    """
    named = text.strip()
    candidates = list(dict.fromkeys(_candidates(named)))
    counts = count_events(candidates, limit=MAX_COUNTED + 1, event_types=event_types)
    matches = [
        EntityMatch(ref, min(count, MAX_COUNTED), count > MAX_COUNTED)
        for ref, count in zip(candidates, counts, strict=True)
        if count
    ]
    return SearchResult(sorted(matches, key=lambda match: -match.events), _events_with_id(named, event_types))


def count_events(
    entities: Sequence[EntityRef], *, limit: int, event_types: Collection[str] | None = None
) -> list[int]:
    """The number of events of each entity, counted up to `limit`; only those of these types, unless None."""
    keys = [entity_key(ref.kind, ref.value) for ref in entities]
    with connection.cursor() as cursor:
        if event_types is None:
            cursor.execute(_COUNT, [limit, keys])
        else:
            cursor.execute(_COUNT_OF_TYPES, [sorted(event_types), limit, keys])
        return [row[0] for row in cursor.fetchall()]


def entity_kinds() -> list[str]:
    """Every kind of entity in the catalog."""
    return list(dict.fromkeys(declared.kind for declared in _declared()))


def named_entities(kind: str, text: str) -> list[EntityRef]:
    """The entities of this kind that `text`, as it was sent, can name; none if it is no value of the kind."""
    return list(dict.fromkeys(ref for ref in _candidates(text.strip()) if ref.kind == kind))


def find_entity(kind: str, value: str) -> EntityRef:
    """The entity of this kind and value (as in the log), with its text for display."""
    personal = any(field.personal for field in _declared() if field.kind == kind)
    if not personal:
        return EntityRef(kind, value, value, personal)
    known = vault.reveal([value]) if value.isalnum() else {}  # digests are hexadecimal
    return EntityRef(kind, value, known.get(value, ""), personal)


def entity_keys(type_name: str, fields: Mapping[str, Any]) -> set[int]:
    """The keys of an event's entities, given its canonical fields."""
    return {
        entity_key(declared.kind, str(value))
        for declared in entity_fields(type_name)
        if (value := fields.get(declared.name)) is not None
    }


def busy_entities(keys: Collection[int], *, over: int) -> set[int]:
    """Those of these entities that have more than `over` events, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [over + 1, sorted(keys)])
        counts = [row[0] for row in cursor.fetchall()]
    return {key for key, count in zip(sorted(keys), counts, strict=True) if count > over}


def _keys_of(receipt: Mapping[str, Any]) -> set[int]:
    return entity_keys(receipt["type"], receipt["fields"])


def _given(receipt: Mapping[str, Any]) -> list[tuple[Entity, str]]:
    """The entity fields that the event has, with their values in the log."""
    fields = receipt["fields"]
    return [
        (declared, str(fields[declared.name]))
        for declared in entity_fields(receipt["type"])
        if fields.get(declared.name) is not None
    ]


@cache
def entity_fields(type_name: str) -> tuple[Entity, ...]:
    """The entity fields of an event type, in declaration order."""
    fields = event_type(type_name).fields.values()
    return tuple(declared for declared in fields if isinstance(declared, Entity))


def _declared() -> Iterator[Entity]:
    """Every entity field of every event type."""
    return (declared for name in event_types() for declared in entity_fields(name))


def _candidates(text: str) -> Iterator[EntityRef]:
    """Every entity that `text` could name."""
    for declared in _declared():
        try:
            value = declared.parse(text)
        except FieldError:
            continue
        kept = vault.digest_of(declared.name, value) if declared.personal else value
        yield EntityRef(declared.kind, kept, value, declared.personal)


def _events_with_id(text: str, event_types: Collection[str] | None) -> list[int]:
    """Positions of events with this external id, of these types and every source, newest first."""
    try:
        external_id = parse_id(text)
    except FieldError:
        return []
    senders = EventSender.objects.values_list("event_type", "source")
    if event_types is not None:
        senders = senders.filter(event_type__in=event_types)
    receipts = read_streams([f"{kind}/{source}/{external_id}" for kind, source in senders], version=1)
    return sorted((entry.position for (entry,) in receipts.values()), reverse=True)


ENTITIES = Consumer(
    name="reviews.entities",
    types=VERSIONS,
    handle=index_entities,
    reset=empty_index,
)
