"""Plots of label coverage: by week, by age, and how late labels were, also by source."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from monitoring.labels.coverage import USUAL_WEEKS, WeekCoverage, known_within
from monitoring.labels.describing import changed_on
from monitoring.models import LabelDelay, LabelWeek
from monitoring.windows.weeks import WEEK
from scoring.admin_kit.plots import Axis, Plot, Series

WEEKS = Axis("Week of the events", "time")
EMPTY = "No event has a label yet."
MAX_AGE = 90  # days
STEP = 3  # days between two points of a curve


def coverage_plot(weeks: Sequence[WeekCoverage]) -> Plot:
    """The share of labeled events by week and source, and what is usual at the week's age."""
    sources = sorted({source for each in weeks for source in each.shares})
    bars = [
        Series(source, [(each.week.start, each.shares.get(source, 0.0)) for each in weeks], color, "bar")
        for source, color in zip(sources, _colors(len(sources)), strict=True)
    ]
    usual = [(each.week.start, each.compared.usual if each.compared else None) for each in weeks]
    return Plot(
        "Labeled events",
        WEEKS,
        Axis("Share of events", "percent", minimum=0),
        [*bars, Series("usual at this age", usual, "muted", "step", dashed=True)] if bars else [],
        summary="The share of each week's events with a label, by source, and what is usual at its age.",
        empty_text=EMPTY,
    )


def _colors(count: int) -> list[str]:
    return [f"series-{1 + at % 5}" for at in range(count)]


def age_plot(weeks: Sequence[WeekCoverage], *, now: datetime) -> Plot:
    """The share of labeled events by their age: earlier weeks together, and the last complete ones."""
    complete = [each.week for each in weeks if each.week.until <= now and each.week.read]
    earlier, recent = complete[-USUAL_WEEKS - 4 : -4], complete[-4:]
    lines = [_curve("earlier weeks", earlier, "muted", now=now)] if earlier else []
    for at, week in enumerate(recent):
        lines.append(_curve(f"week of {week.start:%Y-%m-%d}", [week], f"series-{1 + at}", now=now))
    return Plot(
        "Labeled events by age",
        Axis("Days since the event"),
        Axis("Share of events", "percent", minimum=0),
        [line for line in lines if any(y for _, y in line.points)],
        summary="Which share of a week's events had a label after so many days, up to the week's age.",
        empty_text=EMPTY,
    )


def _curve(label: str, weeks: Sequence[LabelWeek], color: str, *, now: datetime) -> Series:
    """The pooled share by age, as far as every event of the weeks has reached it."""
    age = min((now - week.until).days for week in weeks)
    events = sum(week.read for week in weeks)
    points: list[tuple[float, float | None]] = [
        (day, sum(known_within(week, day) for week in weeks) / events)
        for day in range(0, min(age, MAX_AGE) + 1, STEP)
    ]
    return Series(label, points, color, "line" if len(points) > 1 else "dots", dashed=color == "muted")


def delay_plot(weeks: Sequence[WeekCoverage], *, now: datetime) -> Plot:
    """How many days labels were late, by the week in which they became known."""
    known = [each for each in weeks if each.delays and each.week.start + WEEK <= now]
    points = [(each.week.start, float(each.delays.median)) for each in known if each.delays]
    low = [float(each.delays.quarter) for each in known if each.delays]
    high = [float(each.delays.slow) for each in known if each.delays]
    kind: Literal["line", "dots"] = "line" if len(points) > 1 else "dots"
    return Plot(
        "Label delay",
        Axis("Week in which labels became known", "time"),
        Axis("Days after the event", minimum=0),
        [Series("median", points, "series-1", kind, low, high)] if points else [],
        summary="The median delay of labels by the week of their arrival; the band holds 25 to 90 % of them.",
        empty_text=EMPTY,
    )


def curve_plot(found: LabelDelay) -> Plot:
    """How soon the labels of a source come for recent events, and for those before at the same ages."""
    usual = [(delay, share) for delay, share, _ in found.curve]
    recent = [(delay, share) for delay, _, share in found.curve]
    return Plot(
        f"Labels of {found.source} by delay",
        Axis("Days after the event", minimum=0),
        Axis("Share of labels", "percent", minimum=0, maximum=1),
        [
            Series(f"events since {changed_on(found):%Y-%m-%d}", recent, "series-1"),
            Series("events before, at the same ages", usual, "muted", dashed=True),
        ],
        summary="The share of the labels known by now that came within so many days, beside what is usual.",
        empty_text=EMPTY,
    )
