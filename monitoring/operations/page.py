"""The page *Operations*: latency by stage, requests, lanes, consumers and processes of the last minutes."""

from dataclasses import replace
from typing import Any

from django.conf import settings
from django.utils import timezone

from monitoring.operations.advice import advise, is_slow
from monitoring.operations.readings import Readings, read_readings
from monitoring.operations.requests import accepted_items, refused_requests
from monitoring.windows.traffic import RECENT_MINUTES
from scoring.admin_kit.pages import AdminPage, register_page
from scoring.admin_kit.row_rules.visible import is_limited, of_seen_types


@register_page
class OperationsPage(AdminPage):
    """For those who can start processes, talk to senders, or divide lanes."""

    path, name, title = "operations/", "operations", "Operations"
    subtitle = "The last minutes: latency by stage, requests, lanes, consumers, processes"
    permission = "scoring.view_pending"
    template_name = "monitoring/operations.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user, readings = self.request.user, read_readings(now=timezone.now())
        seen = of_seen_types(readings.latencies, user)
        readings = replace(readings, latencies=seen)
        budget = 1_000 * settings.API_DEFAULT_WAIT
        return super().get_context_data(
            readings=readings,
            is_limited=is_limited(user),
            minutes=RECENT_MINUTES,
            budget=budget,
            advice=advise(readings, budget_ms=budget),
            slow={each.event_type for each in readings.latencies if is_slow(each, budget)},
            consumers=_by_trouble(readings),
            refused=refused_requests(readings.recent, readings.hour),
            accepted=accepted_items(readings.recent),
            accepted_hour=accepted_items(readings.hour),
            may_see_log=user.has_perm("scoring.view_logentry"),
            **kwargs,
        )


def _by_trouble(readings: Readings) -> list[Any]:
    """Stopped consumers first, then those that are furthest behind."""
    return sorted(readings.consumers, key=lambda each: (not each.error, -each.lag, each.name))
