"""What is advised for readings: a table of cases."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitoring.operations.advice import advise
from monitoring.operations.readings import Heartbeat, LaneStatus, Readings, TypeLatency

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LANE = LaneStatus("commerce", held=True, ready=0, oldest=None, parked=0)
LATE_LANE = replace(LANE, ready=900, oldest=NOW - timedelta(seconds=40))
FAST = TypeLatency("payment", 500, 8.0, 15.0, 30.0)
SLOW = TypeLatency("payment", 500, 300.0, 700.0, 900.0)


def counts(**seconds: float) -> dict[tuple[str, ...], float]:
    """One hundred runs of each stage that take this long in total."""
    found: dict[tuple[str, ...], float] = {}
    for stage, total in seconds.items():
        found |= {("seconds", stage): total, ("bucket", stage, "9" if total > 30 else "4"): 100.0}
    return found


QUIET = Readings(
    now=NOW,
    answers=True,
    recent=counts(claim=3.0, decide=6.0, persist=3.0),
    hour={},
    seconds=300.0,
    lanes=[LANE],
    heartbeats=[Heartbeat("workers of lanes", 1, 1.0)],
    consumers=[],
    latencies=[FAST],
)
BUSY = counts(claim=60.0, decide=200.0, persist=20.0)
CASES = {
    "all is in time": ({}, "good", "Everything is in time.", "busy 3"),
    "Redis is away": ({"answers": False}, "bad", "Redis does not answer", "Restart Redis"),
    "a process is gone": (
        {"heartbeats": [Heartbeat("workers of training", 0, 65.0)]},
        *("bad", "The workers of training last reported 1 min ago.", "Start the process"),
    ),
    "no worker holds a late lane": (
        {"lanes": [replace(LATE_LANE, held=False)], "recent": {}},
        *("bad", "Lane commerce is behind: 900 pending, the oldest for 40 s.", "No worker holds it."),
    ),
    "the holder of a late lane is at its limit": (
        {"lanes": [LATE_LANE], "recent": BUSY, "latencies": [SLOW]},
        *("bad", "Lane commerce is behind", "more workers do not help"),
    ),
    "a late lane whose holder waits": (
        {"lanes": [LATE_LANE], "recent": counts(claim=1.0, states=60.0)},
        *("bad", "Lane commerce is behind", "slowest stage is “states”"),
    ),
    "slow decisions of a busy holder": (
        {"recent": BUSY, "latencies": [SLOW]},
        *("warn", "payment decisions of the last 5 min took longer than 900 ms", "more lanes"),
    ),
    "slow decisions, and PostgreSQL is the cause": (
        {"recent": counts(claim=1.0, append=60.0), "latencies": [SLOW]},
        *("warn", "payment decisions", "The slowest stage is “append”"),
    ),
    "a busy holder that is still in time": ({"recent": BUSY}, "warn", "busy 87", "Divide the event types"),
}


@pytest.mark.parametrize("case", CASES)
def test_advice(case: str) -> None:
    changes, tone, what, do = CASES[case]
    (advice,) = advise(replace(QUIET, **changes), budget_ms=500)  # type: ignore[arg-type]
    assert advice.tone == tone
    assert what in advice.what + advice.do
    assert do in advice.do.replace("\N{NO-BREAK SPACE}", " ")


def test_a_single_slow_decision_among_few_is_not_worth_advice() -> None:
    few = replace(SLOW, decisions=12)
    assert advise(replace(QUIET, latencies=[few]), budget_ms=500)[0].tone == "good"


def test_the_most_severe_comes_first() -> None:
    readings = replace(QUIET, latencies=[SLOW], heartbeats=[Heartbeat("workers of media", 0, 60.0)])
    assert [each.tone for each in advise(readings, budget_ms=500)] == ["bad", "warn"]
