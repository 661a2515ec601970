"""The things that features speak of, in plain words: "payments with this card", "the largest amount"."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from scoring.catalog.currency import EXPONENTS, format_minor
from scoring.catalog.fields import Money
from scoring.features import declare
from scoring.features.declare import Expression, NamedField
from scoring.features.figures import short_number

if TYPE_CHECKING:
    from scoring.features.specs import FeatureSpec

_OPERATORS = {"+": "plus", "-": "minus", "*": "times", "/": "divided by"}
_FUNCTIONS = {
    "count": "number",
    "sum": "total",
    "mean": "mean",
    "std": "spread of the",
    "min": "smallest",
    "max": "largest",
}
_SIGNALS = {
    "length": "the number of characters",
    "words": "the number of words",
    "links": "the number of links",
    "capitals": "the share of capitals among the letters",
    "digits": "the share of digits",
    "symbols": "the share of punctuation and symbols",
    "longest_run": "the longest run of one character",
}


def words_of(name: str) -> str:
    return name.replace("_", " ")


def plural_of(noun: str) -> str:
    return f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"


def span_text(label: str) -> str:
    """A window's label as text: "1h" is "1 h"; minutes are not metres."""
    return f"{label[:-1]} {'min' if label[-1] == 'm' else label[-1]}"


def subject_text(spec: "FeatureSpec", feature: declare.OnEntity, number: float = 2) -> str:
    """The counted events: "payments with this card"."""
    noun = words_of(feature.of) or spec.subject
    return f"{noun if number == 1 else plural_of(noun)} {whose_text(spec, feature.keys)}"


def whose_text(spec: "FeatureSpec", keys: Sequence[NamedField]) -> str:
    return " ".join(spec.phrases.get(key.name, f"with this {words_of(key.name)}") for key in keys)


def this_text(feature: declare.OnEntity) -> str:
    return " and ".join(f"this {words_of(key.name)}" for key in feature.keys)


def noun_text(spec: "FeatureSpec", feature: Expression) -> str:
    """A feature as the thing something is compared with."""
    if isinstance(feature, declare.FieldValue):
        return words_of(feature.field.name)
    if isinstance(feature, declare.Constant):
        return f"{feature.value:g}"
    if isinstance(feature, declare.BatchValue):
        return batch_value_text(spec, feature)
    if isinstance(feature, declare.Aggregate):
        what = f"the {_FUNCTIONS[feature.function]}"
        field = f" {words_of(feature.field_name)}" if feature.field_name else ""
        return f"{what}{field} of {counted_text(spec, feature)}"
    if isinstance(feature, declare.Arithmetic):
        sides = noun_text(spec, feature.left), noun_text(spec, feature.right)
        return f"{sides[0]} {_OPERATORS[feature.operator]} {sides[1]}"
    return signal_text(feature) if isinstance(feature, declare.TextSignal) else words_of(feature.name)


def signal_text(feature: declare.TextSignal) -> str:
    """What a text tells of itself: "the number of links in the comment"."""
    return f"{_SIGNALS[feature.signal]} in the {words_of(feature.field.name)}"


def batch_value_text(spec: "FeatureSpec", feature: declare.BatchValue) -> str:
    """A value of a batch view: "the median amount of payments by this customer in 90 d"."""
    view = feature.view
    noun = plural_of(words_of(view.of) or spec.subject)
    return view.phrase(feature.value, events=f"{noun} {whose_text(spec, view.entities)}")


def counted_text(
    spec: "FeatureSpec", feature: declare.Aggregate | declare.Distinct, number: float = 2
) -> str:
    """What a window counts: "payments with this card in 1 h (amount below 5.00 USD)"."""
    span = span_text(feature.window.label)
    return f"{subject_text(spec, feature, number)} in {span}{where_text(spec, feature.where)}"


def where_text(spec: "FeatureSpec", where: declare.Condition | None) -> str:
    """A condition in brackets, after a blank; empty without one."""
    return f" ({condition_text(spec, where)})" if where is not None else ""


def condition_text(spec: "FeatureSpec", condition: declare.Condition) -> str:
    """A condition in plain words: "amount below 5.00 USD, category travel or hotel"."""
    if isinstance(condition, declare.AllOf):
        return ", ".join(condition_text(spec, part) for part in condition.parts)
    if isinstance(condition, declare.Comparison):
        return (
            f"{words_of(condition.field.name)} {words_of(condition.operator)} {_bound_text(spec, condition)}"
        )
    if isinstance(condition, declare.OneOf):
        name = words_of(condition.field.name)
        if isinstance(condition.values[0], bool):
            return name if condition.values[0] else f"not {name}"
        return f"{name} {' or '.join(str(value) for value in condition.values)}"
    if isinstance(condition, declare.IsNight):
        return f"{condition.start:02d}:00 to {condition.end:02d}:00 UTC"
    return "at the weekend"


def _bound_text(spec: "FeatureSpec", condition: declare.Comparison) -> str:
    if isinstance(condition.field, Money):
        return format_minor(condition.bound * 10 ** EXPONENTS[spec.currency], spec.currency)
    return short_number(condition.bound)
