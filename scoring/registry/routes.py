"""Routes: the model versions that decide an event type, each for its units.

A route's traffic is divided between a champion and at most one canary by a salted hash of a unit (such as the
customer). Assignments are computed, never stored, and units stay in a growing canary. Shadows score their
share of the units and decide nothing.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import orjson
from django.db import connection

from scoring.catalog.fields import Entity
from scoring.catalog.registry import event_type as find_event_type
from scoring.log.append import append
from scoring.log.entries import Entry, NewEntry
from scoring.registry.errors import InvalidRoute

CHAMPION, CANARY, SHADOW = ROLES = ("champion", "canary", "shadow")
SEPARATOR = "\x1f"
TOLERANCE = 1e-9  # shares are decimals that people type: 0.9 + 0.1
MAX_ARM_NAME, MAX_SALT = 40, 40  # characters

_ROUTES = "SELECT event_type, version, salt, unit, arms::text, experiment FROM scoring_route"


@dataclass(frozen=True, slots=True)
class Arm:
    """A model version with its role and its share (0 to 1) of the traffic that it decides or scores."""

    name: str
    model: str
    role: str
    share: float


@dataclass(frozen=True, slots=True)
class RouteTable:
    """The arms of one event type at one version of its route.

    `unit`: the field whose value is hashed; `experiment`: the experiment to which the shares belong, if any.
    """

    event_type: str
    version: int
    salt: str
    unit: str
    arms: tuple[Arm, ...]
    experiment: str = ""

    @property
    def champion(self) -> Arm:
        return next(arm for arm in self.arms if arm.role == CHAMPION)

    @property
    def canary(self) -> Arm | None:
        return next((arm for arm in self.arms if arm.role == CANARY), None)

    @property
    def shadows(self) -> tuple[Arm, ...]:
        return tuple(arm for arm in self.arms if arm.role == SHADOW)


def share_point(salt: str, unit_value: str) -> float:
    """A unit's point in [0, 1): the first 53 bits of SHA-256 of salt, 0x1f and value. Uniform over units.

    >>> share_point("payment/1", "customer-7")
    0.3611146473457201
    """
    digest = hashlib.sha256(f"{salt}{SEPARATOR}{unit_value}".encode()).digest()
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53


def arm_for(route: RouteTable, unit_value: str) -> Arm:
    """The arm that decides a unit's events: the canary owns [0, its share), the champion the rest.

    An event without the unit ("") belongs to the champion, because it cannot be assigned consistently.
    """
    canary = route.canary
    if canary and unit_value and share_point(route.salt, unit_value) < canary.share:
        return canary
    return route.champion


def is_shadowed(route: RouteTable, shadow: Arm, unit_value: str) -> bool:
    """Whether a shadow scores a unit's events; independent of the canary, as its name is hashed too."""
    return share_point(f"{route.salt}/{shadow.name}", unit_value) < shadow.share


def current_routes() -> dict[str, RouteTable]:
    """The route of every event type that has one, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(_ROUTES)
        return {row[0]: _stored_table(row) for row in cursor.fetchall()}


def route_of(event_type: str) -> RouteTable | None:
    """The current route of an event type, if it has one."""
    with connection.cursor() as cursor:
        cursor.execute(f"{_ROUTES} WHERE event_type = %s", [event_type])
        row = cursor.fetchone()
    return _stored_table(row) if row else None


def table_from(entry: Entry) -> RouteTable:
    """The route set by a `route.changed` entry."""
    data = entry.data
    return RouteTable(
        event_type=data["event_type"],
        version=entry.stream_version,
        salt=data["salt"],
        unit=data["unit"],
        arms=_arms(data["arms"]),
        experiment=data["experiment"],
    )


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
    experiment: str = "",
    figures: Mapping[str, Any] | None = None,
) -> Entry:
    """Append `route.changed`, the only way a route changes. Raises StreamConflict after a concurrent change.

    `figures`: those of the guardrail that a model exceeded, if that is the reason. Raises InvalidRoute for
    invalid arms, an invalid salt or unit (see `check_arms`, `check_unit`).
    """
    check_arms(event_type, arms)
    check_unit(event_type, salt=salt, unit=unit)
    entry = NewEntry(
        stream=f"route/{event_type}",
        expected_version=expected_version,
        type="route.changed",
        data={
            "event_type": event_type,
            "version": expected_version + 1,
            "salt": salt,
            "unit": unit,
            "arms": [asdict(arm) for arm in arms],
            "experiment": experiment,
            "reason": reason,
            **({"guardrail": dict(figures)} if figures else {}),
        },
        metadata={"actor": actor},
    )
    return append([entry], now=now)[0]


def check_arms(event_type: str, arms: Sequence[Arm]) -> None:
    """Raises InvalidRoute unless the arms are one champion, at most one canary, and any number of shadows.

    Champion and canary share the traffic, so their shares sum to 1; every share is more than 0 and at most 1;
    no two arms have the same name or the same model.
    """
    problems = [
        *_counted_wrong(arms),
        *(problem for arm in arms for problem in _wrong_arm(arm)),
        *_said_twice("name", [arm.name for arm in arms]),
        *_said_twice("model", [arm.model for arm in arms]),
    ]
    traffic = math.fsum(arm.share for arm in arms if arm.role in (CHAMPION, CANARY))
    if not problems and abs(traffic - 1) > TOLERANCE:
        problems.append(f"champion and canary must share all traffic; their shares sum to {traffic:g}")
    if problems:
        given = ", ".join(f"{arm.role} {arm.share:g}" for arm in arms) or "none"
        raise InvalidRoute(event_type, f"{'; '.join(problems)}; given: {given}")


def check_unit(event_type: str, *, salt: str, unit: str) -> None:
    """Raises InvalidRoute unless the unit is an entity of the event type and the salt can be stored."""
    fields = find_event_type(event_type).fields
    allowed = [name for name, field in fields.items() if isinstance(field, Entity)]
    if unit not in allowed:
        raise InvalidRoute(event_type, f"{unit!r} is not a unit; allowed: {', '.join(allowed)}")
    if not 0 < len(salt) <= MAX_SALT:
        raise InvalidRoute(event_type, f"a salt has 1 to {MAX_SALT} characters, not {len(salt)}")


def _counted_wrong(arms: Sequence[Arm]) -> list[str]:
    roles = [arm.role for arm in arms]
    problems = []
    if roles.count(CHAMPION) != 1:
        problems.append("exactly one champion is needed")
    if roles.count(CANARY) > 1:
        problems.append("at most one canary is possible")
    return problems


def _wrong_arm(arm: Arm) -> list[str]:
    problems = []
    if arm.role not in ROLES:
        problems.append(f"{arm.role!r} is not a role; allowed: {', '.join(ROLES)}")
    if not 0 < arm.share <= 1:
        problems.append(f"the share of {arm.name} must be more than 0 and at most 1")
    if not 0 < len(arm.name) <= MAX_ARM_NAME:
        problems.append(f"the name of an arm has 1 to {MAX_ARM_NAME} characters, not {len(arm.name)}")
    return problems


def _said_twice(what: str, values: Sequence[str]) -> list[str]:
    twice = sorted({value for value in values if values.count(value) > 1})
    return [f"two arms have the {what} {value}" for value in twice]


def _stored_table(row: Sequence[Any]) -> RouteTable:
    event_type, version, salt, unit, arms, experiment = row
    return RouteTable(event_type, version, salt, unit, _arms(orjson.loads(arms)), experiment)


def _arms(stored: Sequence[Mapping[str, Any]]) -> tuple[Arm, ...]:
    return tuple(Arm(**arm) for arm in stored)
