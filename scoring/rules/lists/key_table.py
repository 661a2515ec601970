"""The keys of one list in memory: sorted arrays, 36 bytes a value, with later changes laid over them."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from struct import Struct
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

NEVER = 2**63 - 1  # the expiry, in microseconds, of a value that does not expire
MIN_MERGED = 10_000  # changes that are merged into the arrays at once, or a 32nd of their length

_HALVES = Struct(">QQ")


class KeyEntry(NamedTuple):
    """A value of a list: the id of its row, its expiry in microseconds, and its reason."""

    id: int
    expires_us: int
    reason: str


@dataclass(frozen=True, slots=True)
class SortedKeys:
    """n keys, as two halves in order of the first, with ids, expiries and places in `reasons`.

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
        order = np.argsort(halves[:, 0], kind="stable")
        high, low = (np.ascontiguousarray(halves[order, half]) for half in (0, 1))
        return cls(high.data, low.data, ids[order], expires_us[order], reason_places[order], reasons)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def nbytes(self) -> int:
        """The size of the arrays."""
        return len(self) * (2 * 8 + 8 + 8 + 4)

    def find(self, key: bytes) -> KeyEntry | None:
        place = self._place(key)
        if place is None:
            return None
        reason = self.reasons[self.reason_places[place]]
        return KeyEntry(int(self.ids[place]), int(self.expires_us[place]), reason)

    def with_high(self, high: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Whether some key here has each of these first halves: bool[n]."""
        if not len(self):
            return np.zeros(len(high), dtype=bool)
        own = np.asarray(self.high)
        return own.take(own.searchsorted(high), mode="clip") == high

    def _place(self, key: bytes) -> int | None:
        high, low = _HALVES.unpack(key)
        place = bisect_left(self.high, high)
        while place < len(self.high) and self.high[place] == high:
            if self.low[place] == low:
                return place
            place += 1
        return None

    def merged(self, added: Mapping[bytes, KeyEntry], removed: Iterable[bytes]) -> "SortedKeys":
        """These keys without those `removed`, and with `added`; linear in their number."""
        kept = np.ones(len(self), dtype=bool)
        kept[[place for key in removed if (place := self._place(key)) is not None]] = False
        places = {reason: place for place, reason in enumerate(self.reasons)}
        entries = added.values()
        new = SortedKeys.of(
            b"".join(added),
            np.fromiter((entry.id for entry in entries), np.int64),
            np.fromiter((entry.expires_us for entry in entries), np.int64),
            np.fromiter((places.setdefault(entry.reason, len(places)) for entry in entries), np.int32),
            (),
        )
        high = np.asarray(self.high)[kept]
        at = np.searchsorted(high, np.asarray(new.high))
        return SortedKeys(
            np.insert(high, at, np.asarray(new.high)).data,
            np.insert(np.asarray(self.low)[kept], at, np.asarray(new.low)).data,
            np.insert(self.ids[kept], at, new.ids),
            np.insert(self.expires_us[kept], at, new.expires_us),
            np.insert(self.reason_places[kept], at, new.reason_places),
            tuple(places),
        )


def first_halves(keys: Sequence[bytes]) -> NDArray[np.uint64]:
    """The first halves of keys, by which tables are sorted: uint64[n]."""
    return np.frombuffer(b"".join(keys), dtype=">u8")[::2].astype(np.uint64)


_NONE: NDArray[Any] = np.empty(0, np.int64)
NO_KEYS = SortedKeys.of(b"", _NONE, _NONE, _NONE.astype(np.int32), ())


@dataclass(frozen=True, slots=True)
class KeyTable:
    """The keys of a list: sorted ones, less those removed since (with their ids), and those added since."""

    stored: SortedKeys = NO_KEYS
    added: Mapping[bytes, KeyEntry] = field(default_factory=dict)
    removed: Mapping[bytes, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.stored) - len(self.removed) + len(self.added)

    def find(self, key: bytes) -> KeyEntry | None:
        """The value of this key, expired or not; None if it is not on the list."""
        if self.added and (entry := self.added.get(key)):
            return entry
        return None if key in self.removed else self.stored.find(key)

    def may_hold(self, keys: Sequence[bytes], high: NDArray[np.uint64]) -> list[int]:
        """The places of the keys that `find` may find, and no others. `high`: their first halves."""
        places: list[int] = self.stored.with_high(high).nonzero()[0].tolist()
        if self.added:
            places += [place for place, key in enumerate(keys) if key in self.added]
        return places

    def changed(self, added: Mapping[bytes, KeyEntry], removed: Mapping[bytes, int]) -> "KeyTable":
        """The table after values were removed (keys and ids), and others added."""
        laid, gone = dict(self.added), dict(self.removed)
        for key, number in removed.items():
            if key in laid and laid[key].id == number:
                del laid[key]
            else:
                gone[key] = number
        laid.update(added)
        if len(laid) + len(gone) > max(MIN_MERGED, len(self.stored) // 32):
            return KeyTable(self.stored.merged(laid, gone))
        return KeyTable(self.stored, laid, gone)
