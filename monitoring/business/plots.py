"""Plots of business figures by day."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime

from monitoring.business.figures import DayFigures, Estimate, approval_rate, block_share
from monitoring.windows.plots import Points, line_or_dots
from scoring.admin_kit.plots import Axis, Plot, Series
from scoring.catalog.currency import EXPONENTS

Days = Mapping[date, DayFigures]
X = Axis("Day (UTC), the last one incomplete", "time")


def business_plots(days: Days, *, currency: str) -> list[Plot]:
    """Fraud in money, and the shares of approved and blocked events."""
    return [_fraud_plot(days, currency), _rates_plot(days)]


def _fraud_plot(days: Days, currency: str) -> Plot:
    unit = 10 ** EXPONENTS[currency]
    through = _points(days, lambda day: day.fraud_through_stake / unit)
    stopped = _points(days, lambda day: day.fraud_stopped_stake / unit)
    known = any(value for _, value in (*through, *stopped))
    series = [
        Series("got through", through, color="series-4", kind="bar"),
        Series("stopped", stopped, color="series-2", kind="bar"),
    ]
    return Plot(
        title="Fraud as labels show it so far",
        x=X,
        y=Axis(f"{currency} a day", minimum=0),
        series=series if known else [],
        summary="Money of fraud that got through and of fraud that was stopped, by day.",
        stacked=True,
        empty_text="No label says that an event was fraud.",
    )


def _rates_plot(days: Days) -> Plot:
    approved, blocked = (_rates(days, rate) for rate in (approval_rate, block_share))
    return Plot(
        title="Approved and blocked",
        x=X,
        y=Axis("Share of decisions", "percent", minimum=0),
        series=[
            Series("approved", approved, color="allow", kind=line_or_dots(approved)),
            Series("blocked", blocked, color="block", kind=line_or_dots(blocked)),
        ],
        summary="Shares of decisions that approve or block, by day.",
    )


def _rates(days: Days, rate: Callable[[DayFigures], Estimate | None]) -> Points:
    def value(day: DayFigures) -> float | None:
        found = rate(day)
        return None if found is None else found.value

    return _points(days, value)


def _points(days: Days, value: Callable[[DayFigures], float | None]) -> Points:
    return [(datetime(day.year, day.month, day.day, tzinfo=UTC), value(each)) for day, each in days.items()]
