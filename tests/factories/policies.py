"""Policies as the product writes them."""

from datetime import UTC, datetime
from typing import Any

from scoring.rules.policies.costs import Action, Costs
from scoring.rules.policies.policy import FIXED, Policy, Terms
from scoring.rules.ruleset.stream import Change, append_changes

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
THRESHOLDS = {"review": 0.2, "block": 0.8}


def costs(**fields: Any) -> Costs:
    """Costs in which a review of 4.00 catches four fifths of fraud."""
    review = Action("review", 400, catches=0.8)
    usual = {"margin": 0.2, "insult": 1_000, "chargeback_fee": 2_500, "actions": (review,)}
    return Costs(**{**usual, **fields})


def policy(number: int = 1, **fields: Any) -> Policy:
    """A policy of payments with fixed thresholds."""
    usual = {"event_type": "payment", "terms": Terms(FIXED, THRESHOLDS)}
    return Policy(**{**usual, "number": number, **fields})


def drafted(version: Policy) -> Change:
    return Change("policy.drafted", version.as_data())


def staged(version: Policy, stage: str) -> Change:
    named = {"event_type": version.event_type, "number": version.number}
    return Change("policy.staged", {**named, "stage": stage, "by": "user/lea", "reason": ""})


def store_policy(
    stage: str = "draft", *, actor: str = "user/ana", now: datetime = NOW, **fields: Any
) -> Policy:
    """Store a version in a stage, without the checks of the services."""
    version = policy(**fields)
    changes = [drafted(version), *([staged(version, stage)] if stage != "draft" else [])]
    append_changes(changes, actor=actor, now=now)
    return version
