"""Outliers in time, such as events from a reset clock or an early trial. Training excludes them."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.learning.dataset.split import DAY_US
from scoring.timestamps import from_micros, to_iso

MAX_OUTLIER_SHARE, ALWAYS_ALLOWED = 0.01, 3

Times = NDArray[np.int64]


@dataclass(frozen=True)
class OutlierGroup:
    """Events excluded at one end of a history: their number, and the times of the first and the last."""

    events: int
    first: str
    last: str


@dataclass(frozen=True)
class Outliers:
    """The events excluded before and after the bulk of a history."""

    before: OutlierGroup | None = None
    after: OutlierGroup | None = None

    @property
    def events(self) -> int:
        return sum(group.events for _, group in self)

    def stored(self) -> dict[str, Any]:
        """As stored in the lineage."""
        return asdict(self)

    def __iter__(self) -> Iterator[tuple[str, OutlierGroup]]:
        """(end, group) of each end with outliers."""
        return iter([(where, each) for where, each in vars(self).items() if each])


NO_OUTLIERS = Outliers()


def find_outliers(occurred_at: Times) -> tuple[NDArray[np.bool_], Outliers]:
    """Which rows (bool[n]) belong to the bulk of the history, and the outliers outside of it.

    Events at either end are outliers if the gap to the rest is longer than the rest lasts (and than a day),
    and if they are at most 1 in 100 of all, or three. A sparse beginning is not an outlier: its gaps are
    short compared with the length of the history.
    """
    times = np.sort(occurred_at)
    allowed = min(max(int(MAX_OUTLIER_SHARE * len(times)), ALWAYS_ALLOWED), (len(times) - 1) // 4)
    if allowed < 1:
        return np.ones(len(times), dtype=bool), NO_OUTLIERS
    longest = max(int(times[-1 - allowed] - times[allowed]), DAY_US)
    before = _count_beyond(np.diff(times[: allowed + 1]), longest)
    after = _count_beyond(np.diff(times[len(times) - 1 - allowed :])[::-1], longest)
    end = len(times) - after
    kept = (occurred_at >= times[before]) & (occurred_at <= times[end - 1])
    return kept, Outliers(_group(times[:before]), _group(times[end:]))


def outlier_sentences(stored: Mapping[str, Any] | None) -> list[str]:
    """The outliers in the lineage in words, one phrase for each end."""
    ends = {"before": "earlier", "after": "later"}
    return [
        f"{group['events']:,} {'event' if group['events'] == 1 else 'events'} far {ends[where]} than all"
        f" others ({_days(group['first'], group['last'])})"
        for where, group in (stored or {}).items()
        if group
    ]


def _count_beyond(silences: Times, longest: int) -> int:
    """The number of events beyond the innermost long gap; `silences` run from the end inward."""
    long = np.flatnonzero(silences > longest)
    return int(long[-1]) + 1 if len(long) else 0


def _group(times: Times) -> OutlierGroup | None:
    return OutlierGroup(len(times), _iso(times[0]), _iso(times[-1])) if len(times) else None


def _iso(micros: np.int64) -> str:
    return to_iso(from_micros(int(micros)))


def _days(first: str, last: str) -> str:
    return first[:10] if first[:10] == last[:10] else f"{first[:10]} to {last[:10]}"
