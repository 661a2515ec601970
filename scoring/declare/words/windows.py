"""Words for an entity's events in a window: how many, and statistics of their amounts and numbers."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from scoring.declare.canonical import quoted
from scoring.declare.conditions import Condition, Where, optional_condition, where_clause, where_definition
from scoring.declare.expression import Expression
from scoring.declare.lowering import Program, Register
from scoring.declare.origin import Origin
from scoring.declare.protocols.fields import NUMERIC, NamedField
from scoring.declare.protocols.grammar import CountedEvents, Grammar
from scoring.declare.several import one_or_several
from scoring.declare.spelling import capitalized, exact_span, last_span, span_text, words_of
from scoring.declare.usual import MONTH, MonthlyMean, MonthlyRate, Usual
from scoring.declare.window import Window, parse_tile, parse_windows, tile_text
from scoring.declare.words.on_entity import EntityOptions, EntityWords, OnEntity, field_text, name_where

_NOUNS = {
    "count": "number",
    "sum": "total",
    "mean": "mean",
    "std": "spread of the",
    "min": "smallest",
    "max": "largest",
}
_DESCRIPTIONS = {
    "sum": "the total {field} of",
    "mean": "the mean {field} of",
    "std": "the standard deviation of the {field} of",
    "min": "the smallest {field} of",
    "max": "the largest {field} of",
}


class WindowWord(CountedEvents, Protocol):
    """A word that covers the events of a window, those that fulfill a condition if there is one."""

    @property
    def window(self) -> Window: ...
    @property
    def tile(self) -> int: ...
    @property
    def where(self) -> Condition | None: ...


def field_unit(fields: Mapping[str, NamedField], name: str) -> str:
    """The unit of a field. One that only another event type has (counted with of=) is an amount."""
    return fields[name].value_unit if name in fields else "money"


@dataclass(frozen=True)
class Aggregate(OnEntity):
    """count, sum, mean, std (population), min or max over a window, of events that fulfill a condition."""

    function: str
    field_name: str
    window: Window
    tile: int
    where: Condition | None = None

    @property
    def name(self) -> str:
        words = [self.subject, self.field_name, self.function, self.window.label]
        return name_where("_".join(word for word in words if word), self.where)

    @property
    def definition(self) -> str:
        return self.called(
            f"{field_text(self.field_name)}.{self.function}" if self.field_name else self.function,
            over=quoted(self.window.label),
            tile=tile_text(self.window, self.tile),
            where=where_definition(self.where),
        )

    @property
    def kind(self) -> str:
        return self.function

    def unit(self, fields: Mapping[str, NamedField]) -> str:
        return field_unit(fields, self.field_name) if self.field_name else "events"

    @property
    def window_label(self) -> str:
        return self.window.label

    @property
    def statistic(self) -> str:
        return self.function

    @property
    def mean_of(self) -> str:
        return self.field_name if self.function == "mean" and self.where is None else ""

    def noun(self, grammar: Grammar) -> str:
        field = f" {words_of(self.field_name)}" if self.field_name else ""
        return f"the {_NOUNS[self.function]}{field} of {in_window(grammar, self)}"

    def sentence(self, grammar: Grammar, value: float) -> str:
        if math.isnan(value):
            return self._no_value(grammar)
        if self.function == "count":
            return f"{grammar.number(value)} {in_window(grammar, self, value)}"
        return f"{self.noun(grammar)} is {grammar.value(value)}"

    def _no_value(self, grammar: Grammar) -> str:
        if self._is_total:
            return self.entity_not_given(grammar)
        counted, field = in_window(grammar, self), self.field_name
        nothing = (
            f"no {words_of(field)} is known from {counted}" if grammar.may_lack(field) else f"no {counted}"
        )
        return f"{nothing}{self.or_not_given(grammar)}"

    def description(self, grammar: Grammar) -> str:
        events, span = grammar.events(self), last_span(self.window.label)
        over = f"in the last {span}{where_clause(grammar, self.where)}"
        if self.function == "count":
            return f"the number of {events} {over}"
        return f"{_DESCRIPTIONS[self.function].format(field=words_of(self.field_name))} {events} {over}"

    def coverage(self, grammar: Grammar) -> str:
        return window_coverage(grammar, self)

    def without_past(self, grammar: Grammar) -> str:
        return "0" if self._is_total else "missing"

    def may_be_missing(self, grammar: Grammar) -> bool:
        return not self._is_total or grammar.may_lack(*(key.name for key in self.keys))

    @property
    def _is_total(self) -> bool:
        return self.function in ("count", "sum")

    def usual(self) -> Usual | None:
        """The month's count or sum, scaled to the window; of a mean, minimum or maximum the month's mean."""
        monthly = self.window.us >= MONTH.us
        if self.function == "std" or (monthly and self.function in ("count", "sum", "mean")):
            return None
        if self._is_total:
            return MonthlyRate(self, self.function, self.field_name, self.where, self.window)
        return MonthlyMean(self, self.field_name, self.where)

    def lower(self, program: Program) -> Register:
        subject = program.subject(self)
        if self.field_name:
            program.counted_field(subject, self.field_name, NUMERIC, self.origin)
        where = program.condition(subject, self.where, self.origin)
        return program.aggregate(
            subject, self.function, self.field_name, window=self.window.us, tile=self.tile, where=where
        )


def in_window(grammar: Grammar, word: WindowWord, number: float = 2) -> str:
    """What a window counts: "payments with this card in 1 h (amount below 5.00 USD)"."""
    span = span_text(word.window.label)
    return f"{grammar.events(word, number)} in {span}{where_clause(grammar, word.where)}"


def window_coverage(grammar: Grammar, word: WindowWord) -> str:
    window, tile = span_text(word.window.label), exact_span(word.tile)
    return (
        f"{capitalized(grammar.events(word))} in the {window} before, and up to {tile} more: the window"
        f" starts with the tile of {tile} (aligned to UTC) that contains the moment {window} ago."
        f" The {grammar.subject} itself is excluded."
    )


class WindowWords(EntityWords):
    """`card.count(over="24h")`, `card.amount.mean(over="24h")`."""

    def __getattr__(self, name: str) -> "EntityField":
        if name.startswith("_"):
            raise AttributeError(name)
        return EntityField(self._options(), name)

    def field(self, name: str) -> "EntityField":
        """A numeric field whose name is also a word of this vocabulary."""
        return EntityField(self._options(), name)

    def count(self, *, over: str, of: str = "", where: Where = None, tile: str | None = None) -> Expression:
        """The number of events."""
        return _aggregates(self._options(), "count", "", over, of, where, tile)


class EntityField:
    """A numeric field of an entity's events: `card.amount`."""

    def __init__(self, whose: EntityOptions, field_name: str) -> None:
        self._options = whose
        self._field_name = field_name

    def __call__(self, *_: object, **__: object) -> None:
        raise Origin.here().error(f"an entity has no word {self._field_name!r}")

    def __getattr__(self, word: str) -> None:
        if not word.startswith("_"):
            raise Origin.here().error(f"a field has no {word!r}; use sum, mean, std, min or max")
        raise AttributeError(word)

    def sum(self, *, over: str, of: str = "", where: Where = None, tile: str | None = None) -> Expression:
        return _aggregates(self._options, "sum", self._field_name, over, of, where, tile)

    def mean(self, *, over: str, of: str = "", where: Where = None, tile: str | None = None) -> Expression:
        return _aggregates(self._options, "mean", self._field_name, over, of, where, tile)

    def std(self, *, over: str, of: str = "", where: Where = None, tile: str | None = None) -> Expression:
        return _aggregates(self._options, "std", self._field_name, over, of, where, tile)

    def min(self, *, over: str, of: str = "", where: Where = None, tile: str | None = None) -> Expression:
        return _aggregates(self._options, "min", self._field_name, over, of, where, tile)

    def max(self, *, over: str, of: str = "", where: Where = None, tile: str | None = None) -> Expression:
        return _aggregates(self._options, "max", self._field_name, over, of, where, tile)


def _aggregates(  # noqa: PLR0917 -- the words of a declaration, in their order
    whose: EntityOptions, function: str, field_name: str, over: str, of: str, where: Where, tile: str | None
) -> Expression:
    origin = Origin.here()
    condition = optional_condition(where, origin)
    return one_or_several(
        [
            Aggregate(
                of=of,
                function=function,
                field_name=field_name,
                window=window,
                tile=parse_tile(window, tile, origin),
                where=condition,
                origin=origin,
                **whose,
            )
            for window in parse_windows(over, origin)
        ]
    )
