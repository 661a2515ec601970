"""The page with what moderators did in a span of days; also as CSV."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from reviews.statements.automated_figures import OWN_INITIATIVE, AutomatedFigures, automated_figures
from reviews.statements.figures import ORIGINS, Figures, action_words, moderation_figures
from reviews.statements.figures_csv import figures_csv
from reviews.work.reason_codes import policy_titles
from scoring.admin_kit.pages import AdminPage, register_page
from scoring.admin_kit.row_rules.visible import of_seen_types
from scoring.catalog.registry import event_type, event_types

USUAL_DAYS = 30
DECIDERS = {
    "model": "model",
    "rule": "rule",
    "bank": "hash bank",
    "list": "list",
    "policy": "failure policy",
}
AUTOMATED_ORIGINS = {OWN_INITIATIVE: "own initiative"}


class FigureRow(NamedTuple):
    """Figures in words."""

    figures: Figures
    policy: str
    origin: str
    actions: list[tuple[str, int]]
    pending: int


class AutomatedRow(NamedTuple):
    """Figures of automated decisions in words; `times`: the median time to each action."""

    figures: AutomatedFigures
    policy: str
    decided_by: str
    origin: str
    actions: list[tuple[str, int, timedelta]]


@register_page
class FiguresPage(AdminPage):
    """Verdicts and automated decisions by policy and origin, `from` and `to` days, both included;
    `format=csv` as a file.
    """

    path, name, title = "moderation/", "moderation", "Moderation figures"
    permission = "reviews.view_case"
    template_name = "reviews/figures.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.GET.get("format") != "csv":
            return super().get(request, *args, **kwargs)
        since, until = span_of(request.GET, today=timezone.now().date())
        span = {"since": since, "until": until}
        figures, automated = self._figures(**span)
        text = figures_csv(figures, automated, **span)
        response = HttpResponse(text, content_type="text/csv; charset=utf-8")
        name = f"moderation-{since:%Y-%m-%d}-{until - timedelta(days=1):%Y-%m-%d}.csv"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    def _figures(self, **span: datetime) -> tuple[list[Figures], list[AutomatedFigures]]:
        """Those of the event types that the user sees: of verdicts, and of automated decisions."""
        user = self.request.user
        figures = of_seen_types(moderation_figures(**span), user)
        automated = of_seen_types(automated_figures(**span), user)
        return figures, automated

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        since, until = span_of(self.request.GET, today=timezone.now().date())
        figures, automated = self._figures(since=since, until=until)
        return super().get_context_data(
            rows=[_row(each) for each in figures],
            automated=[_automated_row(each) for each in automated],
            automated_totals={
                name: sum(getattr(each, name) for each in automated)
                for name in ("decisions", "appeals", "granted", "rejected")
            },
            totals={
                name: sum(getattr(each, name) for each in figures)
                for name in ("verdicts", "strikes", "appeals", "granted")
            },
            since=since.date(),
            last=until.date() - timedelta(days=1),
            has_policies=any(kind.policies for kind in event_types().values()),
            **kwargs,
        )


def span_of(asked: Mapping[str, str], *, today: date) -> tuple[datetime, datetime]:
    """From the start of the first day to the end of the last, in UTC; the last 30 days where not given."""
    last = _day(asked.get("to")) or today
    first = _day(asked.get("from")) or last - timedelta(days=USUAL_DAYS - 1)
    first, last = min(first, last), max(first, last)
    midnight = time(tzinfo=UTC)
    return datetime.combine(first, midnight), datetime.combine(last, midnight) + timedelta(days=1)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def _row(figures: Figures) -> FigureRow:
    titles = policy_titles(event_type(figures.event_type))
    return FigureRow(
        figures,
        titles.get(figures.policy, figures.policy) or "no policy",
        ORIGINS.get(figures.origin, figures.origin),
        action_words(figures.event_type, figures.actions),
        figures.appeals - figures.granted - figures.rejected,
    )


def _automated_row(figures: AutomatedFigures) -> AutomatedRow:
    titles = policy_titles(event_type(figures.event_type))
    titled = {
        name: title for name in figures.actions for title, _ in action_words(figures.event_type, {name: 1})
    }
    return AutomatedRow(
        figures,
        titles.get(figures.policy, figures.policy) or "no policy",
        DECIDERS.get(figures.decided_by, figures.decided_by),
        AUTOMATED_ORIGINS.get(figures.origin, ORIGINS.get(figures.origin, figures.origin)),
        [
            (titled.get(name, name), number, figures.times[name])
            for name, number in sorted(figures.actions.items())
        ],
    )
