"""The event type and the period that a page of rule quality shows."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Sum
from django.http import Http404, HttpRequest

from scoring.admin_kit.row_rules.visible import seen_scored_types
from scoring.rules.quality.models import DecidedDay
from scoring.rules.quality.report import Period

CHOICES = {30: "30 days", 90: "90 days", 365: "a year"}
USUAL_DAYS = 90


def chosen_type(request: HttpRequest) -> str:
    """The scored event type asked for, or the one with the most decisions among those that the user sees.

    Raises Http404 if the user sees none.
    """
    names = seen_scored_types(request.user)
    if not names:
        raise Http404("There are no decisions that you may see.")
    asked = request.GET.get("type", "")
    return asked if asked in names else next(filter(names.__contains__, _by_decisions()), names[0])


def _by_decisions() -> Iterator[str]:
    counted = DecidedDay.objects.values_list("event_type").annotate(total=Sum("decisions")).order_by("-total")
    return (name for name, _ in counted)


def chosen_days(request: HttpRequest) -> int:
    asked = request.GET.get("days", "")
    return next((days for days in CHOICES if str(days) == asked), USUAL_DAYS)


def chosen_period(request: HttpRequest, event_type: str, *, now: datetime) -> Period:
    return Period.last(event_type, days=chosen_days(request), now=now)
