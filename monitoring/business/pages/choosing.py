"""What the page of business figures shows, from its address."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.http import Http404, HttpRequest

from monitoring.business.periods import DAY, LENGTHS, WEEK, first_day
from monitoring.business.segments import ALL, segment_fields
from scoring.admin_kit.row_rules.visible import require_scored_types
from scoring.catalog.event_type import EventType
from scoring.catalog.registry import event_type

SPANS = {"7 days": 7, "30 days": 30, "90 days": 90, "26 weeks": 182}
LONG_DAYS = 90  # from which on figures are shown by week, unless days are asked for


@dataclass(frozen=True)
class Choice:
    """An event type, a segment of a field, and the days, both included, by `period`."""

    kind: type[EventType]
    field: str
    segment: str
    span: str
    period: str
    since: date
    until: date


def read_choice(request: HttpRequest, *, now: datetime) -> Choice:
    """The choice in the query string. Raises Http404 for unknown values."""
    types, asked = require_scored_types(request.user), request.GET
    name, span = asked.get("type") or types[0], asked.get("span") or "30 days"
    _check("event type", name, types)
    _check("span", span, SPANS)
    fields = segment_fields(event_type(name))
    field = asked.get("field", "")
    if field not in fields:  # that of the type that was shown before
        field = fields[0]
    period = asked.get("by") or (WEEK if SPANS[span] >= LONG_DAYS else DAY)
    _check("period", period, LENGTHS)
    until = now.date()
    since = first_day(until - timedelta(days=SPANS[span] - 1), period)
    return Choice(event_type(name), field, asked.get("segment") or ALL, span, period, since, until)


def _check(what: str, given: str, allowed: Iterable[str]) -> None:
    names = list(allowed)
    if given not in names:
        raise Http404(f"Unknown {what} {given!r}; use {', '.join(names)}.")
