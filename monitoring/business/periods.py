"""Business figures by day, or summed by week. Pure."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from monitoring.business.figures import DayFigures, sum_figures

DAY, WEEK = "day", "week"
LENGTHS: Final[Mapping[str, timedelta]] = {DAY: timedelta(days=1), WEEK: timedelta(weeks=1)}

Periods = Mapping[date, DayFigures]  # by the first day


def first_day(day: date, period: str) -> date:
    """The day, or the Monday of its week.

    >>> first_day(date(2026, 3, 1), "week")
    datetime.date(2026, 2, 23)
    """
    return day if period == DAY else day - timedelta(days=day.weekday())


def last_day(first: date, period: str) -> date:
    return first + LENGTHS[period] - timedelta(days=1)


def sum_by_period(days: Periods, period: str) -> dict[date, DayFigures]:
    """The days, or the sums of their weeks, the earliest first."""
    found: dict[date, list[DayFigures]] = {}
    for day in sorted(days):
        found.setdefault(first_day(day, period), []).append(days[day])
    return {first: sum_figures(each) for first, each in found.items()}
