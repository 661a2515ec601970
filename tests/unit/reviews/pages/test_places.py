"""The places of an event on a map, and how far they are from each other."""

import pytest

from reviews.pages.related.places import Place, distance_km, map_of, places_of
from scoring.event_types.payment import Payment


def place(latitude: float, longitude: float, words: str = "Customer") -> Place:
    return Place(words, latitude, longitude, longitude)


VIENNA, NEW_YORK = place(48.2082, 16.3738), place(40.7128, -74.0060, "Merchant")
SENT = {"customer_lat": 48.2082, "customer_lon": 16.3738, "merchant_lat": 40.7128, "merchant_lon": -74.006}


def test_places_are_pairs_of_coordinates_that_were_sent() -> None:
    assert places_of(Payment.fields, SENT) == [VIENNA, NEW_YORK]
    assert places_of(Payment.fields, {**SENT, "merchant_lon": 1.0} | {"customer_lat": 1})[0].latitude == 1.0
    assert places_of(Payment.fields, {"customer_lat": 48.2, "merchant_lon": 3.0}) == []
    assert places_of(Payment.fields, {"amount": 3}) == []


def test_distances_are_those_of_great_circles() -> None:
    assert distance_km(VIENNA, VIENNA) == 0
    assert distance_km(VIENNA, NEW_YORK) == pytest.approx(6_800, abs=20)
    assert distance_km(place(0, 0), place(0, 180)) == pytest.approx(20_015.1, abs=0.1)
    assert distance_km(place(0, 0), place(1, 0)) == pytest.approx(111.195, abs=0.01)


def test_the_map_shows_all_places_with_a_margin() -> None:
    shown = map_of([VIENNA, NEW_YORK])
    for each in shown.places:
        assert shown.left < each.x < shown.left + shown.width
        assert shown.top < each.y < shown.top + shown.height
    assert shown.width == pytest.approx(2 * shown.height)
    assert shown.words == "Customer, Merchant. Customer to merchant: 6,796 km"


def test_one_place_has_a_map_of_its_surroundings() -> None:
    shown = map_of([VIENNA])
    assert (shown.width, shown.height, shown.distances) == (24.0, 12.0, [])


def test_places_on_both_sides_of_the_date_line_are_near_each_other() -> None:
    shown = map_of([place(-17.7, 178.0), place(-13.8, -171.8)])
    assert [each.x for each in shown.places] == pytest.approx([178.0, 188.2])
    assert shown.width < 40
