"""The base of every word of the declaration language.

A word owns its name, kind, unit, sentences, usual value and lowering. The compiler and the sentences use
words through this interface alone: a new word is a new class.
"""

import math
from collections.abc import Mapping
from typing import ClassVar

from scoring.declare.lowering import Program, Register
from scoring.declare.protocols.fields import NamedField
from scoring.declare.protocols.grammar import Grammar
from scoring.declare.spelling import words_of
from scoring.declare.usual import Usual


class Word:
    """A part of a feature that has a value. Every word defines what raises NotImplementedError here."""

    is_calendar: ClassVar[bool] = False  # depends only on when the event occurred, in its type's time zone
    is_age: ClassVar[bool] = False  # grows while nothing happens
    filled_by_model: ClassVar[bool] = False  # NaN in a lane's row; each model has its own values

    @property
    def name(self) -> str:
        raise NotImplementedError

    @property
    def definition(self) -> str:
        """The declaration in canonical text."""
        raise NotImplementedError

    @property
    def kind(self) -> str:
        """The sort of feature, for catalogs: "count", "ratio", "since_last"."""
        raise NotImplementedError

    def unit(self, fields: Mapping[str, NamedField]) -> str:
        """The unit of its values, given the fields of its event type; see `FeatureSpec.unit`."""
        raise NotImplementedError

    @property
    def entity(self) -> str:
        """The entity or pair whose state or batch values it reads; empty where it reads none."""
        return ""

    @property
    def window_label(self) -> str:
        """The window it covers, as declared: "24h"; empty without one."""
        return ""

    @property
    def own_field(self) -> str:
        """The event's own field whose value it is; empty for anything computed."""
        return ""

    @property
    def has_codes(self) -> bool:
        """Whether its values are codes for names, which arithmetic must refuse."""
        return False

    @property
    def statistic(self) -> str:
        """The statistic of a window that it is, such as "mean" or "std"; empty for anything else."""
        return ""

    @property
    def mean_of(self) -> str:
        """The field whose mean over all counted events it is; empty for anything else."""
        return ""

    @property
    def difference(self) -> "tuple[Word, Word] | None":
        """The sides of a difference; None for anything else."""
        return None

    @property
    def help_text(self) -> str:
        """The help text of the field whose value it is."""
        return ""

    def noun(self, grammar: Grammar) -> str:
        """The feature as a thing: "the largest amount of payments with this card in 24 h"."""
        return f"the {words_of(self.name)}"

    def sentence(self, grammar: Grammar, value: float) -> str:
        """One sentence for a value or NaN, not capitalized: "7 payments with this card in 1 h"."""
        shown = "not known" if math.isnan(value) else grammar.value(value)
        return f"{grammar.own_noun(self.noun(grammar))} is {shown}"

    def sentence_beside(self, grammar: Grammar, value: float, usual: float) -> str:
        """The same beside the usual value, of a word whose numbers say little to people; "" for others."""
        return ""

    def description(self, grammar: Grammar) -> str:
        """What it is, without a value: "how many payments with this card there were in the last hour"."""
        raise NotImplementedError

    def coverage(self, grammar: Grammar) -> str:
        """Exactly which events it covers; empty if it has no window."""
        return ""

    def without_past(self, grammar: Grammar) -> str:
        """Its value if there is nothing to compute it from."""
        return "missing"

    def may_be_missing(self, grammar: Grammar) -> bool:
        """Whether it may be NaN for an event of its type."""
        return True

    def usual_text(self, grammar: Grammar, usual: float) -> str:
        """What is usual, after "usual is" or "the median is"."""
        return grammar.value(usual)

    def usual(self) -> Usual | None:
        """The entity's own usual value; None if reasons compare with the median of the training rows."""
        return None

    def lower(self, program: Program) -> Register:
        """The register that holds its value."""
        raise NotImplementedError
