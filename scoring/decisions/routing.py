"""Which model version decides an event: arms with shares, assigned by a salted hash of a unit."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.db import connection

from scoring.errors import InvalidRoute
from scoring.log.append import append
from scoring.log.entries import Entry, NewEntry

DECIDING_ROLES = ("champion", "canary")


@dataclass(frozen=True, slots=True)
class Arm:
    """A model version and its share (0 to 1) of the units; a shadow scores everything and decides nothing."""

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

    def arm_for(self, unit_value: str) -> Arm:
        """The deciding arm of a unit: the same for the same salt, whatever else is routed."""
        point = hash_to_unit_interval(self.salt, unit_value)
        deciding = [arm for arm in self.arms if arm.role in DECIDING_ROLES]
        edge = 0.0
        for arm in deciding:
            edge += arm.share
            if point < edge:
                return arm
        return deciding[-1]


def hash_to_unit_interval(salt: str, value: str) -> float:
    """A number in [0, 1), uniform over values: the first 53 bits of SHA-256 over salt and value."""
    digest = hashlib.sha256(f"{salt}\x1f{value}".encode()).digest()
    return (int.from_bytes(digest[:8], "big") >> 11) / (1 << 53)


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

    Raises InvalidRoute unless there is one champion and the deciding shares add up to 1.
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
    """Raises InvalidRoute unless there is one champion and the deciding shares add up to 1."""
    champions = [arm for arm in arms if arm.role == "champion"]
    if len(champions) != 1:
        raise InvalidRoute(event_type, f"{len(champions)} champions; exactly one is needed")
    total = sum(arm.share for arm in arms if arm.role in DECIDING_ROLES)
    if abs(total - 1) > 1e-9 or any(not 0 <= arm.share <= 1 for arm in arms):
        raise InvalidRoute(
            event_type, f"deciding shares add up to {total:g}; they must be 0 to 1 and add up to 1"
        )


def _table(event_type: str, version: int, salt: str, unit: str, arms: str) -> RouteTable:
    parsed: list[dict[str, Any]] = orjson.loads(arms)
    return RouteTable(event_type, version, salt, unit, tuple(Arm(**arm) for arm in parsed))
