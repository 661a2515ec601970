"""The time zone in which pages tell times: that of the signed-in user, which a middleware activates.

Outside of pages it is UTC, so the same functions write UTC in exports, commands and workers.
"""

from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.functional import lazy

from scoring.catalog.time_zones import UTC_NAME, time_zone_names

_NOT_OFFERED = ("Etc/", "SystemV/", "US/", "Brazil/", "Canada/", "Chile/", "Mexico/")  # old names of others


@cache
def offered_zones() -> tuple[str, ...]:
    """The zones to choose from, by name: UTC first, then those named by a place, such as "Europe/Berlin"."""
    places = {name for name in time_zone_names() if "/" in name and not name.startswith(_NOT_OFFERED)}
    return (UTC_NAME, *sorted(places))


def zone_named(name: str) -> ZoneInfo | None:
    """The zone of an IANA name; None if there is none of that name."""
    return ZoneInfo(name) if name in time_zone_names() else None


def zone_words() -> str:
    """The name of the current time zone, as headers of tables show it: "UTC", "America/New York"."""
    return timezone.get_current_timezone_name().replace("_", " ")


def moment_text(moment: datetime, form: str = "%Y-%m-%d %H:%M") -> str:
    """A moment in the current time zone, without the zone: "2026-03-01 13:00"."""
    return f"{timezone.localtime(moment):{form}}"


def zoned_text(moment: datetime, form: str = "%Y-%m-%d %H:%M") -> str:
    """A moment in the current time zone, which it names: "2026-03-01 13:00 CET"."""
    return moment_text(moment, f"{form} %Z")


def _with_zone(text: str) -> str:
    return f"{text} ({zone_words()})"


def _in_zone(text: str) -> str:
    return f"Time zone: {zone_words()}. {text}"


# The same texts for class attributes: each page evaluates them anew.
with_zone = lazy(_with_zone, str)  # the title of a column of times: "opened (UTC)"
in_zone = lazy(_in_zone, str)  # the help text of a field that takes a time
