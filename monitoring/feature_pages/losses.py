"""What a feature lost because entity states are bounded: late entries, and distinct counts at their cap."""

from collections.abc import Sequence
from dataclasses import dataclass

import redis

from scoring.declare import parts_of
from scoring.declare.words.distinct import Distinct
from scoring.features.compile.specs import FeatureSpec
from scoring.runner.state_losses import SATURATED, TOO_LATE
from scoring.signals.telemetry import read_counts


@dataclass(frozen=True)
class Losses:
    """Counts over live events since Redis was last emptied.

    `too_late`: entries too late for every window, by entity; they are counted per entity, not per feature.
    `saturated`: values of this feature that are lower bounds, because its map of `cap` values was full.
    """

    too_late: dict[str, int]
    saturated: int = 0
    cap: int = 0


def read_losses(spec: FeatureSpec, *, event_type: str, lane: str, entities: Sequence[str]) -> Losses | None:
    """The losses of a feature that reads states of `entities`; None if Redis does not answer. One read."""
    try:
        counts = read_counts()
    except redis.RedisError:
        return None
    late = {entity: int(counts.get((TOO_LATE, lane, entity), 0)) for entity in entities}
    return Losses(
        too_late={entity: count for entity, count in late.items() if count},
        saturated=int(counts.get((SATURATED, event_type, spec.name), 0)),
        cap=max((part.cap for part in parts_of(spec.expression) if isinstance(part, Distinct)), default=0),
    )
