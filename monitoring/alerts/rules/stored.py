"""The alert rules that hold: those that metrics suggest, and those that people set. Their only writer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from monitoring.alerts.errors import AlertRuleUnchanged, UnknownAlertRule
from monitoring.alerts.models import StoredAlertRule
from monitoring.alerts.rules.rule import AlertRule, check_rule, suggested_rule
from monitoring.metrics.registry import metrics
from scoring.catalog.parsing.reasons import clean_reason
from scoring.log.append import append
from scoring.log.entries import Entry, NewEntry
from scoring.log.read import last_version, read_stream
from scoring.rules.ruleset.life_cycle import require_reason

STREAM = "alert_rule"
MAX_SHOWN = 30


def suggested_rules() -> dict[str, AlertRule]:
    """The rules that metrics suggest, by name."""
    found = (suggested_rule(metric) for metric in metrics().values())
    return {rule.name: rule for rule in found if rule is not None}


def stored_rules() -> dict[str, StoredAlertRule]:
    """The rows of the rules that people set, by name."""
    return StoredAlertRule.objects.filter(removed=False).in_bulk()


def alert_rules(stored: Mapping[str, StoredAlertRule] | None = None) -> dict[str, AlertRule]:
    """All rules by name, alphabetically; also those that are switched off. `stored`: rows, if read."""
    rows = stored_rules() if stored is None else stored
    rules = suggested_rules() | {name: AlertRule.of(row.rule) for name, row in rows.items()}
    return {name: rules[name] for name in sorted(rules)}


def find_rule(name: str) -> AlertRule:
    """Raises UnknownAlertRule."""
    row = StoredAlertRule.objects.filter(pk=name, removed=False).first()
    if row is not None:
        return AlertRule.of(row.rule)
    if rule := suggested_rules().get(name):
        return rule
    raise UnknownAlertRule(name)


def check_change(rule: AlertRule, *, reason: str) -> None:
    """Raises AlertRuleInvalid, ReasonRequired."""
    require_reason(reason, f"the alert rule {rule.name!r} changes")
    check_rule(rule)


def change_rule(rule: AlertRule, *, reason: str, actor: str, now: datetime) -> Entry:
    """Set a rule, from the next evaluation on; a new name is a new rule.

    Raises AlertRuleInvalid, ReasonRequired, AlertRuleUnchanged, and StreamConflict after a concurrent change.
    """
    check_change(rule, reason=reason)
    version = last_version(f"{STREAM}/{rule.name}")  # read before the row, so that a change between conflicts
    if rule == alert_rules().get(rule.name):
        raise AlertRuleUnchanged(rule.name)
    data = {name: value for name, value in rule.as_data().items() if name != "name"}
    return _append(rule.name, "changed", data, version=version, reason=reason, actor=actor, now=now)


def remove_rule(name: str, *, reason: str, actor: str, now: datetime) -> Entry:
    """Remove a rule; one that a metric suggests is then as suggested again.

    Raises UnknownAlertRule if nobody set it, ReasonRequired, StreamConflict.
    """
    require_reason(reason, f"the alert rule {name!r} is removed")
    version = last_version(f"{STREAM}/{name}")
    if name not in stored_rules():
        raise UnknownAlertRule(name)
    return _append(name, "removed", {}, version=version, reason=reason, actor=actor, now=now)


def _append(
    name: str,
    change: str,
    data: Mapping[str, Any],
    *,
    version: int,
    reason: str,
    actor: str,
    now: datetime,
) -> Entry:
    new = NewEntry(
        stream=f"{STREAM}/{name}",
        expected_version=version,
        type=f"{STREAM}.{change}",
        data={"rule": name, **data, "reason": clean_reason(reason)},
        metadata={"actor": actor},
    )
    return append([new], now=now)[0]


def history(name: str) -> list[Entry]:
    """The latest changes of a rule, newest first."""
    return read_stream(f"{STREAM}/{name}")[: -MAX_SHOWN - 1 : -1]
