"""Business figures over HTTP, to read."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.utils import timezone
from django.utils.dateparse import parse_date
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from monitoring.api.figures import SCOPE, read_event_type
from monitoring.api.serializers import BusinessSerializer
from monitoring.business.describing import describe_business
from monitoring.business.periods import DAY, LENGTHS, first_day
from monitoring.business.segments import segment_fields
from scoring.api.items import ApiView
from scoring.api.schema.parts import ALWAYS, answers
from scoring.catalog.registry import event_type as find_event_type
from scoring.intake.errors import InvalidRequest, RequestProblem

MAX_DAYS: Final = 400
DEFAULT_DAYS: Final = 30
BUSINESS: dict[str, Any] = {
    "operation_id": "retrieve_business",
    "summary": "Get what decisions led to",
    "description": (
        "Approvals, blocks, fraud let through and stopped, good events blocked, and what reviews found, by"
        " day or week (from Monday, UTC), of all events and of segments. It concerns all senders. Figures of"
        " days whose labels are not mature yet change."
    ),
    "tags": ["monitoring"],
    "parameters": [
        OpenApiParameter("event_type", str, required=True),
        OpenApiParameter("since", date, description=f"The first day; by default {DEFAULT_DAYS} days ago"),
        OpenApiParameter("until", date, description="The last day, included; by default today"),
        OpenApiParameter("by", str, enum=list(LENGTHS), default=DAY),
        OpenApiParameter("field", str, description="Also its segments, such as those of category or source"),
    ],
    "responses": answers({200: (BusinessSerializer, "")}, problems=(*ALWAYS, 422)),
}


class BusinessView(ApiView):
    """What the decisions of an event type led to."""

    scopes = {"GET": SCOPE}

    @extend_schema(**BUSINESS)
    def get(self, request: Request) -> Response:
        now = timezone.now()
        name = read_event_type(request)
        if not name:
            raise InvalidRequest([RequestProblem("event_type", "it is missing", "a scored event type")])
        kind = find_event_type(name)
        period = _one_of(request, "by", LENGTHS, default=DAY)
        since, until = _days_in(request, now=now)
        found = describe_business(
            kind,
            since=first_day(since, period),
            until=until,
            period=period,
            field=_one_of(request, "field", segment_fields(kind)),
            now=now,
        )
        return Response(found)


def _one_of(request: Request, name: str, allowed: Iterable[str], *, default: str = "") -> str:
    """The parameter `name`. Raises InvalidRequest if it is not allowed."""
    given = request.query_params.get(name, "") or default
    if given and given not in allowed:
        raise InvalidRequest([RequestProblem(name, f"{given[:60]!r} is unknown", ", ".join(allowed))])
    return given


def _days_in(request: Request, *, now: datetime) -> tuple[date, date]:
    """The days asked for. Raises InvalidRequest."""
    until = _day_in(request, "until") or now.date()
    since = _day_in(request, "since") or until - min(timedelta(days=DEFAULT_DAYS - 1), until - date.min)
    if not timedelta() <= until - since < timedelta(days=MAX_DAYS):
        allowed = f"1 to {MAX_DAYS} days"
        raise InvalidRequest([RequestProblem("until", "the period is empty or too long", allowed)])
    return since, until


def _day_in(request: Request, name: str) -> date | None:
    given = request.query_params.get(name, "")
    try:
        day = parse_date(given) if given else None
    except ValueError:
        day = None
    if given and day is None:
        problem = RequestProblem(name, f"{given[:60]!r} is not a day", "a date such as 2026-03-01")
        raise InvalidRequest([problem])
    return day
