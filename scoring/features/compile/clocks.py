"""Whose clocks tell the hours and days of an event type's features and conditions."""

from scoring.catalog.client_fields import TimeZoneName
from scoring.catalog.event_type import EventType
from scoring.catalog.time_zones import Clock


def clock_of(member: type[EventType], *, earlier_set: str = "") -> Clock:
    """The clock of the event type's features, or of those of one of its earlier sets."""
    if earlier_set in member.earlier_time_zones:
        return Clock(member.earlier_time_zones[earlier_set])
    return Clock(member.time_zone, member.time_zone_field)


def clock_for(member: type[EventType], clock: Clock) -> Clock:
    """A clock as it tells the time of this type's events, which may lack its field."""
    has_field = isinstance(member.fields.get(clock.field), TimeZoneName)
    return clock if has_field else Clock(clock.zone)
