"""Trying an expression on events: whether each matches, and what was read to know that."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from scoring.catalog.currency import EXPONENTS, format_minor
from scoring.rules.expressions.activation import ActivationBuilder
from scoring.rules.expressions.compiling import CompiledExpression
from scoring.rules.expressions.errors import ExpressionFailed
from scoring.rules.expressions.operands import SCORE, SOURCE, Operand
from scoring.rules.expressions.rewriting import ANY_FILE, Lookup
from scoring.rules.rules.trial.bank_hits import find_recorded_matches
from scoring.rules.rules.trial.decided_events import DecidedEvent
from scoring.rules.rules.trial.list_hits import find_list_hits
from scoring.sentences.figures import format_duration, short_number

MATCHED: Final = "matched"
NOT_MATCHED: Final = "not matched"
UNKNOWN: Final = "unknown"
FAILED: Final = "failed"
_ANSWERS = {True: MATCHED, False: NOT_MATCHED, None: UNKNOWN}
PERSONAL: Final = "has a value"  # shown in place of a personal one


class ReadValue(NamedTuple):
    """A name that an expression reads, and its value for one event as text; "" if it is missing."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class TriedEvent:
    """An event with the answer of an expression; "unknown" if that depends on a missing value.

    `problem` is why it failed, "" otherwise.
    """

    event: DecidedEvent
    answer: str
    values: tuple[ReadValue, ...]
    problem: str = ""

    @property
    def missing(self) -> tuple[str, ...]:
        """The names without a value."""
        return tuple(value.name for value in self.values if not value.text)


class Trial:
    """An expression, ready to be asked about events as they were decided, with the lists as they are now.

    Of hash banks it knows what decisions recorded.
    """

    def __init__(self, compiled: CompiledExpression, *, now: datetime) -> None:
        self.compiled, self._now = compiled, now
        self._builder = ActivationBuilder([compiled])

    def ask(self, events: Sequence[DecidedEvent]) -> Iterable[tuple[DecidedEvent, str, str]]:
        """Each event with its answer, and the problem if that is that the expression failed."""
        for event, found in zip(events, self._hits(events), strict=True):
            yield (event, *self._answer(event, found))

    def try_on(self, events: Sequence[DecidedEvent]) -> list[TriedEvent]:
        """Each event with its answer and the values that were read."""
        tried = []
        for event, found in zip(events, self._hits(events), strict=True):
            answer, problem = self._answer(event, found)
            tried.append(TriedEvent(event, answer, self._values(event, found), problem))
        return tried

    def _hits(self, events: Sequence[DecidedEvent]) -> list[frozenset[Lookup]]:
        listed = find_list_hits(self.compiled, events, now=self._now)
        banked = find_recorded_matches(self.compiled, events)
        return [in_lists | in_banks for in_lists, in_banks in zip(listed, banked, strict=True)]

    def _answer(self, event: DecidedEvent, hits: frozenset[Lookup]) -> tuple[str, str]:
        activation = self._builder.build(
            fields=event.fields,
            source=event.source,
            signals=event.signals,
            features=[event.features.get(name) for name in self._builder.features],
            score=event.score,
            hits=hits,
        )
        try:
            return _ANSWERS[self.compiled.answer(activation)], ""
        except ExpressionFailed as error:
            return FAILED, error.problem

    def _values(self, event: DecidedEvent, hits: frozenset[Lookup]) -> tuple[ReadValue, ...]:
        operands = self.compiled.operands.values()
        read = [ReadValue(each.name, value_text(each, stored_value(each, event))) for each in operands]
        looked_up = [
            ReadValue(f"{function}({field}, {name!r})", "yes" if (field, name) in hits else "no")
            for function, lookups in (("listed", self.compiled.listed), ("tagged", self.compiled.tagged))
            for field, name in sorted(lookups)
        ]
        banked = [
            ReadValue(f"banked({name!r})", "yes" if (ANY_FILE, name) in hits else "no")
            for name in sorted(self.compiled.banks)
        ]
        return (*read, *looked_up, *banked)


def stored_value(operand: Operand, event: DecidedEvent) -> Any:
    """The event's value of an operand as stored; None if it is missing."""
    if operand.kind == SCORE:
        return event.score
    if operand.kind == SOURCE:
        return event.source
    held = {"field": event.fields, "signal": event.signals, "feature": event.features}[operand.kind]
    return held.get(operand.column)


def value_text(operand: Operand, stored: Any) -> str:
    """A value for people, in the units in which expressions see it; "" if it is missing."""
    value = operand.value_of(stored)
    if value is None:
        return ""
    if operand.personal:
        return PERSONAL
    if isinstance(value, bool):
        return "true" if value else "false"
    return number_text(operand, value) if isinstance(value, float) else str(value)


def number_text(operand: Operand, value: float) -> str:
    """A number with its unit: "1,234.56 USD", "0.031"."""
    if operand.unit in EXPONENTS:
        return format_minor(value * operand.divisor, operand.unit)
    if operand.unit == "seconds":
        return f"{value:,.0f} ({format_duration(value)})"
    if operand.unit in ("probability", "share"):
        return f"{value:.4g}"
    return f"{value:,.6g}" if value != int(value) else short_number(value)
