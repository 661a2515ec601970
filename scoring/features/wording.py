"""Features in plain words: "7 payments with this card in 1 h; usual is 1"."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from scoring.features import declare
from scoring.features.declare import Expression
from scoring.features.figures import format_value, short_number
from scoring.features.phrases import (
    batch_value_text,
    counted_text,
    noun_text,
    plural_of,
    signal_text,
    span_text,
    subject_text,
    this_text,
    where_text,
    words_of,
)

if TYPE_CHECKING:
    from scoring.features.specs import FeatureSpec

_UNORDERED = ("flag", "category", "weekday")  # a mean or median of these tells nothing
_COUNTED_IN_TEXTS = {"length": "character", "words": "word", "links": "link"}


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


def _say_aggregate(spec: "FeatureSpec", feature: declare.Aggregate, value: float) -> str:
    if math.isnan(value):
        return f"no {counted_text(spec, feature)}"
    if feature.function == "count":
        return f"{short_number(value)} {counted_text(spec, feature, value)}"
    return f"{noun_text(spec, feature)} is {format_value(spec, value)}"


def _say_distinct(spec: "FeatureSpec", feature: declare.Distinct, value: float) -> str:
    if math.isnan(value):
        return f"{this_text(feature)} is not given"
    what = words_of(feature.field.name)
    many = f"different {plural_of(what)}" if value != 1 else what
    return f"{short_number(value)} {many} in {counted_text(spec, feature)}"


def _say_session(spec: "FeatureSpec", feature: declare.InSession, value: float) -> str:
    pause = f"since the last pause of {span_text(feature.gap.label)}"
    if math.isnan(value):
        return f"{this_text(feature)} is not given"
    if feature.function == "count":
        return f"{short_number(value)} {subject_text(spec, feature, value)} {pause}"
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
        return f"{short_number(value)} {subject_text(spec, feature, value)} confirmed as fraud {over}"
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
        return f"{left} is {short_number(value)} times {right}"
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
    far = f"{short_number(abs(value))} standard deviations {'above' if value >= 0 else 'below'}"
    return f"{noun_text(spec, difference.left)} is {far} {noun_text(spec, difference.right)}"


def _say_travelled(spec: "FeatureSpec", feature: declare.Travelled, value: float) -> str:
    if math.isnan(value):
        return f"where the last {subject_text(spec, feature, 1)} was is not known"
    away = "away from" if feature.function == "distance" else "needed to get here from"
    return f"{format_value(spec, value)} {away} the last {subject_text(spec, feature, 1)}"


def _say_batch_value(spec: "FeatureSpec", feature: declare.BatchValue, value: float) -> str:
    text = batch_value_text(spec, feature)
    return f"{text} is {'not known' if math.isnan(value) else format_value(spec, value)}"


def _say_text_signal(spec: "FeatureSpec", feature: declare.TextSignal, value: float) -> str:
    if math.isnan(value):
        return f"{signal_text(feature)} is not known"
    if feature.signal in _COUNTED_IN_TEXTS:
        noun = _COUNTED_IN_TEXTS[feature.signal]
        many = noun if value == 1 else f"{noun}s"
        return f"the {words_of(feature.field.name)} has {short_number(value)} {many}"
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
