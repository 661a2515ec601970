"""Which events concern a card, a merchant, an address: an index over every entity of every event.

An entity is known by a 64-bit hash of what it identifies (`card`) and its value as the log holds it; of a
personal one that is the digest. An event's own id is indexed the same way: it is found whoever sent it.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from reviews.models import EventEntity
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Entity
from scoring.catalog.registry import event_type, event_types
from scoring.errors import FieldError
from scoring.log import vault
from scoring.log.consumers import Consumer
from scoring.log.entries import LAST_POSITION, Entry
from scoring.log.tables import copy_values

MOST_COUNTED = 1_000
MOST_EVENTS_OF_ID = 20  # senders that use the same id for an event of theirs
EVENT_ID = "\x1fid"  # no entity's kind: those are identifiers

_TABLE = EventEntity._meta.db_table
_COUNT = f"""
SELECT (SELECT count(*) FROM (SELECT 1 FROM {_TABLE} WHERE entity = given.entity LIMIT %s) AS counted)
FROM unnest(%s::bigint[]) WITH ORDINALITY AS given (entity, place) ORDER BY place
"""  # noqa: S608


class EntityRef(NamedTuple):
    """An entity. `value` is as the log holds it, `shown` for people: "" when a personal value was erased."""

    kind: str
    value: str
    shown: str
    personal: bool


class EntityMatch(NamedTuple):
    """An entity that was searched for and the number of its events, counted to `MOST_COUNTED`."""

    ref: EntityRef
    events: int
    capped: bool


class SearchResult(NamedTuple):
    """What a text names: entities, the busiest first, and positions of events with that id, newest first."""

    entities: list[EntityMatch]
    events: list[int]


def entity_key(kind: str, value: str) -> int:
    """Signed 64-bit BLAKE2b of an entity; two entities share one with a probability of 2 ** -64."""
    digest = hashlib.blake2b(f"{kind}\x1f{value}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)


def index_entities(entries: Sequence[Entry], *, now: datetime) -> None:
    """Add received events to the index, in the caller's transaction."""
    rows = [(key, entry.position) for entry in entries for key in _keys_of(entry.data)]
    copy_values(connection, _TABLE, ("entity", "position"), rows)


def empty_index() -> None:
    """Forget every event, for the log to be read again."""
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {_TABLE}")


def events_of_entity(kind: str, value: str, *, before: int | None = None, limit: int = 50) -> list[int]:
    """Positions of the events of an entity (value as the log holds it), newest first, `limit` at most."""
    return _newest(entity_key(kind, value), before=before, limit=limit)


def entities_of(receipt: Mapping[str, Any]) -> list[EntityRef]:
    """The entities of an event (the data of its receipt), in the order of their declaration."""
    fields = receipt["fields"]
    found = [
        (declared, str(fields[declared.name]))
        for declared in _entity_fields(event_type(receipt["type"]))
        if fields.get(declared.name) is not None
    ]
    names = vault.reveal(value for declared, value in found if declared.personal)
    return [
        EntityRef(
            declared.kind, value, names.get(value, "") if declared.personal else value, declared.personal
        )
        for declared, value in found
    ]


def search_entities(text: str) -> SearchResult:
    """Every entity, of any kind, and every event that `text` identifies exactly. A few index probes."""
    named = text.strip()
    candidates = list(dict.fromkeys(_candidates(named)))
    counts = _counted([entity_key(ref.kind, ref.value) for ref in candidates])
    matches = [
        EntityMatch(ref, min(count, MOST_COUNTED), count > MOST_COUNTED)
        for ref, count in zip(candidates, counts, strict=True)
        if count
    ]
    return SearchResult(
        sorted(matches, key=lambda match: -match.events),
        _newest(entity_key(EVENT_ID, named), before=None, limit=MOST_EVENTS_OF_ID),
    )


def find_entity(kind: str, value: str) -> EntityRef:
    """The entity of this kind and value (as the log holds it), with the words for people."""
    personal = any(field.personal for kinds in _declared() for field in kinds if field.kind == kind)
    shown = vault.reveal([value]).get(value, "") if personal else value
    return EntityRef(kind, value, shown, personal)


def _keys_of(receipt: Mapping[str, Any]) -> set[int]:
    fields = receipt["fields"]
    keys = {
        entity_key(declared.kind, str(fields[declared.name]))
        for declared in _entity_fields(event_type(receipt["type"]))
        if fields.get(declared.name) is not None
    }
    return keys | {entity_key(EVENT_ID, receipt["id"])}


def _entity_fields(kind: type[EventType]) -> Iterator[Entity]:
    return (declared for declared in kind.fields.values() if isinstance(declared, Entity))


def _declared() -> Iterable[Iterator[Entity]]:
    return (_entity_fields(kind) for kind in event_types().values())


def _candidates(text: str) -> Iterator[EntityRef]:
    """Every entity that `text` could be."""
    for fields in _declared():
        for declared in fields:
            try:
                value = declared.parse(text)
            except FieldError:
                continue
            kept = vault.digest_of(declared.name, value) if declared.personal else value
            yield EntityRef(declared.kind, kept, value, declared.personal)


def _newest(key: int, *, before: int | None, limit: int) -> list[int]:
    below = LAST_POSITION if before is None else before
    found = EventEntity.objects.filter(entity=key, position__lt=below).order_by("-position")
    return list(found.values_list("position", flat=True)[:limit])


def _counted(keys: Sequence[int]) -> list[int]:
    """How many events each entity has, one more than `MOST_COUNTED` at most."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [MOST_COUNTED + 1, list(keys)])
        return [row[0] for row in cursor.fetchall()]


ENTITIES = Consumer(
    name="reviews.entities",
    types=frozenset({"event.received"}),
    handle=index_entities,
    reset=empty_index,
)
