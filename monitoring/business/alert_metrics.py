"""What alerts may be set on: approval, blocks, fraud and insults, each beside the weeks before."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from django.db.models import Sum

from monitoring.business.figures import DayFigures, Estimate, insult_rate, share, sum_figures
from monitoring.business.refreshing import is_mature, read_days
from monitoring.business.segments import ALL
from monitoring.metrics.metric import Metric, Observation, SuggestedAlert, Unit, Worse
from monitoring.metrics.registry import register_metric
from monitoring.models import HourlyWindow
from monitoring.windows.hourly import to_hour
from scoring.admin_kit.formatting import count_text, money_text, percent_text
from scoring.catalog.event_type import EventType
from scoring.catalog.registry import event_type, scored_types

DAY, WEEK = timedelta(days=1), timedelta(days=7)
BEFORE: Final = timedelta(days=28)
EVERY: Final = timedelta(minutes=15)
MATURE_DAYS: Final = 28  # that insults are measured on
SCOPE = ("event_type",)
OUTCOMES = ("decided_allow", "decided_review", "decided_block")


def observing_outcome(column: str, title: str) -> Callable[..., Iterator[Observation]]:
    """Observes the share of an outcome among the decisions of the last 24 hours."""

    def observe(*, now: datetime) -> Iterator[Observation]:
        since = to_hour(now) - DAY
        for name in scored_types():
            found, decided = _share_of(name, column, since=since, until=now)
            before, _ = _share_of(name, column, since=since - BEFORE, until=since)
            if found is not None:
                because = _compared(title, found, before)
                yield _observation(name, found, since=since, until=now, rows=decided, because=because)

    return observe


def _share_of(name: str, column: str, *, since: datetime, until: datetime) -> tuple[Estimate | None, int]:
    """The share of an outcome among decisions, those of further outcomes included; and their number."""
    windows = HourlyWindow.objects.filter(event_type=name, start__gte=since, start__lt=until)
    sums = windows.aggregate(**{each: Sum(each) for each in OUTCOMES})
    decided = sum(sums[each] or 0 for each in OUTCOMES)
    others = windows.exclude(decided_other={}).values_list("decided_other", flat=True)
    decided += sum(sum(counts.values()) for counts in others)
    return share(sums[column] or 0, decided), decided


def _compared(title: str, found: Estimate, before: Estimate | None) -> str:
    if before is None:
        return ""
    return (
        f"{title} is {percent_text(found.value)} in the last 24 hours and was {percent_text(before.value)} in"
        " the four weeks before. Rules, policy and model may have changed, or what is sent."
    )


def observe_fraud_loss(*, now: datetime) -> Iterator[Observation]:
    """The money of fraud among events allowed in the last week, as far as labels show it."""
    today = now.date()
    for name in scored_types():
        weeks = [sum_figures(_days(name, until=today - week * WEEK, days=7).values()) for week in (0, 1)]
        if weeks[0].decided:
            yield Observation(
                scope={"event_type": name},
                value=float(weeks[0].fraud_through_stake),
                since=to_hour(now) - WEEK,
                until=now,
                rows=weeks[0].decided,
                because=_loss_sentence(weeks, event_type(name)),
                path=path_of(name),
            )


def _loss_sentence(weeks: list[DayFigures], kind: type[EventType]) -> str:
    this, before = (money_text(week.fraud_through_stake, kind.base_currency) for week in weeks)
    return (
        f"Of the last week's decisions, {count_text(weeks[0].fraud_through)} events with {this} let through"
        f" are labeled {kind.labels.positive} so far; of the week before it is {before} by now."
    )


def observe_insults(*, now: datetime) -> Iterator[Observation]:
    """The share of good events that were blocked, on the latest days whose labels are mature."""
    for name in scored_types():
        kind = event_type(name)
        until = (now - kind.matures_after).date()
        days = _days(name, until=until, days=MATURE_DAYS)
        mature = sum_figures(each for day, each in days.items() if is_mature(kind, day, now=now))
        found = insult_rate(mature)
        if found is not None:
            because = (
                f"{count_text(mature.blocked)} events were blocked; by their labels,"
                f" {count_text(mature.blocked_good)} of these blocks were wrong."
            )
            since = to_hour(now) - kind.matures_after - BEFORE
            yield _observation(name, found, since=since, until=now, rows=mature.decided, because=because)


def _days(name: str, *, until: date, days: int) -> dict[date, DayFigures]:
    """The figures of all events on the last days up to one."""
    return read_days(name, since=until - timedelta(days=days - 1), until=until).get(ALL, {})


def _observation(
    name: str, found: Estimate, *, since: datetime, until: datetime, rows: int, because: str
) -> Observation:
    return Observation(
        scope={"event_type": name},
        value=found.value,
        low=found.low if found.value is not None else None,
        high=found.high if found.value is not None else None,
        since=since,
        until=until,
        rows=rows,
        because=because,
        path=path_of(name),
    )


def path_of(name: str) -> str:
    """The page of an event type."""
    return "business/?" + urlencode({"type": name})


for metric in (
    Metric(
        "business.approval_rate",
        "Approval rate",
        "The share of decisions of the last 24 hours that allow the event at once.",
        Unit.SHARE,
        Worse.DOWN,
        SCOPE,
        observing_outcome("decided_allow", "The approval rate"),
        EVERY,
    ),
    Metric(
        "business.block_share",
        "Blocked events",
        "The share of decisions of the last 24 hours that block the event.",
        Unit.SHARE,
        Worse.UP,
        SCOPE,
        observing_outcome("decided_block", "The share of blocks"),
        EVERY,
        SuggestedAlert(0.3, clear_at=0.2, min_rows=200, for_minutes=30, runbook="docs/reference/business.md"),
    ),
    Metric(
        "business.fraud_loss",
        "Fraud let through",
        "The money of fraud among the events allowed in the last 7 days, as far as labels show it.",
        Unit.MONEY,
        Worse.UP,
        SCOPE,
        observe_fraud_loss,
        EVERY,
    ),
    Metric(
        "business.insult_rate",
        "Good events blocked",
        "The share of good events that were blocked, on the last 28 days whose labels are mature.",
        Unit.SHARE,
        Worse.UP,
        SCOPE,
        observe_insults,
        EVERY,
    ),
):
    register_metric(metric)
