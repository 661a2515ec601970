"""The pictures of one bank in memory: an index of their hashes, and for how long each item holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scoring.images.hashes import Words
from scoring.rules.banks.models import MAX_ITEMS
from scoring.rules.banks.search.hits import Nearest

if TYPE_CHECKING:  # it imports numba, which processes without banks in memory do without
    from scoring.images.hash_index import HashIndex

NEVER = 2**63 - 1  # the expiry, in microseconds, of an item that does not expire
NOT_REMOVED = 2**31 - 1  # in place of the version that removed an item

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class ItemColumns:
    """n items in order of their ids: until which time (microseconds) and version they hold, their quality."""

    ids: Ids
    expires_us: NDArray[np.int64]
    removed: NDArray[np.int32]
    quality: NDArray[np.int16]

    @classmethod
    def of(cls, ids: Any, expires_us: Any, removed: Any, quality: Any) -> "ItemColumns":
        """Columns of items whose ids rise."""
        return cls(
            np.asarray(ids, np.int64),
            np.asarray(expires_us, np.int64),
            np.asarray(removed, np.int32),
            np.asarray(quality, np.int16),
        )

    def followed_by(self, later: "ItemColumns") -> "ItemColumns":
        """These and later items, whose ids are all greater."""
        return ItemColumns(
            np.concatenate((self.ids, later.ids)),
            np.concatenate((self.expires_us, later.expires_us)),
            np.concatenate((self.removed, later.removed)),
            np.concatenate((self.quality, later.quality)),
        )

    def without(self, ids: Sequence[int]) -> "ItemColumns":
        """These without some items."""
        kept = ~np.isin(self.ids, np.asarray(ids, np.int64))
        return ItemColumns(self.ids[kept], self.expires_us[kept], self.removed[kept], self.quality[kept])

    def holding(self, ids: Ids, conditions: "Conditions") -> NDArray[np.bool_]:
        """Which of these items hold, in the order of `ids`."""
        places = np.searchsorted(self.ids, ids)
        holds = self.expires_us[places] > conditions.now_us
        holds &= self.quality[places] >= conditions.min_quality
        if conditions.version is not None:
            holds &= ids < (conditions.version + 1) * MAX_ITEMS
            holds &= self.removed[places] > conditions.version
        return holds


@dataclass(frozen=True, slots=True)
class Conditions:
    """What an item must be to match: of this quality, not expired at a time, in the bank at a version.

    `version`: of the ruleset; None for the latest, of which the table has no items that were removed.
    """

    distance: int
    min_quality: int
    now_us: int
    version: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ItemTable:
    """The pictures of a bank; never changed, `changed` gives the next table."""

    index: "HashIndex"
    columns: ItemColumns

    def __len__(self) -> int:
        """The number of items, expired ones too."""
        return len(self.index)

    def nearest(self, hashes: Words, conditions: Conditions) -> Nearest | None:
        """The item nearest to any of the hashes, of equally near ones the first added; None without any."""
        best: Nearest | None = None
        reach = conditions.distance
        for each in hashes:
            ids, distances = self.index.search(each, reach)
            if len(ids) and (found := self._nearest_that_holds(ids, distances, conditions)):
                best = found if best is None else min(best, found)
                reach = best.distance
        return best

    def changed(self, added: ItemColumns, hashes: Words, removed: Sequence[int]) -> "ItemTable":
        """The table after items were removed, by their ids, and others added."""
        index = self.index.changed((hashes, added.ids), removed)
        return ItemTable(index, self.columns.followed_by(added))

    def _nearest_that_holds(
        self, ids: Ids, distances: NDArray[Any], conditions: Conditions
    ) -> Nearest | None:
        """The first of these items, which are in order of their distances and ids, that holds."""
        holds = self.columns.holding(ids, conditions)
        if not holds.any():
            return None
        first = int(holds.argmax())
        return Nearest(int(distances[first]), int(ids[first]))


def empty_table() -> ItemTable:
    """The table of a bank without pictures."""
    from scoring.images.hash_index import HashIndex  # noqa: PLC0415 (numba)

    columns = ItemColumns.of([], [], [], [])
    return ItemTable(HashIndex.of(np.empty((0, 4), np.uint64), columns.ids), columns)
