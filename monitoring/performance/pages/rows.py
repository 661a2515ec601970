"""Rows of a model's figures as texts, with intervals, promises and links to the events behind them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from monitoring.event_addresses import equals, events_address
from monitoring.models import ModelPerformance
from monitoring.performance.measuring import Figure
from monitoring.performance.pages.choosing import WEEK, PeriodChoice
from monitoring.performance.pages.events_page import links_to
from monitoring.performance.pages.periods import Figures, Period, promised_of_segment
from monitoring.performance.watched import WatchedModel
from monitoring.segment_conditions import segment_condition
from scoring.admin_kit.formatting import NO_VALUE, money_text, percent_text

SOURCES = ("realized", "adapted", "estimated")  # the best first


@dataclass(frozen=True)
class FigureCell:
    """A figure of a table, with its interval and what was promised."""

    title: str
    value: str
    interval: str = ""
    tone: str = ""
    promised: str = ""


@dataclass(frozen=True)
class PeriodRow:
    """A week or day: its figures by the best source, and links to the events behind them.

    `links`: by kind, with their number. `address`: of its decisions in the investigation console, "" if none.
    """

    period: Period
    source: str
    cells: list[FigureCell]
    links: list[tuple[str, str, int]]
    address: str

    @property
    def short_links(self) -> list[tuple[str, str, int]]:
        """The links with the first word of their titles."""
        return [(title.split(":")[0].lower(), address, number) for title, address, number in self.links]


@dataclass(frozen=True)
class SegmentRow:
    """A segment of the matured events. `key`: as `PeriodChoice.key`; "" if no week has it."""

    name: str
    events: int
    positives: int
    share: float
    cells: list[FigureCell]
    key: str = ""


def period_rows(periods: list[Period], model: WatchedModel, choice: PeriodChoice) -> list[PeriodRow]:
    """The rows of weeks or days, the latest first."""
    return [_period_row(each, model, choice) for each in reversed(periods)]


def _period_row(period: Period, model: WatchedModel, choice: PeriodChoice) -> PeriodRow:
    source = next((name for name in SOURCES if getattr(period, name)), "")
    figures = getattr(period, source) if source else {}
    cells = cells_of(figures, model.kind.outcomes[1], model.kind.base_currency)
    week = f"{period.start:%Y-%m-%d}" if choice.period == WEEK else ""
    return PeriodRow(
        period, source, cells, links_to(model.name, period.examples, week), _address(period, model, choice)
    )


def _address(period: Period, model: WatchedModel, choice: PeriodChoice) -> str:
    segment = segment_condition(model.kind, choice.field, choice.segment) if choice.field else ""
    if segment is None:
        return ""
    decided = equals("model", model.name)
    return events_address(model.kind.name, decided, segment, since=period.start, until=period.until)


def segment_tables(
    latest: ModelPerformance,
    outcome: str,
    currency: str,
    *,
    slices: Mapping[str, Any],
    by_week: Mapping[str, list[str]],
) -> list[tuple[str, list[SegmentRow]]]:
    """By field: a row for each of its segments. `slices`: of the held-out events; `by_week`: the segments
    that weeks have.
    """
    tables: dict[str, list[SegmentRow]] = {}
    for each in latest.segments:
        field, name = each["field"], each["name"]
        cells = cells_of(
            each["figures"],
            outcome,
            currency,
            than=latest.realized,
            promised=promised_of_segment(slices, field, name),
        )
        key = PeriodChoice(WEEK, field, name).key if name in by_week.get(field, ()) else ""
        row = SegmentRow(name, each["events"], each["positives"], each["share"], cells, key)
        tables.setdefault(field, []).append(row)
    return list(tables.items())


def cells_of(
    figures: Figures,
    outcome: str,
    currency: str,
    *,
    than: Figures | None = None,
    promised: Figures | None = None,
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
        *(_share_cell(name, title, figures, than, promised or {}) for name, title in shares),
        *(_money_cell(title, figures.get(name), currency) for name, title in money),
    ]


def _share_cell(
    name: str, title: str, figures: Figures, than: Figures | None, promised: Figures
) -> FigureCell:
    if name not in figures:
        return FigureCell(title, NO_VALUE)
    value, low, high = map(percent_text, figures[name])
    is_lower = "_at_" in name and than is not None and name in than and figures[name][2] < than[name][0]
    promise = percent_text(promised[name][0]) if name in promised else ""
    return FigureCell(title, value, f"{low} to {high}", "warn" if is_lower else "", promise)


def _money_cell(title: str, figure: Figure | None, currency: str) -> FigureCell:
    """A sum of money without its interval, which would not fit."""
    return FigureCell(title, money_text(figure[0] if figure else None, currency))
