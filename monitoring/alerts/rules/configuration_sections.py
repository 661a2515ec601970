"""The section `alerts` of the configuration file: by name, the alert rules that people set.

Of a rule that its metric suggests, what differs; of others, what differs from a rule's defaults.
"""

from dataclasses import asdict
from typing import Any

from monitoring.alerts.errors import AlertRuleInvalid, AlertRuleUnchanged, UnknownAlertRule
from monitoring.alerts.rules.rule import AlertRule, AllowedAction, Severity, Side
from monitoring.alerts.rules.stored import (
    change_rule,
    check_change,
    remove_rule,
    stored_rules,
    suggested_rules,
)
from scoring.configuration.errors import ItemInvalid
from scoring.configuration.sections.registry import register_section
from scoring.configuration.sections.section import (
    ENABLED,
    FLAG,
    MAPPING,
    NUMBER,
    TEXT,
    WHOLE,
    Applying,
    Data,
    Item,
    Items,
    Key,
    Planning,
    as_in_files,
    as_in_settings,
    check_members,
    invalid_at,
    without_defaults,
)

KINDS = {
    "metric": TEXT,
    "scope": MAPPING,
    "side": TEXT,
    "threshold": NUMBER,
    "clear_at": NUMBER,
    "min_rows": WHOLE,
    "for_minutes": WHOLE,
    "clear_minutes": WHOLE,
    "severity": TEXT,
    "owner": TEXT,
    "runbook": TEXT,
    ENABLED: FLAG,
    "actions": MAPPING,
}
ACTION_KINDS = {"automatic": FLAG, "max_a_day": WHOLE}
REQUIRED = ("metric", "threshold")


class AlertsSection:
    name, title, depth, approval = "alerts", "Alert rules", 1, ""

    def export(self, *, requests: bool = False) -> Items:
        rules = {name: AlertRule.of(row.rule) for name, row in stored_rules().items()}
        items = {(name,): _item(rules[name]) for name in sorted(rules)}
        return {key: item for key, item in items.items() if item}

    def apply(self, key: Key, data: Data, applying: Applying) -> None:
        rule = _wanted(key[0], data)
        try:
            change_rule(rule, reason=applying.reason, actor=applying.actor, now=applying.now)
        except AlertRuleInvalid as error:
            raise invalid_at((), error.problems) from error
        except AlertRuleUnchanged:
            return

    def remove(self, key: Key, applying: Applying) -> None:
        """Back to what the metric suggests, or to no rule."""
        try:
            remove_rule(key[0], reason=applying.reason, actor=applying.actor, now=applying.now)
        except UnknownAlertRule:
            return

    def plan(self, key: Key, data: Data, planning: Planning) -> Item | None:
        rule = _wanted(key[0], data)
        try:
            check_change(rule, reason=planning.reason)
        except AlertRuleInvalid as error:
            raise invalid_at((), error.problems) from error
        return _item(rule) or None

    def plan_removal(self, key: Key, planning: Planning) -> Item | None:
        return None


def _members(rule: AlertRule) -> dict[str, Any]:
    """The members of a rule as in files; actions by their names."""
    data = {name: value for name, value in rule.as_data().items() if name != "name"}
    data["actions"] = {each.pop("name"): each for each in data["actions"]}
    return as_in_files(data)


def _base(name: str) -> dict[str, Any]:
    """What holds where a file says nothing."""
    suggested = suggested_rules().get(name)
    if suggested is not None:
        return _members(suggested)
    return {each: value for each, value in _members(AlertRule(name, "", 0.0)).items() if each not in REQUIRED}


def _item(rule: AlertRule) -> Item:
    return without_defaults(_members(rule), _base(rule.name))


def _wanted(name: str, data: Data) -> AlertRule:
    """The rule that an item of a file means. Raises ItemInvalid."""
    base = _base(name)
    given = check_members(data, KINDS, required=[each for each in REQUIRED if each not in base])
    members = base | {each: value for each, value in given.items() if value is not None}
    for each, allowed in (("side", Side), ("severity", Severity)):
        if members[each] not in tuple(allowed):
            raise ItemInvalid([((each,), f"is {members[each]}", [str(value) for value in allowed])])
    members["scope"] = {str(each): str(value) for each, value in members["scope"].items()}
    members["actions"] = [asdict(_action(*each)) for each in members["actions"].items()]
    return AlertRule.of({"name": name, **as_in_settings(members)})


def _action(name: str, data: Any) -> AllowedAction:
    given = check_members(data or {}, ACTION_KINDS, at=("actions", name))
    return AllowedAction(name, **{each: value for each, value in given.items() if value is not None})


register_section(AlertsSection())
