"""The definition of a list, and the fold of the ruleset's entries that change it. Pure but for reading."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from scoring.log.entries import Entry
from scoring.rules.lists.models import ValueList
from scoring.rules.ruleset.stream import iter_changes

DEFINED, ARCHIVED = "list.defined", "list.archived"
ADDED, REMOVED = "list.values_added", "list.values_removed"
LIST_TYPES = frozenset({DEFINED, ARCHIVED, ADDED, REMOVED})


@dataclass(frozen=True, slots=True)
class ListDefinition:
    """What a list holds and what a hit means. `code` and `sentence` are the reason that a decision gives."""

    name: str
    title: str
    description: str
    action: str
    kind: str
    match: str
    code: str
    sentence: str
    archived: bool = False

    @property
    def holds(self) -> tuple[str, str]:
        """The kind of its values and how they match."""
        return (self.kind, self.match)

    def as_data(self) -> dict[str, str]:
        """The data of its `list.defined`."""
        return {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "action": self.action,
            "kind": self.kind,
            "match": self.match,
            "code": self.code,
            "sentence": self.sentence,
        }


Definitions = Mapping[str, ListDefinition]


def definition_of(data: Mapping[str, Any]) -> ListDefinition:
    """The definition in the data of a `list.defined`."""
    return ListDefinition(
        name=data["name"],
        title=data["title"],
        description=data["description"],
        action=data["action"],
        kind=data["kind"],
        match=data["match"],
        code=data["code"],
        sentence=data["sentence"],
    )


def definition_in(row: ValueList) -> ListDefinition:
    """The definition in the row of a list."""
    return ListDefinition(
        name=row.name,
        title=row.title,
        description=row.description,
        action=row.action,
        kind=row.kind,
        match=row.match,
        code=row.code,
        sentence=row.sentence,
        archived=row.is_archived,
    )


def fold_definition(definitions: Definitions, entry: Entry) -> Definitions:
    """The definitions after `entry`; a list that is defined again is restored."""
    name = entry.data.get("name", "")
    if entry.type == DEFINED:
        return {**definitions, name: definition_of(entry.data)}
    if entry.type == ARCHIVED:
        return {**definitions, name: replace(definitions[name], archived=True)}
    return definitions


def current_definitions() -> Definitions:
    """Every list, archived ones too, by name."""
    return {row.name: definition_in(row) for row in ValueList.objects.order_by("name")}


def definitions_as_of(version: int) -> Definitions:
    """Every list as of a version of the ruleset; from the table if none has changed since."""
    rows = list(ValueList.objects.order_by("name"))
    if all(row.version <= version for row in rows):
        return {row.name: definition_in(row) for row in rows}
    definitions: Definitions = {}
    for entry in iter_changes(until=version, types=(DEFINED, ARCHIVED)):
        definitions = fold_definition(definitions, entry)
    return definitions
