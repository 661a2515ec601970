"""When a reviewer is due for a break, and how many sensitive cases they may still open. Pure.

An action is a case claimed, viewed, decided or released, or media shown. A pause of `break_minutes` between
two actions is a break; what lies between two breaks is a stretch of work.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

HOUR = timedelta(hours=1)


class Limits(NamedTuple):
    """The limits of a reviewer; None for none."""

    sensitive_per_hour: int | None = None
    work: timedelta | None = None
    break_: timedelta = timedelta(minutes=10)


class Action(NamedTuple):
    """Something that a reviewer did with the case of the event at `event_position`."""

    at: datetime
    event_position: int
    sensitive: bool


class Pace(NamedTuple):
    """How a reviewer stands.

    `worked`: the stretch of work until the last action, zero after a break. `break_until`: when the break
    that is due ends, None while none is due. `sensitive`: the sensitive cases of the last hour;
    `sensitive_from`: when the next one may be opened, None if now.
    """

    worked: timedelta
    break_until: datetime | None
    sensitive: int
    sensitive_from: datetime | None


def strictest(limits: Iterable[Limits]) -> Limits:
    """The strictest limit of each kind, and the longest break.

    >>> strictest([Limits(20), Limits(5, timedelta(minutes=60))]).sensitive_per_hour
    5
    """
    given = list(limits)
    counts = [each.sensitive_per_hour for each in given if each.sensitive_per_hour is not None]
    spans = [each.work for each in given if each.work is not None]
    breaks = [each.break_ for each in given]
    return Limits(min(counts, default=None), min(spans, default=None), max(breaks, default=Limits().break_))


def pace_of(actions: Sequence[Action], limits: Limits, *, now: datetime) -> Pace:
    """How a reviewer with these actions, in any order, stands at `now`."""
    done = sorted(action for action in actions if action.at <= now)
    worked = _stretch(done, limits.break_, now=now)
    due = limits.work is not None and worked >= limits.work
    opened = _opened_within(done, now - HOUR)
    limit = limits.sensitive_per_hour
    full = limit is not None and len(opened) >= limit
    return Pace(
        worked=worked,
        break_until=done[-1].at + limits.break_ if due else None,
        sensitive=len(opened),
        sensitive_from=opened[len(opened) - limit] + HOUR if full and limit else None,
    )


def _stretch(done: Sequence[Action], break_: timedelta, *, now: datetime) -> timedelta:
    """How long the current stretch of work lasted until its last action."""
    if not done or now - done[-1].at >= break_:
        return timedelta(0)
    began = done[-1].at
    for action in reversed(done):
        if began - action.at >= break_:
            break
        began = action.at
    return done[-1].at - began


def _opened_within(done: Sequence[Action], since: datetime) -> list[datetime]:
    """When each sensitive case was opened first since then, in order; media without an event each time."""
    first: dict[int, datetime] = {}
    for place, action in enumerate(done, start=1):
        if action.sensitive and action.at > since:
            first.setdefault(action.event_position or -place, action.at)
    return sorted(first.values())
