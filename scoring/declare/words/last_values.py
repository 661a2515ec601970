"""Words for the entity's last event: its value, whether it differs, and its distance."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from scoring.declare.expression import Expression, check_field
from scoring.declare.lowering import Program, Register
from scoring.declare.protocols.fields import HASHED, NUMERIC, NamedField
from scoring.declare.protocols.grammar import Grammar
from scoring.declare.spelling import words_of
from scoring.declare.words.on_entity import EntityWords, OnEntity


@dataclass(frozen=True)
class Last(OnEntity):
    """A number of the entity's last event that has it; NaN where there is none."""

    kind = "last"

    field: NamedField

    @property
    def name(self) -> str:
        return f"{self.subject}_last_{self.field.name}"

    @property
    def definition(self) -> str:
        return self.called("last", self.field.name)

    def unit(self, fields: Mapping[str, NamedField]) -> str:
        return self.field.value_unit

    def noun(self, grammar: Grammar) -> str:
        return f"the {words_of(self.field.name)} of {self.last_event(grammar)}"

    def sentence(self, grammar: Grammar, value: float) -> str:
        shown = "not known" if math.isnan(value) else grammar.value(value)
        if grammar.unit == "flag":
            return f"{words_of(self.field.name)} in {self.last_event(grammar)}: {shown}"
        return f"{self.noun(grammar)} {'is' if math.isnan(value) else 'was'} {shown}"

    def description(self, grammar: Grammar) -> str:
        return self.noun(grammar)

    def lower(self, program: Program) -> Register:
        subject = program.subject(self)
        program.counted_field(subject, self.field, NUMERIC, self.origin)
        return program.emit("last_value", subject.key, program.part(subject, "value", (self.field.name,)))


@dataclass(frozen=True)
class Changed(OnEntity):
    """1 when a field differs from the entity's last event that has it, else 0; NaN where one is missing."""

    kind = "changed"

    field: NamedField

    @property
    def name(self) -> str:
        return f"{self.subject}_changed_{self.field.name}"

    @property
    def definition(self) -> str:
        return self.called("changed", self.field.name)

    def unit(self, fields: Mapping[str, NamedField]) -> str:
        return "flag"

    def sentence(self, grammar: Grammar, value: float) -> str:
        what, last = f"this {grammar.field(self.field.name)}", self.last_event(grammar)
        if math.isnan(value):
            return f"{what}, or that of {last}, is not known"
        return f"{what} {'differs from' if value else 'is the same as'} that of {last}"

    def description(self, grammar: Grammar) -> str:
        return f"whether this {words_of(self.field.name)} differs from that of {self.last_event(grammar)}"

    def lower(self, program: Program) -> Register:
        subject = program.subject(self)
        name = program.own_field(self.field, HASHED, self.origin)
        program.counted_field(subject, self.field, HASHED, self.origin)
        last = program.part(subject, "hash", (name,))
        return program.emit("changed", subject.key, last, program.own_hash(self.field, self.origin))


@dataclass(frozen=True)
class Traveled(OnEntity):
    """Kilometers ("distance"), or kilometers an hour ("speed"), from the entity's last known point."""

    hashed_as = "Travelled"

    function: str
    latitude: NamedField
    longitude: NamedField

    @property
    def name(self) -> str:
        return f"{self.subject}_{self.function}_from_last_{self.latitude.name}"

    @property
    def definition(self) -> str:
        return self.called(f"{self.function}_from_last", self.latitude.name, self.longitude.name)

    @property
    def kind(self) -> str:
        return self.function

    @property
    def _is_distance(self) -> bool:
        return self.function == "distance"

    def unit(self, fields: Mapping[str, NamedField]) -> str:
        return "km" if self._is_distance else "km/h"

    def noun(self, grammar: Grammar) -> str:
        what = "distance" if self._is_distance else "speed needed to get here"
        return f"the {what} from {self.last_event(grammar)}"

    def sentence(self, grammar: Grammar, value: float) -> str:
        last = self.last_event(grammar)
        if math.isnan(value):
            return f"where this {grammar.subject} or {last} took place is not known"
        away = "away from" if self._is_distance else "needed to get here from"
        return f"{grammar.value(value)} {away} {last}"

    def description(self, grammar: Grammar) -> str:
        last = self.last_event(grammar)
        if self._is_distance:
            return f"the distance, in km, from {last}"
        return f"the speed, in km/h, needed to get here from {last}"

    def lower(self, program: Program) -> Register:
        subject = program.subject(self)
        point = program.part(subject, "point", (self.latitude.name, self.longitude.name))
        here = [program.own_value(axis, ("Number",), self.origin) for axis in (self.latitude, self.longitude)]
        return program.emit("traveled" if self._is_distance else "speed", subject.key, point, *here)


class LastValueWords(EntityWords):
    """`card.last(amount)`, `card.changed(country)`, `card.speed_from_last(latitude, longitude)`."""

    def last(self, field: NamedField, *, of: str = "") -> Expression:
        """The number in a field of the last event."""
        check_field(field)
        return Last(of=of, field=field, **self._options())

    def changed(self, field: NamedField, *, of: str = "") -> Expression:
        """Whether a value differs from the last event's."""
        check_field(field)
        return Changed(of=of, field=field, **self._options())

    def distance_from_last(self, latitude: NamedField, longitude: NamedField) -> Expression:
        """Kilometers from where the last event took place."""
        return self._traveled("distance", latitude, longitude)

    def speed_from_last(self, latitude: NamedField, longitude: NamedField) -> Expression:
        """Kilometers an hour needed from where the last event took place."""
        return self._traveled("speed", latitude, longitude)

    def _traveled(self, function: str, latitude: NamedField, longitude: NamedField) -> Expression:
        check_field(latitude)
        check_field(longitude)
        return Traveled(of="", function=function, latitude=latitude, longitude=longitude, **self._options())
