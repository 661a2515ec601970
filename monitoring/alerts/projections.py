"""Alert rules, alerts, silences and their history as tables."""

from typing import Any

from monitoring.alerts.models import Alert, AlertChange, AlertSilence, StoredAlertRule
from scoring.log.entries import Entry
from scoring.log.projections import fold_into, project
from scoring.sql.bulk_tables import Row
from scoring.timestamps import from_iso

MAX_TEXT, MAX_PATH, MAX_ACTOR = 500, 300, 80  # characters; the log has all of them
COPIED = ("rule", "metric", "scope", "severity", "owner", "value", "low", "high", "rows", "side", "threshold")


def key_of_rule(entry: Entry) -> str:
    return str(entry.data["rule"])


def key_of_alert(entry: Entry) -> str:
    """The rule and the digest, which follow the first word of the stream."""
    return entry.stream.partition("/")[2]


def actor_of(entry: Entry) -> str:
    return str(entry.metadata.get("actor", ""))[:MAX_ACTOR]


@fold_into("alert_rule.changed", StoredAlertRule, key=key_of_rule)
def changed_rule(before: Row | None, entry: Entry) -> Row:
    rule = {name: value for name, value in entry.data.items() if name not in ("rule", "reason")}
    return _rule_row(entry, rule={"name": key_of_rule(entry), **rule}, removed=False)


@fold_into("alert_rule.removed", StoredAlertRule, key=key_of_rule)
def removed_rule(before: Row | None, entry: Entry) -> Row:
    return _rule_row(entry, rule=before["rule"] if before else {}, removed=True)


def _rule_row(entry: Entry, **members: Any) -> Row:
    return {
        "name": key_of_rule(entry),
        **members,
        "reason": entry.data["reason"][:MAX_TEXT],
        "changed_by": actor_of(entry),
        "changed_at": entry.recorded_at,
    }


@fold_into("alert.fired", Alert, key=key_of_alert)
def fired(before: Row | None, entry: Entry) -> Row:
    data = entry.data
    return {
        "key": key_of_alert(entry),
        **{name: data[name] for name in COPIED},
        "state": Alert.State.FIRING.value,
        "since": from_iso(data["since"]),
        "fired_at": entry.recorded_at,
        "because": data["because"][:MAX_TEXT],
        "path": data["path"][:MAX_PATH],
        "runbook": data["runbook"][:MAX_PATH],
        "flapping": data["flapping"],
        "parent": data["parent"],
        "acknowledged_by": "",
        "acknowledged_at": None,
        "snoozed_until": None,
        "resolved_at": None,
        "resolved_by": "",
        "resolved_reason": "",
    }


@fold_into("alert.resolved", Alert, key=key_of_alert)
def resolved(before: Row | None, entry: Entry) -> Row:
    return _known(before, entry) | {
        "state": Alert.State.RESOLVED.value,
        "resolved_at": entry.recorded_at,
        "resolved_by": actor_of(entry),
        "resolved_reason": entry.data["reason"][:MAX_TEXT],
    }


@fold_into("alert.acknowledged", Alert, key=key_of_alert)
def acknowledged(before: Row | None, entry: Entry) -> Row:
    return _known(before, entry) | {"acknowledged_by": actor_of(entry), "acknowledged_at": entry.recorded_at}


@fold_into("alert.snoozed", Alert, key=key_of_alert)
def snoozed(before: Row | None, entry: Entry) -> Row:
    return _known(before, entry) | {"snoozed_until": from_iso(entry.data["until"])}


def _known(before: Row | None, entry: Entry) -> Row:
    """Raises ValueError for an entry about an alert that never fired, which no service writes."""
    if before is None:
        raise ValueError(f"{entry.type} in {entry.stream!r} is about an alert that never fired")
    return before


@fold_into("alert.silenced", AlertSilence, key=key_of_alert)
def silenced(before: Row | None, entry: Entry) -> Row:
    return {
        "key": key_of_alert(entry),
        "rule": entry.data["rule"],
        "scope": entry.data["scope"],
        "until": from_iso(entry.data["until"]),
        "reason": entry.data["reason"][:MAX_TEXT],
        "silenced_by": actor_of(entry),
        "silenced_at": entry.recorded_at,
    }


@fold_into("alert.unsilenced", AlertSilence, key=key_of_alert)
def unsilenced(before: Row | None, entry: Entry) -> Row:
    return _known(before, entry) | {"until": entry.recorded_at}


@project("alert.fired", AlertChange)
@project("alert.resolved", AlertChange)
@project("alert.acknowledged", AlertChange)
@project("alert.snoozed", AlertChange)
@project("alert.silenced", AlertChange)
@project("alert.unsilenced", AlertChange)
@project("alert.acted", AlertChange)
@project("alert.sent", AlertChange)
def changed_alert(entry: Entry) -> Row:
    key = key_of_alert(entry)
    return {
        "position": entry.position,
        "key": key,
        "rule": key.rpartition("/")[0],
        "change": entry.type.partition(".")[2],
        "data": entry.data,
        "actor": actor_of(entry),
        "changed_at": entry.recorded_at,
    }
