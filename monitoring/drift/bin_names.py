"""The names of a feature's bins: "10.00 to 25.00 USD", "grocery", "Monday"."""

import math
from collections.abc import Sequence

from scoring.features.compile.specs import FeatureSpec
from scoring.sentences.figures import format_value

MISSING = "missing"
# Units whose values are integers.
WHOLE = ("events", "values", "characters", "words", "links", "hour", "weekday", "category", "flag")
CODES = ("hour", "weekday", "category", "flag")  # units where each number has a name


def bin_names(edges: Sequence[float], spec: FeatureSpec | None) -> list[str]:
    """A name for each of the len(edges) + 1 bins, and one for missing values."""
    lows, highs = [-math.inf, *edges], [*edges, math.inf]
    name = _whole_name if spec is not None and spec.unit in WHOLE else _range_name
    return [*(name(low, high, spec) for low, high in zip(lows, highs, strict=True)), MISSING]


def score_names(edges: Sequence[float]) -> list[str]:
    """The lower bound of each score bin in percent: 0, 0.1, ... 99."""
    return [f"{100 * low:g}" for low in (0.0, *edges)]


def _whole_name(low: float, high: float, spec: FeatureSpec | None) -> str:
    first = math.ceil(low) if math.isfinite(low) else None
    last = math.ceil(high) - 1 if math.isfinite(high) else None
    if spec is not None and spec.unit in CODES:
        return _code_name(first, last, spec)
    if first is None or last is None:
        return "any" if first == last else _lowest_name(last) if first is None else f"{first} or more"
    return str(first) if first == last else f"{first} to {last}"


def _lowest_name(last: int | None) -> str:
    """Whole numbers of these units are never negative, so "0 or less" is "0"."""
    return "0" if last == 0 else f"{last} or less"


def _code_name(first: int | None, last: int | None, spec: FeatureSpec) -> str:
    """Codes start at 0, so the lowest bin holds one code; the highest may hold several."""
    lowest = 0 if first is None else first
    name = format_value(spec, lowest)
    if last is None and spec.unit == "category" and lowest < len(spec.vocabulary):
        return f"{name} and others"
    return name if last is None or last <= lowest else f"{name} to {format_value(spec, last)}"


def _range_name(low: float, high: float, spec: FeatureSpec | None) -> str:
    if not math.isfinite(low):
        return "any" if not math.isfinite(high) else f"below {_text(high, spec)}"
    if not math.isfinite(high):
        return f"from {_text(low, spec)}"
    return f"{_text(low, spec)} to {_text(high, spec)}"


def _text(value: float, spec: FeatureSpec | None) -> str:
    return f"{value:,.4g}" if spec is None else format_value(spec, value)
