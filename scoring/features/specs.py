"""What is known about a feature besides its value: for reasons, catalogues and dashboards."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from scoring import declare
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Category, Flag, Money, Number
from scoring.declare import Expression


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """One feature of a set. `code`: the stable reason code; `field`: the event's own field it shows, if any.

    `unit`: "events", "values", "money" (minor units of `currency`), "seconds", "share", "ratio", "hour",
    "weekday", "category", "flag", "years", "km", "km/h", "characters",
    "words", "links", "number", or what the field says. `definition`: the
    declaration in canonical words. `owner`: who answers for it, by default the event type's owner.
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
    definition: str
    owner: str
    expression: Expression = dataclasses.field(repr=False)
    vocabulary: tuple[str, ...] = dataclasses.field(repr=False)  # names of the codes 1, 2, ...
    # entity field -> how reasons say it: "with this card"
    phrases: Mapping[str, str] = dataclasses.field(repr=False)
    optional: frozenset[str] = dataclasses.field(repr=False)  # the event type's fields that may be missing
    positive: str = dataclasses.field(repr=False)  # the label that is looked for: "fraud"

    @property
    def is_calendar(self) -> bool:
        """Whether it says only when the event occurred, so that all events of that hour share it."""
        plain = self.expression.inner if isinstance(self.expression, declare.Named) else self.expression
        return isinstance(plain, _CALENDAR)

    @property
    def is_age(self) -> bool:
        """Whether it says how old something is, so that it grows while nothing happens."""
        plain = self.expression.inner if isinstance(self.expression, declare.Named) else self.expression
        return isinstance(plain, declare.SinceFirst)


def make_spec(
    member: type[EventType], feature: Expression, codes: Mapping[str, Mapping[str, int]]
) -> FeatureSpec:
    """The spec of a declared feature whose names have been checked."""
    plain = feature.inner if isinstance(feature, declare.Named) else feature
    owner = feature.owner or plain.owner or member.owner
    shown = plain.field.name if isinstance(plain, declare.FieldValue) else ""
    return FeatureSpec(
        name=feature.name,
        code=feature.name.upper(),
        kind=_kind_of(plain),
        entity=_entity_of(plain),
        window=_window_of(plain),
        unit=_unit_of(member, plain),
        field=shown,
        currency=member.base_currency,
        subject=member.name.replace("_", " "),
        definition=feature.definition,
        owner=owner,
        expression=feature,
        vocabulary=tuple(codes.get(shown, ())),
        phrases={
            name: phrase for name, field in member.fields.items() if (phrase := getattr(field, "says", ""))
        },
        optional=frozenset(name for name, field in member.fields.items() if field.optional),
        positive=member.labels.positive.replace("_", " "),
    )


_CALENDAR = (declare.HourOfDay, declare.DayOfWeek, declare.IsNight, declare.IsWeekend)
_KINDS: Mapping[type[Expression], str] = {
    declare.FieldValue: "value",
    declare.HourOfDay: "hour",
    declare.DayOfWeek: "weekday",
    declare.IsNight: "hour",
    declare.IsWeekend: "weekday",
    declare.BatchValue: "batch",
    declare.TextSignal: "text",
    declare.YearsSince: "years",
    declare.Distance: "distance",
    declare.Distinct: "distinct",
    declare.SinceLast: "since_last",
    declare.SinceFirst: "since_first",
    declare.SinceLastSame: "since_last_same",
    declare.IsNew: "is_new",
    declare.Last: "last",
    declare.Changed: "changed",
}
_UNITS: Mapping[type[Expression], str] = {
    declare.HourOfDay: "hour",
    declare.DayOfWeek: "weekday",
    declare.IsNight: "flag",
    declare.IsWeekend: "flag",
    declare.YearsSince: "years",
    declare.Distance: "km",
    declare.Distinct: "values",
    declare.SinceLast: "seconds",
    declare.SinceFirst: "seconds",
    declare.SinceLastSame: "seconds",
    declare.IsNew: "flag",
    declare.Changed: "flag",
}
_ARITHMETIC = {"+": "sum of two", "-": "difference", "*": "product", "/": "ratio"}
_FUNCTION_UNITS = {
    "count": "events",
    "duration": "seconds",
    "share": "share",
    "distance": "km",
    "speed": "km/h",
    # What a text tells of itself.
    "length": "characters",
    "words": "words",
    "links": "links",
    "capitals": "share",
    "digits": "share",
    "symbols": "share",
    "longest_run": "characters",
}


def _kind_of(plain: Expression) -> str:
    if isinstance(plain, declare.Arithmetic):
        return _ARITHMETIC[plain.operator]
    if isinstance(plain, declare.InSession):
        return f"session_{plain.function}"
    if isinstance(plain, declare.Labelled):
        return f"fraud_{plain.function}"
    if isinstance(plain, (declare.Aggregate, declare.Travelled)):
        return plain.function
    return _KINDS.get(type(plain), "value")


def _entity_of(plain: Expression) -> str:
    if isinstance(plain, declare.BatchValue):
        return "_x_".join(entity.name for entity in plain.view.entities)
    return plain.entity if isinstance(plain, declare.OnEntity) else ""


def _window_of(plain: Expression) -> str:
    if isinstance(plain, declare.BatchValue):
        return plain.view.over.label
    if isinstance(plain, (declare.Aggregate, declare.Distinct, declare.Labelled)):
        return plain.window.label
    return ""


def _unit_of(member: type[EventType], plain: Expression) -> str:
    if isinstance(plain, declare.FieldValue):
        return _field_unit(member, plain.field.name)
    if isinstance(plain, declare.BatchValue):
        return plain.view.unit(plain.value)
    if isinstance(plain, declare.Last):
        return _unit_of_field(plain.field)
    if isinstance(plain, declare.Arithmetic):
        return _unit_of_arithmetic(member, plain)
    if isinstance(plain, (declare.Aggregate, declare.InSession)) and plain.function not in _FUNCTION_UNITS:
        return _field_unit(member, plain.field_name)
    function = plain.signal if isinstance(plain, declare.TextSignal) else getattr(plain, "function", "")
    return _FUNCTION_UNITS.get(function) or _UNITS.get(type(plain), "number")


def _unit_of_arithmetic(member: type[EventType], plain: declare.Arithmetic) -> str:
    """A sum has the unit of its terms; a product has one where the other factor is a number."""
    if plain.operator == "/":
        return "ratio"
    sides = [side for side in (plain.left, plain.right) if not isinstance(side, declare.Constant)]
    if plain.operator == "*" and len(sides) == 2:
        return "number"
    return _unit_of(member, sides[0]) if sides else "number"


def _field_unit(member: type[EventType], name: str) -> str:
    """The unit of a field; one that only another type has, which is counted with of=, is an amount."""
    return _unit_of_field(member.fields[name]) if name in member.fields else "money"


def _unit_of_field(shown: object) -> str:
    if isinstance(shown, Number):
        return shown.unit or "number"
    for field_type, unit in ((Money, "money"), (Category, "category"), (Flag, "flag")):
        if isinstance(shown, field_type):
            return unit
    return "number"
