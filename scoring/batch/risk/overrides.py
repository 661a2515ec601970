"""Overrides of computed risks: set by a person with a reason and an end, and read by the next version."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from scoring.batch.declared import batch_views
from scoring.batch.risk.errors import InvalidRiskOverride, NoRiskOverride, UnknownRiskView
from scoring.batch.risk.models import RiskOverride
from scoring.batch.risk.view import Risk
from scoring.catalog.parsing.reasons import clean_reason
from scoring.log.append import append
from scoring.log.entries import Entry, NewEntry
from scoring.log.read import last_version

MAX_DURATION = timedelta(days=366)
OVERRIDDEN, ENDED = "risk.overridden", "risk.override_ended"


def risk_views() -> dict[str, Risk]:
    """Every declared risk view by key ("payment.customer_risk")."""
    return {key: view for key, view in batch_views().items() if isinstance(view, Risk)}


def find_risk_view(key: str) -> Risk:
    """The risk view of this key. Raises UnknownRiskView."""
    known = risk_views()
    if key not in known:
        raise UnknownRiskView(key, tuple(known))
    return known[key]


def overrides_at(view: str, now: datetime) -> list[RiskOverride]:
    """The overrides of a view that hold at `now`, by entity."""
    return list(RiskOverride.objects.holding(now).filter(view=view).order_by("entity"))


def overrides_digest(overrides: Sequence[RiskOverride]) -> str:
    """SHA-256 of the entities and scores."""
    text = json.dumps([[each.entity, each.score] for each in overrides])
    return hashlib.sha256(text.encode()).hexdigest()


def are_overrides_due(view: str, inputs: Mapping[str, Any] | None, *, now: datetime) -> bool:
    """Whether other overrides hold at `now` than in the version with these inputs."""
    return overrides_digest(overrides_at(view, now)) != (inputs or {}).get("overrides")


def override_of(view: str, entity: str) -> RiskOverride | None:
    """The last override of an entity, whether it holds or not."""
    return RiskOverride.objects.filter(pk=key_of(view, entity)).first()


def key_of(view: str, entity: str) -> str:
    """SHA-256 of a view and an entity: names may hold any character."""
    return hashlib.sha256(json.dumps([view, entity]).encode()).hexdigest()


def stream_of(view: str, entity: str) -> str:
    """The stream of an entity's overrides."""
    return f"risk/{view}/{key_of(view, entity)}"


def override_risk(
    *,
    view: str,
    entity: str,
    score: float,
    reason: str,
    expires_at: datetime,
    actor: str,
    now: datetime,
) -> Entry:
    """Let `score` be the risk of an entity (as the log has it) until `expires_at`, from the next version on.

    It replaces an override before. Raises UnknownRiskView, InvalidRiskOverride, and StreamConflict after a
    concurrent change.
    """
    find_risk_view(view)
    _check(view, entity, score=score, reason=reason, expires_at=expires_at, now=now)
    data = {"score": score, "expires_at": expires_at.isoformat(), "reason": clean_reason(reason)}
    return _append(OVERRIDDEN, view, entity, data, actor=actor, now=now)


def end_override(*, view: str, entity: str, reason: str, actor: str, now: datetime) -> Entry:
    """Let the computed risk of an entity hold again, from the next version on.

    Raises UnknownRiskView, InvalidRiskOverride, NoRiskOverride, and StreamConflict after a concurrent change.
    """
    find_risk_view(view)
    if not reason.strip():
        raise InvalidRiskOverride("reason", "must say why the override ends", None)
    held = override_of(view, entity)
    if held is None or not held.holds(now):
        raise NoRiskOverride(view, entity)
    return _append(ENDED, view, entity, {"reason": clean_reason(reason)}, actor=actor, now=now)


def _check(view: str, entity: str, *, score: float, reason: str, expires_at: datetime, now: datetime) -> None:
    if not entity:
        raise InvalidRiskOverride("entity", "is missing", None)
    if not (math.isfinite(score) and 0 <= score <= 1):
        raise InvalidRiskOverride("score", f"is {score!r}", "a number from 0 to 1")
    if not reason.strip():
        raise InvalidRiskOverride("reason", "must say why the risk is overridden", None)
    if not now < expires_at <= now + MAX_DURATION:
        allowed = f"a time from now to {MAX_DURATION.days} days from now"
        raise InvalidRiskOverride("expires_at", f"is {expires_at.isoformat()}", allowed)


def _append(
    entry_type: str, view: str, entity: str, data: dict[str, object], *, actor: str, now: datetime
) -> Entry:
    stream = stream_of(view, entity)
    entry = NewEntry(
        stream=stream,
        expected_version=last_version(stream),
        type=entry_type,
        data={"view": view, "entity": entity, **data},
        metadata={"actor": actor},
    )
    return append([entry], now=now)[0]
