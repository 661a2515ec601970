"""Trends: an entity's current activity relative to its rate over a longer window."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.batch.views import BatchTableSpec, BatchView, Computation, Matrix, Places, ViewEvents, ranked
from scoring.catalog.fields import Entity
from scoring.declare import InRole, Window, part_of_vocabulary
from scoring.declare.spelling import span_text

part_of_vocabulary(__name__)


class Trend(BatchView):
    """`count`: events in `over`; `ratio`: that count divided by the one expected from the window `against`.

    Both windows end at the version's `as_of`. An entity without events in the longer window has neither
    value.
    """

    kind = "trend"
    values = ("ratio", "count")

    def __init__(
        self, entity: Entity | InRole, *, over: str, against: str, every: str, stale_after: str, of: str = ""
    ) -> None:
        super().__init__(entity, over=over, every=every, stale_after=stale_after, of=of)
        self.against = Window.parse(against, self.origin)
        self._check_multiple(self.against)
        if self.against.us <= self.over.us:
            raise self.origin.error(f"against {against} must be longer than over {over}")

    @property
    def over_us(self) -> int:
        return self.against.us

    @property
    def tables(self) -> tuple[BatchTableSpec, ...]:
        return (BatchTableSpec(self.entities[0].name, ("recent", "longer")),)

    @property
    def definition(self) -> dict[str, Any]:
        return super().definition | {"against_us": self.against.us}

    def unit(self, value: str) -> str:
        return "events" if value == "count" else "ratio"

    def phrase(self, value: str, *, events: str) -> str:
        recent = f"{events} in {span_text(self.over.label)}"
        if value == "count":
            return f"the number of {recent}"
        return f"the rate of {recent} as a multiple of that in {span_text(self.against.label)}"

    def prepare(self, events: ViewEvents) -> Computation:
        return _Trends(self, events)

    def combine(self, rows: Sequence[Matrix]) -> Matrix:
        recent, longer = rows[0].T
        usual = longer * (self.over.us / self.against.us)
        return np.stack([recent / usual, recent], axis=1)


class _Trends(Computation):
    def __init__(self, view: Trend, events: ViewEvents) -> None:
        names, codes = ranked(events.names[view.names_of_entities[0]])
        super().__init__([names], [2])
        self._windows = (view.over.us, view.against.us)
        # (entity, place in time) as one number: an entity's events before a moment are two searches.
        # Places, not times: entities times microseconds would not fit 64 bits.
        self._times, self._span = events.times, len(events.times) + 1
        known = np.flatnonzero(codes >= 0)
        self._sorted = np.sort(codes[known] * self._span + known)

    def at(self, as_of_us: int) -> tuple[Matrix, ...]:
        places = np.arange(len(self.keys[0]))
        return tuple(self.look_up([places], np.full(len(places), as_of_us)))

    def look_up(
        self, places: Sequence[Places], as_of_us: NDArray[np.int64], *, threads: int = 1
    ) -> list[Matrix]:
        place = places[0]
        until = self._rank(place, as_of_us)
        counts = [until - self._rank(place, as_of_us - window) for window in self._windows]
        matrix = np.stack(counts, axis=1).astype(np.float64)
        matrix[(place < 0) | (counts[1] == 0)] = np.nan
        return [matrix]

    def _rank(self, places: Places, times: NDArray[np.int64]) -> Places:
        """How many events stand before each (entity, time)."""
        return np.searchsorted(self._sorted, places * self._span + np.searchsorted(self._times, times))
