"""Plots over time: their windows, the last minute, and plots without data."""

from dataclasses import replace
from datetime import timedelta

import numpy as np

from monitoring.models import HourlyWindow, MinuteWindow, ModelWindow
from monitoring.windows import plots as window_plots
from monitoring.windows.latency_histogram import EDGES, bin_of
from monitoring.windows.traffic import RecentTraffic
from tests.factories.catalog import catalog_with
from tests.factories.log import NOW
from tests.unit.monitoring.windows.test_binning import made_up

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
TOP = NOW.replace(minute=0)


def minute(ago: int, **columns: int) -> MinuteWindow:
    return MinuteWindow(event_type="payment", start=NOW - ago * MINUTE, **columns)


def by_minute(*windows: MinuteWindow, minutes: int = 3) -> window_plots.Timeline:
    return window_plots.Timeline(windows, since=NOW - minutes * MINUTE, now=NOW, step=window_plots.MINUTE)


def by_hour(*windows: HourlyWindow) -> window_plots.Timeline:
    return window_plots.Timeline(windows, since=TOP - HOUR, now=NOW, step=window_plots.HOUR)


def test_minutes_end_with_the_last_complete_one_and_hours_with_the_current_one() -> None:
    assert by_minute().starts == [NOW - 3 * MINUTE, NOW - 2 * MINUTE, NOW - MINUTE]
    assert by_hour().starts == [TOP - HOUR, TOP]
    assert (by_minute().axis.title, by_hour().axis.title) == ("Time", "Hour, the last one incomplete")
    assert (by_minute().unit, by_hour().unit) == ("per minute", "per hour")


def test_a_minute_is_the_sum_of_its_event_types_and_zero_without_windows() -> None:
    timeline = by_minute(minute(2, received=4), minute(2, received=5), minute(0, received=90))
    assert [count for _, count in timeline.sums(lambda window: window.received)] == [0, 9, 0]


def test_a_single_event_is_drawn_and_no_events_are_an_empty_plot() -> None:
    some = window_plots.volume_plot(by_minute(minute(2, received=1)), title="v")
    assert [count for _, count in some.series[0].points] == [0, 1, 0]
    assert some.summary == "Events received per minute: from 0 to 1, last 0."
    assert window_plots.volume_plot(by_minute(), title="v").series == []


def test_decisions_are_stacked_by_outcome() -> None:
    window = HourlyWindow(event_type="payment", start=TOP, decided_allow=7, decided_review=2, decided_block=1)
    plot = window_plots.outcomes_plot(by_hour(window), title="d")
    assert {series.label: [count for _, count in series.points] for series in plot.series} == {
        "allow": [0, 7],
        "review": [0, 2],
        "block": [0, 1],
    }
    assert window.decided == 10
    assert plot.summary == "Decisions per hour by outcome: from 0 to 10, last 10."
    assert window_plots.outcomes_plot(by_hour(), title="d").series == []


def test_an_outcome_of_one_type_is_stacked_in_its_place_and_color() -> None:
    window = HourlyWindow(event_type="transfer", start=TOP, decided_allow=7, decided_other={"challenge": 2})
    with catalog_with("tests.factories.transfers"):
        plot = window_plots.outcomes_plot(by_hour(window), title="d")
    assert [(series.label, series.color) for series in plot.series][:2] == [
        ("allow", "allow"), ("challenge", "challenge"),
    ]  # fmt: skip
    assert [count for _, count in plot.series[1].points] == [0, 2]
    assert window.decided == 9


def test_latency_is_unknown_without_decisions() -> None:
    histogram = [0] * bin_of(8_000) + [3]
    plot = window_plots.latency_plot(by_minute(minute(1, latency=histogram)), title="l")
    points = [value for _, value in plot.series[0].points]
    assert points[:2] == [None, None]
    assert 7 < points[2] < 9
    assert plot.series[0].kind == "dots"  # a line between so few would show nothing


def test_missing_values_are_plotted_with_the_training_share() -> None:
    reference = made_up()
    counts = reference.count_vectors(np.array([[np.nan, 0, 60]]))
    window = ModelWindow(start=TOP, features=counts.tobytes())
    plot = window_plots.missing_plot([window], reference, since=TOP - HOUR, now=NOW)
    assert plot.series[0].points == [(TOP - HOUR, None), (TOP, 1 / 3)]
    assert plot.lines == [("in training", 1_000 / 30_000)]


def test_a_latency_on_an_edge_is_in_the_bin_above_it() -> None:
    assert [bin_of(int(EDGES[5]) + off) for off in (-1, 0, 1)] == [5, 6, 6]


def test_traffic_counts_complete_minutes_of_a_range() -> None:
    windows = [minute(ago, received=10**ago) for ago in range(5)]
    traffic = RecentTraffic(windows, now=NOW + timedelta(seconds=30))
    assert traffic.received(2) == 110  # the minute of now is not over
    assert traffic.received(4, 2) == 11_000
    assert traffic.received(1) == 10


def test_a_line_is_drawn_from_four_known_points_on() -> None:
    points = [(number, value) for number, value in enumerate([1.0, None, 2.0, 3.0, 4.0])]
    assert window_plots.line_or_dots(points) == "line"
    assert window_plots.line_or_dots(points[:-1]) == "dots"


def test_a_plot_of_missing_values_says_if_none_were_missing() -> None:
    reference = made_up()
    full = replace(reference, features=np.zeros_like(reference.features))
    window = ModelWindow(start=TOP, features=full.count_vectors(np.array([[1.0, 0, 60]])).tobytes())
    plot = window_plots.missing_plot([window], full, since=TOP - HOUR, now=NOW)
    assert plot.empty
    assert plot.empty_text == "No values missing, neither in training nor now."
    unknown = window_plots.missing_plot([], full, since=TOP - HOUR, now=NOW)
    assert (unknown.empty, unknown.empty_text) == (True, "No data yet.")
