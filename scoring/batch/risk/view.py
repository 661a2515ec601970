"""The declaration of risk profiles: a score per entity from the scores of its events."""

from typing import Any, ClassVar, Literal

from scoring.batch.views import BatchTableSpec, BatchView
from scoring.catalog.fields import Entity
from scoring.declare import InRole, part_of_vocabulary
from scoring.declare.spelling import span_text

part_of_vocabulary(__name__)

Combination = Literal["any", "share"]

ANY, SHARE = "any", "share"
KEPT_EVENTS = 3  # the strongest events of an entity, which are its reasons
EVENT_COLUMNS = tuple(f"{what}_{place}" for place in range(KEPT_EVENTS) for what in ("event", "score", "at"))


class Risk(BatchView):
    """An entity's risk as `score`, from 0 to 1: the scores of its events, each weighted by its age.

    `half_life`: the age at which an event counts half. `combine`: "any" for the chance that at least one
    event is bad if they were independent, which ranks entities; "share" for the expected share of bad events.
    See `scoring.batch.risk.sums`.
    """

    kind = "risk"
    values = ("score",)
    has_history: ClassVar[bool] = False  # the scores of loaded history are not known

    def __init__(
        self,
        entity: Entity | InRole,
        *,
        half_life: str,
        every: str,
        stale_after: str,
        combine: Combination = "any",
        of: str = "",
    ) -> None:
        super().__init__(entity, over=half_life, every=every, stale_after=stale_after, of=of)
        if combine not in (ANY, SHARE):
            raise self.origin.error(f"combine={combine!r} is neither {ANY!r} nor {SHARE!r}")
        self.combination = combine

    @property
    def half_life_us(self) -> int:
        return self.over.us

    @property
    def tables(self) -> tuple[BatchTableSpec, ...]:
        unserved = ("computed", "weight", "total", *EVENT_COLUMNS)
        return (BatchTableSpec(self.entities[0].name, self.values, unserved),)

    @property
    def definition(self) -> dict[str, Any]:
        return super().definition | {"combine": self.combination}

    def unit(self, value: str) -> str:
        return "share"

    def phrase(self, value: str, *, events: str) -> str:
        what = "risk" if self.combination == ANY else "expected share of bad ones"
        return f"the {what} of {events}, half of it from the last {span_text(self.over.label)}"
