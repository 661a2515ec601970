"""Plots of business figures by day or week."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime

from monitoring.business.figures import (
    DayFigures,
    Estimate,
    approval_rate,
    block_share,
    insult_rate,
    yield_per_hour,
)
from monitoring.windows.plots import Points, line_or_dots
from scoring.admin_kit.plots import Axis, Plot, Series
from scoring.catalog.currency import EXPONENTS

Periods = Mapping[date, DayFigures]  # days, or weeks by their Monday


def business_plots(periods: Periods, *, mature: Periods, currency: str, period: str) -> list[Plot]:
    """Fraud in money, the shares of approved and blocked events, wrong blocks, and what reviews find.

    `mature`: the periods' days whose labels are known.
    """
    x = Axis(f"{period.capitalize()}, the last one incomplete", "time")
    return [
        _fraud_plot(periods, x, currency, period),
        _rates_plot(periods, x),
        _insults_plot(mature, x),
        _yield_plot(periods, x, currency),
    ]


def _fraud_plot(periods: Periods, x: Axis, currency: str, period: str) -> Plot:
    unit = 10 ** EXPONENTS[currency]
    through = _points(periods, lambda each: each.fraud_through_stake / unit)
    stopped = _points(periods, lambda each: each.fraud_stopped_stake / unit)
    known = any(value for _, value in (*through, *stopped))
    series = [
        Series("got through", through, color="series-4", kind="bar"),
        Series("stopped", stopped, color="series-2", kind="bar"),
    ]
    return Plot(
        title="Fraud as labels show it so far",
        x=x,
        y=Axis(f"{currency} a {period}", minimum=0),
        series=series if known else [],
        summary=f"Money of fraud that got through and of fraud that was stopped, by {period}.",
        stacked=True,
        empty_text="No label says that an event was fraud.",
    )


def _rates_plot(periods: Periods, x: Axis) -> Plot:
    approved, blocked = (_rates(periods, rate) for rate in (approval_rate, block_share))
    return Plot(
        title="Approved and blocked",
        x=x,
        y=Axis("Share of decisions", "percent", minimum=0),
        series=[
            Series("approved", approved, color="allow", kind=line_or_dots(approved)),
            Series("blocked", blocked, color="block", kind=line_or_dots(blocked)),
        ],
        summary="Shares of decisions that approve or block.",
    )


def _insults_plot(mature: Periods, x: Axis) -> Plot:
    """The insult rate with its interval; only the interval where exploration shows nothing."""
    found = [(first, insult_rate(each)) for first, each in mature.items()]
    known = [(first, each) for first, each in found if each is not None]
    middle: Points = [
        (_start(first), (each.low + each.high) / 2 if each.value is None else each.value)
        for first, each in known
    ]
    bounds = Series(
        "insult rate, or the middle of its bounds",
        middle,
        color="block",
        kind=line_or_dots(middle),
        low=[each.low for _, each in known],
        high=[each.high for _, each in known],
    )
    return Plot(
        title="Good events blocked, labels mature",
        x=x,
        y=Axis("Share of good events", "percent", minimum=0),
        series=[bounds] if known else [],
        summary="The share of good events that were blocked, with its bounds.",
        empty_text="No day is old enough for its labels to be known.",
    )


def _yield_plot(periods: Periods, x: Axis, currency: str) -> Plot:
    unit = 10 ** EXPONENTS[currency]

    def value(figures: DayFigures) -> float | None:
        found = yield_per_hour(figures)
        return None if found is None else found / unit

    points = _points(periods, value)
    return Plot(
        title="Fraud found an hour of review",
        x=x,
        y=Axis(f"{currency} an hour", minimum=0),
        series=[Series("found an hour", points, color="series-2", kind="bar")],
        summary="Money of fraud that reviewers found for each hour of review.",
        empty_text="No verdict with a known time was given.",
    )


def _rates(periods: Periods, rate: Callable[[DayFigures], Estimate | None]) -> Points:
    def value(figures: DayFigures) -> float | None:
        found = rate(figures)
        return None if found is None else found.value

    return _points(periods, value)


def _points(periods: Periods, value: Callable[[DayFigures], float | None]) -> Points:
    return [(_start(first), value(each)) for first, each in periods.items()]


def _start(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
