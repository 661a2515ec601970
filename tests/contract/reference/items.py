"""What one lane item says: its fields as numbers, its time, and whether it fulfills a condition."""

import math
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from scoring import declare
from scoring.catalog.fields import Money
from scoring.features.folding.encode import LaneItem

NAN = float("nan")
Where = declare.Condition | None


def number(item: LaneItem, name: str) -> float:
    value = item.fields.get(name)
    if value is None:
        return NAN
    return float(value.get("base_minor", value["minor"]) if isinstance(value, dict) else value)


def moment(item: LaneItem) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=item.occurred_at_us)


def local(item: LaneItem) -> datetime:
    """Its time in the zone that it names in the field `place`."""
    return moment(item).astimezone(ZoneInfo(item.fields.get("place", "UTC")))


def seconds_since(item: LaneItem, earlier: int) -> float:
    return max(0, item.occurred_at_us - earlier) / 1e6


def is_night(item: LaneItem, night: declare.IsNight) -> bool:
    length = (night.end - night.start) % 24
    return local(item).hour in [(night.start + hours) % 24 for hours in range(length)]


def is_weekend(item: LaneItem) -> bool:
    return f"{local(item):%A}" in ("Saturday", "Sunday")


def fulfills(item: LaneItem, where: Where) -> bool:
    if isinstance(where, declare.AllOf):
        return all(fulfills(item, part) for part in where.parts)
    if isinstance(where, declare.FieldComparison):
        return _compares(item, where)
    if isinstance(where, declare.OneOf):
        return item.fields.get(where.field.name) in where.values
    if isinstance(where, declare.IsNight):
        return is_night(item, where)
    return where is None or is_weekend(item)


def _compares(item: LaneItem, where: declare.FieldComparison) -> bool:
    if item.fields.get(where.field.name) is None:
        return False
    value = Fraction(number(item, where.field.name))
    bound = Fraction(str(where.bound)) * 100 if isinstance(where.field, Money) else Fraction(where.bound)
    return {
        "below": value < bound,
        "at_most": value <= bound,
        "above": value > bound,
        "at_least": value >= bound,
    }[where.operator]


def haversine_km(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    if any(math.isnan(degrees) for degrees in (latitude, longitude, other_latitude, other_longitude)):
        return NAN
    radians = math.pi / 180.0
    north = math.sin((other_latitude - latitude) * radians / 2.0)
    east = math.sin((other_longitude - longitude) * radians / 2.0)
    chord = north * north + math.cos(latitude * radians) * math.cos(other_latitude * radians) * (east * east)
    return 2.0 * 6371.0088 * math.asin(math.sqrt(min(1.0, chord)))
