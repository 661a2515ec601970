"""When alerts fire and resolve: tables of observations, and walks of several checks."""

from datetime import UTC, datetime, timedelta

import pytest

from monitoring.alerts.evaluation.state_machine import FLAPPING_CLEAR, Change, Phase, Verdict, advance, judge
from monitoring.alerts.rules.rule import AlertRule, Side
from monitoring.metrics.metric import Observation

NOW = datetime(2026, 3, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RULE = AlertRule("late", "m.late", threshold=10, clear_at=8, min_rows=5, for_minutes=2, clear_minutes=3)
LOW = AlertRule("few", "m.few", threshold=10, side=Side.BELOW, clear_at=12)
OK = Phase()
B, C, M, U = Verdict.BREACHED, Verdict.CLEAR, Verdict.BETWEEN, Verdict.UNKNOWN


def seen(
    value: float | None, *, rows: int = 5, low: float | None = None, high: float | None = None
) -> Observation:
    return Observation({}, value, NOW - MINUTE, NOW, rows=rows, low=low, high=high)


JUDGED = [
    ("beyond the threshold", RULE, seen(10.1), B),
    ("at the threshold", RULE, seen(10), M),
    ("above where it clears", RULE, seen(8.1), M),
    ("where it clears", RULE, seen(8), C),
    ("no value", RULE, seen(None), U),
    ("too few rows", RULE, seen(99, rows=4), U),
    ("an interval that reaches below the threshold", RULE, seen(15, low=9, high=20), M),
    ("an interval wholly beyond", RULE, seen(15, low=10.1, high=20), B),
    ("below, beyond the threshold", LOW, seen(9), B),
    ("below, not yet clear", LOW, seen(11), M),
    ("below, clear", LOW, seen(12), C),
    ("below, with an interval that reaches above it", LOW, seen(9, low=5, high=10.5), M),
]


@pytest.mark.parametrize(
    ("rule", "observation", "verdict"), [row[1:] for row in JUDGED], ids=[r[0] for r in JUDGED]
)
def test_verdicts(rule: AlertRule, observation: Observation, verdict: Verdict) -> None:
    assert judge(rule, observation) == verdict


def walk(verdicts: list[Verdict], *, phase: Phase = OK, flapping: bool = False) -> list[str]:
    """What happens at each of the checks, a minute apart: "" if nothing does."""
    changes = []
    for number, verdict in enumerate(verdicts):
        phase, change = advance(phase, verdict, RULE, now=NOW + number * MINUTE, flapping=flapping)
        changes.append(str(change or ""))
    return changes


FIRES, RESOLVES = str(Change.FIRES), str(Change.RESOLVES)
FIRING = Phase(firing=True)
WALKS = [
    ("it fires once, after two minutes", [B, B, B, B], Phase(), ["", "", FIRES, ""]),
    ("a break begins the time anew", [B, B, M, B, B, B], Phase(), ["", "", "", "", "", FIRES]),
    ("so does a missing value", [B, B, U, B, B], Phase(), ["", "", "", "", ""]),
    ("it resolves after three minutes", [C, C, C, C, C], FIRING, ["", "", "", RESOLVES, ""]),
    ("a value between does not resolve", [M] * 9, FIRING, [""] * 9),
    ("missing values do not resolve", [U] * 9, FIRING, [""] * 9),
    ("a missing value begins clearing anew", [C, C, U, C, C, C], FIRING, [""] * 6),
    (
        "after resolving it may fire again",
        [C, C, C, C, B, B, B],
        FIRING,
        ["", "", "", RESOLVES, "", "", FIRES],
    ),
    (
        "resolved by hand it waits until it is clear",
        [B] * 5 + [C, B, B, B],
        Phase(held=True),
        [""] * 8 + [FIRES],
    ),
]


@pytest.mark.parametrize(
    ("verdicts", "phase", "changes"), [row[1:] for row in WALKS], ids=[row[0] for row in WALKS]
)
def test_walks(verdicts: list[Verdict], phase: Phase, changes: list[str]) -> None:
    assert walk(verdicts, phase=phase) == changes


def test_a_flapping_alert_must_be_clear_for_longer() -> None:
    checks = int(FLAPPING_CLEAR / MINUTE)
    assert walk([C] * checks, phase=FIRING, flapping=True) == [""] * checks
    assert walk([C] * (checks + 1), phase=FIRING, flapping=True)[-1] == RESOLVES


def test_without_a_duration_it_fires_at_once() -> None:
    at_once = AlertRule("now", "m.now", threshold=1, for_minutes=0)
    assert advance(Phase(), B, at_once, now=NOW) == (Phase(firing=True), Change.FIRES)
