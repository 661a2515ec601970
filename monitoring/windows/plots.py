"""Plots of windows over time: decisions by outcome, volume, latency, missing values."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Literal

from monitoring.models import TrafficWindow, VectorWindow
from monitoring.windows.binning import Reference
from monitoring.windows.latency_histogram import add_histograms, percentile_ms
from scoring.admin_kit.outcomes import outcome_color
from scoring.admin_kit.plots import NO_DATA, Axis, Plot, Series
from scoring.catalog.outcomes import BASIC_OUTCOMES
from scoring.catalog.registry import all_outcomes

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
PERCENTILES = {"p50": (0.5, "series-1"), "p95": (0.95, "series-2"), "p99": (0.99, "series-4")}
MIN_LINE_POINTS = 4  # fewer are drawn as dots
_UNITS = {MINUTE: "per minute", HOUR: "per hour"}

Points = list[tuple[datetime, float | None]]


class Timeline:
    """Windows of one resolution (`step`) from `since` on; missing ones are empty.

    Ends with the last complete minute, or with the current, incomplete hour.
    """

    def __init__(
        self, windows: Iterable[TrafficWindow], *, since: datetime, now: datetime, step: timedelta
    ) -> None:
        self.step = step
        self.starts = list(steps(since, now - step if step == MINUTE else now, step))
        self._by_start: dict[datetime, list[TrafficWindow]] = defaultdict(list)
        for window in windows:
            self._by_start[window.start].append(window)

    @property
    def axis(self) -> Axis:
        return Axis("Time" if self.step == MINUTE else "Hour, the last one incomplete", "time")

    @property
    def unit(self) -> str:
        return _UNITS[self.step]

    def sums(self, value: Callable[[TrafficWindow], int]) -> Points:
        """(start, sum of `value` over event types) for each window."""
        return [(start, sum(map(value, self._by_start.get(start, ())))) for start in self.starts]

    def percentiles(self, q: float) -> Points:
        """(start, q-quantile of the latency in ms) for each window; None without decisions."""
        return [
            (start, percentile_ms(add_histograms(w.latency for w in self._by_start.get(start, ())), q))
            for start in self.starts
        ]


def outcomes_plot(timeline: Timeline, *, title: str) -> Plot:
    """Decisions by outcome, stacked; without the outcomes that only some types declare, if none had them."""
    totals = timeline.sums(lambda window: window.decided)
    outcomes = [name for name in all_outcomes() if name in BASIC_OUTCOMES or _any(_decided(timeline, name))]
    series = [_outcome_series(timeline, outcome) for outcome in outcomes]
    return Plot(
        title=title,
        x=timeline.axis,
        y=Axis(f"Decisions {timeline.unit}", minimum=0),
        series=series if _any(totals) else [],
        summary=f"Decisions {timeline.unit} by outcome: {_range(totals)}.",
        stacked=True,
    )


def _outcome_series(timeline: Timeline, outcome: str) -> Series:
    return Series(outcome, _decided(timeline, outcome), color=outcome_color(outcome), kind="bar")


def _decided(timeline: Timeline, outcome: str) -> Points:
    return timeline.sums(lambda window: window.decided_as(outcome))


def volume_plot(timeline: Timeline, *, title: str) -> Plot:
    """Events received."""
    points = timeline.sums(lambda window: window.received)
    kind: Literal["step", "bar"] = "step" if timeline.step == MINUTE else "bar"
    return Plot(
        title=title,
        x=timeline.axis,
        y=Axis(f"Events {timeline.unit}", minimum=0),
        series=[Series("events received", points, kind=kind)] if _any(points) else [],
        summary=f"Events received {timeline.unit}: {_range(points)}.",
    )


def latency_plot(timeline: Timeline, *, title: str) -> Plot:
    """Percentiles of the time from receipt to the first decision, on a logarithmic axis."""
    lines = {name: timeline.percentiles(q) for name, (q, _) in PERCENTILES.items()}
    return Plot(
        title=title,
        x=timeline.axis,
        y=Axis("Latency (log)", "ms", logarithmic=True),
        series=[
            Series(name, points, color=PERCENTILES[name][1], kind=line_or_dots(points))
            for name, points in lines.items()
        ],
        summary=f"From receipt to decision in milliseconds, 99th percentile: {_range(lines['p99'])}.",
    )


def missing_plot(
    windows: Iterable[VectorWindow], reference: Reference, *, since: datetime, now: datetime
) -> Plot:
    """The hourly share of missing values, compared with training."""
    shares = {window.start: reference.missing_share(window.features) for window in windows}
    points = [(start, shares.get(start)) for start in steps(since, now, HOUR)]
    before = float(reference.features[:, -1].sum() / max(reference.features.sum(), 1))
    return Plot(
        title="Missing values, all features",
        x=Axis("Hour, the last one incomplete", "time"),
        y=Axis("Share missing", "percent", minimum=0),
        series=missing_series(points, before=before),
        lines=[("in training", before)],
        empty_text=missing_empty_text(points),
        summary=f"Share of missing values by hour; in training it was {before:.1%}.",
    )


def missing_series(points: Points, *, before: float) -> list[Series]:
    """The missing shares over time; none if nothing was missing, neither now nor `before`."""
    return [Series("now", points, kind=line_or_dots(points))] if before or _any(points) else []


def missing_empty_text(points: Points) -> str:
    """What a plot of missing shares without a series says."""
    known = any(value is not None for _, value in points)
    return "No values missing, neither in training nor now." if known else NO_DATA


def shares_plot(
    bins: Sequence[tuple[str, float, float]], *, title: str, axis: str, then: str = "training"
) -> Plot:
    """Two distributions over the same bins, side by side: `then` and now."""
    return Plot(
        title=title,
        x=Axis(axis, "text"),
        y=Axis("Share of events", "percent", minimum=0),
        series=[
            Series(then, [(name, share) for name, share, _ in bins], color="muted", kind="bar"),
            Series("now", [(name, share) for name, _, share in bins], color="series-1", kind="bar"),
        ],
        summary="; ".join(f"{name}: {before:.1%} then, {after:.1%} now" for name, before, after in bins),
    )


def steps(since: datetime, until: datetime, step: timedelta) -> Iterator[datetime]:
    """`since`, and every `step` after it up to `until`."""
    while since <= until:
        yield since
        since += step


def _any(points: Points) -> bool:
    return any(value for _, value in points)


def line_or_dots(points: Points) -> Literal["line", "dots"]:
    """A line, or dots if too few points are known."""
    known = sum(value is not None for _, value in points)
    return "dots" if known < MIN_LINE_POINTS else "line"


def _range(points: Points) -> str:
    values = [value for _, value in points if value is not None]
    return f"from {min(values):,.0f} to {max(values):,.0f}, last {values[-1]:,.0f}" if values else "none"
