"""The section `lists`: definitions of lists, without their values."""

from scoring.configuration.sections.section import (
    TEXT,
    Applying,
    Data,
    Items,
    Key,
    check_members,
    invalid_at,
    without_defaults,
)
from scoring.rules.lists.changing.defining import archive_list, define_list
from scoring.rules.lists.definitions import current_definitions
from scoring.rules.lists.errors import InvalidListChange

KINDS = dict.fromkeys(("title", "action", "kind", "match", "code", "sentence", "description"), TEXT)
REQUIRED = ("title", "action", "kind")


class ListsSection:
    """Archived lists are not part of a configuration; one that a file names is restored."""

    name, depth = "lists", 1

    def export(self, *, requests: bool = False) -> Items:
        return {
            (name,): without_defaults(
                {member: getattr(definition, member) for member in KINDS},
                {"match": "value", "description": "", "code": f"LIST_{name.upper()}"},
            )
            for name, definition in sorted(current_definitions().items())
            if not definition.archived
        }

    def apply(self, key: Key, data: Data, applying: Applying) -> None:
        members = check_members(data, KINDS, required=REQUIRED)
        given = {name: value for name, value in members.items() if value is not None}
        try:
            define_list(name=key[0], actor=applying.actor, now=applying.now, **given)
        except InvalidListChange as error:
            raise invalid_at((), error.problems) from error

    def remove(self, key: Key, applying: Applying) -> None:
        archive_list(name=key[0], reason=applying.reason, actor=applying.actor, now=applying.now)
