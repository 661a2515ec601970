"""Events that look like another: the same text or picture, or one that shares a band of its fingerprint."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.db import connection

from reviews.console.entity_index import EntityRef, entity_key
from reviews.models import EventEntity

# Kinds of entities that are fingerprints, the most telling first, with what two events then have in common.
FINGERPRINTS = {
    "text_copy": "the same text",
    "media": "the same file",
    "text_band": "a similar text",
    "image_band": "a similar picture",
}
MAX_PER_FINGERPRINT = 200

_LATEST = f"""
SELECT given.place, found.position
FROM unnest(%s::bigint[]) WITH ORDINALITY AS given (entity, place)
CROSS JOIN LATERAL (
    SELECT position FROM {EventEntity._meta.db_table}
    WHERE entity = given.entity ORDER BY position DESC LIMIT %s
) AS found
"""  # noqa: S608


class Likeness(NamedTuple):
    """Another event, and the most telling kind of fingerprint that it shares."""

    position: int
    kind: str

    @property
    def words(self) -> str:
        return FINGERPRINTS[self.kind]


def likenesses(entities: Iterable[EntityRef], *, than: int) -> list[Likeness]:
    """Events that share a fingerprint with the event at position `than`, the likest and latest first.

    `entities` are those of that event. Of each fingerprint the latest `MAX_PER_FINGERPRINT` events count.
    """
    prints = sorted((ref for ref in entities if ref.kind in FINGERPRINTS), key=lambda ref: _rank(ref.kind))
    found: dict[int, str] = {}
    for place, position in _latest([entity_key(ref.kind, ref.value) for ref in prints]):
        kind = prints[place].kind
        if position != than and _rank(kind) < _rank(found.get(position, "")):
            found[position] = kind
    return sorted(
        (Likeness(position, kind) for position, kind in found.items()),
        key=lambda each: (_rank(each.kind), -each.position),
    )


def is_fingerprint(kind: str) -> bool:
    """Whether entities of this kind tell events that look alike, and mean nothing to people."""
    return kind in FINGERPRINTS


def _rank(kind: str) -> int:
    return list(FINGERPRINTS).index(kind) if kind in FINGERPRINTS else len(FINGERPRINTS)


def _latest(keys: Sequence[int]) -> list[tuple[int, int]]:
    """(place of its key, position) of the latest events of each entity, in one query."""
    if not keys:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_LATEST, [list(keys), MAX_PER_FINGERPRINT])
        return [(place - 1, position) for place, position in cursor.fetchall()]
