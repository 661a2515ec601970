"""Values of features in plain words: "7 payments with this card in 1 h; usual is 1"."""

import math

from scoring.declare import Named
from scoring.declare.spelling import capitalized
from scoring.features.compile.specs import FeatureSpec
from scoring.sentences.figures import format_value
from scoring.sentences.grammar import FeatureGrammar

_UNORDERED = ("flag", "category", "weekday")  # units whose numbers have no meaningful mean or median
_STATEMENTS = (" is {value}", " are {value}", " was {value}", " were {value}")  # "not known" fits in as well


def describe_value(spec: FeatureSpec, *, value: float, usual: float = math.nan, own: bool = True) -> str:
    """One sentence for a value or NaN, with what it is compared with where that is a number.

    "usual" is what the entity itself does (`own`); what events do in general is called their median.
    """
    feature, grammar, known = spec.expression, FeatureGrammar(spec), not math.isnan(value)
    says = feature.says if isinstance(feature, Named) else ""
    if says and (known or says.endswith(_STATEMENTS)):
        text = says.format(value=format_value(spec, value) if known else "not known")
    else:
        text = feature.plain.sentence(grammar, value)
    if known and spec.unit not in _UNORDERED and not math.isnan(usual):
        compared = feature.plain.usual_text(grammar, usual)
        text += f"; {'usual' if own else 'the median'} is {compared}"
    return capitalized(text)
