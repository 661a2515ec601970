"""Outliers in time: events of a clock that was reset, of a trial years before. Training leaves them out."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.learning.dataset.split import DAY_US
from scoring.timestamps import from_micros, to_iso

MAX_SHARE, MIN_ALLOWED = 0.01, 3

Times = NDArray[np.int64]


@dataclass(frozen=True)
class OutlierGroup:
    """Events left out at one end of a history: how many, and the first and the last of them."""

    events: int
    first: str
    last: str


@dataclass(frozen=True)
class Outliers:
    """What is left out before and after the bulk of a history."""

    before: OutlierGroup | None = None
    after: OutlierGroup | None = None

    @property
    def events(self) -> int:
        return sum(group.events for _, group in self)

    def stored(self) -> dict[str, Any]:
        """As the lineage has it."""
        return asdict(self)

    def __iter__(self) -> Iterator[tuple[str, OutlierGroup]]:
        """(where, what) of each end that has any."""
        return iter([(where, each) for where, each in vars(self).items() if each])


NO_OUTLIERS = Outliers()


def find_outliers(occurred_at: Times) -> tuple[NDArray[np.bool_], Outliers]:
    """Which rows (bool[n]) belong to the bulk of the history, and what lies beside it.

    Events at either end are outliers if a silence separates them from the rest that is longer than the rest
    lasts (and than a day), and if they are at most 1 in 100 of all, or three. A sparse beginning is no
    outlier: its silences are short beside the length of the history.
    """
    times = np.sort(occurred_at)
    allowed = min(max(int(MAX_SHARE * len(times)), MIN_ALLOWED), (len(times) - 1) // 4)
    if allowed < 1:
        return np.ones(len(times), dtype=bool), NO_OUTLIERS
    longest = max(int(times[-1 - allowed] - times[allowed]), DAY_US)
    before = _count_beyond(np.diff(times[: allowed + 1]), longest)
    after = _count_beyond(np.diff(times[len(times) - 1 - allowed :])[::-1], longest)
    end = len(times) - after
    kept = (occurred_at >= times[before]) & (occurred_at <= times[end - 1])
    return kept, Outliers(_group(times[:before]), _group(times[end:]))


def outlier_sentences(stored: Mapping[str, Any] | None) -> list[str]:
    """What was left out, a sentence an end, from the lineage."""
    ends = {"before": "earlier", "after": "later"}
    return [
        f"{group['events']:,} {'event' if group['events'] == 1 else 'events'} far {ends[where]} than all"
        f" others ({_days(group['first'], group['last'])})"
        for where, group in (stored or {}).items()
        if group
    ]


def _count_beyond(silences: Times, longest: int) -> int:
    """How many events lie beyond the innermost silence that is long enough; silences from the end inwards."""
    long = np.flatnonzero(silences > longest)
    return int(long[-1]) + 1 if len(long) else 0


def _group(times: Times) -> OutlierGroup | None:
    return OutlierGroup(len(times), _iso(times[0]), _iso(times[-1])) if len(times) else None


def _iso(micros: np.int64) -> str:
    return to_iso(from_micros(int(micros)))


def _days(first: str, last: str) -> str:
    return first[:10] if first[:10] == last[:10] else f"{first[:10]} to {last[:10]}"
