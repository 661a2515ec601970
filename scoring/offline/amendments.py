"""The versions of amended events with their validity periods, for reading events as known at a moment."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from django.db import connection

from scoring.log.entries import LAST_POSITION

NEVER_US = (1 << 63) - 1  # later than any moment

_AMENDMENTS = """
    SELECT event_position, position, kind, (extract(epoch FROM amended_at) * 1000000)::bigint
      FROM scoring_amendment WHERE event_type = %s AND position <= %s ORDER BY position
"""


class EventVersion(NamedTuple):
    """An entry with an event's fields, and since when it was known (us)."""

    position: int
    known_us: int
    is_enriched: bool = False


class EventVersions(NamedTuple):
    """The versions of one event, oldest first; its receipt was always known. `retracted_us`: or NEVER_US."""

    event: int
    versions: list[EventVersion]
    retracted_us: int

    def held_at(self, moment_us: int) -> int | None:
        """The position of the version valid at a moment; None if the event was retracted by then."""
        if self.retracted_us <= moment_us:
            return None
        return next(each.position for each in reversed(self.versions) if each.known_us <= moment_us)

    def periods(self, present: Iterable[int]) -> list[tuple[int, int, int]]:
        """(position, from, until) of each version at the positions `present`: its validity period in us."""
        there = set(present)
        kept = [each for each in self.versions if each.position in there]
        ends = [*(each.known_us for each in kept[1:]), NEVER_US]
        return [
            (each.position, each.known_us, min(end, self.retracted_us))
            for each, end in zip(kept, ends, strict=True)
        ]


def read_versions(event_type: str, *, log_position: int | None = None) -> list[EventVersions]:
    """The events of a type that were amended by `log_position`."""
    last = LAST_POSITION if log_position is None else log_position
    found: dict[int, list[EventVersion]] = defaultdict(list)
    retracted: dict[int, int] = {}
    with connection.cursor() as cursor:
        cursor.execute(_AMENDMENTS, [event_type, last])
        for event, position, kind, moment in cursor.fetchall():
            versions = found[event] or [EventVersion(event, 0)]
            found[event] = versions
            if kind == "retraction":
                retracted[event] = moment
            else:
                versions.append(EventVersion(position, moment, kind == "enrichment"))
    return [
        EventVersions(event, versions, retracted.get(event, NEVER_US)) for event, versions in found.items()
    ]
