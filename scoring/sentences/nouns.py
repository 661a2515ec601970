"""What features are, as things: "the largest amount of payments with this card in 24 h"."""

from collections.abc import Callable

from scoring import declare
from scoring.declare import Expression
from scoring.features.specs import FeatureSpec
from scoring.sentences.phrases import (
    counted_text,
    entity_noun,
    labelled_span,
    last_text,
    plural_of,
    session_start,
    span_text,
    subject_text,
    this_text,
    where_text,
    whose_text,
    words_of,
)

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


def noun_text(spec: FeatureSpec, feature: Expression) -> str:
    """A feature as a thing that is something, or that something is compared with."""
    return _NOUNS.get(type(feature), _noun_by_name)(spec, feature)


def _noun_by_name(spec: FeatureSpec, feature: Expression) -> str:
    return f"the {words_of(feature.name)}"


def signal_text(feature: declare.TextSignal) -> str:
    """What a text tells of itself: "the number of links in the comment"."""
    return f"{_SIGNALS[feature.signal]} in the {words_of(feature.field.name)}"


def batch_value_text(spec: FeatureSpec, feature: declare.BatchValue) -> str:
    """A value of a batch view: "the median amount of payments by this customer in 90 d"."""
    view = feature.view
    noun = plural_of(words_of(view.of) or spec.subject)
    return view.phrase(feature.value, events=f"{noun} {whose_text(spec, view.entities, view.roles)}")


def _aggregate(spec: FeatureSpec, feature: declare.Aggregate) -> str:
    field = f" {words_of(feature.field_name)}" if feature.field_name else ""
    return f"the {_FUNCTIONS[feature.function]}{field} of {counted_text(spec, feature)}"


def _arithmetic(spec: FeatureSpec, feature: declare.Arithmetic) -> str:
    sides = noun_text(spec, feature.left), noun_text(spec, feature.right)
    return f"{sides[0]} {_OPERATORS[feature.operator]} {sides[1]}"


def _distance(spec: FeatureSpec, feature: declare.Distance) -> str:
    return "the distance between {}, {} and {}, {}".format(*(words_of(it.name) for it in feature.points))


def _distinct(spec: FeatureSpec, feature: declare.Distinct) -> str:
    return (
        f"the number of different {plural_of(words_of(feature.field.name))} in {counted_text(spec, feature)}"
    )


def _session(spec: FeatureSpec, feature: declare.InSession) -> str:
    subject = subject_text(spec, feature)
    if feature.function == "duration":
        return f"the time since {subject} began after a pause of {span_text(feature.gap.label)}"
    what = f"total {words_of(feature.field_name)}" if feature.function == "sum" else "number"
    return f"the {what} of {subject} {session_start(feature)}"


def _labelled(spec: FeatureSpec, feature: declare.Labelled) -> str:
    what = f"{subject_text(spec, feature)} confirmed as {spec.positive} {labelled_span(feature)}"
    return f"the {'number' if feature.function == 'count' else 'share'} of {what}"


def _travelled(spec: FeatureSpec, feature: declare.Travelled) -> str:
    what = "distance" if feature.function == "distance" else "speed needed to get here"
    return f"the {what} from {last_text(spec, feature)}"


def _since_last(spec: FeatureSpec, feature: declare.SinceLast) -> str:
    return f"the time since {last_text(spec, feature)}{where_text(spec, feature.where)}"


def _since_same(spec: FeatureSpec, feature: declare.SinceLastSame) -> str:
    what = entity_noun(spec, feature.field.name)
    return f"the time since this {what} was last seen in {subject_text(spec, feature)}"


_NOUNS: dict[type[Expression], Callable[..., str]] = {
    declare.FieldValue: _noun_by_name,
    declare.Constant: lambda _, feature: f"{feature.value:g}",
    declare.DayOfWeek: lambda *_: "the day of the week",
    declare.YearsSince: lambda _, feature: f"the number of years since the {words_of(feature.field.name)}",
    declare.Distance: _distance,
    declare.BatchValue: batch_value_text,
    declare.TextSignal: lambda _, feature: signal_text(feature),
    declare.Arithmetic: _arithmetic,
    declare.Aggregate: _aggregate,
    declare.Distinct: _distinct,
    declare.Labelled: _labelled,
    declare.InSession: _session,
    declare.Last: lambda spec, it: f"the {words_of(it.field.name)} of {last_text(spec, it)}",
    declare.SinceLast: _since_last,
    declare.SinceFirst: lambda spec, it: f"the time since {this_text(spec, it)} was first seen",
    declare.SinceLastSame: _since_same,
    declare.Travelled: _travelled,
}
