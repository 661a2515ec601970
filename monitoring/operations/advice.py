"""What limits the way of events now, and what to do about it. Pure: readings in, advice out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from monitoring.operations.readings import LaneStatus, Readings, TypeLatency
from monitoring.operations.stages import COMPUTING, WRITING, StageTimes
from scoring.admin_kit.formatting import count_text, duration_text, percent_text

MANY_BUSY = 0.7  # of the time of a lane's holder; near 1 the queue grows
LATE = timedelta(seconds=5)
MIN_DECISIONS = 30  # with fewer, one slow decision is far more than 1 %
SLOW = {
    "validate": "Requests are large, or web is short of CPU: start more web processes.",
    "external": "Check the services of external signals, or shorten their timeout.",
    "append": "PostgreSQL is slow to commit. Check its disk and its locks.",
    "notify": "Redis is slow. Check its load and the network.",
    "claim": "PostgreSQL is slow to read the queue. Check its load and its autovacuum.",
    "sequence": "Redis is slow, or the workers are short of CPU.",
    "decide": "The workers are short of CPU, or the model is large.",
    "persist": "PostgreSQL is slow to commit. Check its disk and its locks.",
    "states": "Redis is slow. Check its load and the network.",
    "wake": "Redis is slow. Check its load and the network.",
}


@dataclass(frozen=True)
class Advice:
    """`what` is the case and what to `do`; `tone`: bad, warn or good."""

    tone: str
    what: str
    do: str


def advise(readings: Readings, *, budget_ms: float) -> list[Advice]:
    """What needs attention, most severe first; one good sentence if nothing does.

    `budget_ms`: how long clients wait by default.
    """
    found = [each for rule in RULES for each in rule(readings, budget_ms)]
    if found:
        return sorted(found, key=lambda each: each.tone != "bad")
    return [Advice("good", "Everything is in time.", _in_time(readings))]


def redis_away(readings: Readings, budget_ms: float) -> Iterator[Advice]:
    if not readings.answers:
        yield Advice(
            "bad",
            "Redis does not answer, so stages, requests and heartbeats are unknown.",
            "The failure policy decides meanwhile. Restart Redis; /readyz gives the error.",
        )


def missing_processes(readings: Readings, budget_ms: float) -> Iterator[Advice]:
    for each in readings.heartbeats:
        if each.is_missing:
            yield Advice(
                "bad",
                f"The {each.name} last reported {duration_text(timedelta(seconds=each.age))} ago.",
                "Start the process again; its work waits in the database.",
            )


def late_lanes(readings: Readings, budget_ms: float) -> Iterator[Advice]:
    for lane in readings.lanes:
        if lane.oldest is None or readings.now - lane.oldest <= LATE:
            continue
        wait = f"{count_text(lane.ready)} pending, the oldest for {duration_text(readings.now - lane.oldest)}"
        yield Advice("bad", f"Lane {lane.name} is behind: {wait}.", _for_lane(lane, readings))


def slow_types(readings: Readings, budget_ms: float) -> Iterator[Advice]:
    late = {lane.name for lane in readings.lanes if lane.oldest and readings.now - lane.oldest > LATE}
    for each in readings.latencies:
        if not late and is_slow(each, budget_ms):
            yield Advice(
                "warn",
                f"1\N{NO-BREAK SPACE}% of the {each.event_type} decisions of the last 5 min took longer than"
                f" {each.p99:,.0f} ms; clients wait {budget_ms:,.0f} ms by default.",
                why_slow(readings),
            )


def busy_lanes(readings: Readings, budget_ms: float) -> Iterator[Advice]:
    if readings.busy >= MANY_BUSY and not any(is_slow(each, budget_ms) for each in readings.latencies):
        yield Advice("warn", f"{_busy_text(readings)}, so little more traffic fits.", MORE_LANES)


def is_slow(latency: TypeLatency, budget_ms: float) -> bool:
    """Whether enough decisions took longer than the budget to mean anything."""
    return latency.p99 is not None and latency.p99 > budget_ms and latency.decisions >= MIN_DECISIONS


MORE_LANES = (
    "One worker holds a lane, so more workers do not help. Divide the event types among more lanes, give the"
    " machine faster cores, or have senders use lists."
)
RULES: tuple[Callable[[Readings, float], Iterator[Advice]], ...] = (
    *(redis_away, missing_processes, late_lanes),
    *(slow_types, busy_lanes),
)


def _for_lane(lane: LaneStatus, readings: Readings) -> str:
    if not lane.held:
        return "No worker holds it. Start a worker of the queue “lanes”."
    if readings.busy >= MANY_BUSY:
        return f"{_busy_text(readings)}. {MORE_LANES}"
    return f"Its holder is not busy ({percent_text(readings.busy, 0)} of the time): {_slowest(readings)}"


def why_slow(readings: Readings) -> str:
    """What makes decisions slow: a busy lane, or else the slowest stage with what it depends on."""
    if readings.busy >= MANY_BUSY:
        return f"{_busy_text(readings)}. {MORE_LANES}"
    slowest = _slowest(readings)
    return slowest[0].upper() + slowest[1:]


def _busy_text(readings: Readings) -> str:
    share = percent_text(readings.busy, 0)
    if readings.held > 1:
        return f"On average the holders of {readings.held} lanes are busy {share} of the time"
    return f"The worker that holds the lane is busy {share} of the time"


def _slowest(readings: Readings) -> str:
    """The stage with the longest 99th percentile, apart from the wait, and what to do about it."""
    stages = [each for each in readings.stages if each.stage in SLOW]
    if not stages:
        return "no stage has run for minutes. Check the workers of the queue “lanes”."
    slowest: StageTimes = max(stages, key=lambda each: each.p99)
    return (
        f"the slowest stage is “{slowest.stage}”, 99th percentile {1_000 * slowest.p99:,.0f} ms."
        f" {SLOW[slowest.stage]}"
    )


def _in_time(readings: Readings) -> str:
    if not any(each.stage in (*COMPUTING, *WRITING) for each in readings.stages):
        return "No event was processed in the last five minutes."
    return f"{_busy_text(readings)}, over the last five minutes."
