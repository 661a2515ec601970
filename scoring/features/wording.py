"""Features in plain words: "7 payments with this card in 1 h; usual is 1"."""

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from scoring.catalog.currency import EXPONENTS, format_minor
from scoring.catalog.fields import Money
from scoring.features import declare
from scoring.features.declare import Expression, NamedField

if TYPE_CHECKING:
    from scoring.features.specs import FeatureSpec

_COUNTS = ("events", "values", "characters", "words", "links", "number", "ratio", "years")  # said bare
_UNORDERED = ("flag", "category", "weekday")  # a mean or median of these tells nothing
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def sentence(spec: "FeatureSpec", value: float, usual: float) -> str:
    """One sentence for a value; what is usual is added where it is a number."""
    feature = spec.expression
    says = feature.says if isinstance(feature, declare.Named) else ""
    plain = feature.inner if isinstance(feature, declare.Named) else feature
    if says and not math.isnan(value):
        text = says.format(value=format_value(spec, value))
    else:
        text = _SAY.get(type(plain), _say_plainly)(spec, plain, value)
    if spec.unit not in _UNORDERED and not math.isnan(value) and not math.isnan(usual):
        text += f"; usual is {format_value(spec, usual)}"
    return text[0].upper() + text[1:]


def format_value(spec: "FeatureSpec", value: float) -> str:
    """A value with its unit, as people write it."""
    if math.isnan(value):
        return "unknown"
    if spec.unit in _FORMATS:
        return _FORMATS[spec.unit](spec, value)
    text = _short(value)
    return text if spec.unit in _COUNTS else f"{text} {spec.unit}"


def category_name(vocabulary: Sequence[str], code: float) -> str:
    """The name behind a 1-based category code; what the vocabulary does not hold has the code 0."""
    index = int(code)
    return vocabulary[index - 1] if 1 <= index <= len(vocabulary) else "a category never seen in training"


def format_duration(seconds: float) -> str:
    """Seconds in the unit a person would choose."""
    for limit, size, unit in ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if seconds < limit:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86_400:.0f} d"


def _short(value: float) -> str:
    """Whole from 10 on, two figures below."""
    return f"{value:,.0f}" if abs(value) >= 9.95 or value == int(value) else f"{value:.2g}"


_FORMATS: dict[str, Callable[["FeatureSpec", float], str]] = {
    "money": lambda spec, value: format_minor(value, spec.currency),
    "seconds": lambda spec, value: format_duration(value),
    "share": lambda spec, value: f"{100 * value:.2g} %" if value < 0.995 else f"{100 * value:.0f} %",
    "hour": lambda spec, value: f"{int(value):02d}:00 UTC",
    "weekday": lambda spec, value: _WEEKDAYS[int(value) % 7],
    "category": lambda spec, value: category_name(spec.vocabulary, value),
    "flag": lambda spec, value: "yes" if value else "no",
}


_OPERATORS = {"+": "plus", "-": "minus", "*": "times", "/": "divided by"}
_FUNCTIONS = {
    "count": "number",
    "sum": "total",
    "mean": "mean",
    "std": "spread of the",
    "min": "smallest",
    "max": "largest",
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
    return f"{noun if number == 1 else plural_of(noun)} {whose_text(spec, feature)}"


def whose_text(spec: "FeatureSpec", feature: declare.OnEntity) -> str:
    return _whose_text(spec, feature.keys)


def _whose_text(spec: "FeatureSpec", keys: Sequence[NamedField]) -> str:
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
        return f"{what}{field} of {_counted_text(spec, feature)}"
    if isinstance(feature, declare.Arithmetic):
        sides = noun_text(spec, feature.left), noun_text(spec, feature.right)
        return f"{sides[0]} {_OPERATORS[feature.operator]} {sides[1]}"
    return signal_text(feature) if isinstance(feature, declare.TextSignal) else words_of(feature.name)


_SIGNALS = {
    "length": "the number of characters",
    "words": "the number of words",
    "links": "the number of links",
    "capitals": "the share of capitals among the letters",
    "digits": "the share of digits",
    "symbols": "the share of punctuation and symbols",
    "longest_run": "the longest run of one character",
}


def signal_text(feature: declare.TextSignal) -> str:
    """What a text tells of itself: "the number of links in the comment"."""
    return f"{_SIGNALS[feature.signal]} in the {words_of(feature.field.name)}"


def batch_value_text(spec: "FeatureSpec", feature: declare.BatchValue) -> str:
    """A value of a batch view: "the median amount of payments by this customer in 90 d"."""
    view = feature.view
    noun = plural_of(words_of(view.of) or spec.subject)
    return view.phrase(feature.value, events=f"{noun} {_whose_text(spec, view.entities)}")


def _counted_text(
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
    return _short(condition.bound)


def _say_aggregate(spec: "FeatureSpec", feature: declare.Aggregate, value: float) -> str:
    if math.isnan(value):
        return f"no {_counted_text(spec, feature)}"
    if feature.function == "count":
        return f"{_short(value)} {_counted_text(spec, feature, value)}"
    return f"{noun_text(spec, feature)} is {format_value(spec, value)}"


def _say_distinct(spec: "FeatureSpec", feature: declare.Distinct, value: float) -> str:
    if math.isnan(value):
        return f"{this_text(feature)} is not given"
    what = words_of(feature.field.name)
    many = f"different {plural_of(what)}" if value != 1 else what
    return f"{_short(value)} {many} in {_counted_text(spec, feature)}"


def _say_session(spec: "FeatureSpec", feature: declare.InSession, value: float) -> str:
    pause = f"since the last pause of {span_text(feature.gap.label)}"
    if math.isnan(value):
        return f"{this_text(feature)} is not given"
    if feature.function == "count":
        return f"{_short(value)} {subject_text(spec, feature, value)} {pause}"
    shown = format_value(spec, value)
    if feature.function == "duration":
        pause = f"after a pause of {span_text(feature.gap.label)}"
        return f"{subject_text(spec, feature)} began {shown} ago, {pause}"
    return f"the total {words_of(feature.field_name)} of {subject_text(spec, feature)} {pause} is {shown}"


def _say_since_last(spec: "FeatureSpec", feature: declare.SinceLast, value: float) -> str:
    event = f"{subject_text(spec, feature, 1)}{where_text(spec, feature.where)}"
    if math.isnan(value):
        return f"no earlier {event} is known"
    return f"{format_value(spec, value)} since the last {event}"


def _say_last(spec: "FeatureSpec", feature: declare.Last, value: float) -> str:
    was = "is not known" if math.isnan(value) else f"was {format_value(spec, value)}"
    return f"{words_of(feature.field.name)} of the last {subject_text(spec, feature, 1)} {was}"


def _say_changed(spec: "FeatureSpec", feature: declare.Changed, value: float) -> str:
    last = f"the last {subject_text(spec, feature, 1)}"
    if math.isnan(value):
        return f"this {words_of(feature.field.name)}, or that of {last}, is not known"
    return f"this {words_of(feature.field.name)} is {'another than' if value else 'the same as'} in {last}"


def _say_night(spec: "FeatureSpec", feature: declare.IsNight, value: float) -> str:
    return f"it is {'' if value else 'not '}between {feature.start:02d}:00 and {feature.end:02d}:00 UTC"


def _say_weekend(spec: "FeatureSpec", feature: declare.IsWeekend, value: float) -> str:
    return f"it is {'' if value else 'not '}the weekend"


def _say_since_first(spec: "FeatureSpec", feature: declare.SinceFirst, value: float) -> str:
    if math.isnan(value):
        return f"{this_text(feature)} is seen for the first time"
    return f"{this_text(feature)} was first seen {format_value(spec, value)} ago"


def _say_same(spec: "FeatureSpec", feature: declare.SinceLastSame, value: float) -> str:
    what = f"this {words_of(feature.field.name)}"
    if math.isnan(value):
        return f"{what} is not known from {subject_text(spec, feature)}"
    return f"{what} was last seen {format_value(spec, value)} ago in {subject_text(spec, feature)}"


def _say_new(spec: "FeatureSpec", feature: declare.IsNew, value: float) -> str:
    state = "known" if value == 0 else "new"
    what = f"this {words_of(feature.field.name)}"
    whom = f"in {subject_text(spec, feature)}" if feature.of else f"for {this_text(feature)}"
    return f"{what} is {'missing' if math.isnan(value) else state} {whom}"


def _say_labelled(spec: "FeatureSpec", feature: declare.Labelled, value: float) -> str:
    ending = f", ending {span_text(feature.delay.label)} ago" if feature.delay.us else ""
    over = f"over {span_text(feature.window.label)}{ending}"
    if math.isnan(value):
        return f"no {subject_text(spec, feature)} {over}"
    if feature.function == "count":
        return f"{_short(value)} {subject_text(spec, feature, value)} confirmed as fraud {over}"
    return f"{format_value(spec, value)} of {subject_text(spec, feature)} were confirmed as fraud {over}"


def _say_arithmetic(spec: "FeatureSpec", feature: declare.Arithmetic, value: float) -> str:
    left, right = noun_text(spec, feature.left), noun_text(spec, feature.right)
    if math.isnan(value) and feature.operator in "+*":
        return f"{noun_text(spec, feature)} is not known"
    if math.isnan(value):
        return f"{left} cannot be compared with {right}: one is missing"
    if _is_standard_score(feature):
        return _say_standard_score(spec, feature.left, value)  # type: ignore[arg-type]
    if feature.operator == "/":
        return f"{left} is {_short(value)} times {right}"
    if feature.operator != "-":
        return f"{noun_text(spec, feature)} is {format_value(spec, value)}"
    return f"{left} is {format_value(spec, abs(value))} {'above' if value >= 0 else 'below'} {right}"


def _is_standard_score(feature: declare.Arithmetic) -> bool:
    """(something - a mean) / a standard deviation"""
    left, right = feature.left, feature.right
    return (
        feature.operator == "/"
        and isinstance(left, declare.Arithmetic)
        and left.operator == "-"
        and isinstance(left.right, declare.Aggregate)
        and left.right.function == "mean"
        and isinstance(right, declare.Aggregate)
        and right.function == "std"
    )


def _say_standard_score(spec: "FeatureSpec", difference: declare.Arithmetic, value: float) -> str:
    far = f"{_short(abs(value))} standard deviations {'above' if value >= 0 else 'below'}"
    return f"{noun_text(spec, difference.left)} is {far} {noun_text(spec, difference.right)}"


def _say_travelled(spec: "FeatureSpec", feature: declare.Travelled, value: float) -> str:
    if math.isnan(value):
        return f"where the last {subject_text(spec, feature, 1)} was is not known"
    away = "away from" if feature.function == "distance" else "needed to get here from"
    return f"{format_value(spec, value)} {away} the last {subject_text(spec, feature, 1)}"


def _say_batch_value(spec: "FeatureSpec", feature: declare.BatchValue, value: float) -> str:
    text = batch_value_text(spec, feature)
    return f"{text} is {'not known' if math.isnan(value) else format_value(spec, value)}"


_COUNTED_IN_TEXTS = {"length": "character", "words": "word", "links": "link"}


def _say_text_signal(spec: "FeatureSpec", feature: declare.TextSignal, value: float) -> str:
    if math.isnan(value):
        return f"{signal_text(feature)} is not known"
    if feature.signal in _COUNTED_IN_TEXTS:
        noun = _COUNTED_IN_TEXTS[feature.signal]
        return f"the {words_of(feature.field.name)} has {_short(value)} {noun if value == 1 else f'{noun}s'}"
    return f"{signal_text(feature)} is {format_value(spec, value)}"


def _say_plainly(spec: "FeatureSpec", feature: Expression, value: float) -> str:
    return f"{words_of(spec.name)} is {format_value(spec, value)}"


_SAY: dict[type[Expression], Callable[..., str]] = {
    declare.BatchValue: _say_batch_value,
    declare.TextSignal: _say_text_signal,
    declare.Aggregate: _say_aggregate,
    declare.Distinct: _say_distinct,
    declare.InSession: _say_session,
    declare.SinceLast: _say_since_last,
    declare.SinceFirst: _say_since_first,
    declare.SinceLastSame: _say_same,
    declare.IsNew: _say_new,
    declare.Last: _say_last,
    declare.Changed: _say_changed,
    declare.IsNight: _say_night,
    declare.IsWeekend: _say_weekend,
    declare.Labelled: _say_labelled,
    declare.Arithmetic: _say_arithmetic,
    declare.Travelled: _say_travelled,
}
