"""Reads what the graph of linked entities consists of: events near another one, entities, and counts."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

from reviews.console.entity_index import EntityRef, entity_fields, entity_key
from reviews.console.event_details import CurrentReceipt, current_receipts
from reviews.duplicates.finding import is_fingerprint
from reviews.models import EventEntity
from scoring.log import vault
from scoring.timestamps import from_iso

_TABLE = EventEntity._meta.db_table
# Each part reads one end of a range of the index's primary key.
_NEAR = f"""
SELECT DISTINCT near.position FROM unnest(%s::bigint[]) AS given (entity), LATERAL (
    (SELECT position FROM {_TABLE} AS earlier WHERE earlier.entity = given.entity AND position < %s
      ORDER BY position DESC LIMIT %s)
    UNION ALL
    (SELECT position FROM {_TABLE} AS later WHERE later.entity = given.entity AND position > %s
      ORDER BY position LIMIT %s)
) AS near
"""  # noqa: S608


class LinkedEvent(NamedTuple):
    """An event and the entities that it names, without fingerprints of content, by field."""

    current: CurrentReceipt
    entities: dict[str, EntityRef]

    @property
    def position(self) -> int:
        return self.current.receipt.position

    @property
    def occurred_at(self) -> datetime:
        return from_iso(self.current.data["occurred_at"])


def read_events(positions: Sequence[int]) -> list[LinkedEvent]:
    """The events received at these positions, in a few queries. Raises `EntryNotFound`."""
    events = current_receipts(positions)
    named = [_named(each.data) for each in events]
    digests = {ref.value for refs in named for ref in refs.values() if ref.personal}
    shown = vault.reveal(digests) if digests else {}
    return [
        LinkedEvent(event, {field: _with_text(ref, shown) for field, ref in refs.items()})
        for event, refs in zip(events, named, strict=True)
    ]


def events_near(entities: Iterable[EntityRef], position: int, *, before: int, after: int) -> list[int]:
    """Positions of the last events before `position`, and the first ones after it, of each entity."""
    keys = [entity_key(ref.kind, ref.value) for ref in entities]
    with connection.cursor() as cursor:
        cursor.execute(_NEAR, [keys, position, before, position, after])
        return [row[0] for row in cursor.fetchall()]


def of_types(events: Iterable[LinkedEvent], event_types: Collection[str] | None) -> list[LinkedEvent]:
    """Those of the events that are of these types; all for None."""
    return [each for each in events if event_types is None or each.current.data["type"] in event_types]


def within(events: Iterable[LinkedEvent], anchor: LinkedEvent, window: timedelta) -> list[LinkedEvent]:
    """Those of the events that occurred within the window around another one."""
    return [event for event in events if abs(event.occurred_at - anchor.occurred_at) <= window]


def _named(data: Mapping[str, Any]) -> dict[str, EntityRef]:
    """The entities that a version of an event names, by field; personal ones without their text."""
    return {
        declared.name: EntityRef(declared.kind, value, "" if declared.personal else value, declared.personal)
        for declared in entity_fields(data["type"])
        if (value := str(data["fields"].get(declared.name) or "")) and not is_fingerprint(declared.kind)
    }


def _with_text(ref: EntityRef, shown: Mapping[str, str]) -> EntityRef:
    return ref._replace(shown=shown.get(ref.value, "")) if ref.personal else ref
