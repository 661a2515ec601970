"""Rules, their versions, suppressions and history as tables: how each entry of the ruleset changes a row."""

from typing import Any

from scoring.log.entries import Entry
from scoring.log.projections import fold_into, project
from scoring.rules.rules.lifecycle import ACTIVE, ARCHIVED, DRAFT, SHADOW
from scoring.rules.rules.models import Rule, RuleChange, RuleSuppression, StoredRuleVersion
from scoring.rules.rules.rule import RuleVersion
from scoring.sql.bulk_tables import Row
from scoring.timestamps import from_iso

MAX_REASON, MAX_ACTOR = 500, 80  # characters; the log has all of them


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


def actor_of(entry: Entry) -> str:
    return str(entry.metadata.get("actor", ""))[:MAX_ACTOR]


def reason_of(entry: Entry) -> str:
    return str(entry.data.get("reason", ""))[:MAX_REASON]


NO_REQUEST: dict[str, Any] = {
    "requested": None,
    "requested_by": "",
    "requested_at": None,
    "request_reason": "",
}


@fold_into("rule.drafted", Rule, key=rule_of)
def drafted_rule(rule: Row | None, entry: Entry) -> Row:
    before = rule or {
        "key": rule_of(entry),
        "event_type": entry.data["event_type"],
        "name": entry.data["name"],
        "active": None,
        "shadow": None,
        **NO_REQUEST,
    }
    return {**before, "newest": entry.data["number"], **_changed(entry)}


@fold_into("rule.staged", Rule, key=rule_of)
def staged_rule(rule: Row | None, entry: Entry) -> Row:
    """The numbers of the active and shadow versions. A request ends with its version active or archived."""
    before, number, stage = rule or {}, entry.data["number"], entry.data["stage"]
    held = {each: before.get(each) for each in (ACTIVE, SHADOW)}
    held = {each: None if now == number else now for each, now in held.items()}
    if stage in held:
        held[stage] = number
    answered = before.get("requested") == number and stage in (ACTIVE, ARCHIVED)
    return {**before, **held, **(NO_REQUEST if answered else {}), **_changed(entry)}


@fold_into("rule.activation_requested", Rule, key=rule_of)
def requested_rule(rule: Row | None, entry: Entry) -> Row:
    request = {
        "requested": entry.data["number"],
        "requested_by": actor_of(entry),
        "requested_at": entry.recorded_at,
        "request_reason": reason_of(entry),
    }
    return {**(rule or {}), **request, **_changed(entry)}


@fold_into("rule.activation_rejected", Rule, key=rule_of)
def rejected_rule(rule: Row | None, entry: Entry) -> Row:
    return {**(rule or {}), **NO_REQUEST, **_changed(entry)}


def _changed(entry: Entry) -> dict[str, Any]:
    return {"changed_by": actor_of(entry), "changed_at": entry.recorded_at}


@fold_into("rule.drafted", StoredRuleVersion, key=version_of)
def drafted_version(version: Row | None, entry: Entry) -> Row:
    return {
        "key": version_of(entry),
        "rule": rule_of(entry),
        **RuleVersion.from_data(entry.data).as_data(),
        "drafted_by": actor_of(entry),
        "drafted_at": entry.recorded_at,
        "ruleset": entry.stream_version,
        "stage": DRAFT,
        "staged_by": "",
        "staged_at": None,
        "reason": "",
        "activated_by": "",
        "activated_at": None,
    }


@fold_into("rule.staged", StoredRuleVersion, key=version_of)
def staged_version(version: Row | None, entry: Entry) -> Row:
    before = version or {}
    staged = {
        "stage": entry.data["stage"],
        "staged_by": actor_of(entry),
        "staged_at": entry.recorded_at,
        "reason": reason_of(entry),
    }
    first = entry.data["stage"] == ACTIVE and before.get("activated_at") is None
    activated = {"activated_by": actor_of(entry), "activated_at": entry.recorded_at} if first else {}
    return {**before, **staged, **activated}


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
    """One line of the rule's history; of a stage, the change is the stage."""
    change = entry.data["stage"] if entry.type == "rule.staged" else entry.type.partition(".")[2]
    return {
        "position": entry.position,
        "rule": rule_of(entry),
        "number": entry.data.get("number"),
        "change": change,
        "actor": actor_of(entry),
        "reason": reason_of(entry),
        "changed_at": entry.recorded_at,
    }
