"""Which model version decides an event type: the route, changed by entries of the log alone.

A route has room for several arms, shared out by a salted hash of a unit. Deciding by more than one is not
there yet, so a route that asks for it is refused: shares that are accepted and ignored would be a lie.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.db import connection

from scoring.errors import InvalidRoute
from scoring.log.append import append
from scoring.log.entries import Entry, NewEntry


@dataclass(frozen=True, slots=True)
class Arm:
    """A model version, its role and its share (0 to 1) of the units."""

    name: str
    model: str
    role: str
    share: float


@dataclass(frozen=True, slots=True)
class RouteTable:
    """The arms of one event type at one version of its route."""

    event_type: str
    version: int
    salt: str
    unit: str
    arms: tuple[Arm, ...]

    @property
    def champion(self) -> Arm:
        return next(arm for arm in self.arms if arm.role == "champion")


def current_routes() -> dict[str, RouteTable]:
    """The route of every event type that has one, in one query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT event_type, version, salt, unit, arms::text FROM scoring_route")
        return {row[0]: _table(*row) for row in cursor.fetchall()}


def change_route(
    event_type: str,
    *,
    arms: Sequence[Arm],
    salt: str,
    unit: str,
    expected_version: int,
    actor: str,
    reason: str,
    now: datetime,
) -> Entry:
    """Append `route.changed`, the only way a route changes; raises StreamConflict when somebody was quicker.

    Raises InvalidRoute unless there is one champion, which decides everything.
    """
    check_arms(event_type, arms)
    entry = NewEntry(
        stream=f"route/{event_type}",
        expected_version=expected_version,
        type="route.changed",
        data={
            "event_type": event_type,
            "version": expected_version + 1,
            "salt": salt,
            "unit": unit,
            "arms": [{"name": a.name, "model": a.model, "role": a.role, "share": a.share} for a in arms],
            "reason": reason,
        },
        metadata={"actor": actor},
    )
    return append([entry], now=now)[0]


def check_arms(event_type: str, arms: Sequence[Arm]) -> None:
    """Raises InvalidRoute unless the arms are one champion that decides everything."""
    if [(arm.role, arm.share) for arm in arms] != [("champion", 1.0)]:
        given = ", ".join(f"{arm.role} {arm.share:g}" for arm in arms) or "none"
        raise InvalidRoute(event_type, f"one champion with a share of 1 is needed; given: {given}")


def _table(event_type: str, version: int, salt: str, unit: str, arms: str) -> RouteTable:
    parsed: list[dict[str, Any]] = orjson.loads(arms)
    return RouteTable(event_type, version, salt, unit, tuple(Arm(**arm) for arm in parsed))
