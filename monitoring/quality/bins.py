"""The bins in which the values of a field are counted: of its range, its values or its format.

Bins depend on the field's declaration alone, so that windows can be rebuilt and added. No value can be read
from them: names and ids are hashed.
"""

import math
import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple
from zlib import crc32

from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Category, Entity, Field, Flag, Money, Number

HASHED_BINS = 1_024  # a new name shares the bin of one of 20 known ones with a probability of 2 %
LINEAR_BINS = 64  # between the bounds of a number that has both
BINS_AN_OCTAVE = 2
MAX_PREFIX = 6  # leading letters of an id that are part of its format
CURRENCY = "currency"

_PART = re.compile(r"[^\W_]+")
_NAMED = re.compile(rf"(?P<prefix>[a-z]{{0,{MAX_PREFIX}}})(?P<digits>\d*)")


class Measure(StrEnum):
    """What can be unusual about a field's values."""

    RANGE = "range"
    VALUES = "values"
    FORMAT = "format"
    NONE = ""  # only whether it is there


class Binner(NamedTuple):
    """How a field's canonical values are counted. `bin_of` gives a bin; those of ranges are ordered."""

    measure: Measure
    bin_of: Callable[[Any], int]


_by_type: dict[type[EventType], Mapping[str, Binner]] = {}


def binners(kind: type[EventType]) -> Mapping[str, Binner]:
    """The binner of each field that senders of an event type may send.

    Types with amounts have one for `currency`, whose canonical value is an amount.
    """
    if kind not in _by_type:
        _by_type[kind] = _binners_of(kind)
    return _by_type[kind]


def _binners_of(kind: type[EventType]) -> Mapping[str, Binner]:
    fields = {name: binner_of(field) for name, field in kind.fields.items() if not field.computed}
    has_amount = any(isinstance(field, Money) for field in kind.fields.values())
    return fields | ({CURRENCY: Binner(Measure.VALUES, _currency_bin)} if has_amount else {})


def binner_of(field: Field) -> Binner:
    """Personal values are digests in the log, so that only their absence is counted."""
    if field.personal:
        return Binner(Measure.NONE, _no_bin)
    match field:
        case Money():
            return Binner(Measure.RANGE, _amount_bin)
        case Number():
            return Binner(Measure.RANGE, _number_binner(field))
        case Category() | Flag():
            return Binner(Measure.VALUES, _name_bin)
        case Entity():
            return Binner(Measure.FORMAT, format_bin)
    return Binner(Measure.NONE, _no_bin)


def number_bin(value: float) -> int:
    """Half octaves of the size, mirrored for negative values; 0 for what is below 1e-6.

    >>> [number_bin(value) for value in (0, 1, 1.4, 1.5, 2, 100, -100)]
    [0, 41, 41, 42, 43, 54, -54]
    """
    size = abs(value)
    if size < 1e-6:
        return 0
    step = 1 + math.floor(BINS_AN_OCTAVE * (math.log2(size) + 20))
    return step if value > 0 else -step


def format_of(identifier: str) -> str:
    """The format of an id: its parts between other characters, and the bin of its length.

    Systems name kinds of ids by up to MAX_PREFIX letters in front: these are kept. Other parts are "9",
    "a" or "x" in front (digits, letters, both), and "x" further on.

    >>> format_of("C-100234"), format_of("card17"), format_of("9f86d081"), format_of("dev-9f86d081")
    ('c-x|6', 'card9|5', 'x|6', 'dev-x|7')
    """
    kinds = _PART.sub(_kind_of_part, identifier.lower())
    return f"{kinds}|{int(2 * math.log2(len(identifier) or 1))}"


def _kind_of_part(part: re.Match[str]) -> str:
    if part.start() > 0:
        return "x"
    if (named := _NAMED.fullmatch(part.group())) is not None:
        return named["prefix"] + ("9" if named["digits"] else "")
    return "a" if part.group().isalpha() else "x"


@lru_cache(maxsize=16_384)  # ids come again; reading the format takes longer than all else
def format_bin(identifier: Any) -> int:
    return crc32(format_of(str(identifier)).encode()) % HASHED_BINS


@lru_cache(maxsize=4_096)
def _name_bin(value: Any) -> int:
    return crc32(str(value).encode()) % HASHED_BINS


def _currency_bin(amount: Mapping[str, Any]) -> int:
    return _name_bin(amount["currency"])


def _amount_bin(amount: Mapping[str, Any]) -> int:
    return number_bin(amount.get("base_minor", amount["minor"]))


def _number_binner(field: Number) -> Callable[[Any], int]:
    low, high = field.minimum, field.maximum
    if low is None or high is None or high <= low:
        return number_bin
    scale = LINEAR_BINS / (high - low)
    return lambda value: min(int((value - low) * scale), LINEAR_BINS - 1)


def _no_bin(value: Any) -> int:
    return 0
