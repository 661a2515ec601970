"""Features that an event tells of itself, without any state."""

from dataclasses import dataclass

from scoring.declare.conditions import Condition
from scoring.declare.expression import Expression, NamedField, call, check_field
from scoring.declare.origin import Origin
from scoring.declare.views import FeatureView


@dataclass(frozen=True)
class FieldValue(Expression):
    """The event's own amount, number, flag (1 or 0) or category code (1-based; 0 unknown)."""

    field: NamedField

    @property
    def name(self) -> str:
        return self.field.name

    @property
    def definition(self) -> str:
        return self.field.name


@dataclass(frozen=True)
class BatchValue(Expression):
    """A value that a batch view looked up for the event's entities; NaN when it has none, or none fresh."""

    view: FeatureView
    value: str

    @property
    def name(self) -> str:
        return f"{self.view.name}_{self.value}"

    @property
    def column(self) -> str:
        """Under which name an item carries the value among its fields."""
        return f"{self.view.name}.{self.value}"

    @property
    def definition(self) -> str:
        return self.column


@dataclass(frozen=True)
class HourOfDay(Expression):
    """0 to 23, UTC."""

    @property
    def name(self) -> str:
        return "hour_of_day"

    @property
    def definition(self) -> str:
        return call("hour_of_day")


@dataclass(frozen=True)
class DayOfWeek(Expression):
    """0 (Monday) to 6, UTC."""

    @property
    def name(self) -> str:
        return "day_of_week"

    @property
    def definition(self) -> str:
        return call("day_of_week")


@dataclass(frozen=True)
class IsNight(Expression, Condition):
    """1 from the full hour `start` to the full hour `end` (UTC), else 0; also a condition."""

    start: int
    end: int

    @property
    def name(self) -> str:
        return "is_night"

    @property
    def condition_name(self) -> str:
        return f"from_{self.start}_to_{self.end}"

    @property
    def definition(self) -> str:
        return call("is_night", str(self.start), str(self.end))


@dataclass(frozen=True)
class IsWeekend(Expression, Condition):
    """1 on Saturday and Sunday (UTC), else 0; also a condition."""

    @property
    def name(self) -> str:
        return "is_weekend"

    @property
    def condition_name(self) -> str:
        return "weekend"

    @property
    def definition(self) -> str:
        return call("is_weekend")


@dataclass(frozen=True)
class YearsSince(Expression):
    """The event's calendar year (UTC) less the year in a number field."""

    field: NamedField

    @property
    def name(self) -> str:
        return f"years_since_{self.field.name}"

    @property
    def definition(self) -> str:
        return call("years_since", self.field.name)


@dataclass(frozen=True)
class Distance(Expression):
    """Great-circle kilometres between two points given in degrees."""

    points: tuple[NamedField, NamedField, NamedField, NamedField]

    @property
    def name(self) -> str:
        return "_".join(["distance", *(point.name for point in self.points)])

    @property
    def definition(self) -> str:
        return call("distance", *(point.name for point in self.points))


def hour_of_day() -> HourOfDay:
    return HourOfDay()


def day_of_week() -> DayOfWeek:
    return DayOfWeek()


def is_night(start: int, end: int) -> IsNight:
    """Whether it is between two full hours (0 to 23, UTC): `is_night(22, 6)` is from 22:00 to 06:00."""
    hours = (start, end)
    if start == end or not all(isinstance(hour, int) and 0 <= hour <= 23 for hour in hours):
        raise Origin.here().error(
            f"is_night takes two different hours from 0 to 23, not {start!r} and {end!r}"
        )
    return IsNight(start, end)


def is_weekend() -> IsWeekend:
    return IsWeekend()


def years_since(field: NamedField) -> YearsSince:
    check_field(field)
    return YearsSince(field)


def distance(
    latitude: NamedField, longitude: NamedField, other_latitude: NamedField, other_longitude: NamedField
) -> Distance:
    points = (latitude, longitude, other_latitude, other_longitude)
    for point in points:
        check_field(point)
    return Distance(points)
