"""How long a value is listed, as forms ask for it."""

from datetime import UTC, date, datetime, time, timedelta

from scoring.rules.lists.errors import InvalidListChange, Problem

DAYS = {"1": "1 day", "7": "7 days", "30": "30 days", "90": "90 days", "365": "1 year", "": "No end"}
DEFAULT_DAYS = "30"
MAX_DAYS = 3_660


def read_until(days: str, day: str, *, list_name: str, now: datetime) -> datetime | None:
    """The time until which a value is listed: some days from `now`, or the end of a `day` (UTC) if given.

    None for no end. Raises InvalidListChange for text that is neither.
    """
    if day:
        return _end_of_day(day, list_name)
    if not days:
        return None
    if not (days.isascii() and days.isdigit() and len(days) <= 6 and 0 < int(days) <= MAX_DAYS):
        allowed = f"a whole number from 1 to {MAX_DAYS:,}"
        raise InvalidListChange(
            list_name, [Problem("end", f"{days[:20]!r} is not a number of days", allowed)]
        )
    return now + timedelta(days=int(days))


def _end_of_day(day: str, list_name: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(day) + timedelta(days=1), time(), UTC)
    except (ValueError, OverflowError):
        problem = Problem("end", f"{day[:20]!r} is not a date", "a date such as 2026-12-31")
        raise InvalidListChange(list_name, [problem]) from None
