"""Words for text signals: `comment.links()`, `display_name.capitals()`."""

from dataclasses import dataclass
from typing import cast

from scoring.declare.protocols.fields import NamedField
from scoring.declare.protocols.grammar import Grammar
from scoring.declare.signals import TEXT_SIGNALS
from scoring.declare.spelling import words_of
from scoring.declare.words.signals import FieldSignal


@dataclass(frozen=True)
class TextSignal(FieldSignal):
    """A count or share measured when the text was received; NaN without a text."""

    kind = "text"
    known = TEXT_SIGNALS
    types = ("Text",)

    def without_past(self, grammar: Grammar) -> str:
        text = f"missing without a {words_of(self.field.name)}"
        if self.about.missing:
            text += f" or {self.about.missing}"
        return f"{text}, or if it was received before texts were measured"


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
