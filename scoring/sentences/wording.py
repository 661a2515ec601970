"""Features in plain words: "7 payments with this card in 1 h; usual is 1"."""

import math
from collections.abc import Callable, Sequence

from scoring import declare
from scoring.declare import Expression
from scoring.features.specs import FeatureSpec
from scoring.sentences.comparisons import say_arithmetic, usual_text
from scoring.sentences.figures import format_value, short_number
from scoring.sentences.nouns import batch_value_text, noun_text, signal_text
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
    words_of,
)

_UNORDERED = ("flag", "category", "weekday")  # a mean or median of these tells nothing
_COUNTED_IN_TEXTS = {"length": "character", "words": "word", "links": "link"}
_STATEMENTS = (" is {value}", " are {value}", " was {value}", " were {value}")  # "not known" fits in as well


def describe_value(spec: FeatureSpec, *, value: float, usual: float = math.nan, own: bool = True) -> str:
    """One sentence for a value, with what it is compared with where that is a number.

    "usual" is what the entity itself does (`own`); what events do in general is called their median.
    """
    feature, known = spec.expression, not math.isnan(value)
    plain, says = (feature.inner, feature.says) if isinstance(feature, declare.Named) else (feature, "")
    if says and (known or says.endswith(_STATEMENTS)):
        text = says.format(value=format_value(spec, value) if known else "not known")
    else:
        text = _SAY.get(type(plain), _say_plainly)(spec, plain, value)
    if known and spec.unit not in _UNORDERED and not math.isnan(usual):
        text += f"; {'usual' if own else 'the median'} is {usual_text(spec, plain, usual)}"
    return text[0].upper() + text[1:]


def _not_given(spec: FeatureSpec, names: Sequence[str]) -> str:
    """Why there is no value at all: "the address is not given", of the fields that an event may lack."""
    lacking = [name for name in names if name in spec.optional] or names
    return f"{' or '.join(f'the {entity_noun(spec, name)}' for name in lacking)} is not given"


def _entity_not_given(spec: FeatureSpec, feature: declare.OnEntity) -> str:
    return _not_given(spec, [key.name for key in feature.keys])


def _or_not_given(spec: FeatureSpec, feature: declare.OnEntity) -> str:
    """The other reason that a value may be missing for; empty where every event has the entity."""
    optional = any(key.name in spec.optional for key in feature.keys)
    return f", or {_entity_not_given(spec, feature)}" if optional else ""


def _say_aggregate(spec: FeatureSpec, feature: declare.Aggregate, value: float) -> str:
    if math.isnan(value):
        return _say_empty_aggregate(spec, feature)
    if feature.function == "count":
        return f"{short_number(value)} {counted_text(spec, feature, value)}"
    return f"{noun_text(spec, feature)} is {format_value(spec, value)}"


def _say_empty_aggregate(spec: FeatureSpec, feature: declare.Aggregate) -> str:
    if feature.function in ("count", "sum"):
        return _entity_not_given(spec, feature)
    counted, field = counted_text(spec, feature), feature.field_name
    nothing = f"no {words_of(field)} is known from {counted}" if field in spec.optional else f"no {counted}"
    return f"{nothing}{_or_not_given(spec, feature)}"


def _say_distinct(spec: FeatureSpec, feature: declare.Distinct, value: float) -> str:
    if math.isnan(value):
        return _entity_not_given(spec, feature)
    what = words_of(feature.field.name)
    many = f"different {plural_of(what)}" if value != 1 else what
    return f"{short_number(value)} {many} in {counted_text(spec, feature)}"


def _say_session(spec: FeatureSpec, feature: declare.InSession, value: float) -> str:
    if math.isnan(value):
        return _entity_not_given(spec, feature)
    if feature.function == "count":
        return f"{short_number(value)} {subject_text(spec, feature, value)} {session_start(feature)}"
    shown = format_value(spec, value)
    if feature.function == "duration":
        pause = span_text(feature.gap.label)
        return f"{subject_text(spec, feature)} began {shown} ago, after a pause of {pause}"
    return f"{noun_text(spec, feature)} is {shown}"


def _say_since_last(spec: FeatureSpec, feature: declare.SinceLast, value: float) -> str:
    where = where_text(spec, feature.where)
    if math.isnan(value):
        earlier = f"no earlier {subject_text(spec, feature, 1)}{where} is known"
        return f"{earlier}{_or_not_given(spec, feature)}"
    return f"{format_value(spec, value)} since {last_text(spec, feature)}{where}"


def _say_last(spec: FeatureSpec, feature: declare.Last, value: float) -> str:
    shown = "not known" if math.isnan(value) else format_value(spec, value)
    if spec.unit == "flag":
        return f"{words_of(feature.field.name)} in {last_text(spec, feature)}: {shown}"
    return f"{noun_text(spec, feature)} {'is' if math.isnan(value) else 'was'} {shown}"


def _say_changed(spec: FeatureSpec, feature: declare.Changed, value: float) -> str:
    what, last = f"this {entity_noun(spec, feature.field.name)}", last_text(spec, feature)
    if math.isnan(value):
        return f"{what}, or that of {last}, is not known"
    return f"{what} {'differs from' if value else 'is the same as'} that of {last}"


def _say_night(spec: FeatureSpec, feature: declare.IsNight, value: float) -> str:
    return f"it is {'' if value else 'not '}between {feature.start:02d}:00 and {feature.end:02d}:00 UTC"


def _say_weekend(spec: FeatureSpec, feature: declare.IsWeekend, value: float) -> str:
    return f"it is {'' if value else 'not '}the weekend"


def _say_since_first(spec: FeatureSpec, feature: declare.SinceFirst, value: float) -> str:
    if math.isnan(value):
        return f"{this_text(spec, feature)} is seen for the first time{_or_not_given(spec, feature)}"
    return f"{this_text(spec, feature)} was first seen {format_value(spec, value)} ago"


def _say_same(spec: FeatureSpec, feature: declare.SinceLastSame, value: float) -> str:
    what = f"this {entity_noun(spec, feature.field.name)}"
    if math.isnan(value):
        given = ", or not given" if feature.field.name in spec.optional else ""
        return f"{what} is not known from {subject_text(spec, feature)}{given}{_or_not_given(spec, feature)}"
    return f"{what} was last seen {format_value(spec, value)} ago in {subject_text(spec, feature)}"


def _say_new(spec: FeatureSpec, feature: declare.IsNew, value: float) -> str:
    if math.isnan(value):
        return _not_given(spec, [feature.field.name, *(key.name for key in feature.keys)])
    whom = (
        f"in {subject_text(spec, feature)}"
        if feature.of or feature.role
        else f"for {this_text(spec, feature)}"
    )
    return f"this {entity_noun(spec, feature.field.name)} is {'' if value else 'not '}new {whom}"


def _say_labelled(spec: FeatureSpec, feature: declare.Labelled, value: float) -> str:
    over, counts = labelled_span(feature), feature.function == "count"
    if math.isnan(value) and counts:
        return _entity_not_given(spec, feature)
    if math.isnan(value):
        return f"no {subject_text(spec, feature)} {over}{_or_not_given(spec, feature)}"
    confirmed = f"confirmed as {spec.positive} {over}"
    if counts:
        return f"{short_number(value)} {subject_text(spec, feature, value)} {confirmed}"
    return f"{format_value(spec, value)} of {subject_text(spec, feature)} were {confirmed}"


def _say_travelled(spec: FeatureSpec, feature: declare.Travelled, value: float) -> str:
    last = last_text(spec, feature)
    if math.isnan(value):
        return f"where this {spec.subject} or {last} took place is not known"
    away = "away from" if feature.function == "distance" else "needed to get here from"
    return f"{format_value(spec, value)} {away} {last}"


def _say_batch_value(spec: FeatureSpec, feature: declare.BatchValue, value: float) -> str:
    text = batch_value_text(spec, feature)
    return f"{text} is {'not known' if math.isnan(value) else format_value(spec, value)}"


def _say_text_signal(spec: FeatureSpec, feature: declare.TextSignal, value: float) -> str:
    if math.isnan(value):
        return f"{signal_text(feature)} is not known"
    if feature.signal in _COUNTED_IN_TEXTS:
        noun = _COUNTED_IN_TEXTS[feature.signal]
        many = noun if value == 1 else f"{noun}s"
        return f"the {words_of(feature.field.name)} has {short_number(value)} {many}"
    return f"{signal_text(feature)} is {format_value(spec, value)}"


def _say_field(spec: FeatureSpec, feature: declare.FieldValue, value: float) -> str:
    if spec.unit == "flag":
        return f"{words_of(spec.name)}: {'not given' if math.isnan(value) else format_value(spec, value)}"
    if math.isnan(value):
        return f"{_own_noun(spec, feature)} is not given"
    if spec.unit == "category" and not 1 <= value <= len(spec.vocabulary):
        return f"{_own_noun(spec, feature)} was never seen in training"
    return _say_plainly(spec, feature, value)


def _say_years(spec: FeatureSpec, feature: declare.YearsSince, value: float) -> str:
    if math.isnan(value):
        return f"the {words_of(feature.field.name)} is not given"
    return _say_plainly(spec, feature, value)


def _say_plainly(spec: FeatureSpec, feature: Expression, value: float) -> str:
    return f"{_own_noun(spec, feature)} is {'not known' if math.isnan(value) else format_value(spec, value)}"


def _own_noun(spec: FeatureSpec, feature: Expression) -> str:
    """The feature by the name of its own, where it has one and no words of its own."""
    declared = spec.expression
    named = isinstance(declared, declare.Named) and not declared.says
    return noun_text(spec, declared if named else feature)


_SAY: dict[type[Expression], Callable[..., str]] = {
    declare.FieldValue: _say_field,
    declare.YearsSince: _say_years,
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
    declare.Arithmetic: say_arithmetic,
    declare.Travelled: _say_travelled,
}
