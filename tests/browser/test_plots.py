"""Plots as Chart.js draws them: their ticks and names are readable."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone
from django.utils.html import json_script

from monitoring.drift.distance import NO_DATA
from monitoring.drift.report import FeatureDrift, SideShares, feature_specs
from monitoring.feature_pages.plots import distribution_plot
from scoring.admin_kit.plots import Axis, Plot, Series
from tests.browser.conftest import DESKTOP, PHONE, Browser

DRAW = """
    const [title, height, spec] = arguments
    document.getElementById("plotted")?.remove()
    document.querySelector("#content, main").insertAdjacentHTML("afterbegin",
        `<figure id="plotted" class="ws-plot"><div class="ws-plot__canvas" style="height: ${height}px">
         <canvas role="img" aria-label="${title}"></canvas></div>${spec}</figure>`)
    adminKit.drawPlots(document.getElementById("plotted"))
    const scale = Chart.getChart(document.querySelector("#plotted canvas")).scales.y
    return scale.ticks.map(tick => [String(tick.label), scale.getPixelForValue(tick.value)])
"""

NOON, HOUR = datetime(2026, 3, 1, 12, tzinfo=UTC), timedelta(hours=1)
ENDS = """
    const scale = Chart.getChart(document.querySelector("#plotted canvas")).scales.x
    return [scale.min, scale.max]
"""
DAYS = """
    const scale = Chart.getChart(document.querySelector("#plotted canvas")).scales.x
    return scale.ticks.map(tick => [String(tick.label), tick.value])
"""


@pytest.fixture
def page(browser: Browser, transactional_db: None) -> Browser:
    """A browser on a page of the admin, where plots can be drawn."""
    User.objects.create_superuser("root", password="secret")
    browser.log_in("root", "secret", at=reverse("admin:password_change"))
    return browser


def drawn_ticks(browser: Browser, plot: Plot) -> list[tuple[str, float]]:
    """(label, pixel) of the ticks on the left axis, from top to bottom."""
    ticks = browser.driver.execute_script(DRAW, plot.title, plot.height, json_script(plot.as_json()))
    return sorted(((label, pixel) for label, pixel in ticks), key=lambda tick: tick[1])


def least_distance(ticks: list[tuple[str, float]]) -> float:
    pixels = [pixel for _, pixel in ticks]
    return min(below - above for above, below in itertools.pairwise(pixels))


def latency(*values: float, height: int = 240) -> Plot:
    points = list(enumerate(values))
    y = Axis("Latency (log)", "ms", logarithmic=True)
    return Plot("Latency", Axis("Minute"), y, [Series("p50", points)], height=height)


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ((54.6,), ["200 ms", "100 ms", "50 ms", "20 ms", "10 ms"]),
        ((54.2, 54.8, 55.5, 63.1), ["200 ms", "100 ms", "50 ms", "20 ms", "10 ms"]),
        ((0.1,), ["0.5 ms", "0.2 ms", "0.1 ms", "0.05 ms", "0.02 ms"]),
        ((4, 45), ["50 ms", "20 ms", "10 ms", "5 ms", "2 ms"]),
        ((0.1, 100_000), ["100 s", "10 s", "1 s", "100 ms", "10 ms", "1 ms", "0.1 ms"]),
        ((100_000,), ["500 s", "200 s", "100 s", "50 s", "20 s"]),
    ],
)
def test_a_logarithmic_axis_has_a_few_round_ticks(
    page: Browser, values: tuple[float, ...], labels: list[str]
) -> None:
    assert [label for label, _ in drawn_ticks(page, latency(*values))] == labels


def test_ticks_of_a_logarithmic_axis_never_overlap(page: Browser) -> None:
    ends = [digit * 10.0**decade for decade in range(-1, 6) for digit in (1, 2.7, 9.9)]
    for height in (140, 240):
        for low in ends:
            for high in (end for end in ends if end >= low):
                ticks = drawn_ticks(page, latency(low, high, height=height))
                assert len(ticks) >= 2, (low, high)
                assert least_distance(ticks) >= 14, (low, high, ticks)


def drawn_moments(browser: Browser, points: list[tuple[datetime, float | None]]) -> list[datetime]:
    """The first and the last moment of the time axis of a plot of these points."""
    y = Axis("Latency (log)", "ms", logarithmic=True)
    drawn_ticks(browser, Plot("Latency", Axis("Time", "time"), y, [Series("p50", points)]))
    return [datetime.fromtimestamp(end / 1000, UTC) for end in browser.driver.execute_script(ENDS)]


def test_a_single_moment_has_a_time_axis_of_two_hours(page: Browser) -> None:
    assert drawn_moments(page, [(NOON, 50.0)]) == [NOON - HOUR, NOON + HOUR]


def test_a_time_axis_covers_moments_without_a_value(page: Browser) -> None:
    points = [(NOON - HOUR, None), (NOON, 50.0), (NOON + 2 * HOUR, None)]
    assert drawn_moments(page, points) == [NOON - HOUR, NOON + 2 * HOUR]


def test_days_begin_at_midnight_after_the_clocks_have_changed(page: Browser) -> None:
    start = datetime(2026, 10, 22, 12, tzinfo=UTC)
    points: list[tuple[datetime, float | None]] = [(start + hour * HOUR, 50.0) for hour in range(24 * 7)]
    with timezone.override("Europe/Berlin"):  # summer time ends on October 25
        drawn_moments(page, points)
    ticks = page.driver.execute_script(DAYS)
    assert [label for label, _ in ticks] == [f"10-{day}" for day in range(23, 30)]
    zone = ZoneInfo("Europe/Berlin")
    assert {datetime.fromtimestamp(at / 1000, zone).hour for _, at in ticks} == {0}


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_every_category_has_its_name_beside_its_bar(page: Browser, size: tuple[int, int]) -> None:
    page.resize(size)
    names = ["grocery or unseen", *(f"category {number}" for number in range(1, 29)), "missing"]
    ticks = drawn_ticks(page, distribution_plot(drift_of(names), category_spec()))
    assert [label for label, _ in ticks] == names
    assert least_distance(ticks) >= 14


def test_a_long_name_is_shortened(page: Browser) -> None:
    ticks = drawn_ticks(
        page, distribution_plot(drift_of(["a name that is far too long for a plot", "b"]), category_spec())
    )
    assert [label for label, _ in ticks] == ["a name that is far too…", "b"]


def category_spec() -> Any:
    return feature_specs("payment", {"category": ["grocery"]})["category"]


def drift_of(names: list[str]) -> FeatureDrift:
    side = SideShares([1 / len(names)] * len(names), missing=0.0)
    return FeatureDrift("category", NO_DATA, names, side, side)


PAINTED = """
    const chart = Chart.getChart(document.querySelector("#plotted canvas"))
    const [lying, value] = arguments
    const bar = chart.getDatasetMeta(0).data[0]
    const end = (lying ? chart.scales.x : chart.scales.y).getPixelForValue(value)
    const [x, y] = lying ? [end, bar.y] : [bar.x, end]
    const ratio = chart.currentDevicePixelRatio
    return chart.ctx.getImageData(Math.round(x * ratio), Math.round(y * ratio), 1, 1).data[3] > 0
"""


@pytest.mark.parametrize("horizontal", [False, True])
def test_the_interval_of_a_bar_is_drawn_beyond_its_end(page: Browser, horizontal: bool) -> None:
    bars = Series("importance", [("amount", 1.0), ("hour", 0.5)], kind="bar", low=[0.8, 0.2], high=[1.5, 0.7])
    plot = Plot("Importance", Axis("Feature", "text"), Axis("Contribution"), [bars], horizontal=horizontal)
    drawn_ticks(page, plot)
    page.wait_until(lambda: page.driver.execute_script(PAINTED, horizontal, 1.25))
    assert not page.driver.execute_script(PAINTED, horizontal, 1.51)
