"""The weeks or days of a model, of all its events or of a segment, as its page shows them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from monitoring.models import PerformanceWeek
from monitoring.performance.measuring import Figure

Figures = Mapping[str, Figure]
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """Decisions of a model in [`start`, `until`): figures by labels, and as estimated by CBPE and PAPE.

    `decided`: the number of decisions, or of the events that were read, of a day or segment. `examples`: as
    in `PerformanceWeek`.
    """

    start: datetime
    until: datetime
    decided: int
    positives: int
    matured: bool
    realized: Figures = field(default_factory=dict)
    estimated: Figures = field(default_factory=dict)
    adapted: Figures = field(default_factory=dict)
    examples: Mapping[str, list[int]] = field(default_factory=dict)


def whole_weeks(weeks: Iterable[PerformanceWeek]) -> list[Period]:
    """The weeks with all their events."""
    return [
        Period(
            week.start,
            week.until,
            week.decided,
            week.positives,
            week.matured,
            week.realized,
            week.estimated,
            week.adapted,
            week.examples,
        )
        for week in weeks
    ]


def segment_weeks(weeks: Iterable[PerformanceWeek], field: str, name: str) -> list[Period]:
    """The weeks in which a segment had enough events, with these alone."""
    return [
        _part(week, each, week.start, week.until)
        for week in weeks
        for each in week.segments
        if (each["field"], each["name"]) == (field, name)
    ]


def days_of(weeks: Iterable[PerformanceWeek]) -> list[Period]:
    """The days of the weeks that had enough events."""
    return [
        _part(week, each, start, start + DAY)
        for week in weeks
        for each in week.days
        if (start := datetime.combine(date.fromisoformat(each["day"]), time(), tzinfo=UTC))
    ]


def _part(week: PerformanceWeek, measured: Mapping[str, Any], start: datetime, until: datetime) -> Period:
    source = "realized" if week.matured else "estimated"
    figures = {source: measured["figures"]}
    return Period(start, until, measured["events"], measured["positives"], week.matured, **figures)


def segments_in(weeks: Sequence[PerformanceWeek]) -> dict[str, list[str]]:
    """The names of the segments of any week by field, those with the most events in the newest week first."""
    found: dict[str, list[str]] = {}
    for week in reversed(weeks):
        for each in sorted(week.segments, key=lambda each: -each["events"]):
            names = found.setdefault(each["field"], [])
            if each["name"] not in names:
                names.append(each["name"])
    return found


def promised_of_segment(slices: Mapping[str, Any], field: str, name: str) -> Figures:
    """What a model was promised to do on a segment, from the slices of its held-out events; {} if unknown.

    Intervals are those of its evaluation. The bands of amounts differ from those of its training, so only
    categories, ages and flags have a promise.
    """
    return dict(_promised(slices, field, name))


def _promised(slices: Mapping[str, Any], field: str, name: str) -> Iterator[tuple[str, Figure]]:
    for sliced in slices.get("fields", ()):
        for each in sliced["slices"] if sliced["field"] == field else ():
            for metric, found in each["metrics"].items() if each["name"] == name else ():
                if found["value"] is not None:
                    yield metric, (found["value"], found["low"], found["high"])
