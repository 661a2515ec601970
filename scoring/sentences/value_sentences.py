"""Puts values of features into words: "7 payments with this card in 1 h; usual is 1"."""

import math

from scoring.declare import Named
from scoring.declare.spelling import capitalized
from scoring.features.compile.specs import FeatureSpec
from scoring.sentences.figures import format_value
from scoring.sentences.grammar import FeatureGrammar

_UNORDERED = (
    "flag",
    "category",
    "weekday",
    "log-odds",
)  # units whose numbers have no meaningful mean or median
_STATEMENTS = (" is {value}", " are {value}", " was {value}", " were {value}")  # "not known" fits in as well


def describe_value(spec: FeatureSpec, *, value: float, usual: float = math.nan, own: bool = True) -> str:
    """One sentence for a value or NaN, with the usual value or median next to it if that is known.

    "usual" is the entity's `own`; otherwise it is the median of events in general, and called that.
    """
    feature, known = spec.expression, not math.isnan(value)
    word, grammar = feature.plain, FeatureGrammar(spec)
    says = feature.says if isinstance(feature, Named) else ""
    if says and (known or says.endswith(_STATEMENTS)):
        text = says.format(value=format_value(spec, value) if known else "not known")
    else:
        text = word.sentence(grammar, value)
    if known and spec.unit not in _UNORDERED and not math.isnan(usual):
        text += f"; {'usual' if own else 'the median'} is {word.usual_text(grammar, usual)}"
    return capitalized(text)
