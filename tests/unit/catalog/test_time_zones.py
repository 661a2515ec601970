"""The offsets of time zones are those of the pinned database at every moment, and name them in hashes."""

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.catalog.client_fields import TimeZoneName
from scoring.catalog.errors import FieldError, InvalidEvent
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Category, Entity
from scoring.catalog.time_zones import TimeZone, find_time_zone, offset_at, time_zone_names
from scoring.declare.errors import CatalogError
from scoring.timestamps import to_micros

ZONES = ("America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu", "Pacific/Apia")
FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 12, 31, tzinfo=UTC)


def offset(zone: TimeZone, moment: datetime) -> timedelta:
    at = bisect_right([since for since, _ in zone.offsets], to_micros(moment)) - 1
    return timedelta(microseconds=zone.offsets[at][1])


def published(name: str) -> ZoneInfo:
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file)


@given(st.sampled_from(ZONES), st.integers(0, int((LAST - FIRST).total_seconds())))
def test_the_offset_at_any_moment_is_the_published_one(name: str, seconds: int) -> None:
    moment = FIRST + timedelta(seconds=seconds)
    assert offset(find_time_zone(name), moment) == moment.astimezone(published(name)).utcoffset()


@given(st.sampled_from(ZONES), st.integers(-(10**10), 10**10))
def test_a_single_offset_is_that_of_the_zone(name: str, seconds: int) -> None:
    moment = FIRST + timedelta(seconds=seconds)
    microseconds = offset(find_time_zone(name), moment) // timedelta(microseconds=1)
    assert offset_at(name, to_micros(moment)) == microseconds


def test_an_unknown_zone_has_no_offset() -> None:
    assert np.isnan(offset_at("Mars/Olympus", 0))


@pytest.mark.parametrize("name", ZONES)
def test_offsets_change_in_the_second_in_which_the_published_ones_do(name: str) -> None:
    zone, clock = find_time_zone(name), published(name)
    for since, _ in zone.offsets[1:]:
        change = FIRST + timedelta(microseconds=since)
        for moment in (change - timedelta(seconds=1), change):
            assert offset(zone, moment) == moment.astimezone(clock).utcoffset()


def test_the_name_in_hashes_has_the_offsets_until_2025_alone() -> None:
    new_york = find_time_zone("America/New_York")
    *before, last = new_york.offsets
    later = TimeZone(new_york.name, (*before, (last[0], last[1] + 1)))
    earlier = TimeZone(new_york.name, ((before[0][0], before[0][1] + 1), *before[1:], last))
    assert later.identity == new_york.identity != earlier.identity
    assert new_york.identity.startswith("America/New_York ")
    assert find_time_zone("UTC").identity == ""


@pytest.mark.parametrize(
    ("name", "clock"),
    [("UTC", "UTC"), ("America/New_York", "New York time"), ("America/Argentina/Ushuaia", "Ushuaia time")],
)
def test_sentences_call_a_zone_by_its_place(name: str, clock: str) -> None:
    assert find_time_zone(name).clock == clock


def test_a_name_that_is_not_in_the_database_is_refused() -> None:
    assert "Mars/Olympus" not in time_zone_names()
    with pytest.raises(KeyError):
        find_time_zone("Mars/Olympus")


def test_an_event_type_in_an_unknown_zone_is_refused() -> None:
    with pytest.raises(
        CatalogError, match=r"Sale.time_zone 'EST5' is not an IANA time zone, such as America"
    ):

        class Sale(EventType):
            time_zone = "EST5"
            card = Entity()


def test_the_zone_of_a_set_that_is_not_declared_is_refused() -> None:
    with pytest.raises(CatalogError, match="earlier_time_zones names '2026-01', which is not in earlier_f"):

        class Sale(EventType):
            earlier_time_zones = {"2026-01": "UTC"}
            card = Entity()


# --- zones of events ---


def test_a_field_of_time_zones_takes_names_of_the_database() -> None:
    assert [TimeZoneName().parse(name) for name in ("Europe/Vienna", "UTC")] == ["Europe/Vienna", "UTC"]
    with pytest.raises(FieldError, match="is not an IANA time zone"):
        TimeZoneName().parse("europe/vienna")


def test_an_event_in_an_unknown_zone_is_refused_with_the_name_of_the_field() -> None:
    class Sale(EventType):
        name, lane = "sale", "till"
        time_zone_field = "store_zone"
        card, store_zone = Entity(), TimeZoneName(optional=True)

    payload = {"type": "sale", "id": "1", "occurred_at": "2026-01-01T00:00:00Z", "card": "c"}
    now = datetime(2026, 1, 2, tzinfo=UTC)
    assert "store_zone" not in Sale.parse(payload, now=now).fields
    with pytest.raises(InvalidEvent) as refused:
        Sale.parse(payload | {"store_zone": "Vienna"}, now=now)
    allowed = "a name such as 'America/New_York'"
    assert refused.value.problems == [("store_zone", "is not an IANA time zone", allowed)]


def test_the_field_of_time_zones_must_be_one() -> None:
    with pytest.raises(
        CatalogError, match=r"Sale.time_zone_field is 'place', which is not a TimeZoneName field of it"
    ):

        class Sale(EventType):
            time_zone_field = "place"
            card, place = Entity(), Category()
