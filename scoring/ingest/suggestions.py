"""What a file seems to hold, for the person who maps it: names alike, times, numerals, labels."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Money, Number
from scoring.errors import FieldError
from scoring.ingest.binding import mappable_names
from scoring.ingest.times import TimeReader, TimeRule

ALIKE = 0.6  # names are called alike from this share of common parts on
MAX_VALUES = 8  # of a column that is shown as a choice of a few

_WORDS = re.compile(r"[a-z]+|\d+")
_TIME_NAMES = frozenset(
    {"time", "date", "timestamp", "datetime", "created", "occurred", "ts", "step", "when", "at"}
)
_LABEL_NAMES = frozenset({"fraud", "label", "class", "target", "chargeback", "spam", "outcome", "y"})
_DAY_FIRST = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}.*", re.ASCII)
_DECIMAL_COMMA = re.compile(r"[+-]?(\d{1,3}(\.\d{3})+|\d+),\d{1,4}", re.ASCII)
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", re.ASCII)


def suggest(
    kind: type[EventType], columns: Mapping[str, Sequence[Any]], *, mapped: Mapping[str, str], label: bool
) -> Iterator[str]:
    """Suggestions for columns, given values of each; `mapped` are the columns by payload name."""
    free = {name: values for name, values in columns.items() if name not in mapped.values()}
    for name in mappable_names(kind):
        if name not in mapped:
            yield from _column_for(name, free)
    times = columns.get(mapped.get("occurred_at", ""), ())
    yield from _time_hints(times)
    for name, column in mapped.items():
        if isinstance(kind.fields.get(name), (Money, Number)):
            yield from _numeral_hints(name, columns.get(column, ()))
    if not label:
        yield from _label_column(kind, free)


def values_found(values: Sequence[Any]) -> str:
    """The values of a column with few of them, and how often each: "0 (998), 1 (2)"; "" for others."""
    counts = Counter("" if value is None else str(value) for value in values)
    if len(counts) > MAX_VALUES:
        return ""
    return ", ".join(f"{value[:40] or '(nothing)'} ({count:,})" for value, count in counts.most_common())


def _column_for(name: str, free: Mapping[str, Sequence[Any]]) -> Iterator[str]:
    if name == "occurred_at":
        found = [column for column, values in free.items() if _looks_like_time(column, values)]
        if found:
            yield f"occurred_at may be {' or '.join(map(repr, found[:3]))} (--map occurred_at={found[0]})"
        return
    scores = {column: _likeness(name, column) for column in free}
    best = max(scores, key=lambda column: scores[column], default="")
    if best and scores[best] >= ALIKE:
        yield f"{name} may be {best!r} (--map {name}={best})"


def _likeness(name: str, column: str) -> float:
    """How much two names have in common, from 0 to 1: words first, letters else."""
    one, other = set(_WORDS.findall(name.lower())), set(_WORDS.findall(column.lower()))
    if one & other:
        return 1.0
    return SequenceMatcher(None, name.lower(), column.lower()).ratio()


def _looks_like_time(column: str, values: Sequence[Any]) -> bool:
    name = set(_WORDS.findall(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column).lower()))
    return bool(name & _TIME_NAMES) or _reads_as(values, TimeRule("UTC")) or _all_fit(values, _DAY_FIRST)


def _time_hints(values: Sequence[Any]) -> Iterator[str]:
    if not values or _reads_as(values, TimeRule()):
        return
    if _reads_as(values, TimeRule("UTC")):
        yield "its times have no offset: say which zone they are in, e.g. --timezone Europe/Berlin"
    elif _all_fit(values, _DAY_FIRST):
        yield "its dates have no one reading: say --time-format, e.g. '%d/%m/%Y %H:%M' or '%m/%d/%Y %H:%M'"
    elif all(isinstance(value, (int, float)) or _is_number(value) for value in _some(values)):
        yield "its times are numbers: say what they count from, e.g. --time-origin 2025-01-01T00:00:00Z"


def _numeral_hints(name: str, values: Sequence[Any]) -> Iterator[str]:
    texts = [value.strip() for value in _some(values) if isinstance(value, str)]
    if any(map(_DECIMAL_COMMA.fullmatch, texts)) and not any(
        "," in text and "." in text.rpartition(",")[2] for text in texts
    ):
        points = " --thousands ." if any("." in text for text in texts) else ""
        yield f"{name} seems to have decimal commas: --decimal ,{points}"
    elif any(map(_GROUPED.fullmatch, texts)):
        yield f"{name} seems to have commas between thousands: --thousands ,"


def _label_column(kind: type[EventType], free: Mapping[str, Sequence[Any]]) -> Iterator[str]:
    for column, values in free.items():
        words = set(_WORDS.findall(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column).lower()))
        found = values_found(values)
        if words & _LABEL_NAMES and found:
            first, second = kind.labels.values
            yield f"{column!r} may be the label; its values: {found} (--label {column}:1={first},0={second})"


def _reads_as(values: Sequence[Any], rule: TimeRule) -> bool:
    reader = TimeReader(rule)
    try:
        return bool([reader.read(value) for value in _some(values)])
    except FieldError:
        return False


def _all_fit(values: Sequence[Any], pattern: re.Pattern[str]) -> bool:
    some = _some(values)
    return bool(some) and all(isinstance(value, str) and pattern.fullmatch(value.strip()) for value in some)


def _is_number(value: Any) -> bool:
    return isinstance(value, str) and value.strip().lstrip("+-").replace(".", "", 1).isdigit()


def _some(values: Sequence[Any]) -> list[Any]:
    return [value for value in values[:200] if value is not None and str(value).strip()]
