"""The values that the events of a lane's micro-batches are decided on: one look at Redis a batch."""

import logging
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from scoring.batch import online
from scoring.batch.filling import ViewColumns, columns_of_views
from scoring.batch.online import Wanted
from scoring.batch.versions import NONE, Versions, read_versions_of
from scoring.features.encode import Batch, LaneItem
from scoring.features.plan import LanePlan
from scoring.timestamps import from_micros, to_micros

logger = logging.getLogger(__name__)

# A version is valid 30 s after it was published. What was published when an event was received is therefore
# all that those received in the next 30 s may read; a third of it is for clocks that differ and for a
# publication that is slow to commit.
KNOWN_FOR_US = 20_000_000
LATEST_US = np.iinfo(np.int64).max

Numbers = Mapping[str, int | None]  # view -> the version that an event read; None: none


class BatchLookup:
    """Fills in batch values for the events of one lane, and says which versions they are of."""

    def __init__(self, plan: LanePlan) -> None:
        self._views = {name: views for name in plan.encodings if (views := columns_of_views(plan, name))}
        self._versions: dict[str, Versions] = {}
        self._known = (LATEST_US, 0)  # events received since and before then read these versions
        self._lost: set[tuple[str, int]] = set()  # reported already

    def fill(
        self, batch: Batch, items: Sequence[LaneItem], received: Sequence[datetime]
    ) -> Sequence[Numbers]:
        """Fills the values of the views that each item's type reads into `batch`; gives what each item read.

        `received`: when each item's event was. Items that are no events, and events of types without views,
        read nothing. An event reads no version where none is fresh, or where Redis does not have it: its
        values stay NaN. No round trip where no type of the lane has a view.
        """
        numbers: list[dict[str, int | None]] = [{} for _ in items]
        moments = {
            row: to_micros(received[row])
            for row, item in enumerate(items)
            if item.kind == "event" and item.type in self._views
        }
        if moments:
            self._learn_versions(moments.values())
            reads = self._choose(items, moments, numbers)
            self._read(batch, items, reads, numbers)
        return numbers

    def _learn_versions(self, moments: Collection[int]) -> None:
        first, last = min(moments), max(moments)
        since, before = self._known
        if since <= first and last < before:
            return
        views = [each.view for of_type in self._views.values() for each in of_type]
        longest = max(view.stale_after_us for view in views)
        first = min(first, since)  # batches of those who wait and of what has waited long may take turns
        self._versions = read_versions_of(views, as_of=from_micros(first - longest))
        self._known = (first, last + KNOWN_FOR_US)

    def _choose(
        self, items: Sequence[LaneItem], moments: Mapping[int, int], numbers: Sequence[dict[str, int | None]]
    ) -> dict[tuple[ViewColumns, int], list[int]]:
        """The rows that read each version of each view; notes in `numbers` what each reads."""
        reads: dict[tuple[ViewColumns, int], list[int]] = defaultdict(list)
        for row, moment in moments.items():
            for each in self._views[items[row].type]:
                key = each.view.key
                number = self._versions[key].read_at(moment)
                numbers[row][key] = number or None
                if number != NONE:
                    reads[each, number].append(row)
        return reads

    def _read(
        self,
        batch: Batch,
        items: Sequence[LaneItem],
        reads: Mapping[tuple[ViewColumns, int], list[int]],
        numbers: Sequence[dict[str, int | None]],
    ) -> None:
        entities = [
            [_entities(items, rows, spec.field) for spec in each.view.tables]
            for (each, _), rows in reads.items()
        ]
        wanted = [
            Wanted(each.view, number, [keys for _, keys in tables])
            for (each, number), tables in zip(reads, entities, strict=True)
        ]
        found = online.read(wanted) if wanted else []
        for (each, number), tables, matrices in zip(reads, entities, found, strict=True):
            rows = reads[each, number]
            if matrices is None:
                self._report_lost(each.view.key, number)
                for row in rows:
                    numbers[row][each.view.key] = None
                continue
            values = [matrix[codes] for matrix, (codes, _) in zip(matrices, tables, strict=True)]
            each.fill(batch, np.array(rows), values)

    def _report_lost(self, view: str, number: int) -> None:
        if (view, number) not in self._lost:
            self._lost.add((view, number))
            logger.error("version %d of %s is not in Redis: events are decided without it", number, view)


def _entities(
    items: Sequence[LaneItem], rows: Sequence[int], field: str
) -> tuple[NDArray[np.int64], list[str]]:
    """Per row an index into the values of an entity field, -1 where it has none; and the values, distinct."""
    seen: dict[str, int] = {}
    codes = []
    for row in rows:
        key = items[row].fields.get(field)
        codes.append(-1 if key is None else seen.setdefault(key, len(seen)))
    return np.array(codes), list(seen)
