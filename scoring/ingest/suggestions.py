"""Suggestions for mapping a file: similar names, time formats, number formats, label values."""

import re
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from typing import Any

from scoring.catalog.errors import FieldError
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Money, Number
from scoring.catalog.parsing.cells import read_number
from scoring.catalog.registry import event_type
from scoring.ingest.labels.columns import suggest_value
from scoring.ingest.mapping.binding import mappable_names
from scoring.ingest.mapping.mapping import ColumnMapping
from scoring.ingest.values.dates import DAY_FIRST, MONTH_FIRST, ORDERED, guess_order, order_hint
from scoring.ingest.values.times import TimeReader, TimeRule

ALIKE = 0.6  # the similarity from which names count as alike
MAX_VALUES = 8  # up to which the values of a column are listed

_WORDS = re.compile(r"[a-z]+|\d+")
_TIME_NAMES = frozenset(
    {"time", "date", "timestamp", "datetime", "created", "occurred", "ts", "step", "when", "at"}
)
_LABEL_NAMES = frozenset({"fraud", "label", "class", "target", "chargeback", "spam", "outcome", "y"})
_PAIRS = ({"0", "1"}, {"no", "yes"}, {"n", "y"}, {"false", "true"})
_BESIDE = re.compile(r"^[^\d+-]+|[^\d]+$", re.ASCII)  # a currency before or after a number
_DECIMAL_COMMA = re.compile(r"[+-]?(\d{1,3}(\.\d{3})+|\d+),\d{1,4}", re.ASCII)
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", re.ASCII)


def suggest(
    mapping: ColumnMapping, columns: Mapping[str, Sequence[Any]], *, mapped: Mapping[str, str], label: bool
) -> Iterator[str]:
    """Suggestions, given sample values of each column; `mapped`: the mapped columns by payload name."""
    kind = event_type(mapping.type)
    free = {name: values for name, values in columns.items() if name not in mapped.values()}
    yield from _columns_for([name for name in mappable_names(kind) if name not in mapped], free)
    yield from _time_hints(columns.get(mapped.get("occurred_at", ""), ()), mapping.times)
    for name, column in mapped.items():
        if isinstance(kind.fields.get(name), (Money, Number)) and mapping.numerals.are_plain:
            yield from _numeral_hints(name, columns.get(column, ()))
    if not label:
        yield from suggest_label(kind, free)


def suggest_label(kind: type[EventType], columns: Mapping[str, Sequence[Any]]) -> Iterator[str]:
    """The columns that may be the label, with suggested meanings of their values."""
    for column, values in columns.items():
        found = values_found(values)
        if _words_of(column) & _LABEL_NAMES and found:
            option = shlex.quote(f"{column}:{_meanings(kind, values)}")
            yield f"{column!r} may be the label; its values: {found} (--label {option})"


def _meanings(kind: type[EventType], values: Sequence[Any]) -> str:
    """The suggested meanings of label values in the form of --label: "Yes=fraud,No=legitimate"."""
    texts = {str(value).strip() for value in values if value is not None} - {""}
    lowered = {text.lower() for text in texts}
    for pair in _PAIRS:
        if lowered and lowered <= pair:
            texts |= pair - lowered  # fraud is rare: the first rows may contain none
    suggested = {text: suggest_value(text, kind) for text in sorted(texts)}
    known = [f"{text}={name}" for text, name in suggested.items() if name in kind.labels.values]
    others = [] if len(known) == len(texts) else ["*="]
    return ",".join([*(known or [f"VALUE={kind.labels.positive}"]), *others])


def values_found(values: Sequence[Any]) -> str:
    """The value counts of a column with few values, such as "0 (998), 1 (2)"; "" for other columns."""
    counts = Counter("" if value is None else str(value) for value in values)
    if len(counts) > MAX_VALUES:
        return ""
    return ", ".join(f"{value[:40] or '(nothing)'} ({count:,})" for value, count in counts.most_common())


def _columns_for(names: Sequence[str], free: Mapping[str, Sequence[Any]]) -> Iterator[str]:
    """A similar column for each name, if there is one; no column is suggested twice."""
    left = dict(free)
    for name in sorted(names, key=lambda name: name not in {column.lower() for column in free}):
        found = _times_in(left)[:3] if name == "occurred_at" else _like(name, left)
        if found:
            for column in found[:1]:
                del left[column]
            option = shlex.quote(f"{name}={found[0]}")
            yield f"{name} may be {' or '.join(map(repr, found))} (--map {option})"


def _times_in(columns: Mapping[str, Sequence[Any]]) -> list[str]:
    return [column for column, values in columns.items() if _looks_like_time(column, values)]


def _like(name: str, columns: Mapping[str, Sequence[Any]]) -> list[str]:
    scores = {column: _likeness(name, column) for column in columns}
    best = max(scores, key=lambda column: scores[column], default="")
    return [best] if best and scores[best] >= ALIKE else []


def _likeness(name: str, column: str) -> float:
    """The similarity of two names from 0 to 1: 1 for a common word, else by letters."""
    one, other = set(_WORDS.findall(name.lower())), set(_WORDS.findall(column.lower()))
    if one & other:
        return 1.0
    return SequenceMatcher(None, name.lower(), column.lower()).ratio()


def _looks_like_time(column: str, values: Sequence[Any]) -> bool:
    return (
        bool(_words_of(column) & _TIME_NAMES)
        or _reads_as(values, TimeRule("UTC"))
        or _all_fit(values, ORDERED)
    )


def _words_of(column: str) -> set[str]:
    return set(_WORDS.findall(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column).lower()))


def _time_hints(values: Sequence[Any], rule: TimeRule) -> Iterator[str]:
    if not values or _reads_as(values, rule):
        return
    if _reads_as(values, replace(rule, timezone="UTC")):
        yield "its times have no offset: set their time zone, e.g. --timezone Europe/Berlin"
    elif _all_fit(values, ORDERED):
        yield f"the order of day and month must be set: {_formats(values)}"
    elif all(isinstance(value, (int, float)) or _is_number(value) for value in _some(values)):
        yield "its times are numbers: set their origin, e.g. --time-origin 2025-01-01T00:00:00Z"


def _formats(values: Sequence[Any]) -> str:
    """The possible formats of numeric dates; only one if some number cannot be a month."""
    texts = [str(value).strip() for value in _some(values)]
    hint = order_hint(texts[0])
    day_first, month_first = hint.split("; where the month comes first ")
    order = guess_order(texts)
    return {DAY_FIRST: day_first, MONTH_FIRST: f"--time-format {month_first}"}.get(order or "", hint)


def _numeral_hints(name: str, values: Sequence[Any]) -> Iterator[str]:
    texts = [_BESIDE.sub("", value) for value in _some(values) if isinstance(value, str)]
    if any(map(_DECIMAL_COMMA.fullmatch, texts)) and not any(
        "," in text and "." in text.rpartition(",")[2] for text in texts
    ):
        points = " --thousands ." if any("." in text for text in texts) else ""
        yield f"{name} seems to have decimal commas: --decimal ,{points}"
    elif any(map(_GROUPED.fullmatch, texts)):
        yield f"{name} seems to have commas between thousands: --thousands ,"


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
    return isinstance(value, str) and not isinstance(read_number(value), str)


def _some(values: Sequence[Any]) -> list[Any]:
    return [value for value in values[:200] if value is not None and str(value).strip()]
