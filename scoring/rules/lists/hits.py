"""What is found on lists: hits of an event's fields, and their order."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from scoring.rules.lists.definitions import Definitions, ListDefinition
from scoring.rules.lists.keys import EventKeys
from scoring.rules.lists.models import MAX_VALUES


class Listed(NamedTuple):
    """A value as it is on a list. `id`: of its row."""

    id: int
    expires_at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class ListHit:
    """A field of an event whose value is on a list, since version `added` of the ruleset.

    `index` is the value's place in the entry that added it, `key` its 32 hexadecimal digits.
    """

    list: str
    action: str
    field: str
    key: str
    added: int
    index: int
    expires_at: datetime | None
    reason: str


# The value of a key on a list, None if it is not there or has expired.
Find = Callable[[str, bytes], Listed | None]


def lists_by_kind(definitions: Definitions) -> dict[tuple[str, str], tuple[ListDefinition, ...]]:
    """The lists that are not archived, by the kind of their values and how they match; in order of name."""
    found: dict[tuple[str, str], tuple[ListDefinition, ...]] = {}
    for _, definition in sorted(definitions.items()):
        if not definition.archived:
            found[definition.holds] = (*found.get(definition.holds, ()), definition)
    return found


def hits_among(
    keys: EventKeys, lists: Mapping[tuple[str, str], Sequence[ListDefinition]], find: Find
) -> list[ListHit]:
    """The hits of an event, in order of its fields and of the lists' names.

    A list hits a field once: by the first of its keys, which for networks and domains is the narrowest.
    """
    return [
        ListHit(
            list=definition.name,
            action=definition.action,
            field=name,
            key=key.hex(),
            added=listed.id // MAX_VALUES,
            index=listed.id % MAX_VALUES,
            expires_at=listed.expires_at,
            reason=listed.reason,
        )
        for name, of_field in keys.items()
        for definition, key, listed in _first_hits(of_field, lists, find)
    ]


def _first_hits(
    of_field: Iterable[tuple[str, str, bytes]],
    lists: Mapping[tuple[str, str], Sequence[ListDefinition]],
    find: Find,
) -> Iterator[tuple[ListDefinition, bytes, Listed]]:
    found: dict[str, tuple[ListDefinition, bytes, Listed]] = {}
    for kind, match, key in of_field:
        for definition in lists.get((kind, match), ()):
            if definition.name not in found and (listed := find(definition.name, key)):
                found[definition.name] = (definition, key, listed)
    return (found[name] for name in sorted(found))
