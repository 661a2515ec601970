"""Replays decisions: finds them, reads their lane positions, recomputes and compares them."""

from collections.abc import Callable, Iterator
from datetime import datetime

import numpy as np

from scoring.catalog.registry import event_type as find_event_type
from scoring.features.compile.plan import lane_plan
from scoring.progress import NO_PROGRESS, ProgressReporter
from scoring.replay.batch_values import LoggedValues, ReplayedValues
from scoring.replay.compare import DecisionComparison
from scoring.replay.judging import Judge
from scoring.replay.lane import LaneReading, read_lane
from scoring.replay.lane_rows import LaneRows
from scoring.replay.logged import DecisionPositions, LoggedDecision, Positions, find_decisions, read_decisions
from scoring.replay.recompute import Recomputed, not_in_lane, recompute, without_lane
from scoring.replay.report import ReplayReport

DECISIONS_A_STEP = 1_000  # decisions in memory with their contents: some ten megabytes


def replay(
    event_type: str,
    *,
    since: datetime,
    until: datetime,
    limit: int | None = None,
    watch: ProgressReporter = NO_PROGRESS,
) -> ReplayReport:
    """Recompute the decisions of a type made in [since, until) from the log alone and compare them with it.

    Each order of the lane in which such decisions were made is folded once, from its beginning to the last of
    them. Memory holds the states of the lane's entities, and 24 bytes for every decision of the period.
    `limit`: the maximum number of decisions. Raises UnknownEventType, UnknownSchemaVersion.
    """
    kind = find_event_type(event_type)
    watch.begin("finding decisions")
    places = find_decisions(kind.name, since=since, until=until, limit=limit)
    report = ReplayReport(kind.name, kind.lane, since, until)
    for order in np.unique(places.orders).tolist():
        for comparisons in _compare_order(kind.lane, order, places.of_order(order), report, watch):
            report.add_all(comparisons)
    return report


def _compare_order(
    lane: str, order: int, places: DecisionPositions, report: ReplayReport, watch: ProgressReporter
) -> Iterator[list[DecisionComparison]]:
    judge = Judge(report.event_type)
    if order < 0:
        yield from _compare_without_lane(places, without_lane, judge)
        return

    def advance(items: int) -> None:
        report.items += items
        watch.advance(items)

    watch.begin(f"replaying order {order} of lane {lane}", total=int(places.seqs[-1]))
    found, plan = 0, lane_plan(lane)
    values = LoggedValues(plan, report.event_type)
    lane_values = ReplayedValues(values, places)
    for reading in read_lane(
        plan,
        order=order,
        seqs=places.seqs,
        fill=lane_values.fill,
        also=lane_values.columns,
        progress=advance,
    ):
        for part in _steps(len(reading.event_positions)):
            yield _compare_step(places.positions[reading.rows][part], reading.part(part), values, judge)
        found = reading.rows.stop
    yield from _compare_without_lane(places.beyond(found), not_in_lane, judge)


def _compare_without_lane(
    places: DecisionPositions, recomputed: Callable[[LoggedDecision], Recomputed], judge: Judge
) -> Iterator[list[DecisionComparison]]:
    for part in _steps(len(places)):
        logged = read_decisions(places.positions[part])
        yield judge.compare_all(logged, [recomputed(decision) for decision in logged])


def _compare_step(
    positions: Positions, reading: LaneReading, values: LoggedValues, judge: Judge
) -> list[DecisionComparison]:
    logged = read_decisions(positions)
    again = [not_in_lane(decision) for decision in logged]
    expected = [decision.entry.data["event_position"] for decision in logged]
    stands = np.flatnonzero(reading.event_positions == expected)
    rows = LaneRows.of_whole_lane(reading.folded[stands])
    recomputed = recompute([logged[row] for row in stands], rows)
    for row, made in zip(stands.tolist(), recomputed, strict=True):
        why_not = values.why_not(logged[row])
        again[row] = Recomputed(why_not=why_not) if why_not else made
    return judge.compare_all(logged, again)


def _steps(count: int) -> Iterator[slice]:
    return (slice(start, start + DECISIONS_A_STEP) for start in range(0, count, DECISIONS_A_STEP))
