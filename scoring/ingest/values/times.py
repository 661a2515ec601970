"""Times in files: ISO 8601, local times, seconds since 1970 or another origin, custom formats.

Nothing ambiguous is guessed: 03/04/2025 needs a format. A number counts as a time since 1970 if its size
allows only one unit: seconds, milli-, micro- and nanoseconds of the years 1990 to 2100 differ by factors of a
thousand.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from scoring.catalog.errors import FieldError
from scoring.catalog.parsing.moments import MAX_LENGTH, MIN_LENGTH, read_rare_moment
from scoring.ingest.errors import InvalidMapping
from scoring.ingest.values.dates import ORDERED, order_hint, with_iso_date
from scoring.timestamps import EPOCH

# Microseconds in a unit; those after "s" require an origin.
UNITS = {
    "ns": Decimal("0.001"),
    "us": Decimal(1),
    "ms": Decimal(1_000),
    "s": Decimal(1_000_000),
    "min": Decimal(60_000_000),
    "h": Decimal(3_600_000_000),
    "d": Decimal(86_400_000_000),
}
EPOCH_UNITS = ("s", "ms", "us", "ns")
EXCEL = "excel"  # days since the end of 1899, as spreadsheets keep times
_EXCEL_START = datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet's times have no zone
LAST_OF_DAY = time(23, 59, 59, 999_999)
_YEAR_1990, _YEAR_2100 = Decimal(631_152_000), Decimal(4_102_444_800)

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d{1,2})?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME_OF_DAY = ("%H", "%I", "%c", "%X", "%s", "%T")
_DIGITS_OF = {8: "%Y%m%d", 14: "%Y%m%d%H%M%S"}
_ALLOWED = (
    "ISO 8601 with a time zone, such as 2025-03-01T10:00:00Z; other times need --timezone, --time-format,"
    " --time-unit or --time-origin"
)


@dataclass(frozen=True, slots=True)
class TimeRule:
    """The format of times: `timezone` of those without an offset, `format` as for strptime, the `unit` of
    numbers, and their `origin` (ISO 8601 with an offset) if that is not 1970. `order` says which number comes
    first in 03/04/2025 ("day" or "month"), if no `format` does.

    Raises InvalidMapping.
    """

    timezone: str | None = None
    format: str | None = None
    unit: str | None = None
    origin: str | None = None
    order: str | None = None

    def __post_init__(self) -> None:
        problems = [
            *([] if self.unit in (None, EXCEL, *UNITS) else [_wrong_unit(self.unit)]),
            *(_zone_problem(self.timezone) if self.timezone else ()),
            *(_origin_problem(self.origin) if self.origin else ()),
        ]
        if self.unit in ("min", "h", "d") and not self.origin:
            problems.append(f"--time-unit {self.unit} requires --time-origin")
        if self.unit == EXCEL and not self.timezone:
            problems.append("--time-unit excel requires --timezone, because spreadsheets store no time zone")
        if self.format and "%" not in self.format:
            problems.append(f"--time-format {self.format!r} has no part such as %Y; e.g. '%d/%m/%Y %H:%M'")
        if problems:
            raise InvalidMapping(problems)


class TimeReader:
    """Reads raw values as ISO 8601 text with an offset, which the event types parse.

    With `dates`, a date alone is allowed too and means the end of that day.
    """

    def __init__(self, rule: TimeRule, *, dates: bool = False) -> None:
        self._rule, self._dates = rule, dates
        self._zone: tzinfo | None = ZoneInfo(rule.timezone) if rule.timezone else None
        self._origin = datetime.fromisoformat(rule.origin) if rule.origin else None

    @property
    def zone(self) -> tzinfo:
        return self._zone or UTC

    def read(self, raw: Any) -> str:
        """Raises FieldError."""
        if isinstance(raw, bool) or not isinstance(raw, (str, int, float)):
            raise FieldError("is not a time", _ALLOWED)
        text = raw.strip() if isinstance(raw, str) else format(Decimal(repr(raw)), "f")
        if self._rule.format and isinstance(raw, str):
            return self._formatted(text, self._rule.format)
        if _NUMBER.fullmatch(text):
            return self._counted(text)
        iso = with_iso_date(text, self._rule.order)
        if _DATE.fullmatch(iso):
            return self._date(iso)
        return self._iso(iso, text)

    def _date(self, text: str) -> str:
        if not self._dates:
            raise FieldError(
                f"is the date {text} without a time of day",
                "a date and a time, or --time-format %Y-%m-%d for the start of the day",
            )
        try:
            return end_of_day(date.fromisoformat(text), self.zone).isoformat()
        except ValueError as error:
            raise FieldError(f"is {text!r}, which is not a date", _ALLOWED) from error

    def _iso(self, text: str, said: str) -> str:
        try:
            moment = datetime.fromisoformat(text) if MIN_LENGTH <= len(text) <= MAX_LENGTH else None
        except ValueError:
            moment = read_rare_moment(text)
            text = moment.isoformat() if moment else text
        if moment is None:
            hint = order_hint(said) if ORDERED.fullmatch(said) else _ALLOWED
            raise FieldError(f"is {said[:40]!r}, not a time with a time zone", hint)
        if moment.tzinfo is not None:
            return text
        if self._zone is None:
            raise FieldError("is a time without an offset", _ALLOWED)
        return moment.replace(tzinfo=self._zone).isoformat()

    def _formatted(self, text: str, form: str) -> str:
        try:
            moment = datetime.strptime(text, form)  # noqa: DTZ007 - the zone comes below
        except ValueError as error:
            raise FieldError(f"is {text[:40]!r}", f"times of the form {form}") from error
        if self._dates and not any(part in form for part in _TIME_OF_DAY):
            return end_of_day(moment.date(), self.zone).isoformat()
        if moment.tzinfo is not None:
            return moment.isoformat()
        if self._zone is None:
            raise FieldError("is a time without an offset", "times with one (%z), or --timezone")
        return moment.replace(tzinfo=self._zone).isoformat()

    def _counted(self, text: str) -> str:
        try:
            number = Decimal(text)
            if self._rule.unit == EXCEL:
                moment = _EXCEL_START + timedelta(microseconds=round(number * UNITS["d"]))
                return moment.replace(tzinfo=self._zone).isoformat()
            start = self._origin or EPOCH
            unit = self._rule.unit or ("s" if self._origin else _unit_by_size(number, text))
            if not self._origin:
                _refuse_cut_off(number, unit, text)
            return (start + timedelta(microseconds=round(number * UNITS[unit]))).isoformat()
        except (OverflowError, InvalidOperation) as error:
            raise FieldError("is out of range", "from 1970 on") from error


def end_of_day(day: date, zone: tzinfo) -> datetime:
    """The last microsecond of a day in a time zone."""
    return datetime.combine(day, LAST_OF_DAY, zone)


def _unit_by_size(number: Decimal, text: str) -> str:
    for place, unit in enumerate(EPOCH_UNITS):
        if _YEAR_1990 <= number / 1000**place < _YEAR_2100:
            return unit
    hint = _DIGITS_OF.get(len(text))
    if hint:
        raise FieldError(f"is the number {text}", f"for a date, --time-format {hint}")
    raise FieldError(
        f"is the number {text[:40]}, which is not a time since 1970 in s, ms, us or ns",
        "for numbers from another origin, --time-origin and --time-unit",
    )


def _refuse_cut_off(number: Decimal, unit: str, text: str) -> None:
    """Spreadsheets show 1740823200123 as 1.74082E+12: the digits that are gone are hours."""
    if UNITS[unit].scaleb(int(number.as_tuple().exponent)) > UNITS["s"]:
        raise FieldError(
            f"is the number {text}, whose last digits are lost", "all digits, e.g. 1740823200123"
        )


def _wrong_unit(unit: str | None) -> str:
    return f"--time-unit {unit!r} is not one of {', '.join([*UNITS, EXCEL])}"


def _zone_problem(name: str) -> list[str]:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
        return [f"timezone {name!r} is not an IANA name such as UTC or Europe/Berlin"]
    return []


def _origin_problem(origin: str) -> list[str]:
    try:
        has_zone = datetime.fromisoformat(origin).tzinfo is not None
    except ValueError:
        has_zone = False
    return [] if has_zone else [f"--time-origin {origin!r} is not a time such as 2013-09-01T00:00:00Z"]
