"""Opens cases for a random sample of recent decisions."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from reviews.models import Case
from reviews.queue.opening import opening_facts, opening_for
from scoring.decisions.models import Decision
from scoring.lanes.amendments import RETRACTED
from scoring.log.append import append_new
from scoring.log.entries import Entry
from scoring.log.read import read_positions, read_streams

WITHIN = timedelta(days=1)
MAX_DECISIONS = 20_000  # the latest ones of a type, among which the sample is drawn


def open_sample(event_type: str, *, count: int, salt: str, now: datetime) -> int:
    """Open cases for up to `count` decisions of the last day, each equally likely; returns how many.

    Retracted events, and those with a case for another reason, are left out. The same `salt` draws the same
    decisions, so that a repeated request opens cases of new decisions only.
    """
    drawn = _draw(event_type, count=count, salt=salt, now=now)
    return open_cases(Case.Why.SAMPLE, latest_decisions([entry.stream for entry in drawn]), now=now)


def latest_decisions(streams: Sequence[str]) -> list[Entry]:
    """The last decision on each of these events that was not retracted, in the order of `streams`."""
    found = read_streams(streams)
    latest = [_latest(found[stream]) for stream in streams if stream in found]
    return [entry for entry in latest if entry is not None]


def open_cases(why: Case.Why, decisions: Sequence[Entry], *, now: datetime) -> int:
    """Open cases of these decisions' events for a cause; how many had none before."""
    facts = opening_facts(decisions, now=now)
    opened, _ = append_new([opening_for(why, entry, facts) for entry in decisions], now=now)
    return len(opened)


def _draw(event_type: str, *, count: int, salt: str, now: datetime) -> list[Entry]:
    """The first decisions of the sampled events."""
    recent = Decision.objects.filter(event_type=event_type, revision=0, decided_at__gt=now - WITHIN)
    found = dict(recent.order_by("-position").values_list("event_position", "position")[:MAX_DECISIONS])
    other = Case.objects.filter(pk__in=found).exclude(why=Case.Why.SAMPLE)
    free = found.keys() - set(other.values_list("pk", flat=True))
    chosen = sorted(free, key=lambda event: hashlib.sha256(f"{salt}\x1f{event}".encode()).digest())[:count]
    return read_positions([found[event] for event in chosen])


def _latest(entries: list[Entry]) -> Entry | None:
    """The last decision on an event; None if the event was retracted."""
    if any(entry.type == RETRACTED for entry in entries):
        return None
    decided = [entry for entry in entries if entry.type in ("decision.made", "decision.revised")]
    return decided[-1]
