"""Features read from what an entity did last, first, or ever."""

import dataclasses
from dataclasses import dataclass

from scoring.features.declare.aggregates import OnEntity
from scoring.features.declare.expression import NamedField
from scoring.features.declare.origin import Origin


@dataclass(frozen=True)
class SinceLast(OnEntity):
    """Seconds since the entity's last event; NaN for its first."""

    origin: Origin = dataclasses.field(default_factory=Origin.here, compare=False, repr=False)

    @property
    def name(self) -> str:
        return f"{self.subject}_since_last"


@dataclass(frozen=True)
class SinceFirst(OnEntity):
    """Seconds since the entity was first seen, by any event type; NaN for its first event."""

    origin: Origin = dataclasses.field(default_factory=Origin.here, compare=False, repr=False)

    @property
    def name(self) -> str:
        return f"{self.subject}_since_first"


@dataclass(frozen=True)
class SinceLastSame(OnEntity):
    """Seconds since the entity last showed this value of a field; NaN if it is not known to have."""

    field: NamedField
    cap: int
    origin: Origin = dataclasses.field(default_factory=Origin.here, compare=False, repr=False)

    @property
    def name(self) -> str:
        return f"{self.subject}_since_last_same_{self.field.name}"


@dataclass(frozen=True)
class IsNew(OnEntity):
    """1 when the entity is not known to have shown this value of a field, else 0; NaN without a value."""

    field: NamedField
    cap: int
    origin: Origin = dataclasses.field(default_factory=Origin.here, compare=False, repr=False)

    @property
    def name(self) -> str:
        return f"{self.subject}_new_{self.field.name}"


@dataclass(frozen=True)
class Travelled(OnEntity):
    """Kilometres ("distance"), or kilometres an hour ("speed"), from the entity's last known point."""

    function: str
    latitude: NamedField
    longitude: NamedField
    origin: Origin = dataclasses.field(default_factory=Origin.here, compare=False, repr=False)

    @property
    def name(self) -> str:
        return f"{self.subject}_{self.function}_from_last_{self.latitude.name}"
