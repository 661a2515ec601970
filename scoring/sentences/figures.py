"""Formats values for people: with their unit, and no longer than necessary."""

import math
from collections.abc import Callable, Sequence
from decimal import Decimal

from scoring.catalog.currency import EXPONENTS, format_minor
from scoring.features.compile.specs import FeatureSpec

_COUNTS = ("events", "values", "characters", "words", "links", "number", "ratio", "years")  # said bare
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def format_value(spec: FeatureSpec, value: float) -> str:
    """A value with its unit: "1,234.56 USD", "3 min"."""
    if math.isnan(value):
        return "unknown"
    if spec.unit in _FORMATS:
        return _FORMATS[spec.unit](spec, value)
    text = short_number(value)
    return text if spec.unit in _COUNTS else f"{text} {spec.unit}"


def present(spec: FeatureSpec, value: float) -> float | str | None:
    """The value for people: money in units of the currency, a category by name, None for NaN."""
    if math.isnan(value):
        return None
    if spec.unit == "money":
        return value / 10 ** EXPONENTS[spec.currency]
    if spec.unit == "category":
        return category_name(spec.vocabulary, value)
    return value


def category_name(vocabulary: Sequence[str], code: float) -> str:
    """The name of a 1-based category code; a category outside the vocabulary has the code 0."""
    index = int(code)
    return vocabulary[index - 1] if 1 <= index <= len(vocabulary) else "a category never seen in training"


def format_duration(seconds: float) -> str:
    """Seconds in a suitable unit: s, min, h or d."""
    for limit, size, unit in ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if seconds < limit:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86_400:.0f} d"


def short_number(value: float) -> str:
    """A whole number from 10 on, two significant digits below."""
    if abs(value) >= 9.95 or value == int(value):
        return f"{value:,.0f}"
    text = f"{value:.2g}"
    return f"{Decimal(text):f}" if "e" in text else text


_FORMATS: dict[str, Callable[[FeatureSpec, float], str]] = {
    "money": lambda spec, value: format_minor(value, spec.currency),
    "seconds": lambda spec, value: format_duration(value),
    "share": lambda spec, value: f"{100 * value:.2g} %" if value < 0.995 else f"{100 * value:.0f} %",
    "hour": lambda spec, value: f"{int(value):02d}:00 {spec.clock.words}",
    "weekday": lambda spec, value: _WEEKDAYS[int(value) % 7],
    "category": lambda spec, value: category_name(spec.vocabulary, value),
    "flag": lambda spec, value: "yes" if value else "no",
}
