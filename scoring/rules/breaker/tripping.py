"""Breakers: while one is open, would-be blocks of its event type and source become reviews. Pure.

closed --(too many would-be blocks)--> open --(cool-down over, within the limits)--> closed
                                       open --(cool-down over, still above them)--> open again
                                       open --(reset by hand, switched off)--> closed
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from scoring.log.entries import NewEntry
from scoring.rules.breaker.configuration import BreakerConfiguration, Key
from scoring.rules.breaker.counting import MODEL, BlockCounter, Excess, Observed
from scoring.rules.breaker.settings import BreakerSettings
from scoring.timestamps import to_iso

State = Literal["open", "closed"]
Cause = Literal["cool_down", "reset", "switched_off"]

OPEN: State = "open"
CLOSED: State = "closed"


@dataclass(slots=True)
class Breaker:
    """The breaker of an event type and a source. `until`: None while it is closed.

    `version`: that of its stream. `since`: when it opened, under version `ruleset` of the ruleset.
    """

    event_type: str
    source: str
    version: int = 0
    since: datetime | None = None
    until: datetime | None = None
    ruleset: int = 0

    @property
    def key(self) -> Key:
        return self.event_type, self.source


class Breakers:
    """The breakers of a lane. Events are observed in the order in which their decisions are logged.

    Opening and closing append entries to the breaker's stream: `entries_to_append`. A holder that discards
    decisions it has made needs new breakers: see `read_breakers`.
    """

    def __init__(
        self,
        configuration: BreakerConfiguration,
        breakers: Iterable[Breaker] = (),
        *,
        observed: Mapping[Key, Sequence[Observed]] | None = None,
    ) -> None:
        """`breakers`: those that ever opened. `observed`: the latest events of each type and source."""
        self._configuration = configuration
        self._breakers = {each.key: each for each in breakers}
        self._counters: dict[Key, BlockCounter] = {}
        self._entries: list[NewEntry] = []
        for key, events in (observed or {}).items():
            self._counters[key] = BlockCounter(configuration.settings_of(key[0]), events)

    def follow(self, configuration: BreakerConfiguration, *, now: datetime) -> None:
        """Apply a later version of the ruleset: new settings, and resets by hand."""
        self._configuration = configuration
        for key, counter in self._counters.items():
            if counter.settings != (settings := configuration.settings_of(key[0])):
                self._counters[key] = BlockCounter(settings, counter.observed)
        for breaker in self._breakers.values():
            if breaker.until is None:
                continue
            if breaker.ruleset < configuration.resets.get(breaker.key, 0):
                self._counter(breaker).clear()
                self._close(breaker, "reset", now)
            elif not configuration.settings_of(breaker.event_type).is_on:
                self._close(breaker, "switched_off", now)

    def observe(
        self, event_type: str, source: str, *, would_block: bool, by: Iterable[str] = (), now: datetime
    ) -> State:
        """Count a decided event; the state of its breaker, which holds for this event already.

        `would_block`: an outcome of block by anything but a block list. `by`: the active rules that ask for
        a block. Events of a type whose breakers are switched off are not counted.
        """
        if not self._configuration.settings_of(event_type).is_on:
            return CLOSED
        key = event_type, source
        breaker = self._breakers.get(key)
        if breaker is None:
            breaker = self._breakers[key] = Breaker(event_type, source)
        counter = self._counters.get(key) or self._counter(breaker)
        if breaker.until is not None and now >= breaker.until:
            self._end_cool_down(breaker, counter, now)
        counter.observe(would_block=would_block, by=by, now=now)
        if breaker.until is None and (excess := counter.excess()):
            breaker.since = now
            self._open(breaker, excess, now)
        return CLOSED if breaker.until is None else OPEN

    def observed(self) -> dict[Key, tuple[Observed, ...]]:
        """The events of each type and source from which other breakers go on as these would."""
        return {key: events for key, counter in self._counters.items() if (events := counter.observed)}

    def entries_to_append(self) -> list[NewEntry]:
        """The entries since the last call, to be appended with the decisions."""
        entries, self._entries = self._entries, []
        return entries

    def _counter(self, breaker: Breaker) -> BlockCounter:
        counter = self._counters.get(breaker.key)
        if counter is None:
            counter = BlockCounter(self._configuration.settings_of(breaker.event_type))
            self._counters[breaker.key] = counter
        return counter

    def _end_cool_down(self, breaker: Breaker, counter: BlockCounter, now: datetime) -> None:
        """Close, or stay open for another cool-down if the latest events are still above a limit."""
        counter.expire(now)
        if excess := counter.excess():
            self._open(breaker, excess, now)
        else:
            self._close(breaker, "cool_down", now)

    def _open(self, breaker: Breaker, excess: Excess, now: datetime) -> None:
        settings = self._configuration.settings_of(breaker.event_type)
        breaker.until, breaker.ruleset = now + settings.cool_down, self._configuration.ruleset
        self._append(breaker, "breaker.tripped", _tripped_data(breaker, settings, excess))

    def _close(self, breaker: Breaker, cause: Cause, now: datetime) -> None:
        breaker.since = breaker.until = None
        self._append(breaker, "breaker.closed", {"cause": cause, "at": to_iso(now)})

    def _append(self, breaker: Breaker, entry_type: str, data: Mapping[str, Any]) -> None:
        named = {
            "event_type": breaker.event_type,
            "source": breaker.source,
            "ruleset": self._configuration.ruleset,
        }
        entry = NewEntry(
            stream=f"breaker/{breaker.event_type}/{breaker.source}",
            expected_version=breaker.version,
            type=entry_type,
            data={**named, **data},
        )
        breaker.version += 1
        self._entries.append(entry)


def _tripped_data(breaker: Breaker, settings: BreakerSettings, excess: Excess) -> dict[str, Any]:
    rules = sorted(((-count, name) for name, count in excess.by.items() if name != MODEL))
    return {
        "limit": excess.limit,
        "share": excess.share,
        "blocks": excess.blocks,
        "events": excess.events,
        "window_s": settings.window_s,
        "max_share": settings.max_share,
        "max_blocks": settings.max_blocks,
        "rules": [{"name": name, "blocks": -count} for count, name in rules],
        "without_rule": excess.by.get(MODEL, 0),
        "since": breaker.since and to_iso(breaker.since),
        "until": breaker.until and to_iso(breaker.until),
    }
