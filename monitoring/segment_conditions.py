"""Conditions of the investigation console that select the events of a segment."""

import math
from itertools import pairwise
from typing import Final

from monitoring.event_addresses import between, equals
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Category, Flag
from scoring.learning.fairness.slicing import AGES, MISSING
from scoring.rules.expressions.operands import SOURCE, spelled

NO_VALUE: Final = "(none)"
TRUE, FALSE = ("true", "yes"), ("false", "no")
DAY_SECONDS: Final = 86_400


def age_bands() -> list[tuple[str, float, float]]:
    """(name, from, to) of the bands of an age in seconds; the last one has no end."""
    edges = (0.0, *AGES, math.inf)
    return [(_band_name(low, high), low, high) for low, high in pairwise(edges)]


def _band_name(low: float, high: float) -> str:
    first, last = (f"{seconds / DAY_SECONDS:g} d" for seconds in (low, high))
    if not low:
        return f"below {last}"
    return f"from {first}" if high == math.inf else f"{first} to {last}"


def segment_condition(kind: type[EventType], field: str, value: str) -> str | None:
    """The condition that a field, the sender or an age has this value; None if none says that.

    Bands of numbers other than ages, and several values together, are not selected by any.
    """
    if field == SOURCE:
        return equals(SOURCE, value)
    name, declared = spelled(field), kind.fields.get(field)
    if value in (NO_VALUE, MISSING):
        return f"!has({name})"
    if isinstance(declared, Flag):
        return name if value in TRUE else f"!{name}" if value in FALSE else None
    if isinstance(declared, Category):
        return equals(name, value)
    bands = {band: (low or None, high if high < math.inf else None) for band, low, high in age_bands()}
    return between(name, *bands[value]) if declared is None and value in bands else None
