"""A map of the places that an event names, on an outline of the world: no tiles, no other servers."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from reviews.console.event_details import EventDetail
from reviews.pages.event_panels import words_of_name
from scoring.catalog.fields import Field, Number
from scoring.catalog.registry import event_type

EARTH_RADIUS_KM = 6371.0088  # mean radius R1 (Moritz, "Geodetic Reference System 1980")
LATITUDE, LONGITUDE = "lat", "lon"
MIN_SPAN = 12.0  # degrees that the map shows at least; the outline has no detail below that
MARGIN = 1.6  # the map is so many times as large as what it shows
RATIO = 2.0  # width by height


class Place(NamedTuple):
    """A place by its field names; `x` and `y` are those of the map: east, and south of the equator."""

    words: str
    latitude: float
    longitude: float
    x: float

    @property
    def y(self) -> float:
        return -self.latitude


class PlaceMap(NamedTuple):
    """Places, how far each is from the first, in km, and the part of the world that is drawn, in degrees."""

    places: list[Place]
    distances: list[tuple[str, float]]
    left: float
    top: float
    width: float
    height: float

    @property
    def radius(self) -> float:
        return self.width / 90

    @property
    def words(self) -> str:
        """What the map shows, for those who do not see it."""
        far = "; ".join(f"{words}: {distance:,.0f} km" for words, distance in self.distances)
        names = ", ".join(place.words for place in self.places)
        return f"{names}. {far}".strip()


def place_map(detail: EventDetail) -> PlaceMap | None:
    """The map of an event's coordinates; None without any. Personal ones are left out."""
    places = places_of(event_type(detail.type).fields, detail.fields)
    return map_of(places) if places else None


def places_of(declared: Mapping[str, Field], sent: Mapping[str, Any]) -> list[Place]:
    """The places whose coordinates were sent: numbers `{name}_lat` and `{name}_lon`, or `lat` and `lon`."""
    found = []
    for name in declared:
        other = name.removesuffix(LATITUDE) + LONGITUDE
        if not _is_latitude(name, declared) or name not in sent or other not in sent:
            continue
        latitude, longitude = float(sent[name]), float(sent[other])
        words = words_of_name(name.removesuffix(LATITUDE).rstrip("_") or "place")
        found.append(Place(words, latitude, longitude, longitude))
    return found


def _is_latitude(name: str, declared: Mapping[str, Field]) -> bool:
    other = name.removesuffix(LATITUDE) + LONGITUDE
    is_named = name == LATITUDE or name.endswith(f"_{LATITUDE}")
    return is_named and isinstance(declared[name], Number) and isinstance(declared.get(other), Number)


def map_of(places: Sequence[Place]) -> PlaceMap:
    """The map of one place or more, centered on them; across the date line where that is shorter."""
    longitudes = [place.longitude for place in places]
    if max(longitudes) - min(longitudes) > 180:
        places = [each._replace(x=each.longitude % 360) for each in places]
    xs, ys = [place.x for place in places], [place.y for place in places]
    height = max(MIN_SPAN, MARGIN * (max(ys) - min(ys)), MARGIN * (max(xs) - min(xs)) / RATIO)
    first = places[0]
    return PlaceMap(
        places=list(places),
        distances=[
            (f"{first.words} to {each.words.lower()}", distance_km(first, each)) for each in places[1:]
        ],
        left=round((max(xs) + min(xs)) / 2 - RATIO * height / 2, 3),
        top=round((max(ys) + min(ys)) / 2 - height / 2, 3),
        width=round(RATIO * height, 3),
        height=round(height, 3),
    )


def distance_km(one: Place, other: Place) -> float:
    """The great-circle distance by the haversine formula (Sinnott, "Virtues of the Haversine", 1984)."""
    lat1, lat2 = math.radians(one.latitude), math.radians(other.latitude)
    half = math.radians(other.longitude - one.longitude) / 2
    chord = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(half) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(chord)))
