"""Features read from what an entity did last, first, or ever."""

from dataclasses import dataclass

from scoring.declare.aggregates import OnEntity, cap_text, named_where, where_text
from scoring.declare.conditions import Condition
from scoring.declare.expression import NamedField


@dataclass(frozen=True)
class SinceLast(OnEntity):
    """Seconds since the entity's last event (that fulfils a condition); NaN for its first."""

    where: Condition | None = None

    @property
    def name(self) -> str:
        return named_where(f"{self.subject}_since_last", self.where)

    @property
    def definition(self) -> str:
        return self.called("since_last", where=where_text(self.where))


@dataclass(frozen=True)
class SinceFirst(OnEntity):
    """Seconds since the entity was first seen, by any event type; NaN for its first event."""

    @property
    def name(self) -> str:
        return f"{self.subject}_since_first"

    @property
    def definition(self) -> str:
        return self.called("since_first")


@dataclass(frozen=True)
class SinceLastSame(OnEntity):
    """Seconds since the entity last showed this value of a field; NaN if it is not known to have."""

    field: NamedField
    cap: int

    @property
    def name(self) -> str:
        return f"{self.subject}_since_last_same_{self.field.name}"

    @property
    def definition(self) -> str:
        return self.called("since_last_same", self.field.name, cap=cap_text(self.cap))


@dataclass(frozen=True)
class IsNew(OnEntity):
    """1 when the entity is not known to have shown this value of a field, else 0; NaN without a value."""

    field: NamedField
    cap: int

    @property
    def name(self) -> str:
        return f"{self.subject}_new_{self.field.name}"

    @property
    def definition(self) -> str:
        return self.called("is_new", self.field.name, cap=cap_text(self.cap))


@dataclass(frozen=True)
class Last(OnEntity):
    """A number of the entity's last event that has it; NaN where there is none."""

    field: NamedField

    @property
    def name(self) -> str:
        return f"{self.subject}_last_{self.field.name}"

    @property
    def definition(self) -> str:
        return self.called("last", self.field.name)


@dataclass(frozen=True)
class Changed(OnEntity):
    """1 when a field differs from the entity's last event that has it, else 0; NaN where one is missing."""

    field: NamedField

    @property
    def name(self) -> str:
        return f"{self.subject}_changed_{self.field.name}"

    @property
    def definition(self) -> str:
        return self.called("changed", self.field.name)


@dataclass(frozen=True)
class Travelled(OnEntity):
    """Kilometres ("distance"), or kilometres an hour ("speed"), from the entity's last known point."""

    function: str
    latitude: NamedField
    longitude: NamedField

    @property
    def name(self) -> str:
        return f"{self.subject}_{self.function}_from_last_{self.latitude.name}"

    @property
    def definition(self) -> str:
        return self.called(f"{self.function}_from_last", self.latitude.name, self.longitude.name)
