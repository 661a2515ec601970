"""When a label became known, as acquirers write it: dates without a time, times without a zone. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from scoring.errors import FieldError
from scoring.timestamps import to_iso

DAY_FIRST, MONTH_FIRST = "day", "month"

_NUMBERS = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})(?:[ T]+(\d{1,2}:\d{2}(?::\d{2})?))?", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})(.*)", re.ASCII)
_SECONDS = re.compile(r"\d{10}(\d{3})?", re.ASCII)  # since 1970, or milliseconds
_DATE_ONLY = 10  # characters of 2026-03-01
_ALLOWED = "a date or time such as 2026-03-01, 2026-03-01 09:30 or 2026-03-01T09:30:00Z"


@dataclass(frozen=True, slots=True)
class TimeStyle:
    """The zone of times without an offset, and which number comes first in 03/04/2026 ("": not known)."""

    zone: str = "UTC"
    order: str = ""


def read_time(text: str, style: TimeStyle, *, now: datetime) -> str:
    """The moment as ISO 8601 with an offset; a date means its end, today's means now. Raises FieldError."""
    if _SECONDS.fullmatch(text):
        return to_iso(datetime.fromtimestamp(int(text[:10]), UTC))
    iso = _as_iso(text.removesuffix(" UTC") + "Z" if text.endswith(" UTC") else text, style)
    try:
        moment = datetime.fromisoformat(iso)
    except ValueError:
        raise FieldError(f"is {text[:40]!r}", _ALLOWED) from None
    if len(iso) <= _DATE_ONLY:
        return to_iso(_end_of(moment.date(), ZoneInfo(style.zone), now))
    return to_iso(moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(style.zone)))


def guess_order(texts: Iterable[str]) -> str | None:
    """Which number comes first in dates such as 13/04/2026; "" if it cannot be told, None without such dates.

    >>> guess_order(["03/04/2026", "13/04/2026"]), guess_order(["03/04/2026"]), guess_order(["2026-04-03"])
    ('day', '', None)
    """
    found = [match for text in texts if (match := _NUMBERS.fullmatch(text))]
    if not found:
        return None
    day = any(int(match[1]) > 12 for match in found) or all("." in match[0] for match in found)
    month = any(int(match[2]) > 12 for match in found)
    return "" if day == month else DAY_FIRST if day else MONTH_FIRST


def lacks_zone(text: str) -> bool:
    """Whether it takes a time zone to know which moment a text is."""
    return not (_SECONDS.fullmatch(text) or text.endswith(("Z", "z", "UTC")) or _OFFSET.search(text))


_OFFSET = re.compile(r"\d{2}:?\d{2}\s*[+-]\d{2}:?\d{2}$", re.ASCII)


def _as_iso(text: str, style: TimeStyle) -> str:
    """The text with its date as ISO 8601 writes it."""
    if numbers := _NUMBERS.fullmatch(text):
        if style.order not in (DAY_FIRST, MONTH_FIRST):
            raise FieldError(f"is {text!r}, in which the month is not told", "say which number comes first")
        day, month = (numbers[1], numbers[2]) if style.order == DAY_FIRST else (numbers[2], numbers[1])
        clock = f"T{numbers[4]:0>5}" if numbers[4] else ""
        return f"{numbers[3]}-{month:0>2}-{day:0>2}{clock}"
    if year := _YEAR_FIRST.fullmatch(text):
        return f"{year[1]}-{year[2]:0>2}-{year[3]:0>2}{year[4]}"
    return text


def _end_of(day: date, zone: ZoneInfo, now: datetime) -> datetime:
    """The last moment of a day, or now if that is still to come and the day has begun."""
    start = datetime.combine(day, time.min, zone)
    end = datetime.combine(day + timedelta(days=1), time.min, zone) - timedelta(microseconds=1)
    return now if start <= now < end else end
