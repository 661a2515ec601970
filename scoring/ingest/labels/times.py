"""The time at which a label in an upload became known. Today's date means now. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime, time
from functools import lru_cache

from scoring.catalog.errors import FieldError
from scoring.ingest.values.dates import ORDERED
from scoring.ingest.values.times import LAST_OF_DAY, TimeReader, TimeRule
from scoring.timestamps import to_iso

_SECONDS = re.compile(r"\d{10}(\d{3})?", re.ASCII)  # since 1970, or milliseconds
_OFFSET = re.compile(r"\d{2}:?\d{2}\s*[+-]\d{2}:?\d{2}$", re.ASCII)
_ALLOWED = "a date or time such as 2026-03-01, 2026-03-01 09:30 or 2026-03-01T09:30:00Z"


@dataclass(frozen=True, slots=True)
class TimeStyle:
    """The zone of times without an offset, and which number comes first in 03/04/2026 ("": unknown)."""

    zone: str = "UTC"
    order: str = ""


def read_time(text: str, style: TimeStyle, *, now: datetime) -> str:
    """The moment as ISO 8601 with an offset; a date means its end, today's means now. Raises FieldError."""
    if not style.order and ORDERED.fullmatch(text):
        raise FieldError(f"is {text!r}, whose order of day and month is unknown", "choose the order")
    try:
        moment = datetime.fromisoformat(_reader(style).read(text))
    except FieldError as error:
        raise FieldError(error.problem, _ALLOWED) from error
    start = datetime.combine(moment.date(), time.min, moment.tzinfo)
    is_today = moment.time() == LAST_OF_DAY and start <= now < moment
    return to_iso(now if is_today else moment)


def lacks_zone(text: str) -> bool:
    """Whether the text is a time without a time zone."""
    return not (_SECONDS.fullmatch(text) or text.endswith(("Z", "z", "UTC", "GMT")) or _OFFSET.search(text))


@lru_cache(maxsize=64)
def _reader(style: TimeStyle) -> TimeReader:
    return TimeReader(TimeRule(style.zone, order=style.order or None), dates=True)
