"""What a feature is, in words without a value: for whoever looks it up."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping

from scoring import declare
from scoring.declare import Expression
from scoring.features.specs import FeatureSpec
from scoring.sentences.nouns import batch_value_text, signal_text
from scoring.sentences.phrases import (
    plural_of,
    span_text,
    subject_text,
    this_text,
    where_text,
    words_of,
)

_UNITS_US = ((86_400_000_000, "d"), (3_600_000_000, "h"), (60_000_000, "min"), (1_000_000, "s"))
_AGGREGATES = {
    "sum": "the total {field} of",
    "mean": "the mean {field} of",
    "std": "the standard deviation of the {field} of",
    "min": "the smallest {field} of",
    "max": "the largest {field} of",
}
_ONE = {"1m": "minute", "1h": "hour", "1d": "day"}
_OPERATORS = {"/": "divided by", "-": "less", "+": "plus", "*": "times"}


def describe(spec: FeatureSpec) -> str:
    """What the feature is: "How many payments with this card there were in the last 1 h."."""
    shown = _plain(spec.expression)
    text = _phrase(spec, shown)
    if isinstance(shown, declare.FieldValue) and (help_text := getattr(shown.field, "help", "")):
        text += f": {help_text[0].lower()}{help_text[1:]}"
    return f"{text[0].upper()}{text[1:]}."


def coverage(spec: FeatureSpec) -> list[str]:
    """What exactly the windows of the feature cover, a sentence each; empty where it has none."""
    said = (_covered(spec, part) for part in parts_of(spec.expression))
    return list(dict.fromkeys(text for text in said if text))


def entities_of(spec: FeatureSpec) -> list[str]:
    """The entities and pairs whose states or batch values it reads."""
    read = (_entity(part) for part in parts_of(spec.expression))
    return list(dict.fromkeys(entity for entity in read if entity))


def windows_of(spec: FeatureSpec) -> list[str]:
    """The windows that it covers, as they were declared: "24h"."""
    windows = (_window(part) for part in parts_of(spec.expression))
    return list(dict.fromkeys(window.label for window in windows if window is not None))


def without_past(spec: FeatureSpec) -> str:
    """What the feature is worth where there is nothing to compute it from."""
    return _WITHOUT_PAST.get(type(_plain(spec.expression)), _missing)(spec, _plain(spec.expression))


def usual(spec: FeatureSpec) -> str:
    """What reasons show as usual beside a value."""
    shown = _plain(spec.expression)
    if isinstance(shown, declare.Aggregate):
        return _usual_of_aggregate(spec, shown)
    if isinstance(shown, declare.SinceLast):
        events = f"the events of {this_text(spec, shown)} in them"
        return f"30 days divided by {events}, or by its age if that is less"
    if isinstance(shown, declare.FieldValue) and spec.unit == "money":
        return "the mean of the last 30 days, of the first entity that the event type declares"
    if _is_against_own_mean(shown):
        return "1: as much as on average"
    if spec.unit in ("flag", "category", "weekday", "hour"):
        return "nothing: its numbers are names, of which there is no mean"
    return "the median of the training rows"


def exact_span(us: int) -> str:
    """A length of time in the largest unit that divides it.

    >>> exact_span(216_000_000_000)
    '60 h'
    """
    size, unit = next((size, unit) for size, unit in (*_UNITS_US, (1, "µs")) if us % size == 0)
    return f"{us // size} {unit}"


def parts_of(feature: Expression) -> Iterator[Expression]:
    """The feature and everything it is computed from."""
    yield feature
    for each in dataclasses.fields(feature):
        part = getattr(feature, each.name)
        if isinstance(part, Expression):
            yield from parts_of(part)


def _plain(feature: Expression) -> Expression:
    return feature.inner if isinstance(feature, declare.Named) else feature


def _entity(feature: Expression) -> str:
    if isinstance(feature, declare.BatchValue):
        return "_x_".join(entity.name for entity in feature.view.entities)
    return feature.entity if isinstance(feature, declare.OnEntity) else ""


def _window(feature: Expression) -> declare.Window | None:
    if isinstance(feature, declare.BatchValue):
        return feature.view.over
    if isinstance(feature, (declare.Aggregate, declare.Distinct, declare.Labelled)):
        return feature.window
    return None


def _phrase(spec: FeatureSpec, feature: Expression) -> str:
    feature = _plain(feature)
    return _PHRASES.get(type(feature), _phrase_of_other)(spec, feature)


def _phrase_of_other(spec: FeatureSpec, feature: Expression) -> str:
    return feature.definition


def _phrase_of_field(spec: FeatureSpec, feature: declare.FieldValue) -> str:
    return f"the {spec.subject}'s {words_of(feature.field.name)}"


def _phrase_of_aggregate(spec: FeatureSpec, feature: declare.Aggregate) -> str:
    over = f"in the last {_length(feature.window)}{where_text(spec, feature.where)}"
    if feature.function == "count":
        return f"how many {subject_text(spec, feature)} there were {over}"
    what = _AGGREGATES[feature.function].format(field=words_of(feature.field_name))
    return f"{what} {subject_text(spec, feature)} {over}"


def _length(window: declare.Window) -> str:
    """A window as one says it: "hour", "24 h"."""
    return _ONE.get(window.label) or span_text(window.label)


def _phrase_of_distinct(spec: FeatureSpec, feature: declare.Distinct) -> str:
    what = plural_of(words_of(feature.field.name))
    return (
        f"how many different {what} there were in {subject_text(spec, feature)}"
        f" in the last {_length(feature.window)}{where_text(spec, feature.where)}"
    )


def _phrase_of_session(spec: FeatureSpec, feature: declare.InSession) -> str:
    pause, subject = span_text(feature.gap.label), subject_text(spec, feature)
    if feature.function == "count":
        return f"how many {subject} there were since the last pause of {pause}"
    if feature.function == "duration":
        return f"how long ago {subject} began after the last pause of {pause}"
    return f"the total {words_of(feature.field_name)} of {subject} since the last pause of {pause}"


def _phrase_of_last_event(spec: FeatureSpec, feature: declare.SinceLast) -> str:
    last = f"the last {subject_text(spec, feature, 1)}{where_text(spec, feature.where)}"
    return f"how long ago {last} was"


def _phrase_of_labelled(spec: FeatureSpec, feature: declare.Labelled) -> str:
    ending = f", ending {span_text(feature.delay.label)} before" if feature.delay.us else ""
    over = f"over {span_text(feature.window.label)}{ending}"
    if feature.function == "count":
        return f"how many {subject_text(spec, feature)} were confirmed as {spec.positive}, {over}"
    return f"the share of {subject_text(spec, feature)} that was confirmed as {spec.positive}, {over}"


def _phrase_of_travel(spec: FeatureSpec, feature: declare.Travelled) -> str:
    last = f"the last {subject_text(spec, feature, 1)}"
    if feature.function == "distance":
        return f"how many kilometres away {last} was"
    return f"the speed, in km/h, needed to get here from where {last} was"


def _phrase_of_arithmetic(spec: FeatureSpec, feature: declare.Arithmetic) -> str:
    left, right = _phrase(spec, feature.left), _phrase(spec, feature.right)
    return f"{left}, {_OPERATORS[feature.operator]} {right}"


def _phrase_of_batch_value(spec: FeatureSpec, feature: declare.BatchValue) -> str:
    value, view = batch_value_text(spec, feature), feature.view.name
    return f"{value}, worked out ahead of time in the batch view {view}"


_PHRASES: Mapping[type[Expression], Callable[..., str]] = {
    declare.FieldValue: _phrase_of_field,
    declare.Constant: lambda spec, feature: f"{feature.value:g}",
    declare.HourOfDay: lambda spec, _: f"the hour of the day of the {spec.subject}, 0 to 23 UTC",
    declare.DayOfWeek: lambda spec, _: f"the day of the week of the {spec.subject}, UTC",
    declare.YearsSince: lambda _, feature: f"calendar years since the {words_of(feature.field.name)}",
    declare.Distance: lambda _, feature: "how many kilometres lie between {}, {} and {}, {}".format(
        *(words_of(point.name) for point in feature.points)
    ),
    declare.Aggregate: _phrase_of_aggregate,
    declare.Distinct: _phrase_of_distinct,
    declare.Labelled: _phrase_of_labelled,
    declare.InSession: _phrase_of_session,
    declare.Last: lambda spec, it: f"the {words_of(it.field.name)} of the last {subject_text(spec, it, 1)}",
    declare.Changed: lambda spec, it: (
        f"whether this {words_of(it.field.name)} differs from that of the last {subject_text(spec, it, 1)}"
    ),
    declare.IsNight: lambda _, it: f"whether it is between {it.start:02d}:00 and {it.end:02d}:00 UTC",
    declare.IsWeekend: lambda *_: "whether it is Saturday or Sunday, UTC",
    declare.SinceLast: _phrase_of_last_event,
    declare.SinceFirst: lambda spec, feature: f"how long ago {this_text(spec, feature)} was first seen",
    declare.SinceLastSame: lambda spec, it: (
        f"how long ago this {words_of(it.field.name)} was last seen in {subject_text(spec, it)}"
    ),
    declare.IsNew: lambda spec, it: (
        f"whether this {words_of(it.field.name)} is new for {this_text(spec, it)}"
    ),
    declare.Travelled: _phrase_of_travel,
    declare.Arithmetic: _phrase_of_arithmetic,
    declare.BatchValue: _phrase_of_batch_value,
    declare.TextSignal: lambda _, feature: signal_text(feature),
}


def _covered(spec: FeatureSpec, feature: Expression) -> str:
    if isinstance(feature, declare.Labelled):
        first, last = exact_span(feature.delay.us + feature.window.us), span_text(feature.delay.label)
        end = f"to {last} before" if feature.delay.us else "up to"
        return (
            f"{_counted(spec, feature)} from {first} before {end} the {spec.subject}, in tiles of"
            f" {exact_span(feature.tile)}. A label counts from the moment it is known, for the event it is"
            " about."
        )
    if isinstance(feature, (declare.Aggregate, declare.Distinct)):
        return _covered_by_window(spec, feature) + _bound(feature)
    if isinstance(feature, declare.InSession):
        gap = span_text(feature.gap.label)
        return (
            f"{_counted(spec, feature)} since the last silence of {gap} or more. One that comes {gap} or more"
            f" after the last begins a new session. The {spec.subject} itself is not part of it."
        )
    return ""


def _covered_by_window(spec: FeatureSpec, feature: declare.Aggregate | declare.Distinct) -> str:
    window, tile = span_text(feature.window.label), exact_span(feature.tile)
    return (
        f"{_counted(spec, feature)} of the {window} before, and up to {tile} more: it begins with the tile of"
        f" {tile} (aligned to UTC) that holds the moment {window} ago. The {spec.subject} itself is not part"
        " of it."
    )


def _counted(spec: FeatureSpec, feature: declare.OnEntity) -> str:
    text = subject_text(spec, feature)
    return f"{text[0].upper()}{text[1:]}"


def _bound(feature: Expression) -> str:
    if isinstance(feature, declare.Distinct):
        return f" Exact up to {feature.cap} values; beyond that it stays at {feature.cap}."
    return ""


def _missing(spec: FeatureSpec, feature: Expression) -> str:
    return "missing"


def _never_missing(spec: FeatureSpec, feature: Expression) -> str:
    return "never missing"


def _zero_if_counted(spec: FeatureSpec, feature: Expression) -> str:
    return "0" if getattr(feature, "function", "count") in ("count", "sum") else "missing"


def _without_text(spec: FeatureSpec, feature: declare.TextSignal) -> str:
    text = f"missing without a {words_of(feature.field.name)}"
    if feature.signal == "capitals":
        text += " or without letters"
    return f"{text}, and where it was received before texts were measured"


_WITHOUT_PAST: Mapping[type[Expression], Callable[..., str]] = {
    declare.Aggregate: _zero_if_counted,
    declare.Labelled: _zero_if_counted,
    declare.Distinct: _zero_if_counted,
    declare.InSession: lambda *_: "0",
    declare.HourOfDay: _never_missing,
    declare.DayOfWeek: _never_missing,
    declare.IsNight: _never_missing,
    declare.IsWeekend: _never_missing,
    declare.IsNew: lambda spec, feature: f"1 for a new {words_of(feature.entity)}; missing without a value",
    declare.FieldValue: lambda spec, feature: f"missing where the {spec.subject} does not say",
    declare.Arithmetic: lambda spec, feature: (
        "missing where a side is missing" + (" or the divisor is 0" if feature.operator == "/" else "")
    ),
    declare.TextSignal: _without_text,
    declare.BatchValue: lambda spec, feature: "missing where the view has no value, or none fresh enough",
}


def _usual_of_aggregate(spec: FeatureSpec, feature: declare.Aggregate) -> str:
    month = feature.window.us >= 30 * _UNITS_US[0][0]
    if feature.function == "std" or (month and feature.function in ("count", "sum", "mean")):
        return "the median of the training rows"
    if feature.function in ("count", "sum"):
        return (
            f"what {this_text(spec, feature)} had in 30 days, scaled to {span_text(feature.window.label)};"
            " until it is that old, the median of the training rows"
        )
    return f"the mean of {this_text(spec, feature)} over 30 days"


def _is_against_own_mean(feature: Expression) -> bool:
    if not isinstance(feature, declare.Arithmetic) or feature.operator != "/":
        return False
    own, mean = _plain(feature.left), _plain(feature.right)
    return (
        isinstance(own, declare.FieldValue)
        and isinstance(mean, declare.Aggregate)
        and (mean.function, mean.field_name) == ("mean", own.field.name)
    )
