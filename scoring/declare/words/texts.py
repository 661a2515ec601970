"""Words for text signals: `comment.links()`, `display_name.capitals()`."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from scoring.declare.canonical import call
from scoring.declare.expression import Expression
from scoring.declare.lowering import Program, Register
from scoring.declare.protocols.fields import NamedField
from scoring.declare.protocols.grammar import Grammar
from scoring.declare.spelling import words_of
from scoring.declare.text_signals import signal_column

_NOUNS = {
    "length": "the number of characters",
    "words": "the number of words",
    "links": "the number of links",
    "capitals": "the share of capitals among the letters",
    "digits": "the share of digits",
    "symbols": "the share of punctuation and symbols",
    "longest_run": "the longest run of one character",
}
_UNITS = {
    "length": "characters",
    "words": "words",
    "links": "links",
    "capitals": "share",
    "digits": "share",
    "symbols": "share",
    "longest_run": "characters",
}
_COUNTED = {"length": "character", "words": "word", "links": "link"}


@dataclass(frozen=True)
class TextSignal(Expression):
    """A count or share measured when the text was received; NaN without a text."""

    kind = "text"

    field: NamedField
    signal: str

    @property
    def name(self) -> str:
        return f"{self.field.name}_{self.signal}"

    @property
    def column(self) -> str:
        return signal_column(self.field.name, self.signal)

    @property
    def definition(self) -> str:
        return call(self.column)

    def unit(self, fields: Mapping[str, NamedField]) -> str:
        return _UNITS[self.signal]

    def noun(self, grammar: Grammar) -> str:
        return f"{_NOUNS[self.signal]} in the {words_of(self.field.name)}"

    def sentence(self, grammar: Grammar, value: float) -> str:
        if math.isnan(value):
            return f"{self.noun(grammar)} is not known"
        if counted := _COUNTED.get(self.signal):
            many = counted if value == 1 else f"{counted}s"
            return f"the {words_of(self.field.name)} has {grammar.number(value)} {many}"
        return f"{self.noun(grammar)} is {grammar.value(value)}"

    def description(self, grammar: Grammar) -> str:
        return self.noun(grammar)

    def without_past(self, grammar: Grammar) -> str:
        text = f"missing without a {words_of(self.field.name)}"
        if self.signal == "capitals":
            text += " or without letters"
        return f"{text}, or if it was received before texts were measured"

    def lower(self, program: Program) -> Register:
        program.own_field(self.field, ("Text",), self.origin)
        return program.item_value(self.column)


class TextVocabulary:
    """The words of a text field."""

    def length(self) -> TextSignal:
        """The number of characters."""
        return self._signal("length")

    def words(self) -> TextSignal:
        """The number of words."""
        return self._signal("words")

    def links(self) -> TextSignal:
        """The number of web addresses."""
        return self._signal("links")

    def capitals(self) -> TextSignal:
        """The share of its letters that are capitals."""
        return self._signal("capitals")

    def digits(self) -> TextSignal:
        """The share of its characters that are digits."""
        return self._signal("digits")

    def symbols(self) -> TextSignal:
        """The share of its characters that are punctuation or symbols."""
        return self._signal("symbols")

    def longest_run(self) -> TextSignal:
        """The length of the longest run of one character."""
        return self._signal("longest_run")

    def _signal(self, signal: str) -> TextSignal:
        return TextSignal(cast(NamedField, self), signal)
