"""The word for a signal that was fetched when the event was received: `device_risk`."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from scoring.declare.expression import Expression
from scoring.declare.lowering import Program, Register
from scoring.declare.protocols.fields import NamedField
from scoring.declare.protocols.grammar import Grammar
from scoring.declare.spelling import words_of
from scoring.declare.words.own_values import called_on_pages


@dataclass(frozen=True)
class FetchedSignal(Expression):
    """The number, flag or category that a service of the user's gave; NaN where it gave none."""

    kind = "external"

    source: NamedField

    @property
    def name(self) -> str:
        return self.source.name

    @property
    def definition(self) -> str:
        return self.source.name

    def unit(self, fields: Mapping[str, NamedField]) -> str:
        return self.source.value_unit

    @property
    def own_field(self) -> str:
        return self.source.name if self.has_codes else ""

    @property
    def has_codes(self) -> bool:
        return self.source.value_unit == "category"

    @property
    def help_text(self) -> str:
        return getattr(self.source, "help", "")

    def sentence(self, grammar: Grammar, value: float) -> str:
        noun = grammar.own_noun(self.noun(grammar))
        if math.isnan(value):
            return f"{noun} is not known"
        if grammar.unit == "flag":
            return f"{words_of(grammar.name)}: {grammar.value(value)}"
        if self.has_codes and not grammar.has_category(value):
            return f"{noun} was never seen in training"
        return f"{noun} is {grammar.value(value)}"

    def description(self, grammar: Grammar) -> str:
        what = called_on_pages(self.source) or self.noun(grammar)
        return f"{what}, fetched when the {grammar.subject} was received"

    def without_past(self, grammar: Grammar) -> str:
        return "missing if the service did not answer in time or knew nothing, and in history"

    def lower(self, program: Program) -> Register:
        return program.item_value(program.own_field(self.source, ("ExternalSignal",), self.origin))
