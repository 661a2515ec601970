"""The section `lists`: definitions of lists, without their values."""

from dataclasses import replace
from typing import Any

from scoring.configuration.sections.section import (
    TEXT,
    Applying,
    Data,
    Item,
    Items,
    Key,
    Planning,
    check_members,
    invalid_at,
    without_defaults,
)
from scoring.rules.lists.changing.defining import (
    archive_list,
    check_definition,
    define_list,
    drafted_definition,
    required_reason,
)
from scoring.rules.lists.definitions import ListDefinition, current_definitions
from scoring.rules.lists.errors import InvalidListChange
from scoring.rules.lists.models import ValueList

KINDS = dict.fromkeys(("title", "action", "kind", "match", "code", "sentence", "description"), TEXT)
REQUIRED = ("title", "action", "kind")


class ListsSection:
    """Archived lists are not part of a configuration; one that a file names is restored."""

    name, title, depth = "lists", "Lists", 1
    approval = ""

    def export(self, *, requests: bool = False) -> Items:
        return {
            (name,): _exported(definition)
            for name, definition in sorted(current_definitions().items())
            if not definition.archived
        }

    def apply(self, key: Key, data: Data, applying: Applying) -> None:
        given = _members(data)
        try:
            define_list(name=key[0], actor=applying.actor, now=applying.now, **given)
        except InvalidListChange as error:
            raise invalid_at((), error.problems) from error

    def remove(self, key: Key, applying: Applying) -> None:
        archive_list(name=key[0], reason=applying.reason, actor=applying.actor, now=applying.now)

    def plan(self, key: Key, data: Data, planning: Planning) -> Item | None:
        definition = drafted_definition(name=key[0], **_members(data))
        try:
            check_definition(definition, ValueList.objects.filter(name=key[0]).first())
        except InvalidListChange as error:
            raise invalid_at((), error.problems) from error
        planning.lists[key[0]] = definition
        return _exported(definition)

    def plan_removal(self, key: Key, planning: Planning) -> Item | None:
        required_reason(key[0], planning.reason)
        planning.lists[key[0]] = replace(planning.lists[key[0]], archived=True)
        return None


def _members(data: Data) -> dict[str, Any]:
    members = check_members(data, KINDS, required=REQUIRED)
    return {name: value for name, value in members.items() if value is not None}


def _exported(definition: ListDefinition) -> Item:
    defaults = {"match": "value", "description": "", "code": f"LIST_{definition.name.upper()}"}
    return without_defaults({member: getattr(definition, member) for member in KINDS}, defaults)
