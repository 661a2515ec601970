"""Values that the event alone gives, and arithmetic on any values."""

from collections.abc import Mapping, Sequence

from scoring import declare
from scoring.catalog.fields import Category
from scoring.features.folding.encode import LaneItem
from tests.contract.reference.items import NAN, haversine_km, is_night, is_weekend, local, moment, number

Vocabularies = Mapping[str, Mapping[str, Sequence[str]]]


class EventValues:
    """A method for each word of the declaration language that reads no history."""

    def __init__(self, vocabularies: Vocabularies) -> None:
        self.vocabularies = vocabularies

    def value(self, item: LaneItem, feature: declare.Expression) -> float:
        return getattr(self, f"_{type(feature).__name__}")(item, feature)

    def _Named(self, item: LaneItem, feature: declare.Named) -> float:
        return self.value(item, feature.inner)

    def _Constant(self, item: LaneItem, feature: declare.Constant) -> float:
        return feature.value

    def _Arithmetic(self, item: LaneItem, feature: declare.Arithmetic) -> float:
        left, right = self.value(item, feature.left), self.value(item, feature.right)
        if feature.operator == "/":
            return NAN if right == 0 else left / right
        return {"+": left + right, "-": left - right, "*": left * right}[feature.operator]

    def _FieldValue(self, item: LaneItem, feature: declare.FieldValue) -> float:
        name = feature.field.name
        if isinstance(feature.field, Category) and item.fields.get(name) is not None:
            known = feature.field.values or self.vocabularies.get(item.type, {}).get(name, ())
            return float(list(known).index(item.fields[name]) + 1) if item.fields[name] in known else 0.0
        return number(item, name)

    def _BatchValue(self, item: LaneItem, feature: declare.BatchValue) -> float:
        return number(item, feature.column)

    def _TextSignal(self, item: LaneItem, feature: declare.TextSignal) -> float:
        return number(item, feature.column)

    def _HourOfDay(self, item: LaneItem, feature: declare.HourOfDay) -> float:
        return float(local(item).hour)

    def _DayOfWeek(self, item: LaneItem, feature: declare.DayOfWeek) -> float:
        return float(local(item).weekday())

    def _IsNight(self, item: LaneItem, feature: declare.IsNight) -> float:
        return float(is_night(item, feature))

    def _IsWeekend(self, item: LaneItem, feature: declare.IsWeekend) -> float:
        return float(is_weekend(item))

    def _YearsSince(self, item: LaneItem, feature: declare.YearsSince) -> float:
        return moment(item).year - number(item, feature.field.name)

    def _Distance(self, item: LaneItem, feature: declare.Distance) -> float:
        return haversine_km(*(number(item, point.name) for point in feature.points))
