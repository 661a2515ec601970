"""The values of a view at past times, as if its schedule had always run."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from scoring.batch.reading import read_timely_events
from scoring.batch.views import BatchView, Matrix, ViewEvents, places_of
from scoring.features.folding.encode import KeyColumn
from scoring.log.entries import LAST_POSITION
from scoring.offline.store import OfflineStore


def boundary_read(view: BatchView, times: NDArray[np.int64]) -> NDArray[np.int64]:
    """The `as_of` of the version read by an event at each time: the last one at least a period ago."""
    return times // view.every_us * view.every_us - view.every_us


class ViewHistory:
    """A view's values at past times, from events that are read and sorted once.

    Only versions that would have been valid count, so that no value uses the future; see `boundary_read`. The
    values are bit-identical to those of `BatchView.compute` on the events before the boundary.
    """

    def __init__(self, view: BatchView, events: ViewEvents) -> None:
        self.view = view
        self._computation = view.prepare(events)
        self._places = [{key: place for place, key in enumerate(keys)} for keys in self._computation.keys]

    @classmethod
    def read(
        cls,
        view: BatchView,
        *,
        log_position: int = LAST_POSITION,
        store: OfflineStore | None = None,
        received: pa.Table | None = None,
    ) -> "ViewHistory":
        """The history of events in the log up to `log_position`.

        `received`: as `read_timely_events` takes it. Raises OfflineStoreOfAnotherLog.
        """
        events = read_timely_events(view, log_position=log_position, store=store, received=received)
        return cls(view, events)

    def values(self, keys: Sequence[KeyColumn], times: NDArray[np.int64], *, threads: int = 1) -> Matrix:
        """float64[n, values] of events of n entities per table and times (microseconds since 1970).

        NaN for entities that are missing or have no events yet. Each boundary is computed once, so that
        nearby times cost little. The number of `threads` changes no bit.
        """
        places = [places_of(column, known) for column, known in zip(keys, self._places, strict=True)]
        boundaries = boundary_read(self.view, times)
        return self.view.combine(self._computation.look_up(places, boundaries, threads=threads))
