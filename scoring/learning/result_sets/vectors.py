"""The vectors of a lane's events, a batch at a time, each event once and as its last version left it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from scoring.batch.serve.joining import RuleValues
from scoring.features.compile.plan import FeatureSet, lane_plan
from scoring.features.folding.parallel import Slices
from scoring.features.folding.split import with_columns
from scoring.features.kept_features import kept_features
from scoring.lanes.order import Effect, LaneHead, iter_lane_runs
from scoring.offline.amendments import read_versions
from scoring.offline.backfill import fold_lane
from scoring.offline.lane import ITEMS_A_BATCH, LaneBatch, event_fields
from scoring.offline.store import OfflineStore
from scoring.progress import NO_PROGRESS, ProgressReporter
from scoring.timestamps import to_micros

IDENTITY = ("_source", "_id", "_occurred_at")
_RETRACTED = -1


@dataclass(frozen=True, slots=True)
class Period:
    """The events that occurred in [since, until)."""

    since: datetime
    until: datetime

    def contains(self, times_us: NDArray[np.int64]) -> NDArray[np.bool_]:
        return (times_us >= to_micros(self.since)) & (times_us < to_micros(self.until))


@dataclass(frozen=True, slots=True)
class EventVectors:
    """n events of one type in lane order.

    `seqs` and `positions` int64[n]: the place in the lane and the log position of the version; `identity`: a
    table of n rows with the columns IDENTITY; `features` float64[n, F]: as the lane folds them, without what
    text models fill in.
    """

    seqs: NDArray[np.int64]
    positions: NDArray[np.int64]
    identity: pa.Table
    features: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.seqs)


def iter_vectors(
    feature_set: FeatureSet,
    vocabulary: Mapping[str, tuple[str, ...]],
    *,
    period: Period,
    head: LaneHead,
    after: int = 0,
    store: OfflineStore | None = None,
    items: int = ITEMS_A_BATCH,
    watch: ProgressReporter = NO_PROGRESS,
) -> Iterator[EventVectors]:
    """The events of a period that the lane had applied at `head`, with their vectors.

    An amended event is given at its last version, a retracted one not at all. `after`: skip events up to this
    seq; the lane is folded from its beginning all the same. The values are those of live decisions: batch
    values as the lane read them, and what an enrichment does not tell as it was before. One step of `watch`,
    counted in lane items. If the lane is reordered meanwhile, its events are given only in part. Raises
    OfflineStoreOfAnotherLog, BatchVersionCorrupt, SchedulerUnreachable.
    """
    plan = lane_plan(head.lane, {feature_set.event_type: vocabulary})
    values = RuleValues(plan, feature_set, store=store)
    plan = with_columns(plan, feature_set.event_type, feature_set.columns.tolist())
    also = [*IDENTITY, *values.columns]
    history = fold_lane(
        plan,
        store=store or OfflineStore(),
        also=also,
        fill=values.filled,
        items=items,
        known=values.share(event_fields(plan, also)),
    )
    chosen = _Chosen(feature_set, period=period, after=after, until=head)
    reached = 0
    watch.begin("scoring the lane", total=head.seq)
    for part, folded in history:
        yield chosen.of(part, folded)
        watch.advance(min(part.head.seq, head.seq) - reached)
        reached = part.head.seq
        if reached >= head.seq:
            return


def last_versions(head: LaneHead) -> dict[int, int]:
    """By amended event of the lane: the position of its last applied version, -1 if it was retracted."""
    last: dict[int, int] = {}
    for run in iter_lane_runs(head.lane, items=ITEMS_A_BATCH):
        for seq, effect in sorted(run.effects.items()):
            if seq <= head.seq and effect.kind != "label":
                last[effect.event_position] = _applied(effect)
    return last


def _applied(effect: Effect) -> int:
    return effect.version if effect.kind == "event" else _RETRACTED


class _Chosen:
    """Picks the events out of a lane's batches."""

    def __init__(self, feature_set: FeatureSet, *, period: Period, after: int, until: LaneHead) -> None:
        self._event_type, self._period = feature_set.event_type, period
        self._after, self._until = after, until.seq
        self._last = last_versions(until)
        self._kept = _KeptFeatures(feature_set)

    def of(self, part: LaneBatch, folded: Slices) -> EventVectors:
        """The chosen events of a batch. Consumes its rows."""
        places, table = part.events.get(self._event_type, (np.empty(0, dtype=np.int64), None))
        is_event = part.is_event[places]
        rows = places[is_event]
        wanted = np.zeros(part.batch.n, dtype=bool)
        wanted[rows] = True
        pieces = [vectors[wanted[piece]] for piece, vectors in folded]
        features = np.concatenate(pieces)
        positions = part.versions[rows]
        self._kept.restore(features, positions)
        seqs = part.batch.seqs[rows]
        chosen = (seqs > self._after) & (seqs <= self._until)
        chosen &= self._period.contains(part.batch.times[rows])
        chosen &= self._is_last(part.event_positions[rows], positions)
        identity = (
            table.select(IDENTITY).filter(pa.array(is_event)).filter(pa.array(chosen))
            if table is not None
            else pa.table({name: [] for name in IDENTITY})
        )
        return EventVectors(seqs[chosen], positions[chosen], identity, features[chosen])

    def _is_last(self, events: NDArray[np.int64], versions: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether each event has no later version, and was not retracted."""
        expected = [self._last.get(event, event) for event in events.tolist()]
        return np.array(expected, dtype=np.int64) == versions


class _KeptFeatures:
    """Gives an enriched version the features that the enrichment leaves as they were."""

    def __init__(self, feature_set: FeatureSet) -> None:
        self._kept = kept_features(feature_set)
        self._before = {
            version.position: before.position
            for each in read_versions(feature_set.event_type)
            for before, version in pairwise(each.versions)
            if version.is_enriched
        }
        self._awaited = set(self._before.values())
        self._held: dict[int, NDArray[np.float64]] = {}  # until the enriched version comes

    def restore(self, features: NDArray[np.float64], positions: NDArray[np.int64]) -> None:
        """Change the vectors of enriched versions in place, in lane order."""
        if not self._before:
            return
        for row, position in enumerate(positions.tolist()):
            earlier = self._held.pop(self._before.get(position, -1), None)
            if earlier is not None:
                features[row, self._kept] = earlier[self._kept]
            if position in self._awaited:
                self._held[position] = features[row].copy()
