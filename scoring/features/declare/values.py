"""Features that an event tells of itself, without any state."""

import dataclasses
from dataclasses import dataclass
from typing import Any, Protocol

from scoring.features.declare.expression import Expression, NamedField
from scoring.features.declare.origin import Origin


@dataclass(frozen=True)
class FieldValue(Expression):
    """The event's own amount, number, flag (1 or 0) or category code (1-based; 0 unknown)."""

    field: NamedField
    origin: Origin = dataclasses.field(default_factory=Origin.here, compare=False, repr=False)

    @property
    def name(self) -> str:
        return self.field.name


@dataclass(frozen=True)
class HourOfDay(Expression):
    """0 to 23, UTC."""

    origin: Origin = dataclasses.field(default_factory=Origin.here, compare=False, repr=False)

    @property
    def name(self) -> str:
        return "hour_of_day"


@dataclass(frozen=True)
class DayOfWeek(Expression):
    """0 (Monday) to 6, UTC."""

    origin: Origin = dataclasses.field(default_factory=Origin.here, compare=False, repr=False)

    @property
    def name(self) -> str:
        return "day_of_week"


@dataclass(frozen=True)
class YearsSince(Expression):
    """The event's calendar year (UTC) less the year in a number field."""

    field: NamedField
    origin: Origin = dataclasses.field(default_factory=Origin.here, compare=False, repr=False)

    @property
    def name(self) -> str:
        return f"years_since_{self.field.name}"


@dataclass(frozen=True)
class Distance(Expression):
    """Great-circle kilometres between two points given in degrees."""

    points: tuple[NamedField, NamedField, NamedField, NamedField]
    origin: Origin = dataclasses.field(default_factory=Origin.here, compare=False, repr=False)

    @property
    def name(self) -> str:
        return "_".join(["distance", *(point.name for point in self.points)])


class ValueSource(Protocol):
    """What the vocabulary needs of a batch view. The name is known only once the class body is done."""

    name: str

    @property
    def definition(self) -> Any: ...


@dataclass(frozen=True)
class BatchValue(Expression):
    """A value that a batch view looked up for the event's entities; NaN when it has none, or none fresh."""

    view: ValueSource
    value: str
    origin: Origin = dataclasses.field(default_factory=Origin.here, compare=False, repr=False)

    @property
    def name(self) -> str:
        return f"{self.view.name}_{self.value}"

    @property
    def column(self) -> str:
        """Under which name an item carries the value among its fields."""
        return f"{self.view.name}.{self.value}"


def hour_of_day() -> Expression:
    return HourOfDay()


def day_of_week() -> Expression:
    return DayOfWeek()


def years_since(field: NamedField) -> Expression:
    return YearsSince(field)


def distance(
    latitude: NamedField, longitude: NamedField, other_latitude: NamedField, other_longitude: NamedField
) -> Expression:
    return Distance((latitude, longitude, other_latitude, other_longitude))
