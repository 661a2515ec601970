"""Profiles: the typical behavior of an entity over months, using `scoring.batch.compute.statistics`."""

from typing import Any

import numpy as np

from scoring.batch.compute.grouping import Owners
from scoring.batch.compute.statistics import Statistic
from scoring.batch.views import BatchTableSpec, BatchView, Computation, Matrix, ViewEvents, ranked
from scoring.catalog.fields import Entity, Field
from scoring.declare import InRole, Origin, part_of_vocabulary
from scoring.declare.spelling import span_text

part_of_vocabulary(__name__)


class Profile(BatchView):
    """An entity's behavior: each keyword names a value, `Profile(card, ..., p95=quantile(amount, 0.95))`."""

    kind = "profile"

    def __init__(
        self,
        entity: Entity | InRole,
        *,
        over: str,
        every: str,
        stale_after: str,
        of: str = "",
        **statistics: Statistic,
    ) -> None:
        super().__init__(entity, over=over, every=every, stale_after=stale_after, of=of)
        if not statistics:
            raise self.origin.error("a Profile needs at least one statistic")
        for name, statistic in statistics.items():
            _check_statistic(self.origin, name, statistic)
        self.statistics = statistics
        self.values = tuple(statistics)

    @property
    def tables(self) -> tuple[BatchTableSpec, ...]:
        return (BatchTableSpec(self.entities[0].name, self.values),)

    @property
    def fields(self) -> tuple[Field, ...]:
        return tuple({id(read): read for each in self.statistics.values() for read in each.fields}.values())

    @property
    def definition(self) -> dict[str, Any]:
        values = {name: statistic.definition for name, statistic in self.statistics.items()}
        return super().definition | {"values": values}

    def unit(self, value: str) -> str:
        return self.statistics[value].unit

    def phrase(self, value: str, *, events: str) -> str:
        return self.statistics[value].phrase(f"{events} in {span_text(self.over.label)}")

    def prepare(self, events: ViewEvents) -> Computation:
        return _Profiles(self, events)


class _Profiles(Computation):
    def __init__(self, view: Profile, events: ViewEvents) -> None:
        names, codes = ranked(events.names[view.names_of_entities[0]])
        owners = Owners(codes, len(names))
        super().__init__([names], [len(view.values)])
        self._view, self._events, self._owners = view, events, owners
        self._columns = [statistic.over(events, owners) for statistic in view.statistics.values()]

    def at(self, as_of_us: int) -> tuple[Matrix, ...]:
        rows = self._events.slice_of(as_of_us - self._view.over_us, as_of_us)
        matrix = np.stack([column(rows) for column in self._columns], axis=1)
        matrix[self._owners.tally(rows) == 0] = np.nan
        return (matrix,)


def _check_statistic(origin: Origin, name: str, statistic: object) -> None:
    if not isinstance(statistic, Statistic):
        raise origin.error(f"{name}={statistic!r} is not a statistic from scoring.batch.compute.statistics")
    if hasattr(BatchView, name) or name in ("name", "event_type", "entities", "statistics", "origin"):
        raise origin.error(f"{name!r} is reserved in batch views; give the value another name")
