"""Words for texts: `comment.links()`; how much one resembles labeled texts: `comment.resemblance("spam")`."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from scoring.declare.canonical import call, quoted
from scoring.declare.expression import Expression
from scoring.declare.lowering import Program, Register
from scoring.declare.protocols.fields import NamedField
from scoring.declare.protocols.grammar import Grammar
from scoring.declare.signals import SIMILARITY, TEXT_SIGNALS, Signal, similarity_signal
from scoring.declare.spelling import words_of
from scoring.declare.words.signals import FieldSignal

LOG_ODDS = "log-odds"
CLOSER = 1.0  # above the median; less is hardly a difference


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


@dataclass(frozen=True)
class TextSimilarity(FieldSignal):
    """The cosine similarity of a text to the nearest one that people found to break a policy, 0 to 1.

    NaN until the text was compared, and where no known text is similar enough to be recorded. `policy`: ""
    for the nearest of all.
    """

    kind = "similarity"
    types = ("Text",)

    policy: str = ""

    @property
    def about(self) -> Signal:
        return similarity_signal(self.policy)

    @property
    def definition(self) -> str:
        return call(f"{self.field.name}.{SIMILARITY}", *([quoted(self.policy)] if self.policy else []))

    def lower(self, program: Program) -> Register:
        program.own_policy(self.policy, self.origin)
        return super().lower(program)


@dataclass(frozen=True)
class TextResemblance(Expression):
    """How much more a text resembles those labeled positive than the others, in log-odds; NaN without a text.

    `policy`: those labeled with this policy; "" for any positive label. Each model learns its own, so a lane
    leaves it NaN and the model fills it in.
    """

    kind = "resemblance"
    filled_by_model = True

    field: NamedField
    policy: str = ""

    @property
    def name(self) -> str:
        return f"{self.field.name}_resemblance" + (f"_{self.policy}" if self.policy else "")

    @property
    def definition(self) -> str:
        return call(f"{self.field.name}.resemblance", *([quoted(self.policy)] if self.policy else []))

    def unit(self, fields: Mapping[str, NamedField]) -> str:
        return LOG_ODDS

    def noun(self, grammar: Grammar) -> str:
        return f"the resemblance of the {grammar.field(self.field.name)} to {self.looked_for(grammar)}"

    def looked_for(self, grammar: Grammar) -> str:
        """What the text is compared with: "spam", "violating comments"."""
        return words_of(self.policy) if self.policy else f"{grammar.positive} {grammar.subject}s"

    def sentence(self, grammar: Grammar, value: float) -> str:
        field = f"the {grammar.field(self.field.name)}"
        if math.isnan(value):
            return f"{field} is not known"
        verb = "resembles" if value > 0 else "does not resemble"
        return f"{field} {verb} {self.looked_for(grammar)}"

    def sentence_beside(self, grammar: Grammar, value: float, usual: float) -> str:
        """A text that resembles neither may still be unlike all that people found harmless."""
        if value <= 0 and value >= usual + CLOSER:
            field = f"the {grammar.field(self.field.name)}"
            return f"{field} is closer to {self.looked_for(grammar)} than in most {grammar.subject}s"
        return self.sentence(grammar, value)

    def description(self, grammar: Grammar) -> str:
        field, looked_for = grammar.field(self.field.name), self.looked_for(grammar)
        return (
            f"how much the {field} resembles {looked_for}, as the model learned it from labeled texts:"
            " above 0 more than other texts, below 0 less"
        )

    def without_past(self, grammar: Grammar) -> str:
        field = grammar.field(self.field.name)
        return f"missing without a {field}, if it was erased, or before a model learned it"

    def lower(self, program: Program) -> Register:
        program.own_field(self.field, ("Text",), self.origin)
        program.own_policy(self.policy, self.origin)
        return program.constant(math.nan)


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

    def hidden_links(self) -> TextSignal:
        """The number of web addresses that are written for people only, such as example[.]com."""
        return self._signal("hidden_links")

    def contacts(self) -> TextSignal:
        """The number of mail addresses, phone numbers, messenger handles and wallets."""
        return self._signal("contacts")

    def mentions(self) -> TextSignal:
        """The number of names with an @ before them."""
        return self._signal("mentions")

    def hashtags(self) -> TextSignal:
        """The number of words with a # before them."""
        return self._signal("hashtags")

    def emoji(self) -> TextSignal:
        """The number of emoji."""
        return self._signal("emoji")

    def disguises(self) -> TextSignal:
        """The number of words written to be read by people and not by machines."""
        return self._signal("disguises")

    def disguised(self) -> TextSignal:
        """The share of its characters that are not what they seem."""
        return self._signal("disguised")

    def repetition(self) -> TextSignal:
        """The share of its words that occurred before in it."""
        return self._signal("repetition")

    def resemblance(self, policy: str = "") -> TextResemblance:
        """How much it resembles the texts that were labeled positive, or labeled with a policy."""
        return TextResemblance(cast(NamedField, self), policy)

    def similarity(self, policy: str = "") -> TextSimilarity:
        """How near it is to the nearest text that people found to be bad, or to break a policy."""
        return TextSimilarity(cast(NamedField, self), similarity_signal(policy).name, policy)

    def _signal(self, signal: str) -> TextSignal:
        return TextSignal(cast(NamedField, self), signal)
