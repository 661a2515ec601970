"""Parses the times of events and labels: RFC 3339, and other ISO 8601 forms of a date and a time."""

import re
from datetime import UTC, datetime

from scoring.catalog.errors import FieldError
from scoring.timestamps import EPOCH

ALLOWED = "ISO 8601 with a time zone, such as 2026-01-31T12:00:00Z"
MIN_LENGTH, MAX_LENGTH = 16, 64  # "20260131T120000Z"
_LEAP_SECOND = re.compile(r"(?<=:\d\d:)60(?=\D)", re.ASCII)


def parse_moment(raw: object) -> datetime:
    """ISO 8601 text with an offset as UTC, from 1970 on. Raises FieldError.

    The letters T and Z may be lowercase (RFC 3339). A leap second is read as the second before it. Week dates
    are refused.
    """
    if not isinstance(raw, str) or not MIN_LENGTH <= len(raw) <= MAX_LENGTH:
        raise FieldError("is not a time with a time zone", ALLOWED)
    try:
        moment: datetime | None = datetime.fromisoformat(raw)
    except ValueError:
        moment = read_rare_moment(raw)
    if moment is None or moment.tzinfo is None or "W" in raw or "w" in raw:
        raise FieldError("is not a time with a time zone", ALLOWED)
    try:
        moment = moment.astimezone(UTC)
    except OverflowError as error:  # with its offset it is outside the years 1 to 9999
        raise FieldError("is out of range", "the years 1970 to 9999") from error
    if moment < EPOCH:
        raise FieldError("is out of range", "from 1970 on")
    return moment


def read_rare_moment(text: str) -> datetime | None:
    """An RFC 3339 time that `datetime.fromisoformat` does not parse: lowercase z, leap second; else None."""
    replaced = _LEAP_SECOND.sub("59", text.upper())
    try:
        moment = datetime.fromisoformat(replaced)
        # Leap seconds are inserted at the end of a day in UTC, whatever the local offset.
        is_possible = replaced == text.upper() or (
            moment.tzinfo is not None and moment.astimezone(UTC).strftime("%H:%M:%S") == "23:59:59"
        )
    except (ValueError, OverflowError):
        return None
    return moment if is_possible else None
