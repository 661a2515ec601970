"""Computes the terms of clauses for many events at once: a row of numbers for each term."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import nan
from operator import contains
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.rules.expressions.compiling import CompiledExpression
from scoring.rules.expressions.operands import FLAG, TEXT, Operand
from scoring.rules.expressions.prefilter.clauses import Calculation, Length, Term, TextTest
from scoring.rules.expressions.prefilter.event_values import EventValues, values_of
from scoring.rules.expressions.prefilter.syntax import Number, Variable
from scoring.rules.expressions.rewriting import Lookup, lookup_variable, presence_variable, value_variable

Numbers = NDArray[np.float64]
OfText = TextTest | Length
MAX_REMEMBERED = 10_000  # texts of an operand whose terms are remembered

_ARITHMETIC: Mapping[str, np.ufunc] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
}
_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "contains": contains,
    "startsWith": str.startswith,
    "endsWith": str.endswith,
}


@dataclass(frozen=True, slots=True)
class Variables:
    """What the variables of expressions stand for, by name. `values`: of every operand, read or not."""

    values: Mapping[str, Operand]
    presence: Mapping[str, Operand]
    lookups: Mapping[str, Lookup]

    @classmethod
    def of(cls, expressions: Sequence[CompiledExpression]) -> "Variables":
        return cls(
            {value_variable(name): each for of in expressions for name, each in of.operands.items()},
            {presence_variable(name): each for of in expressions for name, each in of.presence.items()},
            {lookup_variable(lookup): lookup for of in expressions for lookup in of.lookups},
        )


class TextTerms:
    """The terms over the text of one operand with their rows; the numbers of a text are remembered.

    `presence`: the row of the flag whether there is a text, if one is asked for.
    """

    def __init__(self, operand: Operand) -> None:
        self.operand = operand
        self.terms: list[OfText] = []
        self.rows: list[int] = []
        self.presence: int | None = None
        self._remembered: dict[str, list[float]] = {}

    def of(self, text: str | None) -> list[float]:
        """The numbers of a text, in the order of `terms`; NaN for none."""
        if text is None:
            return [nan] * len(self.terms)
        found = self._remembered.get(text)
        if found is None:
            found = [_of_text(term, text) for term in self.terms]
            if len(self._remembered) >= MAX_REMEMBERED:
                self._remembered.clear()
            self._remembered[text] = found
        return found

    def fill(self, rows: Numbers, events: Sequence[EventValues]) -> None:
        texts: list[Any] = values_of(self.operand, events)
        if self.terms:
            rows[self.rows] = np.array([self.of(text) for text in texts]).T
        if self.presence is not None:
            rows[self.presence] = [text is not None for text in texts]


class TermRows:
    """Computes terms: numbers, flags as 1 or 0, NaN where a value is missing.

    `add` gives the row of a term; then `compute` gives the rows [terms, events] of any events.
    """

    def __init__(self, variables: Variables) -> None:
        self._variables = variables
        self._rows: dict[Term, int] = {}
        self._initial: list[float] = []  # the number of a constant, NaN of what is computed
        self._numbers: list[tuple[int, Operand]] = []
        self._features: list[tuple[int, Operand]] = []
        self._texts: dict[str, TextTerms] = {}
        self._presence: list[tuple[int, int]] = []  # the row of a flag, and that of the value
        self._lookups: dict[Lookup, int] = {}
        self._calculations: list[tuple[int, np.ufunc, list[int]]] = []

    def add(self, term: Term) -> int:
        """The row of a term."""
        if term in self._rows:
            return self._rows[term]
        match term:
            case Number(value):
                row = self._new_row(value)
            case TextTest(_, name) | Length(name):
                row = self._add_of_text(term, self._variables.values[name])
            case Calculation("-", (part,)):
                row = self._add_calculation(np.negative, part)
            case Calculation(operator, parts):
                row = self._add_calculation(_ARITHMETIC[operator], *parts)
            case Variable(name):
                row = self._add_variable(name)
        self._rows[term] = row
        return row

    def compute(self, events: Sequence[EventValues]) -> Numbers:
        """The rows of all terms [terms, events]."""
        rows = np.repeat(np.array(self._initial).reshape(-1, 1), len(events), axis=1)
        for row, operand in self._numbers:
            rows[row] = values_of(operand, events)
        self._fill_features(rows, events)
        for texts in self._texts.values():
            texts.fill(rows, events)
        for row, of_value in self._presence:
            rows[row] = ~np.isnan(rows[of_value])
        self._fill_lookups(rows, events)
        with np.errstate(all="ignore"):  # as CEL, which divides by zero
            for row, function, parts in self._calculations:
                function(*rows[parts], out=rows[row])
        return rows

    def _new_row(self, initial: float = nan) -> int:
        self._initial.append(initial)
        return len(self._initial) - 1

    def _add_variable(self, name: str) -> int:
        if lookup := self._variables.lookups.get(name):
            self._lookups[lookup] = row = self._new_row(0.0)
            return row
        if operand := self._variables.presence.get(name):
            return self._add_presence(operand)
        operand, row = self._variables.values[name], self._new_row()
        (self._features if operand.kind == "feature" else self._numbers).append((row, operand))
        return row

    def _add_presence(self, operand: Operand) -> int:
        if operand.type != TEXT:
            of_value = self.add(Variable(value_variable(operand.name)))
            row = self._new_row()
            self._presence.append((row, of_value))
            return row
        texts = self._texts_of(operand)
        texts.presence = self._new_row()
        return texts.presence

    def _add_of_text(self, term: OfText, operand: Operand) -> int:
        texts, row = self._texts_of(operand), self._new_row()
        texts.terms.append(term)
        texts.rows.append(row)
        return row

    def _texts_of(self, operand: Operand) -> TextTerms:
        return self._texts.setdefault(operand.name, TextTerms(operand))

    def _add_calculation(self, function: np.ufunc, *parts: Term) -> int:
        rows = [self.add(part) for part in parts]
        row = self._new_row()
        self._calculations.append((row, function, rows))
        return row

    def _fill_features(self, rows: Numbers, events: Sequence[EventValues]) -> None:
        if not self._features:
            return
        places = [row for row, _ in self._features]
        names = [operand.column for _, operand in self._features]
        divisors = np.array([operand.divisor for _, operand in self._features])
        stored = [[event.features.get(name) for name in names] for event in events]
        numbers = np.array(stored, dtype=np.float64) / divisors
        numbers[~np.isfinite(numbers)] = nan
        rows[places] = numbers.T
        for row, operand in self._features:
            if operand.type == FLAG:
                rows[row] = np.where(np.isnan(rows[row]), nan, rows[row] != 0)

    def _fill_lookups(self, rows: Numbers, events: Sequence[EventValues]) -> None:
        if self._lookups:
            for place, event in enumerate(events):
                for hit in event.hits:
                    if (row := self._lookups.get(hit)) is not None:
                        rows[row, place] = 1.0


def _of_text(term: OfText, text: str) -> float:
    match term:
        case Length():
            return float(len(text))
        case TextTest("in", _, texts):
            return float(text in texts)
        case TextTest(test, _, (argument,)):
            return float(_TESTS[test](text, argument))
    raise ValueError(term)
