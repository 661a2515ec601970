"""Rules, their versions, suppressions and history as tables: how each entry of the ruleset changes a row."""

from scoring.log.entries import Entry
from scoring.log.projections import fold_into, project
from scoring.rules.rules.models import Rule, RuleChange, RuleSuppression, StoredRuleVersion
from scoring.rules.rules.rule import RuleVersion
from scoring.rules.ruleset.life_cycle_rows import (
    actor_of,
    drafted_head,
    drafted_version,
    history_row,
    reason_of,
    rejected_head,
    requested_head,
    staged_head,
    staged_version,
)
from scoring.sql.bulk_tables import Row
from scoring.timestamps import from_iso


def rule_key(event_type: str, name: str) -> str:
    return f"{event_type}/{name}"


def version_key(event_type: str, name: str, number: int) -> str:
    return f"{event_type}/{name}/{number}"


def rule_of(entry: Entry) -> str:
    return rule_key(entry.data["event_type"], entry.data["name"])


def version_of(entry: Entry) -> str:
    return version_key(entry.data["event_type"], entry.data["name"], entry.data["number"])


def suppression_of(entry: Entry) -> str:
    return f"{rule_of(entry)}/{entry.data['field']}/{entry.data['key']}"


fold_into("rule.staged", Rule, key=rule_of)(staged_head)
fold_into("rule.activation_requested", Rule, key=rule_of)(requested_head)
fold_into("rule.activation_rejected", Rule, key=rule_of)(rejected_head)
fold_into("rule.staged", StoredRuleVersion, key=version_of)(staged_version)


@fold_into("rule.drafted", Rule, key=rule_of)
def drafted_rule(rule: Row | None, entry: Entry) -> Row:
    data = entry.data
    return drafted_head(rule, entry, key=rule_of(entry), event_type=data["event_type"], name=data["name"])


@fold_into("rule.drafted", StoredRuleVersion, key=version_of)
def drafted_rule_version(version: Row | None, entry: Entry) -> Row:
    own = RuleVersion.from_data(entry.data).as_data()
    return drafted_version(entry, key=version_of(entry), rule=rule_of(entry), **own)


@fold_into("rule.suppressed", RuleSuppression, key=suppression_of)
def suppressed(suppression: Row | None, entry: Entry) -> Row:
    """Suppressed again, it holds until the new date for the new reason."""
    return {
        "key": suppression_of(entry),
        "rule": rule_of(entry),
        "field": entry.data["field"],
        "value_key": entry.data["key"],
        "value": entry.data["value"],
        "until": from_iso(entry.data["until"]),
        "reason": reason_of(entry),
        "suppressed_by": actor_of(entry),
        "suppressed_at": entry.recorded_at,
        "lifted_by": "",
        "lifted_at": None,
        "lift_reason": "",
    }


@fold_into("rule.suppression_lifted", RuleSuppression, key=suppression_of)
def lifted(suppression: Row | None, entry: Entry) -> Row:
    lifted = {
        "lifted_by": actor_of(entry),
        "lifted_at": entry.recorded_at,
        "lift_reason": reason_of(entry),
    }
    return {**(suppression or {}), **lifted}


@project("rule.drafted", RuleChange)
@project("rule.staged", RuleChange)
@project("rule.activation_requested", RuleChange)
@project("rule.activation_rejected", RuleChange)
@project("rule.suppressed", RuleChange)
@project("rule.suppression_lifted", RuleChange)
def change_row(entry: Entry) -> Row:
    return history_row(entry, rule=rule_of(entry))
