"""The names of a feature's bins: "10.00 to 25.00 USD", "grocery", "Monday"."""

import math
from collections.abc import Sequence

from scoring.features.compile.specs import FeatureSpec
from scoring.sentences.figures import format_value

MISSING = "missing"
# Units whose values are integers.
WHOLE = ("events", "values", "characters", "words", "links", "hour", "weekday", "category", "flag")
CODES = ("hour", "weekday", "category", "flag")  # units where each number has a name
HIGHEST_CODES = {"hour": 23, "weekday": 6, "flag": 1}  # that of a category depends on the vocabulary
UNSEEN = "unseen in training"
MAX_NAMES = 3  # of categories that share a bin


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
    """The name of one code, or of the codes that share a bin. Codes start at 0; None is without a limit."""
    if first is None and last is None:
        return "any"
    lowest = first or 0
    highest = max(lowest, _highest_code(spec)) if last is None else last
    if spec.unit == "category":
        return _category_names(lowest, highest, spec.vocabulary, is_tail=last is None)
    names = [format_value(spec, code) for code in (lowest, highest)]
    return names[0] if lowest >= highest else _span(*names)


def _highest_code(spec: FeatureSpec) -> int:
    return HIGHEST_CODES.get(spec.unit, len(spec.vocabulary))


def _category_names(lowest: int, highest: int, vocabulary: Sequence[str], *, is_tail: bool) -> str:
    """ "grocery", "grocery or unseen", "other categories". The code 0 is a category unseen in training."""
    if highest == 0:
        return UNSEEN
    codes = range(max(lowest, 1), highest + 1)
    names = [vocabulary[code - 1] if code <= len(vocabulary) else f"category {code}" for code in codes]
    if len(names) > MAX_NAMES:
        names = ["other categories"] if is_tail else [*names[: MAX_NAMES - 1], "others"]
    if lowest == 0:
        names.append("unseen")
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _range_name(low: float, high: float, spec: FeatureSpec | None) -> str:
    if not math.isfinite(low):
        return "any" if not math.isfinite(high) else f"below {_text(high, spec)}"
    if not math.isfinite(high):
        return f"from {_text(low, spec)}"
    return _span(_text(low, spec), _text(high, spec))


def _span(low: str, high: str) -> str:
    """ "10.00 to 25.00 USD", "30 h to 3 d": a unit that both have is written once."""
    value, _, unit = low.rpartition(" ")
    return f"{value if value and high.endswith(f' {unit}') else low} to {high}"


def _text(value: float, spec: FeatureSpec | None) -> str:
    return f"{value:,.4g}" if spec is None else format_value(spec, value)
