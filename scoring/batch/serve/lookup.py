"""The values of batch views for a lane's micro-batches, in one Redis call per batch."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.batch.serve import online
from scoring.batch.serve.filling import ViewColumns, columns_of_views
from scoring.batch.serve.online import Wanted
from scoring.batch.versions import NONE, ViewVersions, read_versions_of
from scoring.features.compile.plan import LanePlan
from scoring.features.folding.encode import Batch, LaneItem
from scoring.states.store import ScriptCall
from scoring.timestamps import from_micros, to_micros

logger = logging.getLogger(__name__)

# A version is valid 30 s after its publication, so events received in the next 30 s can read only versions
# that are already published. A third of that is reserved for clock differences and slow commits.
KNOWN_FOR_US = 20_000_000
LATEST_US = np.iinfo(np.int64).max

Numbers = Mapping[str, int | None]  # view -> the version that an event read; None: none
_NOTHING: Numbers = {}


class BatchLookup:
    """Determines the batch values that the events of one lane read."""

    def __init__(self, plan: LanePlan) -> None:
        self._views = {name: views for name in plan.encodings if (views := columns_of_views(plan, name))}
        self._versions: dict[str, ViewVersions] = {}
        self._known = (LATEST_US, 0)  # events received since and before then read these versions

    def choose(self, items: Sequence[LaneItem], received: Sequence[datetime]) -> "Reads":
        """The values to read for a micro-batch. `received`: the receipt time of each item's event.

        Items that are not events, and events of types without views, read nothing. An event reads no version
        if none is fresh.
        """
        by_type: dict[str, list[int]] = defaultdict(list)
        for row, item in enumerate(items):
            if item.kind == "event" and item.type in self._views:
                by_type[item.type].append(row)
        reads = Reads(items)
        if by_type:
            moments = [to_micros(moment) for moment in received]
            self._learn_versions([moments[row] for rows in by_type.values() for row in rows])
            for event_type, rows in by_type.items():
                for numbers, chosen in self._by_versions(self._views[event_type], rows, moments).items():
                    reads.add(chosen, self._views[event_type], numbers)
        return reads

    def _by_versions(
        self, views: Sequence[ViewColumns], rows: Sequence[int], moments: Sequence[int]
    ) -> Mapping[tuple[int, ...], Sequence[int]]:
        """Rows of one event type by the versions they read."""
        ends = {self._read_at(views, end([moments[row] for row in rows])) for end in (min, max)}
        if len(ends) == 1 and NONE not in (*ends,)[0]:
            return {ends.pop(): rows}  # and so do those between: no version began or became stale meanwhile
        groups: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for row in rows:
            groups[self._read_at(views, moments[row])].append(row)
        return groups

    def _read_at(self, views: Sequence[ViewColumns], moment: int) -> tuple[int, ...]:
        return tuple(self._versions[each.view.key].read_at(moment) for each in views)

    def _learn_versions(self, moments: Sequence[int]) -> None:
        first, last = min(moments), max(moments)
        since, before = self._known
        if since <= first and last < before:
            return
        views = [each.view for of_type in self._views.values() for each in of_type]
        longest = max(view.stale_after_us for view in views)
        first = min(first, since)  # batches of those who wait and of what has waited long may take turns
        self._versions = read_versions_of(views, as_of=from_micros(first - longest))
        self._known = (first, last + KNOWN_FOR_US)


class Reads:
    """The versions read by the items of a micro-batch. `numbers`: per item, by view; None for none."""

    def __init__(self, items: Sequence[LaneItem]) -> None:
        self.numbers: list[Numbers] = [_NOTHING] * len(items)
        self._items = items
        self._parts: list[_Part] = []

    def add(self, rows: Sequence[int], views: Sequence[ViewColumns], numbers: Sequence[int]) -> None:
        """Let items of one type read these versions of their views (NONE: none)."""
        read: dict[str, int | None] = {}
        entities: dict[str, _Entities] = {}
        places = np.array(rows)
        for each, number in zip(views, numbers, strict=True):
            read[each.view.key] = number or None
            if number != NONE:
                for spec in each.view.tables:
                    if spec.field not in entities:
                        entities[spec.field] = _entities(self._items, rows, spec.field)
                columns = [entities[spec.field] for spec in each.view.tables]
                self._parts.append(_Part(places, each, number, columns, read))
        for row in rows:
            self.numbers[row] = read

    def script(self) -> ScriptCall | None:
        """The Redis reader of the values; None if nothing is read."""
        return online.reading([part.wanted for part in self._parts]) if self._parts else None

    def fill(self, batch: Batch, reply: Sequence[bytes | None]) -> None:
        """Write the values into the batch; if Redis lacks a version, its items count as reading none."""
        for part, values in zip(self._parts, reply, strict=True):
            part.fill(batch, values)


class _Entities(NamedTuple):
    """Per item an index into distinct keys, -1 where it has none."""

    codes: NDArray[np.int64]
    keys: list[str]


class _Part:
    """Items that read one version of a view. `read`: the versions of all views that these items read."""

    def __init__(
        self,
        rows: NDArray[np.int64],
        each: ViewColumns,
        number: int,
        columns: Sequence[_Entities],
        read: dict[str, int | None],
    ) -> None:
        self._rows, self._each, self._columns, self._read = rows, each, columns, read
        self.wanted = Wanted(each.view, number, [column.keys for column in columns])

    def fill(self, batch: Batch, values: bytes | None) -> None:
        if values is None:
            self._lose()
            return
        matrices = self.wanted.matrices(values)
        found = [matrix[column.codes] for matrix, column in zip(matrices, self._columns, strict=True)]
        self._each.fill(batch, self._rows, found)

    def _lose(self) -> None:
        view = self._each.view.key
        self._read[view] = None
        _report_lost(view, self.wanted.number)


def _entities(items: Sequence[LaneItem], rows: Sequence[int], field: str) -> _Entities:
    seen: dict[str, int] = {}
    codes = []
    for row in rows:
        key = items[row].fields.get(field)
        codes.append(-1 if key is None else seen.setdefault(key, len(seen)))
    return _Entities(np.array(codes), list(seen))


@lru_cache(maxsize=256)
def _report_lost(view: str, number: int) -> None:
    """Log once per process; the number of affected decisions can be counted from the log."""
    logger.error("version %d of %s is not in Redis: events are decided without it", number, view)
