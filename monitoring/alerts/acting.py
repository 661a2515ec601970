"""Takes the actions of alerts: when a person asks for one, and by itself where a rule allows that.

Every attempt is an `alert.acted`, with the result, or why nothing was done.
"""

from datetime import datetime, timedelta

from django.db import transaction

from monitoring.alerts.actions import Action, actions, find_action
from monitoring.alerts.entries import EVALUATION, append_about, changing
from monitoring.alerts.errors import ActionNotAllowed
from monitoring.alerts.handling import firing
from monitoring.alerts.models import Alert, AlertChange
from monitoring.alerts.rules.rule import AllowedAction
from monitoring.alerts.rules.stored import alert_rules
from scoring.errors import ScoringError
from scoring.log.entries import Entry

DAY = timedelta(days=1)


def act(key: str, name: str, *, actor: str, now: datetime) -> Entry:
    """Take an action that a person asks for.

    Raises UnknownAction, ActionNotAllowed, UnknownAlert, AlertNotFiring; what the action itself raises is
    recorded as why nothing was done.
    """
    action = find_action(name)
    with firing(key) as alert:
        rule = alert_rules().get(alert.rule)
        if rule is None or rule.action(name) is None:
            raise ActionNotAllowed(key, name, "its rule does not offer it")
        if not action.fits(alert):
            raise ActionNotAllowed(key, name, "it does not concern such alerts")
        return _take(alert, action, automatic=False, actor=actor, now=now)


def act_by_itself(*, now: datetime) -> list[Entry]:
    """Take the automatic actions of firing alerts, each once for every time that an alert fires."""
    automatic = {
        (rule.name, allowed.name): allowed
        for rule in alert_rules().values()
        for allowed in rule.actions
        if rule.on and allowed.automatic
    }
    if not automatic:
        return []
    alerts = Alert.objects.filter(state=Alert.State.FIRING, rule__in={rule for rule, _ in automatic})
    taken = [
        _act_once(alert.key, allowed, now=now)
        for alert in alerts.order_by("fired_at", "key")
        for (rule, _), allowed in automatic.items()
        if rule == alert.rule
    ]
    return [entry for entry in taken if entry is not None]


def _act_once(key: str, allowed: AllowedAction, *, now: datetime) -> Entry | None:
    """None if it was tried since the alert fired, the alert is over, or there is no such action."""
    action = actions().get(allowed.name)
    with changing(key) as alert:
        if alert is None or alert.state != Alert.State.FIRING or action is None or not action.fits(alert):
            return None
        before = AlertChange.objects.filter(key=key, change="acted", changed_at__gte=alert.fired_at)
        if before.filter(data__action=allowed.name).exists():
            return None
        if taken_today(alert.rule, allowed.name, now=now) >= allowed.max_a_day:
            why = f"the rule allows it {allowed.max_a_day} times within 24 hours"
            return _record(alert, action, automatic=True, why_not=why, actor=EVALUATION, now=now)
        return _take(alert, action, automatic=True, actor=EVALUATION, now=now)


def taken_today(rule: str, action: str, *, now: datetime) -> int:
    """How often alerts of a rule took an action by themselves within 24 hours."""
    acted = AlertChange.objects.filter(rule=rule, change="acted", changed_at__gt=now - DAY)
    return acted.filter(data__action=action, data__automatic=True, data__why_not="").count()


def _take(alert: Alert, action: Action, *, automatic: bool, actor: str, now: datetime) -> Entry:
    try:
        with transaction.atomic():  # a savepoint, so that the entry remains if the action is refused
            result = action.run(alert, now=now, actor=actor)
    except ScoringError as error:
        return _record(alert, action, automatic=automatic, why_not=str(error), actor=actor, now=now)
    return _record(alert, action, automatic=automatic, result=result, actor=actor, now=now)


def _record(
    alert: Alert,
    action: Action,
    *,
    automatic: bool,
    result: str = "",
    why_not: str = "",
    actor: str,
    now: datetime,
) -> Entry:
    data = {"action": action.name, "automatic": automatic, "result": result, "why_not": why_not}
    return append_about(alert.key, "acted", data, actor=actor, now=now)
