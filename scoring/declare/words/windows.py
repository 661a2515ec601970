"""Words for an entity's events in a window: counts, sums, means and different values."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from scoring.declare.canonical import quoted
from scoring.declare.conditions import Condition, Where, optional_condition, where_clause, where_definition
from scoring.declare.expression import Expression, check_field, one_or_several
from scoring.declare.lowering import Program, Register
from scoring.declare.origin import Origin
from scoring.declare.protocols.fields import NUMERIC, NamedField
from scoring.declare.protocols.grammar import Grammar
from scoring.declare.spelling import exact_span, last_span, plural_of, span_text, words_of
from scoring.declare.usual import MONTH, MonthlyMean, MonthlyRate, Usual
from scoring.declare.window import Window, parse_tile, parse_windows, tile_text
from scoring.declare.words.on_entity import EntityWords, OnEntity, Whose, field_text, name_where

DEFAULT_CAP = 32
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


def cap_text(cap: int) -> str:
    """A cap as `cap=` takes it; empty for the default."""
    return "" if cap == DEFAULT_CAP else str(cap)


def field_unit(fields: Mapping[str, NamedField], name: str) -> str:
    """The unit of a field; one that only another type has, which is counted with of=, is an amount."""
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
        return f"the {_NOUNS[self.function]}{field} of {_in_window(grammar, self)}"

    def sentence(self, grammar: Grammar, value: float) -> str:
        if math.isnan(value):
            return self._no_value(grammar)
        if self.function == "count":
            return f"{grammar.number(value)} {_in_window(grammar, self, value)}"
        return f"{self.noun(grammar)} is {grammar.value(value)}"

    def _no_value(self, grammar: Grammar) -> str:
        if self._is_total:
            return self.entity_not_given(grammar)
        counted, field = _in_window(grammar, self), self.field_name
        nothing = (
            f"no {words_of(field)} is known from {counted}" if grammar.may_lack(field) else f"no {counted}"
        )
        return f"{nothing}{self.or_not_given(grammar)}"

    def description(self, grammar: Grammar) -> str:
        events, span = grammar.events(self), last_span(self.window.label)
        over = f"in the last {span}{where_clause(grammar, self.where)}"
        if self.function == "count":
            return f"how many {events} there were {over}"
        return f"{_DESCRIPTIONS[self.function].format(field=words_of(self.field_name))} {events} {over}"

    def coverage(self, grammar: Grammar) -> str:
        return _covered(grammar, self)

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


@dataclass(frozen=True)
class Distinct(OnEntity):
    """How many values of a field the entity has shown in a window, exact up to `cap`."""

    kind = "distinct"

    field: NamedField
    window: Window
    tile: int
    cap: int
    where: Condition | None = None

    @property
    def name(self) -> str:
        return name_where(f"{self.subject}_distinct_{self.field.name}_{self.window.label}", self.where)

    @property
    def definition(self) -> str:
        return self.called(
            "distinct",
            self.field.name,
            over=quoted(self.window.label),
            cap=cap_text(self.cap),
            tile=tile_text(self.window, self.tile),
            where=where_definition(self.where),
        )

    def unit(self, fields: Mapping[str, NamedField]) -> str:
        return "values"

    @property
    def window_label(self) -> str:
        return self.window.label

    def noun(self, grammar: Grammar) -> str:
        values = plural_of(words_of(self.field.name))
        return f"the number of different {values} in {_in_window(grammar, self)}"

    def sentence(self, grammar: Grammar, value: float) -> str:
        if math.isnan(value):
            return self.entity_not_given(grammar)
        what = words_of(self.field.name)
        many = f"different {plural_of(what)}" if value != 1 else what
        return f"{grammar.number(value)} {many} in {_in_window(grammar, self)}"

    def description(self, grammar: Grammar) -> str:
        values, span = plural_of(words_of(self.field.name)), last_span(self.window.label)
        where = where_clause(grammar, self.where)
        return f"how many different {values} there were in {grammar.events(self)} in the last {span}{where}"

    def coverage(self, grammar: Grammar) -> str:
        exact = f"Exact up to {self.cap} values; beyond that it stays at {self.cap}."
        return f"{_covered(grammar, self)} {exact}"

    def without_past(self, grammar: Grammar) -> str:
        return "0"

    def may_be_missing(self, grammar: Grammar) -> bool:
        return grammar.may_lack(*(key.name for key in self.keys))

    def lower(self, program: Program) -> Register:
        subject = program.subject(self)
        where = program.condition(subject, self.where, self.origin)
        values = program.value_map(subject, self.field, self.cap, self.origin, where=where)
        full = program.saturable(self.name)
        return program.emit("distinct", subject.key, values, self.cap, self.window.us, self.tile, full)


def _in_window(grammar: Grammar, word: Aggregate | Distinct, number: float = 2) -> str:
    """What a window counts: "payments with this card in 1 h (amount below 5.00 USD)"."""
    span = span_text(word.window.label)
    return f"{grammar.events(word, number)} in {span}{where_clause(grammar, word.where)}"


def _covered(grammar: Grammar, word: Aggregate | Distinct) -> str:
    window, tile = span_text(word.window.label), exact_span(word.tile)
    return (
        f"{word.counted(grammar)} of the {window} before, and up to {tile} more: it begins with the tile of"
        f" {tile} (aligned to UTC) that holds the moment {window} ago. The {grammar.subject} itself is not"
        " part of it."
    )


class WindowWords(EntityWords):
    """`card.count(over="24h")`, `card.distinct(shop, over="24h")`, `card.amount.mean(over="24h")`."""

    def __getattr__(self, name: str) -> "AmountsOf":
        if name.startswith("_"):
            raise AttributeError(name)
        return AmountsOf(self._whose(), name)

    def field(self, name: str) -> "AmountsOf":
        """A numeric field whose name is also a word of this vocabulary."""
        return AmountsOf(self._whose(), name)

    def count(self, *, over: str, of: str = "", where: Where = None, tile: str | None = None) -> Expression:
        """The number of events."""
        return _aggregates(self._whose(), "count", "", over, of, where, tile)

    def distinct(
        self,
        field: NamedField,
        *,
        over: str,
        of: str = "",
        where: Where = None,
        cap: int = DEFAULT_CAP,
        tile: str | None = None,
    ) -> Expression:
        """The number of different values of a field."""
        check_field(field)
        origin = Origin.here()
        condition = optional_condition(where, origin)
        return one_or_several(
            [
                Distinct(
                    of=of,
                    field=field,
                    window=window,
                    tile=parse_tile(window, tile, origin),
                    cap=cap,
                    where=condition,
                    origin=origin,
                    **self._whose(),
                )
                for window in parse_windows(over, origin)
            ]
        )


class AmountsOf:
    """A numeric field seen per entity: `card.amount`."""

    def __init__(self, whose: Whose, field_name: str) -> None:
        self._whose = whose
        self._field_name = field_name

    def __call__(self, *_: object, **__: object) -> None:
        raise Origin.here().error(f"{self._field_name!r} is no word for an entity")

    def __getattr__(self, word: str) -> None:
        if not word.startswith("_"):
            raise Origin.here().error(f"{word!r} is no word for a field; there are sum, mean, std, min, max")
        raise AttributeError(word)

    def sum(self, *, over: str, of: str = "", where: Where = None, tile: str | None = None) -> Expression:
        return _aggregates(self._whose, "sum", self._field_name, over, of, where, tile)

    def mean(self, *, over: str, of: str = "", where: Where = None, tile: str | None = None) -> Expression:
        return _aggregates(self._whose, "mean", self._field_name, over, of, where, tile)

    def std(self, *, over: str, of: str = "", where: Where = None, tile: str | None = None) -> Expression:
        return _aggregates(self._whose, "std", self._field_name, over, of, where, tile)

    def min(self, *, over: str, of: str = "", where: Where = None, tile: str | None = None) -> Expression:
        return _aggregates(self._whose, "min", self._field_name, over, of, where, tile)

    def max(self, *, over: str, of: str = "", where: Where = None, tile: str | None = None) -> Expression:
        return _aggregates(self._whose, "max", self._field_name, over, of, where, tile)


def _aggregates(  # noqa: PLR0917 -- the words of a declaration, in their order
    whose: Whose, function: str, field_name: str, over: str, of: str, where: Where, tile: str | None
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
