"""Words for the event's own values: fields, values of batch views, and numbers computed from fields."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scoring.declare.canonical import call
from scoring.declare.conditions import Choosable
from scoring.declare.expression import Expression, check_field
from scoring.declare.lowering import Program, Register
from scoring.declare.protocols.fields import NUMERIC, NamedField
from scoring.declare.protocols.grammar import Grammar
from scoring.declare.protocols.views import FeatureView
from scoring.declare.spelling import plural_of, words_of
from scoring.declare.usual import FirstEntityMean, Usual


def called_on_pages(field: NamedField) -> str:
    """The field's own name for pages with an article: "the customer's year of birth"; "" if it has none."""
    name: str = getattr(field, "verbose_name", "")
    return f"the {name[0].lower()}{name[1:]}" if name else ""


@dataclass(frozen=True)
class FieldValue(Expression):
    """The event's own amount, number, flag (1 or 0) or category code (1-based; 0 unknown)."""

    kind = "value"

    field: NamedField

    @property
    def name(self) -> str:
        return self.field.name

    @property
    def definition(self) -> str:
        return self.field.name

    def unit(self, fields: Mapping[str, NamedField]) -> str:
        return fields[self.field.name].value_unit if self.field.name in fields else "money"

    @property
    def own_field(self) -> str:
        return self.field.name

    @property
    def has_codes(self) -> bool:
        return isinstance(self.field, Choosable) and not self.field.is_flag

    @property
    def help_text(self) -> str:
        return getattr(self.field, "help", "")

    def sentence(self, grammar: Grammar, value: float) -> str:
        if grammar.unit == "flag":
            shown = "not given" if math.isnan(value) else grammar.value(value)
            return f"{words_of(grammar.name)}: {shown}"
        noun = grammar.own_noun(self.noun(grammar))
        if math.isnan(value):
            return f"{noun} is not given"
        if grammar.unit == "category" and not grammar.has_category(value):
            return f"{noun} was never seen in training"
        return super().sentence(grammar, value)

    def description(self, grammar: Grammar) -> str:
        return called_on_pages(self.field) or f"the {grammar.subject}'s {words_of(self.field.name)}"

    def without_past(self, grammar: Grammar) -> str:
        return f"missing if the {grammar.subject} lacks it"

    def may_be_missing(self, grammar: Grammar) -> bool:
        return grammar.may_lack(self.field.name)

    def usual(self) -> Usual | None:
        return FirstEntityMean(self.field.name) if self.field.value_unit == "money" else None

    def lower(self, program: Program) -> Register:
        return program.own_value(self.field, (*NUMERIC, "Category"), self.origin)


@dataclass(frozen=True)
class BatchValue(Expression):
    """A value looked up in a batch view for the event's entities; NaN if there is none, or none fresh."""

    kind = "batch"

    view: FeatureView
    value: str

    @property
    def name(self) -> str:
        return f"{self.view.name}_{self.value}"

    @property
    def column(self) -> str:
        """The name under which an item carries the value among its fields."""
        return f"{self.view.name}.{self.value}"

    @property
    def definition(self) -> str:
        return self.column

    def hashed(self) -> list[Any]:
        """For set hashes: everything that gives the view's values their meaning."""
        return ["BatchValue", self.view.name, self.view.definition, self.value]

    def unit(self, fields: Mapping[str, NamedField]) -> str:
        return self.view.unit(self.value)

    @property
    def entity(self) -> str:
        return "_x_".join(entity.name for entity in self.view.entities)

    @property
    def window_label(self) -> str:
        return self.view.over.label

    def noun(self, grammar: Grammar) -> str:
        """As its view words it: "the median amount of payments by this customer in 90 d"."""
        events = plural_of(words_of(self.view.of) or grammar.subject)
        whose = grammar.whose(self.view.entities, self.view.roles)
        return self.view.phrase(self.value, events=f"{events} {whose}")

    def sentence(self, grammar: Grammar, value: float) -> str:
        shown = "not known" if math.isnan(value) else grammar.value(value)
        return f"{self.noun(grammar)} is {shown}"

    def description(self, grammar: Grammar) -> str:
        return f"{self.noun(grammar)}, computed ahead of time in the batch view {self.view.name}"

    def without_past(self, grammar: Grammar) -> str:
        return "missing if the view has no value or only a stale one"

    def lower(self, program: Program) -> Register:
        return program.view_value(self.view, self.column)


@dataclass(frozen=True)
class YearsSince(Expression):
    """The event's calendar year (UTC) less the year in a number field."""

    kind = "years"

    field: NamedField

    @property
    def name(self) -> str:
        return f"years_since_{self.field.name}"

    @property
    def definition(self) -> str:
        return call("years_since", self.field.name)

    def unit(self, fields: Mapping[str, NamedField]) -> str:
        return "years"

    def noun(self, grammar: Grammar) -> str:
        return f"the number of years since the {words_of(self.field.name)}"

    def sentence(self, grammar: Grammar, value: float) -> str:
        if math.isnan(value):
            return f"the {words_of(self.field.name)} is not given"
        return super().sentence(grammar, value)

    def description(self, grammar: Grammar) -> str:
        since = called_on_pages(self.field) or f"the {words_of(self.field.name)}"
        return f"calendar years since {since}"

    def lower(self, program: Program) -> Register:
        return program.emit("years_since", program.own_value(self.field, ("Number",), self.origin))


@dataclass(frozen=True)
class Distance(Expression):
    """Great-circle kilometers between two points given in degrees."""

    kind = "distance"

    points: tuple[NamedField, NamedField, NamedField, NamedField]

    @property
    def name(self) -> str:
        return "_".join(["distance", *(point.name for point in self.points)])

    @property
    def definition(self) -> str:
        return call("distance", *(point.name for point in self.points))

    def unit(self, fields: Mapping[str, NamedField]) -> str:
        return "km"

    def noun(self, grammar: Grammar) -> str:
        return f"the distance between {self._points}"

    def description(self, grammar: Grammar) -> str:
        return f"the distance, in km, between {self._points}"

    @property
    def _points(self) -> str:
        return "{}, {} and {}, {}".format(*(words_of(point.name) for point in self.points))

    def lower(self, program: Program) -> Register:
        axes = [program.own_value(point, ("Number",), self.origin) for point in self.points]
        return program.emit("distance", *axes)


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
