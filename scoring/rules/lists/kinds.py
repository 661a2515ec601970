"""The kinds of values that lists can hold: those of the catalog's entities and categories."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from scoring.catalog.fields import Category, Entity, Field
from scoring.catalog.registry import event_type, event_types
from scoring.rules.lists.models import ValueList

Match = ValueList.Match


@dataclass(frozen=True, slots=True)
class ListedKind:
    """A kind of values with the fields that have it, each by name once.

    The digest of a personal value is that of its field's name, so a value has a key for each such field.
    """

    name: str
    fields: tuple[tuple[str, Field], ...]

    @property
    def is_personal(self) -> bool:
        return any(field.personal for _, field in self.fields)

    @property
    def is_address(self) -> bool:
        """Whether its values are IP addresses."""
        return all(isinstance(field, Entity) and field.format == "ip" for _, field in self.fields)

    @property
    def matches(self) -> tuple[Match, ...]:
        """The ways in which lists of this kind can match."""
        if self.is_address:
            return (Match.VALUE, Match.NETWORK, Match.SHA256)
        return (Match.VALUE, Match.DOMAIN, Match.SHA256)

    @property
    def words(self) -> str:
        """The kind in the words of a sentence: "card", "IP address"."""
        return "IP address" if self.is_address and self.name == "ip" else self.name.replace("_", " ")


@cache
def listed_kinds() -> Mapping[str, ListedKind]:
    """Every kind by name, in order of declaration."""
    found: dict[str, dict[tuple[str, bool], Field]] = {}
    for declared in event_types():
        for name, field in listable_fields(declared):
            found.setdefault(field.kind, {}).setdefault((name, field.personal), field)
    return {
        kind: ListedKind(kind, tuple((name, field) for (name, _), field in fields.items()))
        for kind, fields in found.items()
    }


@cache
def listable_fields(type_name: str) -> tuple[tuple[str, Field], ...]:
    """The fields of an event type whose values can be listed."""
    fields = event_type(type_name).fields.items()
    return tuple((name, field) for name, field in fields if isinstance(field, Entity | Category))
