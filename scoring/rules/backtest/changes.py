"""What a backtest tries: a version of a rule, an edit of a list, or a version of a policy."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from scoring.rules.backtest.errors import InvalidBacktest
from scoring.rules.backtest.evaluation.configuration import ListEdit, TriedConfiguration, compile_as_active
from scoring.rules.lists.definitions import definition_in
from scoring.rules.lists.models import ValueList
from scoring.rules.policies.segments import compile_policy
from scoring.rules.policies.stored import find_policy, policy_from
from scoring.rules.rules.stored import find_rule_version, version_from

NO_ACTION = "none"  # the list is archived
ACTIONS = (*ValueList.Action.values, NO_ACTION)


class Change(Protocol):
    """A change of the configuration that decides."""

    @property
    def subject(self) -> str:
        """What is changed: "rule/velocity", "list/stolen-cards" or "policy"."""

    def as_data(self) -> dict[str, Any]:
        """The change as logged with the request."""

    def applied_to(self, before: TriedConfiguration, *, event_type: str) -> TriedConfiguration:
        """The configuration with the change. Raises what names an unknown or invalid subject."""


@dataclass(frozen=True, slots=True)
class RuleChange:
    """A version of a rule becomes active, in place of the version of its name that is."""

    name: str
    number: int

    @property
    def subject(self) -> str:
        return f"rule/{self.name}"

    def as_data(self) -> dict[str, Any]:
        return {"kind": "rule", "name": self.name, "number": self.number}

    def applied_to(self, before: TriedConfiguration, *, event_type: str) -> TriedConfiguration:
        version = version_from(find_rule_version(event_type, self.name, self.number))
        compiled = compile_as_active(version, ruleset=before.version)
        for broken in compiled.broken:
            raise InvalidBacktest(
                "rule", f"cannot be evaluated: {broken.error}", "an expression that compiles"
            )
        return before.with_rule(compiled.rules[0])


@dataclass(frozen=True, slots=True)
class ListChange:
    """Values are added to a list and removed from it, and its action changes ("" for no change).

    Values are given as (key, text shown): 32 hex digits, and "" for a personal value.
    """

    name: str
    added: tuple[tuple[str, str], ...] = ()
    removed: tuple[tuple[str, str], ...] = ()
    action: str = ""

    @property
    def subject(self) -> str:
        return f"list/{self.name}"

    def as_data(self) -> dict[str, Any]:
        return {
            "kind": "list",
            "name": self.name,
            "added": [list(each) for each in self.added],
            "removed": [list(each) for each in self.removed],
            "action": self.action,
        }

    def applied_to(self, before: TriedConfiguration, *, event_type: str) -> TriedConfiguration:
        row = ValueList.objects.filter(name=self.name).first()
        if row is None:
            raise InvalidBacktest("list", f"{self.name!r} does not exist", "the name of a list")
        if not (self.added or self.removed or self.action):
            raise InvalidBacktest("list", "is not changed", "values to add or remove, or another action")
        archived = self.action == NO_ACTION
        definition = definition_in(row)
        if self.action and not archived:
            definition = replace(definition, action=self.action)
        edit = ListEdit(definition, _keys(self.added), _keys(self.removed), archived)
        return replace(before, edit=edit)


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """A version of the event type's policy becomes active."""

    number: int

    @property
    def subject(self) -> str:
        return "policy"

    def as_data(self) -> dict[str, Any]:
        return {"kind": "policy", "number": self.number}

    def applied_to(self, before: TriedConfiguration, *, event_type: str) -> TriedConfiguration:
        policy = policy_from(find_policy(event_type, self.number))
        return replace(before, policy=compile_policy(policy))


def _keys(values: tuple[tuple[str, str], ...]) -> frozenset[bytes]:
    return frozenset(bytes.fromhex(key) for key, _ in values)


def change_from(data: Mapping[str, Any]) -> Change:
    """The change in what `as_data` gave."""
    if data["kind"] == "rule":
        return RuleChange(data["name"], data["number"])
    if data["kind"] == "policy":
        return PolicyChange(data["number"])
    added, removed = (tuple((key, text) for key, text in data[part]) for part in ("added", "removed"))
    return ListChange(data["name"], added, removed, data["action"])
