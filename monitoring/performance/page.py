"""Admin pages of model performance: a model week by week, and the events behind its figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date

from monitoring.drift.pages.selection import DriftSelection, read_selection, scored_types
from monitoring.models import ModelPerformance, PerformanceWeek
from monitoring.performance import plots
from monitoring.performance.measuring import Figure
from monitoring.performance.watched import BESIDES, HISTORY, WatchedModel
from monitoring.performance.words import BLIND, concept_text, verdict_of
from scoring.admin_kit.formatting import NO_VALUE, money_text, percent_text
from scoring.admin_kit.pages import AdminPage, register_page
from scoring.catalog.registry import event_type as find_event_type
from scoring.decisions.models import Decision
from scoring.intake.models import Event
from scoring.registry.models import ModelVersion

PERMISSION = "monitoring.view_modelwindow"
KINDS = {
    "missed": "Missed: positive and allowed",
    "caught": "Caught: positive and not allowed",
    "false_alarms": "False alarms: not positive and not allowed",
}


@dataclass(frozen=True)
class FigureCell:
    """A figure of a table, with its interval."""

    title: str
    value: str
    interval: str = ""
    tone: str = ""


@dataclass(frozen=True)
class WeekRow:
    """A week with its figures, and links to the events behind them by kind with their number."""

    week: PerformanceWeek
    source: str
    cells: list[FigureCell]
    links: list[tuple[str, str, int]]

    @property
    def short_links(self) -> list[tuple[str, str, int]]:
        """The links with the first word of their titles."""
        return [(title.split(":")[0].lower(), address, number) for title, address, number in self.links]


@dataclass(frozen=True)
class SegmentRow:
    """A segment of the matured events."""

    name: str
    events: int
    positives: int
    share: float
    cells: list[FigureCell]


@register_page
class PerformancePage(AdminPage):
    """How well a model does: realized, estimated before labels, and promised."""

    path, name, title = "performance/", "performance", "Performance"
    subtitle = "What models do on labeled events, and what they can be expected to do before labels"
    permission = PERMISSION
    template_name = "monitoring/performance/performance.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        choice = read_selection(self.request)
        version = ModelVersion.objects.filter(name=choice.model).defer(*BESIDES).first()
        return super().get_context_data(
            choice=choice,
            types=scored_types(),
            **(_measured(choice, version) if version else {}),
            **kwargs,
        )


def _measured(choice: DriftSelection, version: ModelVersion) -> dict[str, Any]:
    model, now = WatchedModel(version), timezone.now()
    latest = ModelPerformance.objects.filter(pk=version.name).first()
    weeks = PerformanceWeek.objects.filter(model=version.name, start__gte=now - HISTORY).order_by("start")
    rows, outcomes = list(weeks), model.kind.outcomes[1:]
    currency = model.kind.base_currency
    return {
        "version": version,
        "latest": latest,
        "verdict": verdict_of(latest, maturity=model.maturity, trained_at=version.trained_at),
        "maturity": model.maturity,
        "concept": concept_text(latest) if latest else None,
        "blind": BLIND,
        "plots": plots.week_plots(rows, latest, outcomes),
        "money_plot": plots.money_plot(rows, currency),
        "calibration_plot": plots.calibration_plot(latest, model.kind.labels.positive)
        if latest and latest.calibration
        else None,
        "weeks": [_week_row(row, outcomes[0], currency) for row in reversed(rows)],
        "segments": segment_tables(latest, outcomes[0], currency) if latest else [],
        "links": links_to(version.name, latest.examples) if latest else [],
    }


def _week_row(row: PerformanceWeek, outcome: str, currency: str) -> WeekRow:
    source = next((name for name in ("realized", "adapted", "estimated") if getattr(row, name)), "")
    figures = getattr(row, source) if source else {}
    week = f"{row.start:%Y-%m-%d}"
    links = links_to(row.model, row.examples, week)
    return WeekRow(row, source, cells_of(figures, outcome, currency), links)


def segment_tables(
    latest: ModelPerformance, outcome: str, currency: str
) -> list[tuple[str, list[SegmentRow]]]:
    """By field: a row for each of its segments."""
    tables: dict[str, list[SegmentRow]] = {}
    for each in latest.segments:
        row = SegmentRow(
            each["name"],
            each["events"],
            each["positives"],
            each["share"],
            cells_of(each["figures"], outcome, currency, than=latest.realized),
        )
        tables.setdefault(each["field"], []).append(row)
    return list(tables.items())


def cells_of(
    figures: Mapping[str, Figure], outcome: str, currency: str, *, than: Mapping[str, Figure] | None = None
) -> list[FigureCell]:
    """The cells of a row: ranking, the threshold of an outcome, money; the plots show the rest.

    `than`: figures that recall and precision are worse than if their whole interval is below.
    """
    shares = (
        ("average_precision", "Average precision"),
        (f"recall_at_{outcome}", f"Recall, {outcome}"),
        (f"precision_at_{outcome}", f"Precision, {outcome}"),
    )
    money = (("fraud_loss", "Fraud loss"), ("loss_avoided", "Loss avoided"))
    return [
        *(_share_cell(name, title, figures, than) for name, title in shares),
        *(_money_cell(title, figures.get(name), currency) for name, title in money),
    ]


def _share_cell(
    name: str, title: str, figures: Mapping[str, Figure], than: Mapping[str, Figure] | None
) -> FigureCell:
    if name not in figures:
        return FigureCell(title, NO_VALUE)
    value, low, high = map(percent_text, figures[name])
    is_lower = "_at_" in name and than is not None and name in than and figures[name][2] < than[name][0]
    return FigureCell(title, value, f"{low} to {high}", "warn" if is_lower else "")


def _money_cell(title: str, figure: Figure | None, currency: str) -> FigureCell:
    """A sum of money without its interval, which would not fit."""
    return FigureCell(title, money_text(figure[0] if figure else None, currency))


def links_to(model: str, examples: dict[str, list[int]], week: str = "") -> list[tuple[str, str, int]]:
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
        return PerformanceWeek.objects.filter(model=model, start__date=day).first()
