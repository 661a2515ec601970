"""The breakers of a lane as its last holder left them, for a process that takes the lane."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from scoring.log.entries import LAST_POSITION
from scoring.rules.breaker.configuration import BreakerConfiguration, Key
from scoring.rules.breaker.counting import Observed
from scoring.rules.breaker.handover import KeptEvents
from scoring.rules.breaker.models import BreakerState
from scoring.rules.breaker.tripping import Breaker, Breakers

# Decisions read back at a time, and at most: taking a lane must stay cheap. With more than the maximum in a
# window, a source with little traffic begins with fewer events than it had, and trips by as many later.
FIRST_PAGE, PAGE, MAX_READ = 500, 4_500, 5_000

# Decisions on events without a place in the lane's order are not the lane's, so breakers did not see them.
_LATEST = """
    SELECT decision.position, decision.event_type, event.source, decision.decided_at,
           decision.seq IS NOT NULL,
           decision.decided_by NOT IN ('list', 'bank') AND 'block' IN (decision.initial, decision.outcome)
      FROM (SELECT * FROM scoring_decision WHERE position < %s ORDER BY position DESC LIMIT %s) decision
      JOIN scoring_event event ON event.position = decision.event_position
     ORDER BY decision.position DESC
"""
_RULES = """
    SELECT entry.position, finding ->> 'name'
      FROM scoring_logentry entry, json_array_elements(entry.data::json -> 'findings') finding
     WHERE entry.position = ANY(%s) AND finding ->> 'kind' = 'rule'
       AND finding ->> 'stage' = 'active' AND finding ->> 'outcome' = 'block'
"""


class _Decided(NamedTuple):
    """A decision as `_LATEST` reads it."""

    position: int
    event_type: str
    source: str
    at: datetime
    in_order: bool
    would_block: bool

    @property
    def key(self) -> Key:
        return self.event_type, self.source


def read_breakers(
    event_types: Collection[str],
    configuration: BreakerConfiguration,
    *,
    now: datetime,
    kept: KeptEvents | None = None,
) -> Breakers:
    """The breakers of these event types. `kept`: the events that the last holder counted; without them,
    decisions are read back.
    """
    rows = list(BreakerState.objects.filter(event_type__in=event_types))
    stored = [
        Breaker(row.event_type, row.source, row.version, row.since, row.until, row.ruleset) for row in rows
    ]
    counted_from = {(row.event_type, row.source): row.counted_from for row in rows}
    if kept is None:
        watched = {name for name in event_types if configuration.settings_of(name).is_on}
        observed = _observed(_read_back(configuration, watched, now=now), watched, counted_from)
    else:
        observed = {
            key: events
            for key, events in kept.observed.items()
            if counted_from.get(key, 0) <= kept.position and key[0] in event_types
        }
    breakers = Breakers(configuration, stored, observed=observed)
    breakers.follow(configuration, now=now)  # one may have opened before its holder saw a reset
    return breakers


def _read_back(
    configuration: BreakerConfiguration, watched: Collection[str], *, now: datetime
) -> list[_Decided]:
    """The decisions of the longest window of these event types, newest first."""
    if not watched:
        return []
    begins = now - max(configuration.settings_of(name).window for name in watched)
    found: list[_Decided] = []
    before, size = LAST_POSITION, FIRST_PAGE
    while len(found) < MAX_READ:
        page = _read_page(before, size)
        found += page
        if len(page) < size or page[-1].at <= begins:
            break
        before, size = page[-1].position, PAGE
    return found


def _read_page(before: int, size: int) -> list[_Decided]:
    with connection.cursor() as cursor:
        cursor.execute(_LATEST, [before, size])
        return [_Decided(*row) for row in cursor.fetchall()]


def _observed(
    decided: Iterable[_Decided], watched: Collection[str], counted_from: Mapping[Key, int]
) -> dict[Key, Sequence[Observed]]:
    """Decisions, newest first, as the events of each type and source, oldest first."""
    counted = [
        each
        for each in decided
        if each.in_order and each.event_type in watched and each.position > counted_from.get(each.key, 0)
    ]
    names = _rules_of(each.position for each in counted if each.would_block)
    observed: dict[Key, list[Observed]] = defaultdict(list)
    for each in reversed(counted):
        by = tuple(names.get(each.position, ())) if each.would_block else None
        observed[each.key].append(Observed(each.at, by))
    return dict(observed)


def _rules_of(positions: Iterable[int]) -> dict[int, list[str]]:
    """The active rules that asked for a block, by the position of the decision."""
    wanted = list(positions)
    names: dict[int, list[str]] = defaultdict(list)
    if wanted:
        with connection.cursor() as cursor:
            cursor.execute(_RULES, [wanted])
            for position, name in cursor.fetchall():
                names[position].append(name)
    return names
