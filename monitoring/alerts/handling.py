"""What people do with alerts: acknowledge, snooze, resolve and silence them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from monitoring.alerts.entries import append_about, changing
from monitoring.alerts.errors import AlertNotFiring, NotSilenced, UnknownAlert, UntilNotAllowed
from monitoring.alerts.models import Alert, AlertSilence, AlertTimer
from monitoring.alerts.rules.rule import AlertRule
from monitoring.alerts.scopes import Scope, key_of
from scoring.catalog.parsing.reasons import clean_reason
from scoring.log.entries import Entry
from scoring.rules.ruleset.life_cycle import require_reason

LONGEST_SNOOZE, LONGEST_SILENCE = timedelta(days=7), timedelta(days=90)


def acknowledge(key: str, *, reason: str = "", actor: str, now: datetime) -> Entry:
    """Say that a person looks after a firing alert. Raises UnknownAlert, AlertNotFiring."""
    with firing(key):
        return append_about(key, "acknowledged", {"reason": clean_reason(reason)}, actor=actor, now=now)


def snooze(key: str, *, until: datetime, reason: str, actor: str, now: datetime) -> Entry:
    """Send no messages about a firing alert until then.

    Raises UnknownAlert, AlertNotFiring, UntilNotAllowed, ReasonRequired.
    """
    require_reason(reason, f"the alert {key!r} is snoozed")
    check_until(until, LONGEST_SNOOZE, now=now)
    with firing(key):
        data = {"until": until, "reason": clean_reason(reason)}
        return append_about(key, "snoozed", data, actor=actor, now=now)


def resolve(key: str, *, reason: str, actor: str, now: datetime) -> Entry:
    """End a firing alert; it fires again only after its condition did not hold at least once.

    Raises UnknownAlert, AlertNotFiring, ReasonRequired.
    """
    require_reason(reason, f"the alert {key!r} is resolved by hand")
    with firing(key):
        AlertTimer.objects.update_or_create(key=key, defaults={"held": True, "since": None, "seen_at": now})
        data = {"value": None, "reason": clean_reason(reason)}
        return append_about(key, "resolved", data, actor=actor, now=now)


def silence(
    rule: AlertRule, scope: Scope, *, until: datetime, reason: str, actor: str, now: datetime
) -> Entry:
    """Let a rule fire in no scope that has all of `scope` until then; {} is every scope.

    Alerts that fire already go on. Raises UntilNotAllowed, ReasonRequired.
    """
    require_reason(reason, f"the alert rule {rule.name!r} is silenced")
    check_until(until, LONGEST_SILENCE, now=now)
    key = key_of(rule.name, scope)
    data = {"rule": rule.name, "scope": dict(scope), "until": until, "reason": clean_reason(reason)}
    with changing(key):
        return append_about(key, "silenced", data, actor=actor, now=now)


def unsilence(key: str, *, reason: str, actor: str, now: datetime) -> Entry:
    """End a silence now. Raises NotSilenced, ReasonRequired."""
    require_reason(reason, f"the silence of {key!r} ends")
    with changing(key):
        row = AlertSilence.objects.filter(pk=key, until__gt=now).first()
        if row is None:
            raise NotSilenced(key)
        data = {"rule": row.rule, "scope": row.scope, "reason": clean_reason(reason)}
        return append_about(key, "unsilenced", data, actor=actor, now=now)


def record_sent(key: str, data: dict[str, Any], *, actor: str, now: datetime) -> Entry:
    """Record a message about an alert. `data`: `owner`, `channel`, and what else the delivery knows."""
    with changing(key):
        return append_about(key, "sent", data, actor=actor, now=now)


def check_until(until: datetime, longest: timedelta, *, now: datetime) -> None:
    """Raises UntilNotAllowed."""
    if not now < until <= now + longest:
        raise UntilNotAllowed(until, now + longest)


@contextmanager
def firing(key: str) -> Iterator[Alert]:
    """A transaction that alone may write about a firing alert. Raises UnknownAlert, AlertNotFiring."""
    with changing(key) as alert:
        if alert is None:
            raise UnknownAlert(key)
        if alert.state != Alert.State.FIRING:
            raise AlertNotFiring(key)
        yield alert
