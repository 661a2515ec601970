"""Reads events without a decision, mostly loaded history: their features come from the lane, folded again.

The lane is folded as for training, so that every feature has the value it had when the event occurred.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, reduce
from typing import Any, ClassVar, NamedTuple

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from scoring.batch.serve.joining import RuleValues
from scoring.catalog.event_type import EventType
from scoring.catalog.registry import event_type as find_event_type
from scoring.features.compile.plan import FeatureSet, LanePlan, lane_plan
from scoring.features.folding.split import with_columns
from scoring.offline.backfill import fold_lane
from scoring.offline.lane import ITEMS_A_FOLD, LaneBatch, iter_lane_batches
from scoring.offline.store import OfflineStore
from scoring.rules.backtest.evaluation.reading import EventPage, Reading, read_labels, read_versions
from scoring.rules.banks.search.hits import media_of
from scoring.rules.banks.search.index import NO_BANKS, BankIndex
from scoring.rules.banks.search.stored_videos import read_frames
from scoring.rules.deciding.findings import bank_findings, finding_of, reveal_values
from scoring.rules.deciding.precedence import Finding
from scoring.rules.lists.index import ListIndex
from scoring.rules.rules.trial.decided_events import FeatureColumns
from scoring.timestamps import to_iso

ITEMS_A_PAGE = 5_000  # where no feature is read; else those of a slice of the fold

_CHOSEN = """
    event.type = %s AND event.retracted_at IS NULL AND event.occurred_at >= %s AND event.occurred_at < %s
"""
_DECISION = """
    SELECT 1 FROM scoring_decision decision
     WHERE decision.event_position = event.position AND decision.revision = 0
"""
_COUNT = f"""
    SELECT count(*) FROM scoring_event event WHERE {_CHOSEN} AND NOT EXISTS ({_DECISION})
"""  # noqa: S608
# OFFSET 0 keeps it a look-up by event: as a join it would read all decisions for every page.
_AMONG = f"""
    SELECT position, source || '/' || external_id, occurred_at, versions FROM scoring_event event
     WHERE position = ANY(%s) AND {_CHOSEN} AND NOT EXISTS ({_DECISION} OFFSET 0)
"""  # noqa: S608

Positions = NDArray[np.int64]
Folded = NDArray[np.float64]
Fill = Callable[[Iterable[LaneBatch]], Iterable[LaneBatch]]


@dataclass(frozen=True)
class UndecidedPage(EventPage):
    """n events without a decision, in the order of their lane.

    `decisions` say what is known instead: no score, no outcome, and the time at which the event occurred.
    `vectors`: float64[n] by feature. `found`: what today's lists and banks find in each.
    """

    is_decided: ClassVar[bool] = False

    vectors: Mapping[str, Folded]
    found: list[list[Finding]]

    @cached_property
    def listed(self) -> list[list[Finding]]:
        return self.found

    def lacks(self, features: Collection[str]) -> int:
        """None: the lane has every feature that this code declares."""
        return 0

    def _feature_columns(self, names: Sequence[str]) -> dict[str, Folded]:
        return {name: self.vectors[name] for name in names}


class _Row(NamedTuple):
    """What is stored of an event. `name`: source and id."""

    name: str
    occurred_at: datetime
    versions: int


class _Part(NamedTuple):
    """Consecutive items of a lane that apply events: the events, the versions applied, their folded rows."""

    events: Positions
    versions: Positions
    folded: Folded


@dataclass(frozen=True)
class TodaysLists:
    """Today's lists and hash banks, for events that no decision has looked up.

    Values and hashes that have expired `now` do not hit.
    """

    index: ListIndex
    now: datetime
    banks: BankIndex = NO_BANKS

    def find(self, event_type: str, versions: Sequence[Mapping[str, Any]]) -> list[list[Finding]]:
        """What they find in each of these events."""
        fields = [version["fields"] for version in versions]
        revealed = reveal_values(fields, self.index.fields_to_reveal(event_type))
        kind = find_event_type(event_type)
        found = []
        for version in versions:
            keys = self.index.keys_of(event_type, version["fields"], revealed=revealed)
            listed = [finding_of(hit, self.index.definitions) for hit in self.index.hits(keys, self.now)]
            matched = self.banks.hits(media_of(version), self.now, read_frames=read_frames)
            found.append([*listed, *bank_findings(matched, self.banks.definitions, kind=kind)])
        return found


def count_undecided(reading: Reading) -> int:
    """How many events without a decision occurred in the period, sequenced or not."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [reading.event_type, reading.since, reading.until])
        return int(cursor.fetchone()[0])


def iter_undecided(
    reading: Reading, *, features: Collection[str], lists: TodaysLists, progress: Callable[[int], None]
) -> Iterator[UndecidedPage]:
    """The events without a decision that occurred in the period, as they were first sequenced.

    Memory holds one page, and the lane's states if `features` are read. `progress` is called with numbers of
    the lane's items. Raises OfflineStoreOfAnotherLog, BatchVersionCorrupt, SchedulerUnreachable.
    """
    kind = find_event_type(reading.event_type)
    columns = _LaneColumns.of(lane_plan(kind.lane), kind.name, features)
    pages = _Pages(reading, kind, columns.names, lists)
    for batch, rows, folded in columns.iter_slices():
        if page := pages.page_of(_part_of(batch, rows, folded, kind.name)):
            yield page
        progress(rows.stop - rows.start)


@dataclass(frozen=True)
class _LaneColumns:
    """The features to fold: names, columns of the lane's rows, and their sets without other features."""

    plan: LanePlan
    event_type: str
    names: tuple[str, ...]
    columns: tuple[int, ...]
    sets: tuple[FeatureSet, ...]

    @classmethod
    def of(cls, plan: LanePlan, event_type: str, features: Collection[str]) -> "_LaneColumns":
        found: dict[str, int] = {}
        sets = []
        for each in plan.feature_sets(event_type):
            places = {name: int(column) for name, column in zip(each.names, each.columns, strict=True)}
            new = (set(features) & places.keys()) - found.keys()
            if new:
                specs = tuple(spec for spec in each.features if spec.name in new)
                sets.append(replace(each, features=specs))  # so that no other batch views are computed
                found |= {name: places[name] for name in sorted(new)}
        return cls(plan, event_type, tuple(found), tuple(found.values()), tuple(sets))

    def iter_slices(self) -> Iterator[tuple[LaneBatch, slice, Folded]]:
        """The lane from its beginning, some rows of a batch at a time, with the values of the columns."""
        if self.columns:
            yield from self._iter_folded()
            return
        for part in iter_lane_batches(self.plan, store=OfflineStore(), items=ITEMS_A_PAGE):
            yield part, slice(0, part.batch.n), np.empty((part.batch.n, 0))

    def _iter_folded(self) -> Iterator[tuple[LaneBatch, slice, Folded]]:
        store = OfflineStore()
        batch_values = [RuleValues(self.plan, each, store=store) for each in self.sets]
        history = fold_lane(
            with_columns(self.plan, self.event_type, self.columns),
            store=store,
            also={name for each in batch_values for name in each.columns},
            items=ITEMS_A_FOLD,
            fill=lambda parts: reduce(lambda filled, each: each.filled(filled), batch_values, parts),
        )
        for part, slices in history:
            for rows, folded in slices:
                yield part, rows, folded


def _part_of(batch: LaneBatch, rows: slice, folded: Folded, event_type: str) -> _Part:
    """The events of a type that these rows of a batch apply."""
    is_meant = np.zeros(batch.batch.n, dtype=bool)
    if event_type in batch.events:
        is_meant[batch.events[event_type][0]] = True
    mask = (is_meant & batch.is_event)[rows]
    return _Part(batch.event_positions[rows][mask], batch.versions[rows][mask], folded[mask])


@dataclass(frozen=True)
class _Pages:
    """Makes pages of parts. `names`: the folded features; `corrected`: corrected events that were seen."""

    reading: Reading
    kind: type[EventType]
    names: Sequence[str]
    lists: TodaysLists
    corrected: set[int] = field(default_factory=set)

    def page_of(self, part: _Part) -> UndecidedPage | None:
        """The events of a part that count, None if there are none."""
        found = _undecided_among(part.events, self.reading)
        chosen = [row for row, event in enumerate(part.events.tolist()) if self._counts(event, found)]
        if not chosen:
            return None
        events = part.events[chosen].tolist()
        versions = _versions_of(part.versions[chosen].tolist())
        streams = [f"{self.kind.name}/{found[event].name}" for event in events]
        labels, folded = read_labels(streams), part.folded[chosen]
        return UndecidedPage(
            streams=streams,
            decisions=[
                _instead(self.kind, event, found[event].occurred_at, version)
                for event, version in zip(events, versions, strict=True)
            ],
            packed=[b""] * len(chosen),
            versions=versions,
            labels=[labels.get(stream) for stream in streams],
            features=FeatureColumns(self.kind.name),
            vectors={name: folded[:, column] for column, name in enumerate(self.names)},
            found=self.lists.find(self.kind.name, versions),
        )

    def _counts(self, event: int, found: Mapping[int, _Row]) -> bool:
        """Whether an event counts here: a corrected one is applied several times, and counts once."""
        if event not in found or event in self.corrected:
            return False
        if found[event].versions > 1:
            self.corrected.add(event)
        return True


def _versions_of(positions: Sequence[int]) -> list[Mapping[str, Any]]:
    read = read_versions(positions)
    return [read[position] for position in positions]


def _undecided_among(events: Positions, reading: Reading) -> dict[int, _Row]:
    """The events at these positions that occurred in the period and have no decision."""
    if not len(events):
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_AMONG, [events.tolist(), reading.event_type, reading.since, reading.until])
        return {position: _Row(*row) for position, *row in cursor.fetchall()}


def _instead(kind: type[EventType], event: int, at: datetime, version: Mapping[str, Any]) -> dict[str, Any]:
    """What takes the place of a decision: as of the time when the event occurred."""
    return {
        "event_type": kind.name,
        "event_position": event,
        "decided_at": to_iso(at),
        "received_at": to_iso(at),
        "outcome": "",
        "stake": kind.stake(version["fields"]),
        "score": None,
        "basis": "none",
    }
