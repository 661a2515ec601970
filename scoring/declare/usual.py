"""Usual values of an entity: the numbers that reasons show next to a value, and their descriptions.

A word names the one that applies to it, and the kernel's program and the feature's page both use that.
"""

from dataclasses import dataclass
from typing import Protocol

from scoring.declare.conditions import Condition
from scoring.declare.lowering import EntityKeys, Program, Register, Subject
from scoring.declare.protocols.grammar import CountedEvents, Grammar
from scoring.declare.spelling import span_text
from scoring.declare.window import TILES_PER_WINDOW, Window

MONTH = Window(30 * 86_400_000_000, "30d")
_MONTH_TILE = MONTH.us // TILES_PER_WINDOW
NOTHING_USUAL = float("nan")  # one object: a NaN equals only itself, and this makes all of them one register


class EntityWord(EntityKeys, CountedEvents, Protocol):
    """A word that reads the states of an entity."""


class ValueWord(Protocol):
    """A word with a value of its own."""

    def lower(self, program: Program) -> Register: ...


class Usual:
    """A usual value, computed by the kernel and described on the feature's page."""

    def lower(self, program: Program) -> Register:
        """The register that holds it; NaN if the entity's past does not tell."""
        raise NotImplementedError

    def description(self, grammar: Grammar) -> str:
        """What it is, in words: "the 30-day mean of this card"."""
        raise NotImplementedError


def lower_usual(usual: Usual | None, program: Program) -> Register:
    """The register of a usual value; without one, of a constant NaN."""
    return program.constant(NOTHING_USUAL) if usual is None else usual.lower(program)


def _over_month(
    program: Program, subject: Subject, function: str, field: str = "", where: str = ""
) -> Register:
    return program.aggregate(subject, function, field, window=MONTH.us, tile=_MONTH_TILE, where=where)


@dataclass(frozen=True)
class MonthlyRate(Usual):
    """The count or sum over 30 days, scaled to the window."""

    word: EntityWord
    function: str
    field: str
    where: Condition | None
    window: Window

    def lower(self, program: Program) -> Register:
        subject = program.subject(self.word)
        where = program.condition(subject, self.where, self.word.origin)
        month = _over_month(program, subject, self.function, self.field, where)
        return program.emit("usual_rate", month, subject.key, self.window.us)

    def description(self, grammar: Grammar) -> str:
        window = span_text(self.window.label)
        return (
            f"the 30-day total of {grammar.this(self.word)}, scaled to {window}; until it is {window} old,"
            " the median of the training rows"
        )


@dataclass(frozen=True)
class MonthlyMean(Usual):
    """The mean of a field over 30 days."""

    word: EntityWord
    field: str
    where: Condition | None

    def lower(self, program: Program) -> Register:
        subject = program.subject(self.word)
        where = program.condition(subject, self.where, self.word.origin)
        return _over_month(program, subject, "mean", self.field, where)

    def description(self, grammar: Grammar) -> str:
        return f"the 30-day mean of {grammar.this(self.word)}"


@dataclass(frozen=True)
class MonthlyGap(Usual):
    """The mean time between events over 30 days."""

    word: EntityWord
    where: Condition | None

    def lower(self, program: Program) -> Register:
        subject = program.subject(self.word)
        where = program.condition(subject, self.where, self.word.origin)
        month = _over_month(program, subject, "count", where=where)
        return program.emit("usual_gap", month, subject.key)

    def description(self, grammar: Grammar) -> str:
        this = grammar.this(self.word)
        return f"30 days, or the age of {this} if less, divided by the number of its events in that time"


@dataclass(frozen=True)
class FirstEntityMean(Usual):
    """The mean of an amount over 30 days, for the first entity of the event type."""

    field: str

    def lower(self, program: Program) -> Register:
        subject = program.first_entity()
        if subject is None:
            return program.constant(NOTHING_USUAL)
        return _over_month(program, subject, "mean", self.field)

    def description(self, grammar: Grammar) -> str:
        return "the 30-day mean of the first entity that the event type declares"


@dataclass(frozen=True)
class One(Usual):
    """1 if the value is known: the value is a ratio to the entity's own mean."""

    word: ValueWord

    def lower(self, program: Program) -> Register:
        return program.emit("one_if_known", self.word.lower(program))

    def description(self, grammar: Grammar) -> str:
        return "1: equal to the mean"
