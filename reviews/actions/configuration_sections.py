"""The section `case_actions` of the configuration file: actions by their names.

Addresses and secrets are no part of the file, which people may pass on; applying it keeps them.
"""

from typing import Any

from reviews.actions.changing import change_action, check_action, define_action, retire_action
from reviews.actions.definition import ActionDefinition, Parameter
from reviews.actions.errors import ActionInvalid, ActionUnchanged
from reviews.models import CaseAction
from scoring.configuration.sections.registry import register_section
from scoring.configuration.sections.section import (
    FLAG,
    LIST,
    MAPPING,
    NUMBER,
    TEXT,
    Applying,
    Data,
    Item,
    Items,
    Key,
    Planning,
    check_members,
    check_texts,
    invalid_at,
    without_defaults,
)

KINDS = {
    **dict.fromkeys(("purpose", "key"), TEXT),
    **dict.fromkeys(("event_types", "groups", "verdicts"), LIST),
    "parameters": MAPPING,
    "once": FLAG,
}
OF_PARAMETER = {"kind": TEXT, "required": FLAG, "minimum": NUMBER, "maximum": NUMBER, "choices": LIST}


class CaseActionsSection:
    """Actions in use; one that a file does not mention is retired when it is pruned."""

    name, title, depth, approval = "case_actions", "Actions of cases", 1, ""

    def export(self, *, requests: bool = False) -> Items:
        rows = CaseAction.objects.in_use()
        return {(row.name,): _item(ActionDefinition.of(row.terms)) for row in rows}

    def apply(self, key: Key, data: Data, applying: Applying) -> None:
        definition = _definition(key, data)
        by: dict[str, Any] = {"actor": applying.actor, "now": applying.now, "reason": applying.reason}
        stored = CaseAction.objects.filter(pk=definition.name).first()
        try:
            if stored is None:
                define_action(definition, url=None, **by)
            else:
                change_action(definition, based_on=stored.number, url=None, **by)
        except ActionInvalid as error:
            raise invalid_at((), error.problems) from error
        except ActionUnchanged:
            return

    def remove(self, key: Key, applying: Applying) -> None:
        retire_action(key[0], reason=applying.reason, actor=applying.actor, now=applying.now)

    def plan(self, key: Key, data: Data, planning: Planning) -> Item | None:
        definition = _definition(key, data)
        try:
            check_action(definition, url=None)
        except ActionInvalid as error:
            raise invalid_at((), error.problems) from error
        return _item(definition)

    def plan_removal(self, key: Key, planning: Planning) -> Item | None:
        return None


def _definition(key: Key, data: Data) -> ActionDefinition:
    """The definition that an item of a file means. Raises ItemInvalid."""
    members = check_members(data, KINDS, required=("event_types", "purpose"))
    given = {name: value for name, value in members.items() if value is not None}
    for name in ("event_types", "groups", "verdicts"):
        check_texts(given.get(name, ()), (name,), what="texts")
    parameters = given.pop("parameters", {})
    read = [_parameter(str(name), each or {}) for name, each in parameters.items()]
    return ActionDefinition.of({**given, "name": key[0], "parameters": read})


def _parameter(name: str, data: Data) -> dict[str, Any]:
    members = check_members(data, OF_PARAMETER, at=("parameters", name))
    check_texts(members.get("choices") or (), ("parameters", name, "choices"), what="texts")
    return {"name": name, **{key: value for key, value in members.items() if value is not None}}


def _item(definition: ActionDefinition) -> Item:
    """A definition as in a file: what differs from the defaults."""
    defaults = ActionDefinition("", (), "").as_data()
    item = without_defaults(definition.as_data(), {**defaults, "purpose": None, "event_types": None})
    usual = Parameter("")
    parameters = {
        each["name"]: without_defaults(each, {**defaults_of(usual), "name": each["name"]})
        for each in definition.as_data()["parameters"]
    }
    return {
        **{name: value for name, value in item.items() if name in KINDS and name != "parameters"},
        **({"parameters": parameters} if parameters else {}),
    }


def defaults_of(parameter: Parameter) -> dict[str, Any]:
    """The members of a parameter as in a file."""
    members = {name: getattr(parameter, name) for name in OF_PARAMETER}
    return {**members, "choices": list(parameter.choices)}


register_section(CaseActionsSection())
