"""When an alert fires and when it resolves: ok, pending, firing, clearing. Pure.

| | breached | clear | between, or unknown |
|---|---|---|---|
| ok, pending | fires after `for_minutes` of it | ok | ok: the condition must hold without a break |
| firing, clearing | firing | resolves after `clear_minutes` of it | firing |
| held: resolved by hand | held | ok | held |
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from monitoring.alerts.rules.rule import AlertRule, Side
from monitoring.metrics.metric import Observation

FLAPS, FLAP_WINDOW = 3, timedelta(hours=6)  # an alert that fired so often within this time flaps
FLAPPING_CLEAR = timedelta(hours=1)  # a flapping alert must be clear for this long


class Verdict(StrEnum):
    """What an observation says of a rule's condition."""

    BREACHED = "breached"
    CLEAR = "clear"
    BETWEEN = "between"  # not breached, and not yet where an alert resolves
    UNKNOWN = "unknown"  # no value, or too few rows


class Change(StrEnum):
    """What happens to an alert."""

    FIRES = "fires"
    RESOLVES = "resolves"


@dataclass(frozen=True, slots=True)
class Phase:
    """Where an alert is. `since`: when the verdict began that fires it, or resolves it if `firing`."""

    firing: bool = False
    since: datetime | None = None
    held: bool = False


def judge(rule: AlertRule, observation: Observation) -> Verdict:
    """The verdict of one observation. With an interval, all of it must lie beyond the threshold."""
    value = observation.value
    if value is None or observation.rows < rule.min_rows:
        return Verdict.UNKNOWN
    safe = observation.low if rule.side == Side.ABOVE else observation.high
    if _beyond(value if safe is None else safe, rule.threshold, rule.side):
        return Verdict.BREACHED
    return Verdict.BETWEEN if _beyond(value, rule.clears_at, rule.side) else Verdict.CLEAR


def _beyond(value: float, limit: float, side: Side) -> bool:
    return value > limit if side == Side.ABOVE else value < limit


def advance(
    phase: Phase, verdict: Verdict, rule: AlertRule, *, now: datetime, flapping: bool = False
) -> tuple[Phase, Change | None]:
    """The next phase, and what happens to the alert."""
    if phase.held:
        return Phase(held=verdict != Verdict.CLEAR), None
    wanted = Verdict.CLEAR if phase.firing else Verdict.BREACHED
    if verdict != wanted:
        return Phase(phase.firing), None
    since = phase.since or now
    if now - since < _duration(phase, rule, flapping):
        return Phase(phase.firing, since), None
    return Phase(not phase.firing), Change.RESOLVES if phase.firing else Change.FIRES


def _duration(phase: Phase, rule: AlertRule, flapping: bool) -> timedelta:
    """How long the verdict must last before anything happens."""
    if not phase.firing:
        return timedelta(minutes=rule.for_minutes)
    clear = timedelta(minutes=rule.clear_minutes)
    return max(clear, FLAPPING_CLEAR) if flapping else clear
