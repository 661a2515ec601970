"""The keys of one list in memory: sorted arrays, 36 bytes a value, with later changes laid over them."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from struct import Struct
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

NEVER = 2**63 - 1  # the expiry, in microseconds, of a value that does not expire
MIN_MERGED = 10_000  # changes that are merged into the arrays at once, or an eighth of their length

_HALVES = Struct(">QQ")


class KeyEntry(NamedTuple):
    """A value of a list: the id of its row, its expiry in microseconds, and its reason."""

    id: int
    expires_us: int
    reason: str


@dataclass(frozen=True, slots=True)
class SortedKeys:
    """n keys in order, as two halves, with ids, expiries and places in `reasons`.

    The halves are memory views, because one element of them is read faster than one of an array.
    """

    high: memoryview
    low: memoryview
    ids: NDArray[np.int64]
    expires_us: NDArray[np.int64]
    reason_places: NDArray[np.int32]
    reasons: tuple[str, ...]

    @classmethod
    def of(
        cls,
        keys: bytes,
        ids: NDArray[np.int64],
        expires_us: NDArray[np.int64],
        reason_places: NDArray[np.int32],
        reasons: tuple[str, ...],
    ) -> "SortedKeys":
        """Keys in any order, concatenated; each occurs once."""
        halves = np.frombuffer(keys, dtype=">u8").reshape(-1, 2).astype(np.uint64)
        order = np.lexsort((halves[:, 1], halves[:, 0]))
        high, low = (np.ascontiguousarray(halves[order, half]) for half in (0, 1))
        return cls(high.data, low.data, ids[order], expires_us[order], reason_places[order], reasons)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def nbytes(self) -> int:
        """The size of the arrays."""
        return len(self) * (2 * 8 + 8 + 8 + 4)

    def find(self, key: bytes) -> KeyEntry | None:
        high, low = _HALVES.unpack(key)
        place = bisect_left(self.high, high)
        while place < len(self.high) and self.high[place] == high:
            if self.low[place] == low:
                return self._entry(place)
            place += 1
        return None

    def _entry(self, place: int) -> KeyEntry:
        reason = self.reasons[self.reason_places[place]]
        return KeyEntry(int(self.ids[place]), int(self.expires_us[place]), reason)

    def merged(self, added: Mapping[bytes, KeyEntry], removed: Iterable[int]) -> "SortedKeys":
        """These keys without those of the ids `removed`, and with `added`."""
        kept = ~np.isin(self.ids, np.fromiter(removed, np.int64))
        halves = np.column_stack([np.asarray(self.high)[kept], np.asarray(self.low)[kept]])
        places = {reason: place for place, reason in enumerate(self.reasons)}
        new_places = [places.setdefault(entry.reason, len(places)) for entry in added.values()]
        entries = added.values()
        return SortedKeys.of(
            halves.astype(">u8").tobytes() + b"".join(added),
            np.concatenate([self.ids[kept], _int64(entry.id for entry in entries)]),
            np.concatenate([self.expires_us[kept], _int64(entry.expires_us for entry in entries)]),
            np.concatenate([self.reason_places[kept], np.array(new_places, dtype=np.int32)]),
            tuple(places),
        )


def _int64(numbers: Iterable[int]) -> NDArray[np.int64]:
    return np.fromiter(numbers, np.int64)


_NONE: NDArray[Any] = np.empty(0, np.int64)
NO_KEYS = SortedKeys.of(b"", _NONE, _NONE, _NONE.astype(np.int32), ())


@dataclass(frozen=True, slots=True)
class KeyTable:
    """The keys of a list: sorted ones, less the ids removed since, and those added since."""

    stored: SortedKeys = NO_KEYS
    added: Mapping[bytes, KeyEntry] = field(default_factory=dict)
    removed: frozenset[int] = frozenset()

    def __len__(self) -> int:
        return len(self.stored) - len(self.removed) + len(self.added)

    def find(self, key: bytes) -> KeyEntry | None:
        """The value of this key, expired or not; None if it is not on the list."""
        if self.added and (entry := self.added.get(key)):
            return entry
        entry = self.stored.find(key)
        return None if entry is None or entry.id in self.removed else entry

    def changed(self, added: Mapping[bytes, KeyEntry], removed: Mapping[bytes, int]) -> "KeyTable":
        """The table after values were removed (keys and ids), and others added."""
        laid = {key: entry for key, entry in self.added.items() if removed.get(key) != entry.id}
        laid_ids = {entry.id for entry in self.added.values()}
        gone = self.removed | {number for number in removed.values() if number not in laid_ids}
        laid.update(added)
        if len(laid) + len(gone) > max(MIN_MERGED, len(self.stored) // 8):
            return KeyTable(self.stored.merged(laid, gone))
        return KeyTable(self.stored, laid, gone)
