"""What is known about a feature besides its value: for reasons, catalogues and dashboards."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass

from scoring.catalog.currency import EXPONENTS
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Category, Flag, Money, Number
from scoring.features import declare, wording
from scoring.features.declare import Expression


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """One feature of a set. `code`: the stable reason code; `field`: the event's own field it shows, if any.

    `unit`: "events", "values", "money" (minor units of `currency`), "seconds", "share", "ratio", "hour",
    "weekday", "category", "flag", "years", "km", "km/h", "number", or what the field says.
    """

    name: str
    code: str
    kind: str
    entity: str
    window: str
    unit: str
    field: str
    currency: str
    subject: str  # the event type, as reasons say it: "payment"
    expression: Expression = dataclasses.field(repr=False)
    vocabulary: tuple[str, ...] = dataclasses.field(repr=False)  # names of the codes 1, 2, ...
    # entity field -> how reasons say it: "with this card"
    phrases: Mapping[str, str] = dataclasses.field(repr=False)

    def sentence(self, *, value: float, usual: float = float("nan")) -> str:
        """The value in plain words, with what is usual where it is known (not NaN)."""
        return wording.sentence(self, value, usual)

    def present(self, value: float) -> float | str | None:
        """The value as people read it: money in units of the currency, a category by name, None for NaN."""
        if math.isnan(value):
            return None
        if self.unit == "money":
            return value / 10 ** EXPONENTS[self.currency]
        if self.unit == "category":
            return wording.category_name(self.vocabulary, value)
        return value


def make_spec(
    member: type[EventType], feature: Expression, codes: Mapping[str, Mapping[str, int]]
) -> FeatureSpec:
    """The spec of a declared feature whose names have been checked."""
    plain = feature.inner if isinstance(feature, declare.Named) else feature
    shown = plain.field.name if isinstance(plain, declare.FieldValue) else ""
    return FeatureSpec(
        name=feature.name,
        code=feature.name.upper(),
        kind=_kind_of(plain),
        entity=plain.entity if isinstance(plain, declare.OnEntity) else "",
        window=plain.window.label
        if isinstance(plain, (declare.Aggregate, declare.Distinct, declare.Labelled))
        else "",
        unit=_unit_of(member, plain),
        field=shown,
        currency=member.base_currency,
        subject=member.name.replace("_", " "),
        expression=feature,
        vocabulary=tuple(codes.get(shown, ())),
        phrases={
            name: phrase for name, field in member.fields.items() if (phrase := getattr(field, "says", ""))
        },
    )


_KINDS: Mapping[type[Expression], str] = {
    declare.FieldValue: "value",
    declare.HourOfDay: "hour",
    declare.DayOfWeek: "weekday",
    declare.YearsSince: "years",
    declare.Distance: "distance",
    declare.Distinct: "distinct",
    declare.SinceLast: "since_last",
    declare.SinceFirst: "since_first",
    declare.SinceLastSame: "since_last_same",
    declare.IsNew: "is_new",
}
_UNITS: Mapping[type[Expression], str] = {
    declare.HourOfDay: "hour",
    declare.DayOfWeek: "weekday",
    declare.YearsSince: "years",
    declare.Distance: "km",
    declare.Distinct: "values",
    declare.SinceLast: "seconds",
    declare.SinceFirst: "seconds",
    declare.SinceLastSame: "seconds",
    declare.IsNew: "flag",
}


def _kind_of(plain: Expression) -> str:
    if isinstance(plain, declare.Arithmetic):
        return "ratio" if plain.operator == "/" else "difference"
    if isinstance(plain, declare.Labelled):
        return f"fraud_{plain.function}"
    if isinstance(plain, (declare.Aggregate, declare.Travelled)):
        return plain.function
    return _KINDS.get(type(plain), "value")


def _unit_of(member: type[EventType], plain: Expression) -> str:
    if isinstance(plain, declare.FieldValue):
        return _field_unit(member, plain.field.name)
    if isinstance(plain, declare.Aggregate):
        return "events" if plain.function == "count" else _field_unit(member, plain.field_name)
    if isinstance(plain, declare.Labelled):
        return "share" if plain.function == "share" else "events"
    if isinstance(plain, declare.Travelled):
        return "km" if plain.function == "distance" else "km/h"
    if isinstance(plain, declare.Arithmetic):
        return "ratio" if plain.operator == "/" else _unit_of(member, plain.left)
    return _UNITS.get(type(plain), "number")


def _field_unit(member: type[EventType], name: str) -> str:
    shown = member.fields.get(name)
    if isinstance(shown, Number):
        return shown.unit or "number"
    for field_type, unit in ((Money, "money"), (Category, "category"), (Flag, "flag")):
        if isinstance(shown, field_type):
            return unit
    return "money" if shown is None else "number"  # a field of another type, counted with of=: amounts
