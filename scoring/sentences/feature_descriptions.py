"""Describes features without a value, for their pages and the catalog of features."""

from scoring.declare import parts_of
from scoring.declare.spelling import capitalized
from scoring.features.compile.specs import FeatureSpec
from scoring.sentences.grammar import FeatureGrammar

_NAMES_AS_NUMBERS = ("flag", "category", "weekday", "hour")  # units that have no usual value


def describe_feature(spec: FeatureSpec) -> str:
    """What the feature is: "The number of payments with this card in the last hour."."""
    text = spec.expression.description(FeatureGrammar(spec))
    if help_text := spec.expression.plain.help_text:
        text += f": {help_text[0].lower()}{help_text[1:]}"
    return f"{capitalized(text)}."


def describe_coverage(spec: FeatureSpec) -> list[str]:
    """Exactly which events the feature's windows cover, one sentence each; empty if it has none."""
    grammar = FeatureGrammar(spec)
    sentences = (part.coverage(grammar) for part in parts_of(spec.expression))
    return [text for text in dict.fromkeys(sentences) if text]


def describe_missing(spec: FeatureSpec) -> str:
    """The feature's value if there is nothing to compute it from."""
    return spec.expression.plain.without_past(FeatureGrammar(spec))


def describe_usual(spec: FeatureSpec) -> str:
    """What reasons show as usual beside a value."""
    if usual := spec.expression.usual():
        return usual.description(FeatureGrammar(spec))
    if spec.unit in _NAMES_AS_NUMBERS:
        return "none: its values have no meaningful mean"
    return "the median of the training rows"
