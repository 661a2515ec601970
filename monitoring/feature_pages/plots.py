"""Plots of one feature: its distribution, its missing values and its consistency over time."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, time

from monitoring.drift.history import DriftHistory
from monitoring.drift.report import FeatureDrift
from monitoring.feature_pages.health import ConsistencyCheck, LiveModel
from monitoring.windows import plots as window_plots
from monitoring.windows.plots import HOUR, steps
from scoring.admin_kit.plots import Axis, Plot, Series
from scoring.features.compile.specs import FeatureSpec

_AXES = {
    "money": "Amount",
    "events": "Events",
    "values": "Distinct values",
    "seconds": "Time",
    "flag": "Value",
}
FRAME_HEIGHT, ROW_HEIGHT = 88, 26  # CSS pixels of a horizontal plot's legend and axis, and of a bin
HOURS = Axis("Hour, the last one incomplete", "time")


def distribution_plot(drift: FeatureDrift, spec: FeatureSpec) -> Plot:
    """Training and now, over the bins filled in either: a row each, but hours from left to right."""
    filled = [(name, then, now) for name, then, now in drift.bins if then or now]
    plot = window_plots.shares_plot(filled, title="Distribution, training and now", axis=axis_of(spec))
    if spec.unit == "hour":
        return plot
    return replace(plot, horizontal=True, height=FRAME_HEIGHT + ROW_HEIGHT * len(filled))


def missing_plot(live: LiveModel, feature: str, *, since: datetime, now: datetime) -> Plot:
    """The hourly share of events without a value, compared with training."""
    column = live.reference.names.index(feature)
    shares = {window.start: _missing_share(live, window.features, column) for window in live.windows}
    points = [(start, shares.get(start)) for start in steps(since, now, HOUR)]
    before = _share(live.reference.features[column].tolist())
    return Plot(
        title="Missing values",
        x=HOURS,
        y=Axis("Share missing", "percent", minimum=0),
        series=window_plots.missing_series(points, before=before),
        lines=[("in training", before)],
        empty_text=window_plots.missing_empty_text(points),
        summary=f"Share of events without a value by hour; in training it was {before:.1%}.",
        height=200,
    )


def _missing_share(live: LiveModel, features: bytes | memoryview, column: int) -> float:
    return _share(live.reference.unpack_features(features)[column].tolist())


def _share(counts: list[int]) -> float:
    return counts[-1] / max(sum(counts), 1)


def history_plot(history: DriftHistory, feature: str) -> Plot:
    """The PSI of each of the last days, with the threshold above which the feature has drifted."""
    points: list[tuple[datetime, float | None]] = []
    thresholds: list[tuple[datetime, float | None]] = []
    for day, figure in zip(history.days, history.figures[feature], strict=True):
        at = datetime.combine(day, time(12), tzinfo=UTC)
        points.append((at, figure.psi if figure else None))
        thresholds.append((at, figure.threshold if figure else None))
    known = [value for _, value in points if value is not None]
    return Plot(
        title="Drift by day",
        x=Axis("Day, the last one incomplete", "time"),
        y=Axis("PSI", minimum=0),
        series=[
            Series("PSI", points, kind=window_plots.line_or_dots(points)),
            Series(
                "threshold",
                thresholds,
                color="muted",
                dashed=True,
                kind=window_plots.line_or_dots(thresholds),
            ),
        ]
        if known
        else [],
        empty_text="Not compared by day, or no day with enough decisions.",
        summary=f"PSI by day: from {min(known):.3f} to {max(known):.3f}." if known else "",
        height=200,
    )


def consistency_plot(by_hour: Mapping[datetime, ConsistencyCheck], *, since: datetime, now: datetime) -> Plot:
    """Values recomputed from the log per hour: equal and different ones."""
    hours = [(start, by_hour.get(start, ConsistencyCheck())) for start in steps(since, now, HOUR)]
    same = [(start, each.compared - each.mismatched) for start, each in hours]
    differ = [(start, each.mismatched) for start, each in hours]
    compared = sum(each.compared for _, each in hours)
    return Plot(
        title="Recomputed from the log",
        x=HOURS,
        y=Axis("Values per hour", minimum=0),
        series=[
            Series("equal", same, color="allow", kind="bar"),
            Series("different", differ, color="block", kind="bar"),
        ]
        if compared
        else [],
        summary=f"Of {compared:,} values, {sum(count for _, count in differ):,} differed.",
        stacked=True,
        height=200,
    )


def axis_of(spec: FeatureSpec) -> str:
    """The axis title for a feature's values: "Events", "Time", "Amount"."""
    return _AXES.get(spec.unit, spec.unit.capitalize())
