"""How many recent events an expression hits: counted, or estimated from a sample in bounded time."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from scoring.intervals import wilson_interval
from scoring.rules.expressions.compiling import CompiledExpression
from scoring.rules.rules.trial.decided_events import DecidedEvent
from scoring.rules.rules.trial.sample import sample_events
from scoring.rules.rules.trial.trying import FAILED, MATCHED, UNKNOWN, Trial

PERIOD: Final = timedelta(days=30)
MAX_EVENTS = 2_000
MAX_EXAMPLES = 8


@dataclass(frozen=True, slots=True)
class Preview:
    """What an expression does to the events decided in a period.

    `seen` of the period's `total` events were asked: all of them, or a sample. `outcomes`: what was decided
    for the hits. `examples`: some of the hits, latest first. `problem`: that of an event on which it failed.
    """

    total: int
    seen: int
    is_complete: bool
    hits: int
    unknown: int
    failed: int
    outcomes: Mapping[str, int]
    examples: tuple[DecidedEvent, ...]
    problem: str = ""

    @property
    def share(self) -> float:
        """The share of the events that it hits; 0 without events."""
        return self.hits / self.seen if self.seen else 0.0

    @property
    def expected(self) -> int:
        """The hits of the whole period, estimated unless it was counted."""
        return self.hits if self.is_complete else round(self.share * self.total)

    @property
    def bounds(self) -> tuple[int, int]:
        """The 95 % interval of the hits of the whole period (Wilson); equal if it was counted."""
        if self.is_complete:
            return self.hits, self.hits
        low, high = wilson_interval(self.hits, self.seen)
        return round(low * self.total), round(high * self.total)


def preview(compiled: CompiledExpression, *, now: datetime, limit: int = MAX_EVENTS) -> Preview:
    """Ask an expression about the events of its type that were decided in the PERIOD before `now`."""
    sample = sample_events(compiled.event_type, since=now - PERIOD, limit=limit)
    answers: Counter[str] = Counter()
    hits: list[DecidedEvent] = []
    problem = ""
    for event, answer, trouble in Trial(compiled, now=now).ask(sample.events):
        answers[answer] += 1
        problem = problem or trouble
        if answer == MATCHED:
            hits.append(event)
    latest = sorted(hits, key=lambda event: event.occurred_at, reverse=True)
    return Preview(
        total=sample.total,
        seen=len(sample.events),
        is_complete=sample.is_complete,
        hits=len(hits),
        unknown=answers[UNKNOWN],
        failed=answers[FAILED],
        outcomes=dict(Counter(event.outcome for event in hits).most_common()),
        examples=tuple(latest[:MAX_EXAMPLES]),
        problem=problem,
    )
