"""Evaluates the alert rules: observes their metrics, and fires and resolves alerts.

Where alerts are is in the log; since when conditions hold is in `AlertTimer`, and starts anew without it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from monitoring.alerts.entries import EVALUATION, append_about, changing
from monitoring.alerts.evaluation.grouping import (
    FIELD,
    SOURCE,
    FieldFault,
    Parent,
    cause_of,
    explaining,
    parent_key,
)
from monitoring.alerts.evaluation.observing import Observed, observe_due
from monitoring.alerts.evaluation.state_machine import (
    FLAP_WINDOW,
    FLAPS,
    Change,
    Phase,
    Verdict,
    advance,
    judge,
)
from monitoring.alerts.models import Alert, AlertChange, AlertSilence, AlertTimer
from monitoring.alerts.rules.rule import AlertRule, Severity
from monitoring.alerts.rules.stored import alert_rules
from monitoring.alerts.scopes import PLACE, Scope, is_within, key_of
from monitoring.alerts.words import resolved_text
from monitoring.metrics.metric import Observation
from monitoring.metrics.registry import metrics
from scoring.log.entries import Entry
from scoring.sql.advisory_locks import LockSpace, session_lock

MAX_MISSED = 3
GONE_AFTER = timedelta(days=1)  # at least; without an observation of its scope an alert is about nothing
GONE = "its scope is not observed any more"
RULE_OFF = "its rule does not ask for it any more"


@dataclass(slots=True)
class Situation:
    """Alerts, timers and silences before an evaluation; `firings`: how often each alert fired lately."""

    firing: dict[str, Alert] = field(default_factory=dict)
    timers: dict[str, AlertTimer] = field(default_factory=dict)
    silences: list[AlertSilence] = field(default_factory=list)
    firings: Counter[str] = field(default_factory=Counter)

    def phase(self, key: str, *, every: timedelta, now: datetime) -> Phase:
        """A timer that was not followed for MAX_MISSED checks says nothing of the time between."""
        timer, firing = self.timers.get(key), key in self.firing
        if timer is None:
            return Phase(firing)
        since = timer.since if now - timer.seen_at <= MAX_MISSED * every else None
        return Phase(firing, since, timer.held)

    def is_silenced(self, rule: str, scope: Scope) -> bool:
        return any(each.rule == rule and is_within(scope, each.scope) for each in self.silences)


@dataclass(frozen=True, slots=True)
class Step:
    """What the evaluation of a rule in one scope found. `since`: when the condition began to hold."""

    rule: AlertRule
    observation: Observation
    key: str
    phase: Phase
    change: Change | None
    since: datetime
    flapping: bool


@dataclass(frozen=True, slots=True)
class Resolution:
    """An alert that resolves, with its last value and the reason."""

    key: str
    value: float | None
    reason: str


@dataclass(slots=True)
class Evaluation:
    """What an evaluation found, before it is written."""

    steps: list[Step] = field(default_factory=list)
    resolutions: list[Resolution] = field(default_factory=list)

    @property
    def firing(self) -> list[Step]:
        """Those that fire now, the most severe first, because others are grouped with it."""
        found = [step for step in self.steps if step.change == Change.FIRES]
        return sorted(found, key=lambda step: (-step.rule.severity.rank, step.key))


def evaluate_alerts(*, now: datetime) -> list[Entry]:
    """Evaluate the rules whose metrics are due; returns the entries about alerts that fired or resolved.

    None while another process evaluates them.
    """
    with session_lock(LockSpace.ALERTS) as held:
        return _evaluate(now=now) if held else []


def _evaluate(*, now: datetime) -> list[Entry]:
    rules = [rule for rule in alert_rules().values() if rule.on]
    observed = observe_due({rule.metric for rule in rules}, now=now)
    situation = read_situation(now=now)
    found = evaluate(rules, observed, situation, now=now)
    resolved = [_resolve(each, now=now) for each in found.resolutions]
    over = {each.key for each in found.resolutions}
    going_on = [alert for key, alert in situation.firing.items() if key not in over]
    entries = [*filter(None, resolved), *_fire_all(found.firing, going_on, now=now)]
    _keep_timers(found.steps, situation, now=now)
    return entries


def read_situation(*, now: datetime) -> Situation:
    """Four queries, of small tables."""
    firing = Alert.objects.filter(state=Alert.State.FIRING)
    lately = AlertChange.objects.filter(change="fired", changed_at__gt=now - FLAP_WINDOW)
    return Situation(
        firing={alert.key: alert for alert in firing},
        timers=AlertTimer.objects.in_bulk(),
        silences=list(AlertSilence.objects.filter(until__gt=now)),
        firings=Counter(lately.values_list("key", flat=True)),
    )


def evaluate(
    rules: Iterable[AlertRule], observed: Observed, situation: Situation, *, now: datetime
) -> Evaluation:
    """What happens to alerts, given what was observed of some metrics. Reads and writes nothing."""
    found, by_name = Evaluation(), {rule.name: rule for rule in rules}
    for rule in by_name.values():
        for observation in observed.get(rule.metric, ()):
            if is_within(observation.scope, rule.scope):
                found.steps.append(_step(rule, observation, situation, now=now))
    seen = {step.key for step in found.steps}
    for step in found.steps:
        if step.change == Change.RESOLVES:
            reason = resolved_text(step.rule, step.observation.value)
            found.resolutions.append(Resolution(step.key, step.observation.value, reason))
    for key, alert in situation.firing.items():
        if key not in seen and (reason := _over(alert, by_name.get(alert.rule), situation, now=now)):
            found.resolutions.append(Resolution(key, None, reason))
    return found


def _step(rule: AlertRule, observation: Observation, situation: Situation, *, now: datetime) -> Step:
    key = key_of(rule.name, observation.scope)
    every = metrics()[rule.metric].every
    before, verdict = situation.phase(key, every=every, now=now), judge(rule, observation)
    fired = situation.firings[key]
    if verdict == Verdict.BREACHED and situation.is_silenced(rule.name, observation.scope):
        verdict = Verdict.BETWEEN
    flapping = fired >= FLAPS if before.firing else fired >= FLAPS - 1
    phase, change = advance(before, verdict, rule, now=now, flapping=flapping)
    return Step(rule, observation, key, phase, change, before.since or now, flapping)


def _over(alert: Alert, rule: AlertRule | None, situation: Situation, *, now: datetime) -> str:
    """Why an alert that was not observed now is over; "" if it may go on."""
    if rule is None or rule.metric != alert.metric or not is_within(alert.scope, rule.scope):
        return RULE_OFF
    timer, metric = situation.timers.get(alert.key), metrics().get(alert.metric)
    last = timer.seen_at if timer else alert.fired_at
    patience = max(GONE_AFTER, MAX_MISSED * metric.every) if metric else GONE_AFTER
    return GONE if now - last > patience else ""


def _resolve(resolution: Resolution, *, now: datetime) -> Entry | None:
    """None if the alert was resolved meanwhile."""
    with changing(resolution.key) as alert:
        if alert is None or alert.state != Alert.State.FIRING:
            return None
        data = {"value": resolution.value, "reason": resolution.reason}
        return append_about(resolution.key, "resolved", data, actor=EVALUATION, now=now)


def _fire_all(steps: Iterable[Step], firing: Sequence[Alert], *, now: datetime) -> Iterator[Entry]:
    """Fire alerts, each with the key of the one that it is grouped with."""
    parents = [
        Parent(alert.key, cause_of(alert.metric, alert.scope), Severity(alert.severity), alert.fired_at)
        for alert in firing
        if not alert.parent
    ]
    faults = [_fault_of(alert) for alert in firing if FIELD in alert.scope and SOURCE in alert.scope]
    for step in steps:
        cause = cause_of(step.rule.metric, step.observation.scope)
        fault = explaining(step.observation.scope, step.observation.fields, faults)
        if fault and fault.severity.rank >= step.rule.severity.rank:
            parent = fault.group
        else:
            parent = parent_key(cause, step.rule.severity, parents, now=now)
        if not parent:
            parents.append(Parent(step.key, cause, step.rule.severity, now))
        yield _fire(step, parent=parent, follows=fault.text if fault else "", now=now)


def _fault_of(alert: Alert) -> FieldFault:
    scope = alert.scope
    return FieldFault(
        alert.parent or alert.key,
        *(Severity(alert.severity), alert.fired_at, scope.get(PLACE, ""), scope[SOURCE], scope[FIELD]),
    )


def _fire(step: Step, *, parent: str, follows: str, now: datetime) -> Entry:
    data = fired_data(step, parent=parent, follows=follows)
    with changing(step.key):
        return append_about(step.key, "fired", data, actor=EVALUATION, now=now)


def fired_data(step: Step, *, parent: str, follows: str = "") -> dict[str, Any]:
    """The data of `alert.fired`. `follows`: a sentence about the alert that explains this one, "" without."""
    rule, seen = step.rule, step.observation
    return {
        "rule": rule.name,
        "metric": rule.metric,
        "scope": dict(seen.scope),
        "severity": str(rule.severity),
        "owner": rule.owner,
        "value": seen.value,
        "low": seen.low,
        "high": seen.high,
        "rows": seen.rows,
        "side": str(rule.side),
        "threshold": rule.threshold,
        "since": step.since,
        "because": f"{follows} {seen.because}".strip(),
        "path": seen.path,
        "runbook": rule.runbook,
        "flapping": step.flapping,
        "parent": parent,
    }


def _keep_timers(steps: Iterable[Step], situation: Situation, *, now: datetime) -> None:
    """Keep the timers of alerts that are pending, firing or held, and delete the others."""
    kept: dict[str, AlertTimer] = {}
    over: set[str] = set()
    for step in steps:
        if step.phase.firing or step.phase.since or step.phase.held:
            row = AlertTimer(key=step.key, since=step.phase.since, held=step.phase.held, seen_at=now)
            kept[step.key] = row
        elif step.key in situation.timers:
            over.add(step.key)
    AlertTimer.objects.bulk_create(
        kept.values(),
        update_conflicts=True,
        unique_fields=["key"],
        update_fields=["since", "seen_at"],  # `held` is set by people meanwhile, and ends with the row
    )
    if over:
        AlertTimer.objects.filter(pk__in=over).delete()
