"""The version of a batch view that an event reads: determined by its receipt time, everywhere the same."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.batch.models import BatchVersion
from scoring.batch.views import BatchView
from scoring.timestamps import to_micros

NONE = 0  # versions are numbered from 1


class ViewVersion(NamedTuple):
    """A published version; moments in microseconds since 1970."""

    valid_from_us: int
    number: int
    as_of_us: int


@dataclass(frozen=True, slots=True)
class ViewVersions:
    """ViewVersions of one definition of a view, in the order in which they became valid."""

    stale_after_us: int
    published: Sequence[ViewVersion] = ()

    def read_at(self, received_us: int) -> int:
        """The number of the version that an event received at this moment reads; NONE if none is fresh.

        That is the newest one valid by then, unless its `as_of` is more than `stale_after` ago.

        >>> versions = ViewVersions(100, [ViewVersion(10, 1, 0), ViewVersion(60, 2, 50)])
        >>> [versions.read_at(moment) for moment in (9, 10, 59, 60, 150, 151)]
        [0, 1, 1, 2, 2, 0]
        """
        place = bisect_right(self.published, received_us, key=lambda version: version.valid_from_us) - 1
        if place < 0 or received_us - self.published[place].as_of_us > self.stale_after_us:
            return NONE
        return self.published[place].number

    def read_by_all(self, received_us: NDArray[np.int64]) -> NDArray[np.int64]:
        """`read_at` of many moments, int64[n]."""
        if not self.published:
            return np.full(len(received_us), NONE, dtype=np.int64)
        valid_from, numbers, as_of = np.array(self.published, dtype=np.int64).T
        places = np.searchsorted(valid_from, received_us, side="right") - 1
        fresh = (places >= 0) & (received_us - as_of[places] <= self.stale_after_us)
        return np.where(fresh, numbers[places], NONE)

    @property
    def first_valid_us(self) -> int | None:
        """The time from which events read published versions; None before the first one."""
        return self.published[0].valid_from_us if self.published else None


def read_versions_of(views: Iterable[BatchView], *, as_of: datetime | None = None) -> dict[str, ViewVersions]:
    """The versions of the views' current definitions by key, in one query.

    `as_of`: only those computed as of that moment or later.
    """
    wanted = {view.key: view for view in views}
    rows = BatchVersion.objects.filter(view__in=list(wanted))
    if as_of is not None:
        rows = rows.filter(as_of__gte=as_of)
    published: dict[str, list[ViewVersion]] = {key: [] for key in wanted}
    named = rows.values_list("view", "definition", "valid_from", "number", "as_of", named=True)
    for row in named:
        if row.definition == wanted[row.view].definition_hash:
            version = ViewVersion(to_micros(row.valid_from), row.number, to_micros(row.as_of))
            published[row.view].append(version)
    return {key: ViewVersions(view.stale_after_us, sorted(published[key])) for key, view in wanted.items()}
