"""What a verdict does beside closing its case, and how that is taken back, in the caller's transaction.

A verdict on an event labels it and may give its author a strike. Granting an appeal lifts the strike of the
event that it is about and, unless a milder action is left, labels that event as acceptable; or as the
opposite, if the appeal objects to its being allowed.
"""

from collections.abc import Iterable
from datetime import datetime

from reviews.errors import CaseNotFound
from reviews.models import Case
from reviews.strikes.recording import lift_strikes, record_strike
from reviews.work.verdict_rules import ALLOW, Verdict
from scoring.catalog.event_type import EventType
from scoring.catalog.registry import event_type, event_types
from scoring.intake.labels import LabelStatement, record_labels
from scoring.intake.models import Event

LABEL_SOURCE = "review"


def carry_out(case: Case, verdict: Verdict, *, reviewer: str, now: datetime) -> None:
    """Do what the verdict says to the event of the case, or to the one that an appeal is about."""
    if case.why == Case.Why.APPEAL:
        if is_granted(case, verdict.value):
            label = label_after(case) if verdict.action == ALLOW else None
            _overturn(_appealed(case), label, reviewer=reviewer, now=now)
        return
    record_label(case.event_position, verdict.value, policies=verdict.policies, reviewer=reviewer, now=now)
    if verdict.strike:
        _give_strike(case, reviewer=reviewer, now=now)


def take_back(case: Case, *, reviewer: str, now: datetime) -> None:
    """Undo `carry_out` for a decided case."""
    if case.why == Case.Why.APPEAL:
        if is_granted(case, case.verdict):
            _reinstate(_appealed(case), restored=case.action == ALLOW, reviewer=reviewer, now=now)
        return
    record_label(case.event_position, None, reviewer=reviewer, now=now)
    if case.strike:
        lift_strikes(case.event_stream, because="The verdict was undone", reviewer=reviewer, now=now)


def is_granted(appeal: Case, verdict: str) -> bool:
    """Whether this verdict on an appeal overturns the decision."""
    return verdict == event_type(appeal.event_type).labels.positive


def label_after(appeal: Case) -> str:
    """The label of the event that an appeal is about, once it overturns the decision."""
    kind = next(each for each in event_types().values() if each.appeals == appeal.event_type)
    return kind.labels.positive if appeal.outcome == ALLOW else kind.labels.negative


def granting_verdicts(kinds: Iterable[type[EventType]]) -> list[str]:
    """The verdicts that grant an appeal against events of these types, each as "type of appeal/verdict"."""
    appeals = [event_type(kind.appeals) for kind in kinds if kind.appeals]
    return [f"{kind.name}/{kind.labels.positive}" for kind in appeals]


def record_label(
    position: int, value: str | None, *, policies: Iterable[str] = (), reviewer: str, now: datetime
) -> None:
    """Record the label `value` of the event received at `position`, or retract it (None)."""
    event = Event.objects.get(position=position)
    named = tuple(sorted(policies))
    statement = LabelStatement(event.type, event.external_id, value, LABEL_SOURCE, policies=named)
    [receipt] = record_labels([statement], source=event.source, now=now, actor=f"user/{reviewer}")
    if receipt.refused is not None:
        raise receipt.refused


def _give_strike(case: Case, *, reviewer: str, now: datetime) -> None:
    policy, reason = next(iter(case.policies.items()))
    record_strike(case.event_stream, policy=policy, reason=reason, reviewer=reviewer, now=now)


def _overturn(event: Event, label: str | None, *, reviewer: str, now: datetime) -> None:
    """Lift the strikes of an event, and give it this label; None if a milder action remains."""
    if label is not None:
        record_label(event.position, label, reviewer=reviewer, now=now)
    lift_strikes(event.stream, because="An appeal was granted", reviewer=reviewer, now=now)


def _reinstate(event: Event, *, restored: bool, reviewer: str, now: datetime) -> None:
    """Let the verdict that an appeal had overturned hold again."""
    case = Case.objects.with_verdict().filter(pk=event.position).first()
    if restored:
        value, policies = (case.verdict, case.policies) if case else (None, {})
        record_label(event.position, value, policies=policies, reviewer=reviewer, now=now)
    if case and case.strike:
        _give_strike(case, reviewer=reviewer, now=now)


def _appealed(appeal: Case) -> Event:
    """The event that an appeal is about. Raises `CaseNotFound` if it was never received."""
    if appeal.about is None:
        raise CaseNotFound(appeal.event_position)
    return Event.objects.get(position=appeal.about)
