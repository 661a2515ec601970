"""Times in words: in the zone of the page, which is UTC outside of pages."""

from datetime import UTC, datetime

import pytest
from django.utils import timezone

from scoring.admin_kit.plots import Axis, Plot, Series
from scoring.admin_kit.time_zones import (
    moment_text,
    offered_zones,
    with_zone,
    zone_named,
    zone_words,
    zoned_text,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_times_are_in_utc_unless_a_page_says_otherwise() -> None:
    assert (moment_text(NOON), zoned_text(NOON)) == ("2026-03-01 12:00", "2026-03-01 12:00 UTC")


def test_a_zone_moves_the_time_and_names_itself() -> None:
    title = with_zone("opened")
    with timezone.override("America/New_York"):
        assert (moment_text(NOON), zoned_text(NOON)) == ("2026-03-01 07:00", "2026-03-01 07:00 EST")
        assert (zone_words(), str(title)) == ("America/New York", "opened (America/New York)")
    assert str(title) == "opened (UTC)"


def test_summer_time_has_its_own_name() -> None:
    with timezone.override("Europe/Berlin"):
        assert zoned_text(datetime(2026, 7, 1, 12, tzinfo=UTC)) == "2026-07-01 14:00 CEST"


@pytest.mark.parametrize("name", ["Europe/Berlin", "America/Argentina/Buenos_Aires", "UTC", "Asia/Kolkata"])
def test_zones_named_by_a_place_are_offered(name: str) -> None:
    assert name in offered_zones()


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../etc/passwd", "europe/berlin"])
def test_an_unknown_zone_is_none(name: str) -> None:
    assert zone_named(name) is None


def plot_of(*times: datetime) -> Plot:
    return Plot("", Axis("", "time"), Axis(""), [Series("", [(each, 1.0) for each in times])])


def test_plots_of_days_stay_in_utc_and_others_follow_the_page() -> None:
    midnight = datetime(2026, 3, 1, tzinfo=UTC)
    with timezone.override("Asia/Tokyo"):
        assert plot_of(midnight).as_json()["x"]["zone"] == "UTC"
        assert plot_of(midnight, NOON).as_json()["x"]["zone"] == "Asia/Tokyo"
