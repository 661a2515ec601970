"""Values of batch views for whole batches of a lane, as each event read or would have read them."""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from django.conf import settings
from numpy.typing import NDArray

from scoring.batch.history import ViewHistory
from scoring.batch.models import BatchVersion
from scoring.batch.reading import read_received
from scoring.batch.serve.filling import ViewColumns, columns_of_views, views_read_by
from scoring.batch.stored import read_tables
from scoring.batch.versions import NONE, ViewVersions, read_versions_of
from scoring.batch.views import BatchTable, BatchView, Matrix, places_of
from scoring.catalog.registry import event_type as find_event_type
from scoring.features.compile.plan import FeatureSet, LanePlan
from scoring.features.folding.encode import Batch, KeyColumn
from scoring.log.entries import LAST_POSITION
from scoring.offline.columns import coded, integers
from scoring.offline.lane import LaneBatch
from scoring.offline.segments import Segment, Segments, held_columns
from scoring.offline.store import OfflineStore

VERSIONS_KEPT = 8  # in memory: batches go through time, and read few versions at once
NEVER_US = np.iinfo(np.int64).max

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TypeEvents:
    """Events of one type in a batch: their rows there, and their rows in a table of their fields."""

    rows: Rows
    table: pa.Table

    def __len__(self) -> int:
        return len(self.rows)

    def where(self, chosen: NDArray[np.bool_]) -> "TypeEvents":
        return TypeEvents(self.rows[chosen], self.table.filter(pa.array(chosen)))

    def keys(self, view: BatchView) -> list[KeyColumn]:
        """The entities of each of the view's tables."""
        return [coded(self.table[spec.field]) for spec in view.tables]


def events_of(part: LaneBatch, event_type: str) -> TypeEvents | None:
    """The events of a type that a batch applies, without labels; None where it has none."""
    if event_type not in part.events:
        return None
    places, table = part.events[event_type]
    return TypeEvents(places, table).where(part.is_event[places])


def entity_fields(views: Iterable[ViewColumns]) -> list[str]:
    """The event fields by which views are read."""
    return [spec.field for each in views for spec in each.view.tables]


class StoredVersions:
    """Published versions, read from their files; the last few stay in memory."""

    def __init__(self, store: OfflineStore | None = None) -> None:
        self._store = store
        self._kept: OrderedDict[tuple[str, int], list[_Lookup]] = OrderedDict()

    def fill(self, batch: Batch, each: ViewColumns, events: TypeEvents, number: int) -> None:
        """Gives events of a batch the values of a version.

        Raises BatchVersionCorrupt, and BatchVersion.DoesNotExist for a version that never was.
        """
        view = each.view
        lookups = self._kept.get((view.key, number)) or self._read(view, number)
        self._kept.move_to_end((view.key, number))
        keys = events.keys(view)
        found = [lookup.rows(column) for lookup, column in zip(lookups, keys, strict=True)]
        each.fill(batch, events.rows, found)

    def _read(self, view: BatchView, number: int) -> "list[_Lookup]":
        version = BatchVersion.objects.get(view=view.key, number=number)
        tables = read_tables(view, version, self._store)
        lookups = [_Lookup(table, len(spec.columns)) for spec, table in zip(view.tables, tables, strict=True)]
        self._kept[view.key, number] = lookups
        while len(self._kept) > VERSIONS_KEPT:
            self._kept.popitem(last=False)
        return lookups


class _Lookup:
    """The first `width` columns of a table by entity."""

    def __init__(self, table: BatchTable, width: int) -> None:
        self._places = {key: place for place, key in enumerate(table.keys)}
        self._matrix = np.vstack([table.matrix[:, :width], np.full((1, width), np.nan)])

    def rows(self, column: KeyColumn) -> Matrix:
        return self._matrix[places_of(column, self._places)]


class RuleValues:
    """The values that every event of a type reads from the views of a feature set, by the same rule as lanes.

    An event received after the view's first valid version reads the newest version that was valid and fresh
    then, or none. Earlier events and imported history read what the view's schedule would have given; see
    `ViewHistory`. Versions that Redis had lost at decision time are included.
    """

    def __init__(
        self,
        plan: LanePlan,
        feature_set: FeatureSet,
        *,
        log_position: int | None = None,
        store: OfflineStore | None = None,
    ) -> None:
        self._event_type = feature_set.event_type
        read = views_read_by(feature_set)
        self._views = [each for each in columns_of_views(plan, self._event_type) if each.view.key in read]
        self._versions = read_versions_of([each.view for each in self._views]) if self._views else {}
        self._stored = StoredVersions(store)
        self._log_position = LAST_POSITION if log_position is None else log_position
        self._store = store
        self._histories: dict[str, ViewHistory] = {}
        self._received: dict[str, pa.Table] = {}  # by event type, until all histories are read
        self._shared: Segments = []
        self._shared_fields: Collection[str] = ()

    @property
    def columns(self) -> list[str]:
        """The event columns that this reads; none if the set has no views."""
        return ["_recorded_at", "_history", *entity_fields(self._views)] if self._views else []

    def share(self, fields: Collection[str]) -> Segments:
        """The events that views' histories are read from, once they are, with these fields and columns.

        `iter_lane_batches` takes them as `known`, so that the log is read once for both.
        """
        self._shared_fields = fields
        return self._shared

    def filled(self, parts: Iterable[LaneBatch]) -> Iterator[LaneBatch]:
        """The same batches with the values filled in; their tables must have `columns`."""
        for part in parts:
            self._fill(part)
            yield part

    def _fill(self, part: LaneBatch) -> None:
        events = events_of(part, self._event_type) if self._views else None
        if events is None:
            return
        received = integers(events.table["_recorded_at"])
        is_history = events.table["_history"].to_numpy()
        for each in self._views:
            versions = self._versions[each.view.key]
            early = is_history | (received < _first_valid(versions))
            if early.any():
                self._fill_early(part.batch, each, events.where(early))
            if not early.all():
                self._fill_published(part.batch, each, events.where(~early))

    def _fill_published(self, batch: Batch, each: ViewColumns, events: TypeEvents) -> None:
        received = integers(events.table["_recorded_at"])
        numbers = self._versions[each.view.key].read_by_all(received)
        for number in np.unique(numbers[numbers != NONE]).tolist():
            self._stored.fill(batch, each, events.where(numbers == number), number)

    def _fill_early(self, batch: Batch, each: ViewColumns, events: TypeEvents) -> None:
        if not each.view.has_history:
            return
        history = self._histories.get(each.view.key) or self._read_history(each.view)
        values = history.values(
            events.keys(each.view), batch.times[events.rows], threads=settings.BACKFILL_THREADS
        )
        each.write(batch, events.rows, values)

    @property
    def _with_history(self) -> list[BatchView]:
        return [each.view for each in self._views if each.view.has_history]

    def _read_history(self, view: BatchView) -> ViewHistory:
        """The history of a view, from one reading of the events for all views of their type."""
        how: dict[str, Any] = {"log_position": self._log_position, "store": self._store}
        if view.source not in self._received:
            views = [each for each in self._with_history if each.source == view.source]
            self._received[view.source] = read_received(views, also=self._shared_fields, **how)
            self._share_received(view.source)
        self._histories[view.key] = ViewHistory.read(view, **how, received=self._received[view.source])
        if all(each.key in self._histories for each in self._with_history):
            self._received.clear()
        return self._histories[view.key]

    def _share_received(self, source: str) -> None:
        if self._shared_fields:
            columns = held_columns(find_event_type(source), self._shared_fields)
            events = self._received[source].select(columns)
            self._shared.append((source, Segment(events, by="_position")))


def _first_valid(versions: ViewVersions) -> int:
    return NEVER_US if versions.first_valid_us is None else versions.first_valid_us
