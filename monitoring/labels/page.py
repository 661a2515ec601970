"""The admin page of label coverage: which events have labels, from which source, and how late."""

from typing import Any

from django.http import Http404
from django.utils import timezone

from monitoring.labels.coverage import WeekCoverage, cover_weeks, judged_week
from monitoring.labels.describing import LATE, age_text, changed_on, delay_sentence, state_of
from monitoring.labels.history import HISTORY
from monitoring.labels.plots import age_plot, coverage_plot, curve_plot, delay_plot
from monitoring.models import LabelDelay, LabelWeek
from scoring.admin_kit.formatting import percent_text
from scoring.admin_kit.pages import AdminPage, register_page
from scoring.admin_kit.row_rules.visible import require_scored_types, seen_scored_types
from scoring.catalog.registry import event_type as find_event_type
from scoring.registry.routes import current_routes

LOSS = 0.2  # of labels, by which a week's coverage is short


@register_page
class LabelCoveragePage(AdminPage):
    """The labels of an event type week by week, beside what is usual at the same age."""

    path, name, title = "label-coverage/", "label_coverage", "Label coverage"
    subtitle = "Which events have labels, from which source, and how late"
    permission = "monitoring.view_modelwindow"
    template_name = "monitoring/labels/coverage.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now, name = timezone.now(), self._event_type()
        rows = LabelWeek.objects.filter(event_type=name, start__gte=now - HISTORY)
        weeks = cover_weeks(rows, now=now)
        delays = list(LabelDelay.objects.filter(event_type=name).order_by("source"))
        return super().get_context_data(
            event_type=name,
            types=seen_scored_types(self.request.user),
            maturity=find_event_type(name).matures_after,
            weeks=weeks[::-1],
            verdict=verdict_of(weeks),
            computed_at=max((each.week.computed_at for each in weeks), default=None),
            delays=[(each, changed_on(each), *state_of(each)) for each in delays],
            late=[delay_sentence(each) for each in delays if each.low > LATE],
            plots=[
                coverage_plot(weeks),
                age_plot(weeks, now=now),
                delay_plot(weeks, now=now),
                *map(curve_plot, delays),
            ],
            **kwargs,
        )

    def _event_type(self) -> str:
        """By default the first type with a champion. Raises Http404."""
        types, routes = require_scored_types(self.request.user), current_routes()
        asked = self.request.GET.get("type") or next((name for name in types if name in routes), types[0])
        if asked not in types:
            raise Http404(f"There is no scored event type {asked!r}; use {', '.join(types)}.")
        return asked


def verdict_of(weeks: list[WeekCoverage]) -> tuple[str, str]:
    """(tone, sentence): whether the youngest week that can be judged has the labels that are usual."""
    judged = judged_week(weeks)
    if judged is None or judged.compared is None:
        return "info", "There are too few labels to compare weeks with each other."
    found, week = judged.compared, f"the week of {judged.week.start:%Y-%m-%d}"
    shares = f"{percent_text(found.share, 2)} of its events had a label after {age_text(found.age)}"
    usual = f"usual is {percent_text(found.usual, 2)}"
    if found.low > LOSS:
        return "bad", f"Labels are missing for {week}: {shares}, {usual}."
    if found.low > 0:
        return "warn", f"Labels of {week} are fewer than usual: {shares}, {usual}."
    return "good", f"Labels arrive as usual. Of {week}, {shares}; {usual}."
