"""The word for the number of different values of a field in an entity's events."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from scoring.declare.canonical import quoted
from scoring.declare.conditions import Condition, Where, optional_condition, where_clause, where_definition
from scoring.declare.expression import Expression, check_field
from scoring.declare.lowering import Program, Register
from scoring.declare.origin import Origin
from scoring.declare.protocols.fields import NamedField
from scoring.declare.protocols.grammar import Grammar
from scoring.declare.several import one_or_several
from scoring.declare.spelling import last_span, plural_of, words_of
from scoring.declare.window import Window, parse_tile, parse_windows, tile_text
from scoring.declare.words.on_entity import EntityWords, OnEntity, name_where
from scoring.declare.words.windows import in_window, window_coverage

DEFAULT_CAP = 32


def cap_text(cap: int) -> str:
    """A cap for `cap=`; empty for the default."""
    return "" if cap == DEFAULT_CAP else str(cap)


@dataclass(frozen=True)
class Distinct(OnEntity):
    """The number of different values of a field in a window of the entity's events, exact up to `cap`."""

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
        return f"the number of different {values} in {in_window(grammar, self)}"

    def sentence(self, grammar: Grammar, value: float) -> str:
        if math.isnan(value):
            return self.entity_not_given(grammar)
        what = words_of(self.field.name)
        many = f"different {plural_of(what)}" if value != 1 else what
        return f"{grammar.number(value)} {many} in {in_window(grammar, self)}"

    def description(self, grammar: Grammar) -> str:
        values, span = plural_of(words_of(self.field.name)), last_span(self.window.label)
        where = where_clause(grammar, self.where)
        return f"the number of different {values} in {grammar.events(self)} in the last {span}{where}"

    def coverage(self, grammar: Grammar) -> str:
        exact = f"Exact up to {self.cap} values; beyond that it stays at {self.cap}."
        return f"{window_coverage(grammar, self)} {exact}"

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


class DistinctWords(EntityWords):
    """`card.distinct(shop, over="24h")`."""

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
                    **self._options(),
                )
                for window in parse_windows(over, origin)
            ]
        )
