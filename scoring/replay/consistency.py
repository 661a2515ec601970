"""The continuous check: a sample of what is logged is recomputed soon after, feature by feature.

Folding a lane takes the states of all its entities; the check holds those of a fiftieth of them, folds what
is new, and compares the features that read nothing else. The checkpoint, the states and the counts move
together, in one transaction a step.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from scoring.batch.serve.joining import TypeEvents, events_of
from scoring.decisions.models import Decision
from scoring.decisions.vectors import unpack_vectors
from scoring.features.compile.plan import LanePlan, lane_plan
from scoring.features.folding.arena import Arena
from scoring.features.folding.fold import fold
from scoring.features.folding.split import keys_read
from scoring.lanes.order import LaneHead, read_beginning
from scoring.offline.lane import LaneBatch, iter_lane_batches
from scoring.replay.batch_values import LoggedValues
from scoring.replay.logged import Logged, read_decisions
from scoring.replay.models import FeatureConsistency, LaneCheckpoint, SampledState
from scoring.replay.recompute import Recomputed, recompute
from scoring.replay.sample import Sample, can_be_compared, take_sample
from scoring.sql.bulk_tables import insert_values
from scoring.timestamps import from_iso

logger = logging.getLogger(__name__)

SHARE = 0.02  # of the entities of each kind
ITEMS_A_STEP, STEPS_A_RUN = 20_000, 10  # a run that has much to catch up takes some seconds
MOST_DECISIONS = 500  # compared a step
KEPT_FOR = timedelta(days=90)

_COUNTS = ("event_type", "hour", "feature", "compared", "mismatched")
_ADD = (
    "(event_type, hour, feature) DO UPDATE SET"
    " compared = scoring_featureconsistency.compared + EXCLUDED.compared,"
    " mismatched = scoring_featureconsistency.mismatched + EXCLUDED.mismatched"
)


class Found(NamedTuple):
    """Decisions, and the row of the event of each in a sample."""

    logged: list[Logged]
    rows: NDArray[np.int64]


# (event type, hour, feature) -> how many values were compared, how many differed
Counts = dict[tuple[str, datetime, str], tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the check of a lane stands. `anew`: what stands at `found`, if anything, cannot be built upon."""

    head: LaneHead
    layout: str
    found: LaneCheckpoint | None
    anew: bool


def check_lane(lane: str, *, now: datetime, share: float = SHARE) -> int:
    """Go on with the check of a lane, at most STEPS_A_RUN steps; gives how many decisions were compared.

    Another layout of states, or a new order of the lane, begins it anew.
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
        decisions, counts = _compare(plan, found, sample, vectors)
        if not _commit(place, part.head, arena.blobs(), counts, now=now):
            break  # another process has taken this step
        compared += decisions
    return compared


def forget_old_counts(*, now: datetime) -> int:
    """Delete counts that are no longer kept; gives how many."""
    return FeatureConsistency.objects.filter(hour__lt=now - KEPT_FOR).delete()[0]


def _read_place(plan: LanePlan, *, share: float) -> Place:
    layout = f"{plan.layout_id}/{share:g}"
    beginning = read_beginning(plan.lane)
    found = LaneCheckpoint.objects.filter(lane=plan.lane).first()
    if found is None or found.layout != layout or found.lane_order != beginning.order:
        return Place(beginning, layout, found, anew=True)
    head = LaneHead(plan.lane, found.lane_order, found.version, found.position, found.seq, found.clock_us)
    return Place(head, layout, found, anew=False)


def _read_states(sample: Sample, place: Place) -> dict[str, bytes | None]:
    states: dict[str, bytes | None] = dict.fromkeys(sample.batch.state_keys())
    if not place.anew:
        stored = SampledState.objects.filter(lane=place.head.lane, key__in=list(states))
        states.update((key, bytes(state)) for key, state in stored.values_list("key", "state"))
    return states


def _find_decisions(part: LaneBatch, sample: Sample, values: LoggedValues) -> Found:
    """Decisions on events of one type in the sample; what these read of batch views is filled in there."""
    events = events_of(part, values.event_type)
    if events is None:
        return Found([], np.empty(0, dtype=np.int64))
    in_sample = np.flatnonzero(np.isin(sample.rows, events.rows))
    found = _read_logged(part, sample, in_sample)
    if values.columns:
        decided = events.table.take(np.searchsorted(events.rows, sample.rows[found.rows]))
        values.fill_logged(sample.batch, TypeEvents(found.rows, decided), found.logged)
    return _readable(found, values)


def _readable(found: Found, values: LoggedValues) -> Found:
    why_not = [values.why_not(decision) for decision in found.logged]
    kept = [place for place, why in enumerate(why_not) if not why]
    if len(kept) < len(why_not):
        logger.warning("%d decisions cannot be checked: %s", len(why_not) - len(kept), max(why_not))
    return Found([found.logged[place] for place in kept], found.rows[kept])


def _compare(
    plan: LanePlan, found: Sequence[Found], sample: Sample, vectors: NDArray[np.float64]
) -> tuple[int, Counts]:
    """How many decisions there are, and what their features came to."""
    compared, counts = 0, Counts()
    for logged, rows in found:
        for decision, again, known in zip(
            logged, recompute(logged, vectors[rows]), sample.known[rows], strict=True
        ):
            _count(counts, plan, decision, again, known)
        compared += len(logged)
    return compared, counts


def _read_logged(part: LaneBatch, sample: Sample, rows: NDArray[np.int64]) -> Found:
    """Decisions on the events at some of the sample's rows, at most MOST_DECISIONS.

    Those alone that were made in this order of the lane: in another one the states were others. An event has
    a row for each of its versions, and each decision is about the one at its seq.
    """
    row_of = dict(zip(sample.batch.seqs[rows].tolist(), rows.tolist(), strict=True))
    events = part.event_positions[sample.rows[rows]].tolist()
    found = Decision.objects.filter(event_position__in=set(events), seq__in=list(row_of)).order_by("position")
    positions = np.array(found.values_list("position", flat=True), dtype=np.int64)
    if len(positions) > MOST_DECISIONS:
        positions = np.random.default_rng(len(positions)).choice(positions, MOST_DECISIONS, replace=False)
    order = part.head.order
    logged = [decision for decision in read_decisions(positions) if decision.entry.data["order"] == order]
    at = [row_of[decision.entry.data["seq"]] for decision in logged]
    return Found(logged, np.array(at, dtype=np.int64))


def _count(
    counts: Counts, plan: LanePlan, decision: Logged, again: Recomputed, known: NDArray[np.bool_]
) -> None:
    if again.feature_set is None:
        logger.warning("%s cannot be checked: %s", decision.entry.stream, again.why_not)
        return
    data = decision.entry.data
    hour = from_iso(data["decided_at"]).replace(minute=0, second=0, microsecond=0)
    vector, _ = unpack_vectors(decision.entry.packed or b"", width=len(again.names))
    differs = vector.view(np.int64) != again.vector.view(np.int64)
    (comparable,) = can_be_compared(known[np.newaxis], keys_read(plan, again.feature_set))
    for column in np.flatnonzero(comparable).tolist():
        key = (data["event_type"], hour, again.names[column])
        compared, mismatched = counts.get(key, (0, 0))
        counts[key] = (compared + 1, mismatched + int(differs[column]))


def _commit(
    place: Place, head: LaneHead, states: Mapping[str, bytes], counts: Counts, *, now: datetime
) -> bool:
    """Move the checkpoint with its states and counts; False where it no longer stands as it was found."""
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
        if counts:
            rows = [(*key, *counted) for key, counted in sorted(counts.items())]
            insert_values(connection, "scoring_featureconsistency", _COUNTS, rows, _ADD)
    return True


def _move(place: Place, head: LaneHead, *, now: datetime) -> bool:
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
