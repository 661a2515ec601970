"""Reads table cells the same way whatever format stored them.

CSV has only text, JSON Lines a few types, Parquet and data frames many, and the same table may come in any of
them. So a cell is read by its value, not its type: 1, 1.0, "1" and "1.0" are the same id, flag and number.
"""

import re
from datetime import date, time
from decimal import Decimal
from functools import singledispatch

MAX_EXACT = 2**53  # floats represent every whole number up to here exactly
MAX_NUMBER_LENGTH = 64
# Stricter than float(), which accepts "1_000" and "infinity".
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_SCIENTIFIC = re.compile(r"[+-]?\d+(\.\d*)?[eE][+-]?\d{1,2}", re.ASCII)
_WHOLE = re.compile(r"(-?(?:0|[1-9]\d*))\.0+", re.ASCII)
_FLAGS = {
    **dict.fromkeys(("true", "t", "yes", "y", "1"), True),
    **dict.fromkeys(("false", "f", "no", "n", "0"), False),
}


def plain_cell(raw: object) -> object:
    """The cell's plain value: UTF-8 bytes as text, None for a missing value (null, NaN, blank).

    >>> plain_cell(b"T-1"), plain_cell(float("nan")), plain_cell("  ")
    ('T-1', None, None)
    """
    if isinstance(raw, (bytes, bytearray)):
        try:
            raw = bytes(raw).decode()
        except UnicodeDecodeError:
            return raw
    if isinstance(raw, str):
        return raw if raw and not raw.isspace() else None
    if isinstance(raw, (float, Decimal)):
        return raw if raw == raw else None  # noqa: PLR0124 -- only NaN differs from itself
    return raw


@singledispatch
def read_text(raw: object) -> object:
    """The cell as text, for ids, names and free text. A whole number becomes its digits.

    That includes whole numbers that a column with gaps stores as floats, and their text. Floats too large to
    be exact, and anything but a single value, are returned unchanged.

    >>> read_text(1001.0), read_text("1001.0"), read_text(7.5), read_text(True), read_text("007")
    ('1001', '1001', '7.5', 'true', '007')
    """
    return raw


@read_text.register
def _(raw: str) -> str:
    if len(raw) > MAX_NUMBER_LENGTH:
        return raw
    text = raw.strip()
    if whole := _WHOLE.fullmatch(text):
        return whole[1]
    return text.lower() if text.lower() in {"true", "false"} else raw


@read_text.register
def _(raw: bool) -> str:
    return str(raw).lower()


@read_text.register
def _(raw: int) -> str:
    return str(raw)


@read_text.register
def _(raw: float) -> object:
    if not raw.is_integer():
        return repr(raw)
    return str(int(raw)) if abs(raw) <= MAX_EXACT else raw


@read_text.register
def _(raw: Decimal) -> object:
    return read_text(format(raw, "f"))


@read_text.register(date)
@read_text.register(time)
def _(raw: date | time) -> str:
    return raw.isoformat()


def read_number(raw: object) -> object:
    """The number in a cell, from text too; anything else unchanged.

    >>> read_number(" 4.50"), read_number("7"), read_number("1_000")
    (4.5, 7, '1_000')
    """
    if isinstance(raw, Decimal):
        return float(raw)
    if not isinstance(raw, str) or len(raw) > MAX_NUMBER_LENGTH:
        return raw
    text = raw.strip()
    if not _NUMBER.fullmatch(text):
        return raw
    return int(text) if text.lstrip("+-").isdecimal() else float(text)


def read_decimal(raw: object) -> object:
    """The exact decimal of an amount in scientific notation; anything else unchanged.

    >>> read_decimal("1.2E3"), read_decimal("12.34")
    (Decimal('1.2E+3'), '12.34')
    """
    return Decimal(raw.strip()) if isinstance(raw, str) and is_scientific(raw) else raw


def is_scientific(text: str) -> bool:
    """Whether a text is a number in scientific notation."""
    return len(text) <= MAX_NUMBER_LENGTH and _SCIENTIFIC.fullmatch(text.strip()) is not None


def read_flag(raw: object) -> object:
    """The truth value of a cell; anything else unchanged.

    >>> read_flag(1.0), read_flag("0.0"), read_flag("TRUE"), read_flag("no"), read_flag(2)
    (True, False, True, False, 2)
    """
    text = read_text(raw)
    return _FLAGS.get(text.strip().lower(), raw) if isinstance(text, str) and len(text) < 10 else raw
