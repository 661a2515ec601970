"""Words for when an entity was last seen, first seen, or seen with a value."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from scoring.declare.conditions import Condition, Where, optional_condition, where_clause, where_definition
from scoring.declare.expression import Expression, check_field
from scoring.declare.lowering import Program, Register
from scoring.declare.origin import Origin
from scoring.declare.protocols.fields import NamedField
from scoring.declare.protocols.grammar import Grammar
from scoring.declare.spelling import words_of
from scoring.declare.usual import MonthlyGap, Usual
from scoring.declare.words.distinct import DEFAULT_CAP, cap_text
from scoring.declare.words.on_entity import EntityWords, OnEntity, name_where


@dataclass(frozen=True)
class SinceLast(OnEntity):
    """Seconds since the entity's last event (that fulfills a condition); NaN for its first."""

    kind = "since_last"

    where: Condition | None = None

    @property
    def name(self) -> str:
        return name_where(f"{self.subject}_since_last", self.where)

    @property
    def definition(self) -> str:
        return self.called("since_last", where=where_definition(self.where))

    def unit(self, fields: Mapping[str, NamedField]) -> str:
        return "seconds"

    def noun(self, grammar: Grammar) -> str:
        return f"the time since {self.last_event(grammar)}{where_clause(grammar, self.where)}"

    def sentence(self, grammar: Grammar, value: float) -> str:
        where = where_clause(grammar, self.where)
        if math.isnan(value):
            earlier = f"no earlier {grammar.events(self, 1)}{where} is known"
            return f"{earlier}{self.or_not_given(grammar)}"
        return f"{grammar.value(value)} since {self.last_event(grammar)}{where}"

    def description(self, grammar: Grammar) -> str:
        return self.noun(grammar)

    def usual(self) -> Usual:
        return MonthlyGap(self, self.where)

    def lower(self, program: Program) -> Register:
        subject = program.subject(self)
        where = program.condition(subject, self.where, self.origin)
        return program.emit("since", subject.key, program.part(subject, "last", where=where))


@dataclass(frozen=True)
class SinceFirst(OnEntity):
    """Seconds since the entity was first seen, by any event type; NaN for its first event."""

    kind = "since_first"
    is_age = True

    @property
    def name(self) -> str:
        return f"{self.subject}_since_first"

    @property
    def definition(self) -> str:
        return self.called("since_first")

    def unit(self, fields: Mapping[str, NamedField]) -> str:
        return "seconds"

    def noun(self, grammar: Grammar) -> str:
        return f"the time since {grammar.this(self)} was first seen"

    def sentence(self, grammar: Grammar, value: float) -> str:
        if math.isnan(value):
            return f"{grammar.this(self)} is seen for the first time{self.or_not_given(grammar)}"
        return f"{grammar.this(self)} was first seen {grammar.value(value)} ago"

    def description(self, grammar: Grammar) -> str:
        return self.noun(grammar)

    def lower(self, program: Program) -> Register:
        subject = program.subject(self)
        program.part(subject, "last")  # so that the event type's own events always write these states
        return program.emit("since", subject.key, subject.first_seen)


@dataclass(frozen=True)
class SinceLastSame(OnEntity):
    """Seconds since the entity's last event with this value of a field; NaN if none is known."""

    kind = "since_last_same"

    field: NamedField
    cap: int

    @property
    def name(self) -> str:
        return f"{self.subject}_since_last_same_{self.field.name}"

    @property
    def definition(self) -> str:
        return self.called("since_last_same", self.field.name, cap=cap_text(self.cap))

    def unit(self, fields: Mapping[str, NamedField]) -> str:
        return "seconds"

    def noun(self, grammar: Grammar) -> str:
        return f"the time since this {grammar.field(self.field.name)} was last seen in {grammar.events(self)}"

    def sentence(self, grammar: Grammar, value: float) -> str:
        what = f"this {grammar.field(self.field.name)}"
        if math.isnan(value):
            given = ", or not given" if grammar.may_lack(self.field.name) else ""
            return f"{what} is not known from {grammar.events(self)}{given}{self.or_not_given(grammar)}"
        return f"{what} was last seen {grammar.value(value)} ago in {grammar.events(self)}"

    def description(self, grammar: Grammar) -> str:
        return self.noun(grammar)

    def lower(self, program: Program) -> Register:
        return _lower_value_map(self, program, "since_same")


@dataclass(frozen=True)
class IsNew(OnEntity):
    """1 if no earlier event of the entity is known to have this value, else 0; NaN without a value."""

    kind = "is_new"

    field: NamedField
    cap: int

    @property
    def name(self) -> str:
        return f"{self.subject}_new_{self.field.name}"

    @property
    def definition(self) -> str:
        return self.called("is_new", self.field.name, cap=cap_text(self.cap))

    def unit(self, fields: Mapping[str, NamedField]) -> str:
        return "flag"

    def sentence(self, grammar: Grammar, value: float) -> str:
        if math.isnan(value):
            return grammar.not_given(self.field.name, *(key.name for key in self.keys))
        among = f"in {grammar.events(self)}" if self.of or self.role else f"for {grammar.this(self)}"
        return f"this {grammar.field(self.field.name)} is {'' if value else 'not '}new {among}"

    def description(self, grammar: Grammar) -> str:
        return f"whether this {words_of(self.field.name)} is new for {grammar.this(self)}"

    def without_past(self, grammar: Grammar) -> str:
        return f"1 for a new {words_of(self.entity)}; missing without a value"

    def lower(self, program: Program) -> Register:
        return _lower_value_map(self, program, "is_new")


def _lower_value_map(word: SinceLastSame | IsNew, program: Program, operation: str) -> Register:
    subject = program.subject(word)
    values = program.value_map(subject, word.field, word.cap, word.origin)
    value = program.own_hash(word.field, word.origin)
    return program.emit(operation, subject.key, values, word.cap, value)


class RecencyWords(EntityWords):
    """`card.since_last()`, `card.since_first()`, `card.since_last_same(device)`, `card.is_new(merchant)`."""

    def since_last(self, *, of: str = "", where: Where = None) -> Expression:
        """Seconds since the last event."""
        return SinceLast(of=of, where=optional_condition(where, Origin.here()), **self._options())

    def since_first(self) -> Expression:
        """Seconds since the first event."""
        if self._role:
            raise Origin.here().error("since_first() is since the first event in any role; leave out as_()")
        return SinceFirst(self.keys(), "")

    def since_last_same(self, field: NamedField, *, of: str = "", cap: int = DEFAULT_CAP) -> Expression:
        """Seconds since the last event with the same value of a field."""
        check_field(field)
        return SinceLastSame(of=of, field=field, cap=cap, **self._options())

    def is_new(self, field: NamedField, *, of: str = "", cap: int = DEFAULT_CAP) -> Expression:
        """Whether no earlier event had this value of a field."""
        check_field(field)
        return IsNew(of=of, field=field, cap=cap, **self._options())
