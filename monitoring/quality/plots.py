"""Plots of data quality by hour: volume against what is expected, and the shares that have changed."""

from collections.abc import Sequence

from monitoring.quality.judging import HourShare
from monitoring.quality.learning import measure_of
from monitoring.quality.observing import FieldReadings, SenderReadings
from monitoring.quality.words import UNUSUAL
from monitoring.windows.plots import Points, line_or_dots
from scoring.admin_kit.plots import Axis, Plot, Series

COLORS = tuple(f"series-{number}" for number in range(1, 6))
X = Axis("Hour, the last one incomplete", "time")


def volume_plot(found: SenderReadings) -> Plot:
    """Events by hour, with the interval that is expected of complete hours."""
    hours = sorted(found.expected)
    events: Points = [(hour, float(found.counts.get(hour, 0))) for hour in hours]
    expected = [(hour, found.expected[hour]) for hour in hours]
    series = [Series("received", events, kind=line_or_dots(events))]
    if any(each is not None for _, each in expected):
        bounds = [each.interval() if each else (None, None) for _, each in expected]
        series.append(
            Series(
                "expected of this hour of the week",
                [(hour, each.mean if each else None) for hour, each in expected],
                color="muted",
                dashed=True,
                low=[low for low, _ in bounds],
                high=[high for _, high in bounds],
            )
        )
    return Plot(
        title=f"Events from {found.sender.source}",
        x=X,
        y=Axis("Events an hour", minimum=0),
        series=series if any(count for _, count in events) else [],
        summary=f"Events of {found.sender.event_type} from {found.sender.source} by hour.",
    )


def shares_plot(fields: Sequence[FieldReadings], *, missing: bool) -> Plot:
    """The shares of up to five fields by hour: of events without a value, or of unusual values."""
    series = [
        Series(_label(each, missing), points, color=color, kind=line_or_dots(points))
        for each, color in zip(fields, COLORS, strict=False)
        if (points := _points([h.missing_share if missing else h.unusual_share for h in each.hours]))
    ]
    what = "Missing values" if missing else "Unusual values"
    return Plot(
        title=f"{what} of {fields[0].field.field} by hour" if len(fields) == 1 else f"{what} by hour",
        x=X,
        y=Axis("Share of events", "percent", minimum=0),
        series=series,
        summary="; ".join(each.label for each in series),
        empty_text="No field has changed in the last day.",
    )


def _label(found: FieldReadings, missing: bool) -> str:
    if missing:
        return found.field.field
    return f"{found.field.field}: {UNUSUAL[measure_of(found.field)]}"


def _points(hours: Sequence[HourShare]) -> Points:
    return [(hour.start, hour.hits / hour.events if hour.events else None) for hour in sorted(hours)]
