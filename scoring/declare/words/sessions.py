"""Words for an entity's present session: its events since the last long pause."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from scoring.declare.canonical import call, quoted
from scoring.declare.expression import Expression
from scoring.declare.lowering import Program, Register
from scoring.declare.origin import Origin
from scoring.declare.protocols.fields import NUMERIC, NamedField
from scoring.declare.protocols.grammar import Grammar
from scoring.declare.spelling import span_text, words_of
from scoring.declare.window import Window
from scoring.declare.words.on_entity import EntityOptions, EntityWords, OnEntity
from scoring.declare.words.windows import field_unit


@dataclass(frozen=True)
class InSession(OnEntity):
    """The entity's present session: its events ("count"), seconds since it began, or the total of a field."""

    function: str  # "count", "duration", "sum"
    field_name: str
    gap: Window

    @property
    def name(self) -> str:
        words = [self.subject, "session", self.gap.label, self.field_name, self.function]
        return "_".join(word for word in words if word)

    @property
    def definition(self) -> str:
        session = self.called("session", gap=quoted(self.gap.label))
        return ".".join([session, *([self.field_name] if self.field_name else []), call(self.function)])

    @property
    def kind(self) -> str:
        return f"session_{self.function}"

    def unit(self, fields: Mapping[str, NamedField]) -> str:
        if self.function == "sum":
            return field_unit(fields, self.field_name)
        return "events" if self.function == "count" else "seconds"

    @property
    def _pause(self) -> str:
        return f"pause of {span_text(self.gap.label)}"

    def noun(self, grammar: Grammar) -> str:
        events = grammar.events(self)
        if self.function == "duration":
            return f"the time since {events} began after a {self._pause}"
        what = f"total {words_of(self.field_name)}" if self.function == "sum" else "number"
        return f"the {what} of {events} since the last {self._pause}"

    def sentence(self, grammar: Grammar, value: float) -> str:
        if math.isnan(value):
            return self.entity_not_given(grammar)
        if self.function == "count":
            return f"{grammar.number(value)} {grammar.events(self, value)} since the last {self._pause}"
        shown = grammar.value(value)
        if self.function == "duration":
            return f"{grammar.events(self)} began {shown} ago, after a {self._pause}"
        return f"{self.noun(grammar)} is {shown}"

    def description(self, grammar: Grammar) -> str:
        events = grammar.events(self)
        if self.function == "count":
            return f"the number of {events} since the last {self._pause}"
        if self.function == "duration":
            return f"the time since the first {grammar.events(self, 1)} after the last {self._pause}"
        return f"the total {words_of(self.field_name)} of {events} since the last {self._pause}"

    def coverage(self, grammar: Grammar) -> str:
        gap = span_text(self.gap.label)
        return (
            f"{self.counted(grammar)} since the last pause of {gap} or more. One that comes {gap} or more"
            f" after the previous one starts a new session. The {grammar.subject} itself is excluded."
        )

    def without_past(self, grammar: Grammar) -> str:
        return "0"

    def may_be_missing(self, grammar: Grammar) -> bool:
        return self.function == "duration" or grammar.may_lack(*(key.name for key in self.keys))

    def lower(self, program: Program) -> Register:
        subject = program.subject(self)
        fields = (self.field_name,) if self.field_name else ()
        for name in fields:
            program.counted_field(subject, name, NUMERIC, self.origin)
        session = program.part(subject, "session", fields, size=self.gap.us)
        operation = "session_age" if self.function == "duration" else "session_total"
        return program.emit(operation, subject.key, session, self.gap.us)


class SessionWords(EntityWords):
    """`card.session(gap="30m").count()`."""

    def session(self, *, gap: str, of: str = "") -> "PresentSession":
        """The events since the last silence of at least `gap`."""
        return PresentSession(self._options(), of, Window.parse(gap, Origin.here()))


class PresentSession:
    """The entity's present session. Its attributes are fields: `card.session(gap="30m").amount`."""

    def __init__(self, whose: EntityOptions, of: str, gap: Window) -> None:
        self._options = whose
        self._of = of
        self._gap = gap

    def __getattr__(self, name: str) -> "SessionField":
        if name.startswith("_"):
            raise AttributeError(name)
        return SessionField(self._options, self._of, self._gap, name)

    def count(self) -> Expression:
        """The number of events."""
        return InSession(of=self._of, function="count", field_name="", gap=self._gap, **self._options)

    def duration(self) -> Expression:
        """Seconds since it began."""
        return InSession(of=self._of, function="duration", field_name="", gap=self._gap, **self._options)


class SessionField:
    """A numeric field of the events in the present session."""

    def __init__(self, whose: EntityOptions, of: str, gap: Window, field_name: str) -> None:
        self._options = whose
        self._of = of
        self._gap = gap
        self._field_name = field_name

    def __getattr__(self, word: str) -> None:
        if not word.startswith("_"):
            raise Origin.here().error(f"a field of a session has no {word!r}; use sum")
        raise AttributeError(word)

    def sum(self) -> Expression:
        """The running total."""
        return InSession(
            of=self._of, function="sum", field_name=self._field_name, gap=self._gap, **self._options
        )
