"""Rows of business figures as texts, with the addresses of the events behind them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from monitoring.business.figures import (
    DayFigures,
    Estimate,
    approval_rate,
    block_share,
    sum_figures,
    yield_per_hour,
)
from monitoring.business.pages.choosing import Choice
from monitoring.business.periods import last_day
from monitoring.business.refreshing import is_mature
from monitoring.business.segments import ALL, OTHER
from monitoring.event_addresses import equals, events_address
from monitoring.segment_conditions import segment_condition
from scoring.admin_kit.formatting import NO_VALUE, count_text, money_text, percent_text
from scoring.catalog.event_type import EventType

MAX_LENGTH = 64  # to which values are cut


@dataclass(frozen=True)
class FigureRow:
    """The figures of a segment or a period as texts.

    `address`: of its events in the investigation console; `through_address`: of those that are fraud and
    were let through. "" where no condition selects them.
    """

    name: str
    decided: str
    approved: str
    blocked: str
    through: str
    stopped: str
    verdicts: str
    hourly: str
    note: str = ""
    address: str = ""
    through_address: str = ""


def segment_rows(segments: Mapping[str, Mapping[date, DayFigures]], choice: Choice) -> list[FigureRow]:
    """The segments of a field, those with the most fraud let through first."""
    sums = {name: sum_figures(days.values()) for name, days in segments.items() if name != ALL}
    ordered = sorted(sums, key=lambda name: (-sums[name].fraud_through_stake, -sums[name].decided, name))
    return [
        _row(name, sums[name], choice, segment=name, since=choice.since, until=choice.until)
        for name in ordered
    ]


def period_rows(periods: dict[date, DayFigures], choice: Choice, *, now: datetime) -> list[FigureRow]:
    """The days or weeks, the latest first."""
    return [_period_row(first, periods[first], choice, now=now) for first in reversed(periods)]


def _period_row(first: date, figures: DayFigures, choice: Choice, *, now: datetime) -> FigureRow:
    last = min(last_day(first, choice.period), choice.until)
    note = "" if is_mature(choice.kind, last, now=now) else "so far"
    return _row(str(first), figures, choice, segment=choice.segment, since=first, until=last, note=note)


def _row(
    name: str, figures: DayFigures, choice: Choice, *, segment: str, since: date, until: date, note: str = ""
) -> FigureRow:
    kind, condition = choice.kind, condition_of(choice, segment)
    known = condition is not None
    return FigureRow(
        name=name,
        decided=count_text(figures.decided),
        approved=share_text(approval_rate(figures)),
        blocked=share_text(block_share(figures)),
        through=money_text(figures.fraud_through_stake, kind.base_currency),
        stopped=money_text(figures.fraud_stopped_stake, kind.base_currency),
        verdicts=count_text(figures.verdicts) if figures.verdicts else NO_VALUE,
        hourly=money_text(yield_per_hour(figures), kind.base_currency),
        note=note,
        address=decided_address(kind, condition or "", since=since, until=until) if known else "",
        through_address=through_address(kind, condition or "", since=since, until=until)
        if known and figures.fraud_through
        else "",
    )


def share_text(found: Estimate | None) -> str:
    return NO_VALUE if found is None else percent_text(found.value)


def decided_address(kind: type[EventType], *conditions: str, since: date, until: date) -> str:
    """The events received on these days, both included, that meet the conditions."""
    start, end = (datetime.combine(day, time(), tzinfo=UTC) for day in (since, until + timedelta(days=1)))
    return events_address(kind.name, *conditions, since=start, until=end)


def through_address(kind: type[EventType], condition: str, *, since: date, until: date) -> str:
    """The events that are labeled positive and were not blocked."""
    label = equals("label", kind.labels.positive)
    return decided_address(kind, condition, label, 'outcome != "block"', since=since, until=until)


def condition_of(choice: Choice, segment: str) -> str | None:
    """The condition that selects a segment in the investigation console; "" for all, None if none does."""
    if segment == ALL:
        return ""
    if segment == OTHER or len(segment) == MAX_LENGTH:
        return None
    return segment_condition(choice.kind, choice.field, segment)
