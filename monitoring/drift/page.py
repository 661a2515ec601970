"""The drift page: what a model sees and predicts now, compared with its training data."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest
from django.utils import timezone

from monitoring.drift.distance import State
from monitoring.drift.report import (
    SPANS,
    DriftReport,
    compare,
    feature_specs,
    read_vocabularies,
    read_windows,
    since_of,
)
from monitoring.models import HourlyWindow, MinuteWindow
from monitoring.windows import plots as window_plots
from monitoring.windows.binning import Reference
from monitoring.windows.hourly import to_minute
from scoring.admin_kit.pages import AdminPage, register_page
from scoring.admin_kit.plots import Plot
from scoring.catalog.registry import event_types
from scoring.registry.models import ModelVersion
from scoring.registry.routes import RouteTable, current_routes

MAX_MODELS = 20  # newest versions to choose from


@dataclass(frozen=True)
class DriftSelection:
    """The selected event type, model version (None if there is none) and time span."""

    event_type: str
    model: str | None
    span: str
    models: list[str]
    route: RouteTable | None

    @property
    def models_with_roles(self) -> list[tuple[str, str]]:
        """The selectable models with their role in the route, "" without one."""
        arms = self.route.arms if self.route else ()
        roles = {arm.model: arm.role for arm in arms}
        return [(model, roles.get(model, "")) for model in self.models]

    @property
    def role(self) -> str:
        return dict(self.models_with_roles).get(self.model or "", "")


def read_selection(request: HttpRequest) -> DriftSelection:
    """The selection in the query string; by default the type of the given model, or a champion.

    Raises Http404 for unknown values.
    """
    types = scored_types()
    routes = current_routes()
    event_type = request.GET.get("type") or _type_of(request.GET.get("model"))
    event_type = event_type or next((name for name in types if name in routes), types[0])
    span = request.GET.get("span") or "day"
    if event_type not in types or span not in SPANS:
        raise Http404(f"Unknown event type {event_type!r} or span {span!r}; spans are {', '.join(SPANS)}.")
    route = routes.get(event_type)
    models = _newest_models(event_type)
    arms = [arm.model for arm in route.arms] if route else []
    models = [*arms, *(name for name in models if name not in arms)]
    model = request.GET.get("model") or next(iter(models), None)
    if model is not None and model not in models:
        raise Http404(f"{model!r} is not one of the newest versions for {event_type}.")
    return DriftSelection(event_type, model, span, models, route)


def scored_types() -> list[str]:
    return [name for name, kind in event_types().items() if kind.scored]


def _type_of(model: str | None) -> str | None:
    return ModelVersion.objects.filter(name=model).values_list("event_type", flat=True).first()


def _newest_models(event_type: str) -> list[str]:
    rows = ModelVersion.objects.filter(event_type=event_type).order_by("-number")
    return list(rows.values_list("name", flat=True)[:MAX_MODELS])


@register_page
class DriftPage(AdminPage):
    """Whether a model's features and scores are still distributed as in training."""

    path, name, title = "drift/", "drift", "Drift"
    subtitle = ""
    permission = "monitoring.view_modelwindow"
    template_name = "monitoring/drift.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = timezone.now()
        choice = read_selection(self.request)
        since = since_of(choice.span, now=now)
        return super().get_context_data(
            choice=choice,
            types=scored_types(),
            spans=list(SPANS),
            since=since,
            **_compared(choice, since=since, now=now),
            over_time=_over_time(choice, since=since, now=now),
            **kwargs,
        )


def _compared(choice: DriftSelection, *, since: datetime, now: datetime) -> dict[str, Any]:
    """The report of the selected model with its plots, or why there is none ("no model", "no reference")."""
    row = ModelVersion.objects.filter(name=choice.model).first()
    if row is None:
        return {"why_not": "no model"}
    reference = Reference.of(row.reference)
    if reference is None:
        return {"why_not": "no reference", "row": row}
    windows = read_windows(row.name, since=since)
    specs = feature_specs(choice.event_type, read_vocabularies(row.artifact))
    report = compare(row.name, windows, reference, specs=specs, since=since)
    return {
        "row": row,
        "report": report,
        "verdict": summarize(report),
        "too_few": report.count(State.CHANCE),
        "not_compared": report.count(State.NOT_COMPARED),
        "event_type": choice.event_type,
        "outcomes": [(outcome, *shares) for outcome, shares in report.outcomes.items()],
        "score_plot": _score_plot(report),
        "missing_plot": window_plots.missing_plot(windows, reference, since=since, now=now),
    }


def summarize(report: DriftReport) -> tuple[str, str]:
    """(tone, sentence): the report in one sentence."""
    if not report.rows:
        return "info", f"{report.model} made no decisions in this period, so there is nothing to compare."
    moved, total = len(report.moved), len(report.features)
    shifted = report.count(State.SHIFTED)
    if moved:
        far = f", {shifted} of them strongly" if shifted else ", none of them strongly"
        tone = "bad" if shifted else "warn"
        sentence = (
            f"{moved} of {total} features {'has' if moved == 1 else 'have'} drifted since training{far}."
        )
    else:
        tone, sentence = "good", f"None of the {total} features has drifted since training."
    drifted = "have drifted too" if moved else "have drifted"
    scores = f" The scores {drifted}." if report.score.state.has_moved else " The scores are stable."
    if report.score.state.has_moved and not moved:
        tone = "warn"
    return tone, sentence + scores


def _score_plot(report: DriftReport) -> Plot:
    return window_plots.shares_plot(
        report.scores if report.rows else [],
        title="Scores, training holdout and now",
        axis="Score in %, from",
        then="training holdout",
    )


def _over_time(choice: DriftSelection, *, since: datetime, now: datetime) -> list[Plot]:
    """Outcomes, volume and latency of the event type: per minute for an hour, else per hour."""
    if choice.span == "hour":
        since = to_minute(now - SPANS["hour"])
        minutes = MinuteWindow.objects.filter(event_type=choice.event_type, start__gte=since)
        timeline = window_plots.Timeline(minutes, since=since, now=now, step=window_plots.MINUTE)
    else:
        hours = HourlyWindow.objects.filter(event_type=choice.event_type, start__gte=since)
        timeline = window_plots.Timeline(hours, since=since, now=now, step=window_plots.HOUR)
    return [
        window_plots.outcomes_plot(timeline, title="Decisions by outcome"),
        window_plots.volume_plot(timeline, title="Events received"),
        window_plots.latency_plot(timeline, title="Latency"),
    ]
