"""The continuous check: recomputes a sample of logged decisions soon after they are made, as replay does.

It keeps the states of one fiftieth of a lane's entities, folds new items, and compares the features that read
only these entities. Score, findings, thresholds and outcome follow from these features and from the logged
values of the others. The checkpoint, the states and the counts are committed together, one transaction per
step.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
from django.db import transaction
from django.db.models import Q
from numpy.typing import NDArray

from scoring.batch.serve.joining import TypeEvents, events_of
from scoring.decisions.models import Decision
from scoring.features.compile.plan import LanePlan, lane_plan
from scoring.features.folding.arena import Arena
from scoring.features.folding.fold import fold
from scoring.features.folding.split import keys_read
from scoring.lanes.order import LaneHead, read_beginning
from scoring.offline.lane import LaneBatch, iter_lane_batches
from scoring.replay.batch_values import LoggedValues
from scoring.replay.consistency.counting import Counts, forget_counts
from scoring.replay.consistency.sample import Sample, known_columns, take_sample
from scoring.replay.judging import Judge
from scoring.replay.lane_rows import LaneRows
from scoring.replay.logged import LoggedDecision, read_decisions, version_decided
from scoring.replay.models import LaneCheckpoint, SampledState
from scoring.replay.recompute import recompute, without_lane

logger = logging.getLogger(__name__)

SHARE = 0.02  # of the entities of each kind
ITEMS_A_STEP, STEPS_A_RUN = 20_000, 10  # a run that is far behind takes a few seconds
MAX_DECISIONS = 500  # compared per step
KEPT_FOR = timedelta(days=90)


class SampledDecisions(NamedTuple):
    """Decisions of one type with the sample rows of their events; `without_lane`: those that read no row."""

    event_type: str
    logged: list[LoggedDecision]
    rows: NDArray[np.int64]
    without_lane: list[LoggedDecision]


@dataclass(frozen=True, slots=True)
class CheckPosition:
    """The progress of a lane's check. `anew`: the checkpoint `found`, if any, is unusable."""

    head: LaneHead
    layout: str
    found: LaneCheckpoint | None
    anew: bool


def check_lane(lane: str, *, now: datetime, share: float = SHARE) -> int:
    """Continue the check of a lane for at most STEPS_A_RUN steps; returns the number of compared decisions.

    The check restarts if the states' layout or the lane's order has changed.
    """
    compared = 0
    plan = lane_plan(lane)
    values = [LoggedValues(plan, event_type) for event_type in plan.sets]
    also = {name for of_type in values for name in of_type.columns}
    for _ in range(STEPS_A_RUN):
        place = _read_place(plan, share=share)
        part = next(iter_lane_batches(plan, also=also, after=place.head, items=ITEMS_A_STEP), None)
        if part is None:
            break
        sample = take_sample(plan, part.batch, share=share)
        found = [_find_decisions(part, sample, of_type) for of_type in values]
        arena = Arena.from_blobs(plan, _read_states(sample, place))
        vectors = fold(plan, sample.batch, arena)
        counts = Counts()
        for of_type in found:
            _compare(plan, of_type, sample, vectors, counts)
        if not _commit(place, part.head, arena.blobs(), counts, now=now):
            break  # another process has taken this step
        compared += counts.decisions
    return compared


def forget_old_counts(*, now: datetime) -> int:
    """Delete counts older than the retention period; returns their number."""
    return forget_counts(before=now - KEPT_FOR)


def _read_place(plan: LanePlan, *, share: float) -> CheckPosition:
    layout = f"{plan.layout_id}/{share:g}"
    beginning = read_beginning(plan.lane)
    found = LaneCheckpoint.objects.filter(lane=plan.lane).first()
    if found is None or found.layout != layout or found.lane_order != beginning.order:
        return CheckPosition(beginning, layout, found, anew=True)
    head = LaneHead(plan.lane, found.lane_order, found.version, found.position, found.seq, found.clock_us)
    return CheckPosition(head, layout, found, anew=False)


def _read_states(sample: Sample, place: CheckPosition) -> dict[str, bytes | None]:
    states: dict[str, bytes | None] = dict.fromkeys(sample.batch.state_keys())
    if not place.anew:
        stored = SampledState.objects.filter(lane=place.head.lane, key__in=list(states))
        states.update((key, bytes(state)) for key, state in stored.values_list("key", "state"))
    return states


def _find_decisions(part: LaneBatch, sample: Sample, values: LoggedValues) -> SampledDecisions:
    """Decisions on sampled events of one type, with the values of batch views filled into the sample."""
    events = events_of(part, values.event_type)
    if events is None:
        return SampledDecisions(values.event_type, [], np.empty(0, dtype=np.int64), [])
    in_sample = np.flatnonzero(np.isin(sample.rows, events.rows))
    found = _read_logged(part, sample, in_sample, values.event_type)
    if values.columns:
        decided = events.table.take(np.searchsorted(events.rows, sample.rows[found.rows]))
        values.fill_logged(sample.batch, TypeEvents(found.rows, decided), found.logged)
    return _readable(found, values)


def _readable(found: SampledDecisions, values: LoggedValues) -> SampledDecisions:
    why_not = [values.why_not(decision) for decision in found.logged]
    kept = [place for place, why in enumerate(why_not) if not why]
    if len(kept) < len(why_not):
        logger.warning("%d decisions cannot be checked: %s", len(why_not) - len(kept), max(why_not))
    return found._replace(logged=[found.logged[place] for place in kept], rows=found.rows[kept])


def _compare(
    plan: LanePlan, found: SampledDecisions, sample: Sample, vectors: NDArray[np.float64], counts: Counts
) -> None:
    """Count what the decisions of one type have in common with what the sample says of them."""
    judge, kind = Judge(found.event_type), found.event_type
    known = known_columns(sample.known[found.rows], keys_read(plan, kind))
    again = recompute(found.logged, LaneRows(vectors[found.rows], known))
    for decision, made, columns in zip(found.logged, again, known, strict=True):
        counts.add_features(decision, made, columns)
    logged = [*found.logged, *found.without_lane]
    for comparison in judge.compare_all(logged, [*again, *map(without_lane, found.without_lane)]):
        counts.add_comparison(comparison)
        if comparison.why_not:
            logger.warning("%s cannot be checked: %s", comparison.logged.entry.stream, comparison.why_not)


def _read_logged(
    part: LaneBatch, sample: Sample, rows: NDArray[np.int64], event_type: str
) -> SampledDecisions:
    """Decisions on the events at some of the sample's rows, at most MAX_DECISIONS.

    Only those made in this order of the lane, because states differ in another one, or before a lane had read
    the event. An event has a row for each of its versions, and each decision is about the one at its seq.
    """
    row_of = dict(zip(sample.batch.seqs[rows].tolist(), rows.tolist(), strict=True))
    events = part.event_positions[sample.rows[rows]].tolist()
    at_rows = Q(seq__in=list(row_of)) | Q(seq=None)
    found = Decision.objects.filter(at_rows, event_position__in=set(events)).order_by("position")
    positions = np.array(found.values_list("position", flat=True), dtype=np.int64)
    if len(positions) > MAX_DECISIONS:
        positions = np.random.default_rng(len(positions)).choice(positions, MAX_DECISIONS, replace=False)
    decisions, versions = read_decisions(positions), set(part.versions[sample.rows[rows]].tolist())
    logged = [each for each in decisions if each.entry.data["order"] == part.head.order]
    return SampledDecisions(
        event_type,
        logged,
        np.array([row_of[decision.entry.data["seq"]] for decision in logged], dtype=np.int64),
        [
            each
            for each in decisions
            if each.entry.data["seq"] is None and version_decided(each.entry) in versions
        ],
    )


def _commit(
    place: CheckPosition, head: LaneHead, states: Mapping[str, bytes], counts: Counts, *, now: datetime
) -> bool:
    """Advance the checkpoint with its states and counts; False if it was changed concurrently."""
    with transaction.atomic():
        if not _move(place, head, now=now):
            return False
        if place.anew:
            SampledState.objects.filter(lane=head.lane).delete()
        SampledState.objects.bulk_create(
            [SampledState(lane=head.lane, key=key, state=state) for key, state in states.items()],
            update_conflicts=True,
            unique_fields=["lane", "key"],
            update_fields=["state"],
        )
        counts.store()
    return True


def _move(place: CheckPosition, head: LaneHead, *, now: datetime) -> bool:
    reached = {
        "layout": place.layout,
        "lane_order": head.order,
        "version": head.version,
        "position": head.position,
        "seq": head.seq,
        "clock_us": head.clock_us,
        "checked_at": now,
    }
    if place.found is None:
        return LaneCheckpoint.objects.get_or_create(lane=head.lane, defaults=reached)[1]
    stood = LaneCheckpoint.objects.filter(
        lane=head.lane, layout=place.found.layout, position=place.found.position
    )
    return stood.update(**reached) == 1
