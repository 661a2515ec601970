"""Off-policy estimates in words and figures, as pages show them."""

from collections.abc import Iterator
from dataclasses import dataclass

from scoring.admin_kit.formatting import NO_VALUE, count_text, decimal_text, money_text, percent_text
from scoring.catalog.event_type import EventType
from scoring.rules.off_policy.estimating import Estimate, Figure, OffPolicyResult

MINUS = "\N{MINUS SIGN}"
SHARE = "share_"  # begins the names of shares of outcomes
MIN_EFFECTIVE = 20.0  # events with a known class; of fewer, intervals say little


@dataclass(frozen=True)
class EstimateText:
    """An estimate: doubly robust with its interval, by the other estimators, and how many events tell it.

    `a_day`: how many events a day a share of an outcome is, "" for other figures.
    """

    value: str
    a_day: str
    interval: str
    ips: str
    snips: str
    direct: str
    effective: str


@dataclass(frozen=True)
class FigureRow:
    """A figure of both policies. `is_share`: of an outcome, which needs no class and has one estimator."""

    title: str
    before: EstimateText
    after: EstimateText
    difference: str
    difference_interval: str
    is_share: bool


@dataclass(frozen=True)
class EstimatePanel:
    """What a page shows of an estimate. `explored`: events that exploration let through."""

    rows: list[FigureRow]
    cautions: list[str]
    events: str
    explored: int


def estimate_panel(result: OffPolicyResult | None, kind: type[EventType]) -> EstimatePanel | None:
    """None without an estimate, or without mature events."""
    if result is None or not result.figures:
        return None
    return EstimatePanel(
        figure_rows(result, kind),
        list(cautions(result, kind)),
        count_text(result.events),
        result.explored,
    )


def figure_rows(result: OffPolicyResult, kind: type[EventType]) -> list[FigureRow]:
    """A row for each figure."""
    return [_row(figure, kind, a_day=result.events / result.days) for figure in result.figures]


def _row(figure: Figure, kind: type[EventType], *, a_day: float) -> FigureRow:
    is_share = figure.name.startswith(SHARE)
    change, interval = NO_VALUE, "not known"
    if figure.difference is not None:
        value, low, high = (_signed(each, figure, kind) for each in figure.difference)
        change, interval = value, f"{low} to {high}"
    return FigureRow(
        title=_title(figure.name, kind),
        before=_estimate(figure.before, figure, kind, a_day=a_day if is_share else None),
        after=_estimate(figure.after, figure, kind, a_day=a_day if is_share else None),
        difference=change,
        difference_interval=interval,
        is_share=is_share,
    )


def _title(name: str, kind: type[EventType]) -> str:
    positive = kind.labels.positive
    titles = {
        "precision": "Precision of blocks",
        "recall": "Recall of blocks",
        "flagged_precision": "Precision of everything not allowed",
        "flagged_recall": "Recall of everything not allowed",
        "fraud_allowed": f"{positive.capitalize()} let through a day",
        "fraud_money_allowed": f"Money of it a day, {kind.base_currency}",
        "good_money_blocked": f"Good money blocked a day, {kind.base_currency}",
        "cost": f"Cost a day, {kind.base_currency}",
    }
    if name in titles:
        return titles[name]
    return f"Share with the outcome {kind.outcome_title(name.removeprefix(SHARE))}"


def _estimate(
    estimate: Estimate, figure: Figure, kind: type[EventType], *, a_day: float | None
) -> EstimateText:
    rate = "" if a_day is None else f"{decimal_text((estimate.value or 0.0) * a_day, 1)} a day"
    low, high = (_text(each, figure, kind) for each in (estimate.low, estimate.high))
    return EstimateText(
        value=_text(estimate.value, figure, kind),
        a_day=rate,
        interval=f"{low} to {high}",
        ips=_text(estimate.ips, figure, kind),
        snips=_text(estimate.snips, figure, kind),
        direct=_text(estimate.direct, figure, kind),
        effective=count_text(estimate.effective),
    )


def _text(value: float | None, figure: Figure, kind: type[EventType]) -> str:
    if value is None:
        return NO_VALUE
    if figure.unit == "share":
        return percent_text(value)
    if figure.unit == "money":
        return money_text(value, kind.base_currency).removesuffix(kind.base_currency).strip()
    return decimal_text(value, 1)


def _signed(value: float, figure: Figure, kind: type[EventType]) -> str:
    sign = "+" if value > 0 else MINUS if value < 0 else ""
    return f"{sign}{_text(abs(value), figure, kind)}"


def cautions(result: OffPolicyResult, kind: type[EventType]) -> Iterator[str]:
    """What limits the estimate, in sentences."""
    if result.unknown >= 0.5:
        yield (
            f"{count_text(result.unknown)} of the blocked events had no chance to be let through and have no"
            f" label: nothing shows whether they were {kind.labels.positive}. They count neither as good nor"
            f" as {kind.labels.positive}: intervals reach from one case to the other, and the value takes"
            " their score."
        )
    if result.moved >= 0.5:
        yield (
            f"The policies give {count_text(result.moved)} of them different outcomes, so differences that"
            " depend on their class are not known."
        )
    precision = next((figure for figure in result.figures if figure.name == "precision"), None)
    if precision is not None and 0 < precision.after.effective < MIN_EFFECTIVE:
        yield (
            f"Blocks with a known class tell as much as {count_text(precision.after.effective)} equally"
            f" weighted events. With fewer than {MIN_EFFECTIVE:.0f}, intervals may be too narrow."
        )
