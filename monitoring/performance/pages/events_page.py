"""The admin page with the events behind a model's figures."""

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any
from urllib.parse import urlencode

from django.http import Http404
from django.urls import reverse
from django.utils.dateparse import parse_date

from monitoring.models import ModelPerformance, PerformanceWeek
from scoring.admin_kit.pages import AdminPage, register_page
from scoring.catalog.registry import event_type as find_event_type
from scoring.decisions.models import Decision
from scoring.intake.models import Event

PERMISSION = "monitoring.view_modelwindow"
KINDS = {
    "missed": "Missed: positive and allowed",
    "caught": "Caught: positive and not allowed",
    "false_alarms": "False alarms: not positive and not allowed",
}


def links_to(model: str, examples: Mapping[str, list[int]], week: str = "") -> list[tuple[str, str, int]]:
    """(title, address, number) of the pages with the events of each kind that there are."""
    page = reverse("admin:performance_events")
    asked = {"model": model, **({"week": week} if week else {})}
    return [
        (title, f"{page}?{urlencode({**asked, 'kind': kind})}", len(examples[kind]))
        for kind, title in KINDS.items()
        if examples.get(kind)
    ]


@register_page
class PerformanceEventsPage(AdminPage):
    """The events behind a model's figures: the most expensive ones of a kind."""

    path, name, title = "performance/events/", "performance_events", "Events behind the figures"
    permission = PERMISSION
    template_name = "monitoring/performance/events.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kind, measured = self.request.GET.get("kind", "missed"), self._measured()
        if kind not in KINDS:
            raise Http404(f"Unknown kind {kind!r}; use {', '.join(KINDS)}.")
        positions = measured.examples.get(kind, []) if measured else []
        decisions = Decision.objects.in_bulk(positions)
        shown = [decisions[position] for position in positions if position in decisions]
        events = Event.objects.in_bulk([each.event_position for each in shown])
        self.title = KINDS[kind]
        return super().get_context_data(
            measured=measured,
            currency=find_event_type(measured.event_type).base_currency if measured else "",
            rows=[(each, events.get(each.event_position)) for each in shown],
            **kwargs,
        )

    def _measured(self) -> PerformanceWeek | ModelPerformance | None:
        """The week, or the latest matured decisions without one; None before anything is measured."""
        model, asked = self.request.GET.get("model", ""), self.request.GET.get("week")
        if not asked:
            return ModelPerformance.objects.filter(pk=model).first()
        try:
            day = parse_date(asked)
        except ValueError:
            day = None
        if day is None:
            raise Http404(f"{asked!r} is not a date such as 2026-11-30.")
        monday = datetime.combine(day, time(), UTC)
        return PerformanceWeek.objects.filter(model=model, start=monday).first()
