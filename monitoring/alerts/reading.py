"""What pages and commands show of alerts: firing ones with their groups, silences, figures of fatigue."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Count, Q, QuerySet

from monitoring.alerts.models import Alert, AlertChange, AlertSilence
from monitoring.alerts.rules.rule import Severity
from monitoring.alerts.scopes import PLACE
from scoring.admin_kit.row_rules.visible import hidden_types

MAX_RESOLVED = 50
RESOLVED_FOR, FATIGUE_DAYS = timedelta(days=7), 30
DESCRIBED = (
    *("key", "rule", "metric", "scope", "severity", "owner", "value", "low", "high", "rows", "side"),
    *("threshold", "since", "fired_at", "because", "parent", "flapping", "runbook"),
    *("acknowledged_by", "acknowledged_at", "snoozed_until"),
)
COUNTED = ("fired", "sent", "acknowledged", "acted")


@dataclass(frozen=True)
class AlertGroup:
    """A firing alert, and those of the same cause that fired after it."""

    alert: Alert
    members: list[Alert] = field(default_factory=list)

    def is_in_hand(self, *, now: datetime) -> bool:
        """Whether all of its alerts are acknowledged or snoozed."""
        return all(is_in_hand(each, now=now) for each in (self.alert, *self.members))


@dataclass(frozen=True)
class Fatigue:
    """How often alerts of a rule fired, and what followed, within FATIGUE_DAYS."""

    rule: str
    owner: str
    fired: int = 0
    sent: int = 0
    acknowledged: int = 0
    acted: int = 0


def is_in_hand(alert: Alert, *, now: datetime) -> bool:
    """Whether a person has acknowledged the alert, or it is snoozed."""
    snoozed = alert.snoozed_until is not None and alert.snoozed_until > now
    return bool(alert.acknowledged_by) or snoozed


def visible_alerts(alerts: QuerySet[Alert], user: User | AnonymousUser) -> QuerySet[Alert]:
    """The alerts without those on an event type that the user does not see; others concern all types."""
    hidden = hidden_types(user)
    if not hidden:
        return alerts
    return alerts.filter(~Q(scope__has_key=PLACE) | ~Q(**{f"scope__{PLACE}__in": hidden}))


def firing_groups(alerts: QuerySet[Alert] | None = None) -> list[AlertGroup]:
    """The alerts that fire, by default of all; the most severe group first, then the latest. One query.

    An alert whose first one has resolved stands alone.
    """
    asked = Alert.objects.all() if alerts is None else alerts
    firing = list(asked.filter(state=Alert.State.FIRING))
    groups = {each.key: AlertGroup(each) for each in firing if not each.parent}
    for each in sorted(firing, key=lambda alert: (alert.fired_at, alert.key)):
        if each.parent in groups:
            groups[each.parent].members.append(each)
        elif each.parent:
            groups[each.key] = AlertGroup(each)
    return sorted(groups.values(), key=_most_severe_first)


def alerts_of(groups: Iterable[AlertGroup]) -> list[Alert]:
    """The alerts of all groups, each group's first one before its members."""
    return [alert for group in groups for alert in (group.alert, *group.members)]


def describe_alert(alert: Alert, *, now: datetime) -> dict[str, Any]:
    """A firing alert as JSON values."""
    found = {name: getattr(alert, name) for name in DESCRIBED}
    return {**found, "in_hand": is_in_hand(alert, now=now)}


def _most_severe_first(group: AlertGroup) -> tuple[int, float, str]:
    alert = group.alert
    return -Severity(alert.severity).rank, -alert.fired_at.timestamp(), alert.key


def resolved_alerts(alerts: QuerySet[Alert], *, now: datetime) -> list[Alert]:
    """Those of the alerts that resolved lately, the latest first."""
    found = alerts.filter(state=Alert.State.RESOLVED, resolved_at__gt=now - RESOLVED_FOR)
    return list(found.order_by("-resolved_at")[:MAX_RESOLVED])


def silences(*, now: datetime) -> list[AlertSilence]:
    """The silences that hold now, the one that ends first first."""
    return list(AlertSilence.objects.filter(until__gt=now).order_by("until", "key"))


def changes_of(key: str) -> list[AlertChange]:
    """What happened to an alert, or silence, the latest first."""
    return list(AlertChange.objects.filter(key=key).order_by("-position")[:MAX_RESOLVED])


def fatigue(owners: Iterable[tuple[str, str]], *, now: datetime) -> list[Fatigue]:
    """The figures of each rule that fired, was sent or was handled; `owners`: by rule. One query."""
    since, by_rule = now - timedelta(days=FATIGUE_DAYS), dict(owners)
    counted: dict[str, dict[str, int]] = defaultdict(dict)
    changes = AlertChange.objects.filter(changed_at__gt=since, change__in=COUNTED)
    for rule, change, count in changes.values_list("rule", "change").annotate(Count("pk")):
        counted[rule][change] = count
    found = [Fatigue(rule, by_rule.get(rule, ""), **counts) for rule, counts in counted.items()]
    return sorted(found, key=lambda each: (-each.sent, -each.fired, each.rule))
