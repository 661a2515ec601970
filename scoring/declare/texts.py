"""What a text tells of itself: `comment.links()`, `display_name.capitals()`."""

from dataclasses import dataclass
from typing import cast

from scoring.declare.expression import Expression, NamedField, call
from scoring.declare.signals import signal_column


@dataclass(frozen=True)
class TextSignal(Expression):
    """A count or a share, taken of a text when it was received; NaN without one."""

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


class TextVocabulary:
    """What can be said about a text."""

    def length(self) -> TextSignal:
        """How many characters."""
        return self._signal("length")

    def words(self) -> TextSignal:
        """How many words."""
        return self._signal("words")

    def links(self) -> TextSignal:
        """How many web addresses."""
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
        """The most times that one character follows itself, itself included."""
        return self._signal("longest_run")

    def _signal(self, signal: str) -> TextSignal:
        return TextSignal(cast(NamedField, self), signal)
