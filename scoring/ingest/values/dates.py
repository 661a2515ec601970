"""Normalizes dates in files to ISO 8601. Pure."""

import re
from collections.abc import Iterable

from scoring.catalog.errors import FieldError

DAY_FIRST, MONTH_FIRST = "day", "month"

# 03/04/2026 or 3.4.2026 9:30: ambiguous without the order of day and month.
ORDERED = re.compile(
    r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?:[ T]+(\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(.*))?",
    re.ASCII | re.DOTALL,
)
_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?:[ T]+(\d{1,2}:.*))?", re.ASCII | re.DOTALL)
_IS_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d:.*)?", re.ASCII | re.DOTALL)
_UTC = re.compile(r"(?<=[\d:]) ?(?:UTC|GMT)", re.ASCII)


def with_iso_date(text: str, order: str | None) -> str:
    """The text with its date in ISO 8601 if it is unambiguous; a zone UTC or GMT becomes Z.

    `order` is DAY_FIRST or MONTH_FIRST if known.

    >>> with_iso_date("2026/3/1 9:30 UTC", None), with_iso_date("31.12.2025", DAY_FIRST)
    ('2026-03-01T09:30Z', '2025-12-31')
    """
    if text.endswith(("UTC", "GMT")):
        text = _UTC.sub("Z", text)
    if _IS_ISO.fullmatch(text):
        return text
    if year := _YEAR_FIRST.fullmatch(text):
        return _joined(year[1], year[3], year[4], year[5])
    ordered = ORDERED.fullmatch(text) if order in (DAY_FIRST, MONTH_FIRST) else None
    if ordered is None:
        return text
    day, month = (ordered[1], ordered[3]) if order == DAY_FIRST else (ordered[3], ordered[1])
    return _joined(ordered[4], month, day, f"{ordered[5]}{ordered[6]}" if ordered[5] else "")


def order_hint(text: str) -> str:
    """The possible formats of a date such as 03/04/2026.

    >>> order_hint("31.12.2025 10:00")
    "--time-format '%d.%m.%Y %H:%M'; where the month comes first '%m.%d.%Y %H:%M'"
    """
    found = ORDERED.fullmatch(text)
    if found is None:
        raise FieldError("is not a date of three numbers")
    clock = "" if not found[5] else " %H:%M:%S" if found[5].count(":") == 2 else " %H:%M"
    day_first, month_first = (found[2].join((*pair, "%Y")) + clock for pair in (("%d", "%m"), ("%m", "%d")))
    return f"--time-format {day_first!r}; where the month comes first {month_first!r}"


def guess_order(texts: Iterable[str]) -> str | None:
    """Which number comes first in dates such as 13/04/2026; "" if ambiguous, None without such dates.

    >>> guess_order(["03/04/2026", "13/04/2026"]), guess_order(["03/04/2026"]), guess_order(["2026-04-03"])
    ('day', '', None)
    """
    found = [match for text in texts if (match := ORDERED.fullmatch(text))]
    if not found:
        return None
    day = any(int(match[1]) > 12 for match in found) or all(match[2] == "." for match in found)
    month = any(int(match[3]) > 12 for match in found)
    return "" if day == month else DAY_FIRST if day else MONTH_FIRST


def _joined(year: str, month: str, day: str, clock: str | None) -> str:
    return f"{year}-{month:0>2}-{day:0>2}" + (f"T{_two_digits(clock)}" if clock else "")


def _two_digits(clock: str) -> str:
    """9:30 as 09:30."""
    return clock if clock[1:2] != ":" else f"0{clock}"
