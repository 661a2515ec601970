"""Plots of a model's weeks or days, estimated beside realized, and of its calibration."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from monitoring.models import ModelPerformance
from monitoring.performance.pages.periods import Figures, Period
from scoring.admin_kit.plots import Axis, Plot, Series
from scoring.intervals import wilson_interval

STARTS = Axis("Beginning of the week or day", "time")
EMPTY = "Nothing has enough events yet."


@dataclass(frozen=True)
class Source:
    """By what a figure is known: a field of `Period`, and how it is drawn."""

    field: str
    label: str
    color: str
    dashed: bool = False


SOURCES = (
    Source("realized", "realized", "series-1"),
    Source("estimated", "estimated (CBPE)", "series-2", dashed=True),
    Source("adapted", "estimated (PAPE)", "series-3", dashed=True),
)


def period_plots(periods: Sequence[Period], promised: Figures, outcomes: Sequence[str]) -> list[Plot]:
    """Average precision, ROC AUC, recall and precision at the thresholds, calibration error."""
    named = [("average_precision", "Average precision"), ("roc_auc", "ROC AUC")]
    for outcome in outcomes:
        named += [(f"recall_at_{outcome}", f"Recall from {outcome} on")]
        named += [(f"precision_at_{outcome}", f"Precision from {outcome} on")]
    named += [("calibration_error", "Calibration error")]
    plots = (_period_plot(periods, name, title, promised.get(name)) for name, title in named)
    return [plot for plot in plots if not plot.empty]


def _period_plot(periods: Sequence[Period], name: str, title: str, promised: Sequence[float] | None) -> Plot:
    if name == "calibration_error":
        lines = [_calibration_line(periods, "realized", 0), _calibration_line(periods, "estimated", 2)]
    else:
        lines = [_line(periods, name, source) for source in SOURCES]
    return Plot(
        title,
        STARTS,
        Axis(title, "percent", minimum=0),
        [line for line in lines if line],
        lines=[("promised", promised[0])] if promised and name != "calibration_error" else [],
        summary=f"{title}: realized with its 95 % interval, estimated before labels, and promised.",
        empty_text=EMPTY,
    )


def _calibration_line(periods: Sequence[Period], field: str, at: int) -> Series | None:
    """The realized calibration error, or the largest one that chance explains if scores are right."""
    figures = [(each.start, getattr(each, field).get("calibration_error")) for each in periods]
    if not any(figure for _, figure in figures):
        return None
    points = [(start, figure[at] if figure else None) for start, figure in figures]
    if field == "realized":
        return Series("realized", points, "series-1", "dots" if len(points) == 1 else "line")
    return Series("chance explains up to", points, "muted", dashed=True)


def _line(periods: Sequence[Period], name: str, source: Source) -> Series | None:
    """A line with its band; None without a value. A single point is drawn as a dot."""
    figures = [(each.start, getattr(each, source.field).get(name)) for each in periods]
    known = sum(figure is not None for _, figure in figures)
    if not known:
        return None
    value, low, high = ([figure[at] if figure else None for _, figure in figures] for at in range(3))
    points = [(start, y) for (start, _), y in zip(figures, value, strict=True)]
    kind: Literal["line", "dots"] = "line" if known > 1 else "dots"
    return Series(source.label, points, source.color, kind, low, high, source.dashed)


def money_plot(periods: Sequence[Period], currency: str, period: str) -> Plot:
    """The stakes of fraud by week or day: allowed, and not. Estimated ones where there are no labels yet."""
    bars = [
        ("allowed", "fraud_loss", "realized", "block"),
        ("allowed, estimated", "fraud_loss", "estimated", "series-4"),
        ("not allowed", "loss_avoided", "realized", "allow"),
        ("not allowed, estimated", "loss_avoided", "estimated", "series-3"),
    ]
    series = [
        Series(label, [(each.start, _money(each, name, field)) for each in periods], color, "bar")
        for label, name, field, color in bars
    ]
    return Plot(
        "Money of fraud",
        STARTS,
        Axis(f"{currency} a {period}", "money", minimum=0, unit=currency),
        [each for each in series if any(y for _, y in each.points)],
        stacked=True,
        summary="The stakes of fraudulent events: of those that were allowed, and of the others.",
        empty_text=EMPTY,
    )


def _money(period: Period, name: str, field: str) -> float | None:
    """A period's sum; None if it is known by something else."""
    if field != ("realized" if period.realized else "estimated"):
        return None
    figure = getattr(period, field).get(name)
    return figure[0] if figure else None


def calibration_plot(latest: ModelPerformance, positive: str) -> Plot:
    """The observed share of positives against the mean score, with 95 % intervals."""
    points = [(score, share) for score, share, _ in latest.calibration]
    bounds = [wilson_interval(share * rows, rows) for _, share, rows in latest.calibration]
    line = Series(
        "matured events", points, "series-1", "dots", [low for low, _ in bounds], [high for _, high in bounds]
    )
    perfect = Series("perfect", [(0, 0), (1, 1)], color="muted", dashed=True)
    return Plot(
        "Calibration of matured events",
        Axis("Mean score", "percent", 0, 1),
        Axis(f"Observed share of {positive}", "percent", 0, 1),
        [line, perfect] if points else [],
        summary=f"Observed share of {positive} against the mean score, in bins of equal width.",
    )
