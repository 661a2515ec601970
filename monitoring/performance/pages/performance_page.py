"""The admin page of model performance: a model week by week or day by day, and by segment."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from monitoring.drift.pages.selection import DriftSelection, read_selection
from monitoring.event_addresses import may_investigate
from monitoring.models import ModelPerformance, PerformanceWeek
from monitoring.performance.pages import plots
from monitoring.performance.pages.choosing import DAY, PERIODS, PeriodChoice, read_periods
from monitoring.performance.pages.events_page import PERMISSION, links_to
from monitoring.performance.pages.periods import (
    Figures,
    Period,
    days_of,
    promised_of_segment,
    segment_weeks,
    segments_in,
    whole_weeks,
)
from monitoring.performance.pages.rows import period_rows, segment_tables
from monitoring.performance.watched import BESIDES, HISTORY, WatchedModel
from monitoring.performance.words import BLIND, concept_text, verdict_of
from scoring.admin_kit.pages import AdminPage, register_page
from scoring.admin_kit.row_rules.visible import seen_scored_types
from scoring.registry.model_versions import find_analysis
from scoring.registry.models import ModelVersion


@register_page
class PerformancePage(AdminPage):
    """How well a model does: realized, estimated before labels, and promised.

    `?type=payment&model=payment-3&by=day&segment=category:travel` choose what is shown.
    """

    path, name, title = "performance/", "performance", "Performance"
    subtitle = "What models do on labeled events, and what they can be expected to do before labels"
    permission = PERMISSION
    template_name = "monitoring/performance/performance.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        choice = read_selection(self.request)
        version = ModelVersion.objects.filter(name=choice.model).defer(*BESIDES).first()
        return super().get_context_data(
            choice=choice,
            types=seen_scored_types(self.request.user),
            **(_measured(self.request, choice, version) if version else {}),
            **kwargs,
        )


def _measured(request: HttpRequest, choice: DriftSelection, version: ModelVersion) -> dict[str, Any]:
    model, now = WatchedModel(version), timezone.now()
    latest = ModelPerformance.objects.filter(pk=version.name).first()
    stored = PerformanceWeek.objects.filter(model=version.name, start__gte=now - HISTORY).order_by("start")
    weeks, outcomes, currency = list(stored), model.kind.outcomes[1:], model.kind.base_currency
    slices, segments = find_analysis(version.name).slices, segments_in(weeks)
    shown = read_periods(request, segments)
    periods, promised = _chosen(weeks, shown, latest, slices)
    calibrated = latest is not None and latest.calibration and not shown.field
    return {
        "version": version,
        "latest": latest,
        "verdict": verdict_of(latest, maturity=model.maturity, trained_at=version.trained_at),
        "maturity": model.maturity,
        "concept": concept_text(latest) if latest else None,
        "blind": BLIND,
        "shown": shown,
        "periods": PERIODS,
        "segment_choices": _segment_choices(segments),
        "may_investigate": may_investigate(request),
        "plots": plots.period_plots(periods, promised, outcomes),
        "money_plot": plots.money_plot(periods, currency, shown.period),
        "calibration_plot": plots.calibration_plot(latest, model.kind.labels.positive)
        if calibrated and latest
        else None,
        "rows": period_rows(periods, model, shown),
        "segments": segment_tables(latest, outcomes[0], currency, slices=slices, by_week=segments)
        if latest
        else [],
        "links": links_to(version.name, latest.examples) if latest else [],
    }


def _chosen(
    weeks: list[PerformanceWeek], shown: PeriodChoice, latest: ModelPerformance | None, slices: dict[str, Any]
) -> tuple[list[Period], Figures]:
    """The weeks or days that are shown, and what was promised of their events."""
    if shown.field:
        promised = promised_of_segment(slices, shown.field, shown.segment)
        return segment_weeks(weeks, shown.field, shown.segment), promised
    of_all = latest.promised if latest else {}
    return days_of(weeks) if shown.period == DAY else whole_weeks(weeks), of_all


def _segment_choices(segments: dict[str, list[str]]) -> list[tuple[str, list[tuple[str, str]]]]:
    """By field: the segments with their keys, for the menu."""
    return [
        (field.replace("_", " "), [(PeriodChoice(field=field, segment=name).key, name) for name in names])
        for field, names in segments.items()
    ]
