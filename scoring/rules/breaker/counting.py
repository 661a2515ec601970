"""Counts would-be blocks of one event type and source, event by event. Pure."""

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Literal, NamedTuple

from scoring.rules.breaker.settings import BreakerSettings

Limit = Literal["share", "blocks"]
MODEL = ""  # the name under which would-be blocks count that no rule asked for


class Observed(NamedTuple):
    """A decided event: when, and the rules that would block it, () if the model would, None if nothing."""

    at: datetime
    blocked_by: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Excess:
    """More would-be blocks than allowed, by which limit.

    `blocks`: among the latest events, or, if their number exceeds its limit, in the window. `share`: that of
    blocks among the latest `events`. `by`: the blocks for each rule that asked for them, and under MODEL
    those that none did; one block may count for several rules.
    """

    limit: Limit
    blocks: int
    events: int
    share: float
    by: Mapping[str, int]


class BlockCounter:
    """The latest events of a type and source under settings that are on; constant time an event.

    It holds at most `min_events` events and `max_blocks` + 1 blocks.
    """

    def __init__(self, settings: BreakerSettings, observed: Iterable[Observed] = ()) -> None:
        """`observed`: earlier events, in order of their decisions."""
        self.settings = settings
        self._window = settings.window
        self._latest: deque[Observed] = deque()
        self._blocks: deque[Observed] = deque()
        self._blocked = 0  # among the latest
        for event in observed:
            self._add(event)

    def observe(self, *, would_block: bool, by: Iterable[str] = (), now: datetime) -> None:
        """Count an event that was decided; `by`: the active rules that would block it."""
        self._add(Observed(now, tuple(by) if would_block else None))

    @property
    def latest(self) -> tuple[Observed, ...]:
        """The latest events, oldest first."""
        return tuple(self._latest)

    @property
    def observed(self) -> tuple[Observed, ...]:
        """The events from which another counter goes on as this one would, oldest first."""
        older = max(len(self._blocks) - self._blocked, 0)  # blocks that are not among the latest events
        return (*islice(self._blocks, older), *self._latest)

    def excess(self) -> Excess | None:
        """What exceeds a limit at the last event, None if nothing does."""
        settings, events = self.settings, len(self._latest)
        if events >= settings.min_events and self._blocked > settings.max_share * events:
            return self._excess("share", self._latest)
        if settings.max_blocks is not None and len(self._blocks) > settings.max_blocks:
            return self._excess("blocks", self._blocks)
        return None

    def clear(self) -> None:
        """Forget all events."""
        self._latest.clear()
        self._blocks.clear()
        self._blocked = 0

    def expire(self, now: datetime) -> None:
        """Forget the events before the window that ends `now`."""
        until = now - self._window
        while self._latest and self._latest[0].at <= until:
            self._forget_oldest()
        while self._blocks and self._blocks[0].at <= until:
            self._blocks.popleft()

    def _add(self, event: Observed) -> None:
        self.expire(event.at)
        if len(self._latest) == self.settings.min_events:
            self._forget_oldest()
        self._latest.append(event)
        if event.blocked_by is not None:
            self._blocked += 1
            self._keep_block(event)

    def _keep_block(self, event: Observed) -> None:
        if self.settings.max_blocks is None:
            return
        self._blocks.append(event)
        if len(self._blocks) > self.settings.max_blocks + 1:
            self._blocks.popleft()

    def _forget_oldest(self) -> None:
        self._blocked -= self._latest.popleft().blocked_by is not None

    def _excess(self, limit: Limit, among: Iterable[Observed]) -> Excess:
        blocked = [each.blocked_by or (MODEL,) for each in among if each.blocked_by is not None]
        events = len(self._latest)
        by = Counter(name for names in blocked for name in names)
        return Excess(limit, len(blocked), events, self._blocked / events, by)
