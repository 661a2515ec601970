"""How long a value is listed, as forms ask for it."""

from datetime import UTC, date, datetime, time, timedelta

from scoring.catalog.errors import FieldError
from scoring.rules.lists.errors import InvalidListChange, Problem

DAYS = {"1": "1 day", "7": "7 days", "30": "30 days", "90": "90 days", "365": "1 year", "": "No end"}
DEFAULT_DAYS = "30"
MAX_DAYS = 3_660


def read_until(days: str, day: str, *, list_name: str, now: datetime) -> datetime | None:
    """`until_of` for a change of a list. Raises InvalidListChange."""
    try:
        return until_of(days, day, now=now)
    except FieldError as error:
        raise InvalidListChange(list_name, [Problem("end", error.problem, error.allowed)]) from None


def until_of(days: str, day: str, *, now: datetime) -> datetime | None:
    """The time until which something is listed: some days from `now`, or the end of a `day` (UTC) if given.

    None for no end. Raises FieldError for text that is neither.
    """
    if day:
        return _end_of_day(day)
    if not days:
        return None
    if not (days.isascii() and days.isdigit() and len(days) <= 6 and 0 < int(days) <= MAX_DAYS):
        raise FieldError(f"{days[:20]!r} is not a number of days", f"a whole number from 1 to {MAX_DAYS:,}")
    return now + timedelta(days=int(days))


def _end_of_day(day: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(day) + timedelta(days=1), time(), UTC)
    except (ValueError, OverflowError):
        raise FieldError(f"{day[:20]!r} is not a date", "a date such as 2026-12-31") from None
