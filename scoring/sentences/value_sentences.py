"""Puts values of features into words: "7 payments with this card in 1 h; usual is 1"."""

import math
from functools import lru_cache

from scoring.declare import Named
from scoring.declare.spelling import capitalized
from scoring.features.compile.specs import FeatureSpec
from scoring.sentences.figures import format_value
from scoring.sentences.grammar import FeatureGrammar

# Units whose numbers are not stated beside the usual one: they have no meaningful mean, or say little.
_UNORDERED = ("flag", "category", "weekday", "log-odds")
_STATEMENTS = (" is {value}", " are {value}", " was {value}", " were {value}")  # "not known" fits in as well


# Units whose values seldom occur twice: keeping their sentences would take memory and gain nothing.
_CONTINUOUS = ("money", "seconds", "km", "km/h")
MAX_SENTENCES, MAX_USUAL = 256, 64  # kept for each feature


class ValueSentences:
    """The sentences for values of one feature. Those for frequent values are kept."""

    def __init__(self, spec: FeatureSpec) -> None:
        self._spec = spec
        self._grammar = FeatureGrammar(spec)
        self._word = spec.expression.plain
        self._says = spec.expression.says if isinstance(spec.expression, Named) else ""
        self._is_ordered = spec.unit not in _UNORDERED
        kept = 0 if spec.unit in _CONTINUOUS else MAX_SENTENCES
        self._sentence = lru_cache(maxsize=kept)(self._new_sentence)
        self._usual = lru_cache(maxsize=MAX_USUAL)(self._new_usual)

    def describe(self, *, value: float, usual: float = math.nan, own: bool = True) -> str:
        """As `describe_value`."""
        if math.isnan(value):
            return self._sentence(math.nan, "")
        if not (self._says or math.isnan(usual)) and (beside := self._beside(value, usual)):
            return beside
        text = self._sentence(value, _sign(value))
        if self._is_ordered and not math.isnan(usual):
            text += self._usual(usual, own, _sign(usual))
        return text

    def _new_sentence(self, value: float, sign: str) -> str:  # `sign`: only part of the key
        known, says = not math.isnan(value), self._says
        if says and (known or says.endswith(_STATEMENTS)):
            text = says.format(value=format_value(self._spec, value) if known else "not known")
        else:
            text = self._word.sentence(self._grammar, value)
        return capitalized(text)

    def _beside(self, value: float, usual: float) -> str:
        return capitalized(self._word.sentence_beside(self._grammar, value, usual))

    def _new_usual(self, usual: float, own: bool, sign: str) -> str:
        return f"; {'usual' if own else 'the median'} is {self._word.usual_text(self._grammar, usual)}"


def describe_value(spec: FeatureSpec, *, value: float, usual: float = math.nan, own: bool = True) -> str:
    """One sentence for a value or NaN, with the usual value or median next to it if that is known.

    "usual" is the entity's `own`; otherwise it is the median of events in general, and called that.
    """
    return ValueSentences(spec).describe(value=value, usual=usual, own=own)


def _sign(value: float) -> str:
    """What tells 0.0 and -0.0 apart, which are equal and written differently."""
    return "-" if not value and math.copysign(1.0, value) < 0 else ""
