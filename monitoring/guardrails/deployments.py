"""Which models of a route are watched, since when, and what each is compared with. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scoring.learning.promotion.promote import champions_in_order, is_roll_back
from scoring.log.entries import Entry
from scoring.registry.routes import CANARY, CHAMPION, Arm, table_from


@dataclass(frozen=True, slots=True)
class Deployment:
    """A model that is watched: a canary, or a champion that replaced another one.

    `since_route`, `since`: the version of the route, and when, since which it has its `role`. `control`: the
    champion beside a canary; the champion before a new one.
    """

    event_type: str
    model: str
    role: str
    since_route: int
    since: datetime
    control: str


def watched(entries: Sequence[Entry], *, watch_hours: int, now: datetime) -> list[Deployment]:
    """The models to watch, given the entries of a route in order.

    Not a champion that was there first, that a rollback restored, or that has been one for `watch_hours`.
    """
    if not entries:
        return []
    route = table_from(entries[-1])
    found = [_champion(entries, route.champion, until=now - timedelta(hours=watch_hours))]
    if route.canary:
        start = _start(entries, route.canary.model, CANARY)
        found.append(_deployment(start, route.canary, route.champion.model))
    return [each for each in found if each is not None]


def _champion(entries: Sequence[Entry], champion: Arm, *, until: datetime) -> Deployment | None:
    start = _start(entries, champion.model, CHAMPION)
    before = champions_in_order(entries)[:-1]
    if is_roll_back(start) or not before or start.recorded_at < until:
        return None
    return _deployment(start, champion, before[-1])


def _start(entries: Sequence[Entry], model: str, role: str) -> Entry:
    """The entry since which a model has had a role without interruption, up to the last entry."""
    start = entries[-1]
    for entry in reversed(entries):
        if not any(arm["model"] == model and arm["role"] == role for arm in entry.data["arms"]):
            break
        start = entry
    return start


def _deployment(start: Entry, arm: Arm, control: str) -> Deployment:
    return Deployment(
        event_type=start.data["event_type"],
        model=arm.model,
        role=arm.role,
        since_route=start.stream_version,
        since=start.recorded_at,
        control=control,
    )
