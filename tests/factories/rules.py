"""Rules as the product writes them."""

from datetime import UTC, datetime
from typing import Any

from scoring.rules.rules.rule import RuleVersion
from scoring.rules.ruleset.stream import Change, append_changes

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


def rule_version(number: int = 1, **fields: Any) -> RuleVersion:
    """A version of the rule "velocity" of payments."""
    data = {
        "event_type": "payment",
        "name": "velocity",
        "expression": "amount > 500.0",
        "outcome": "review",
        "code": "VELOCITY",
        "sentence": "A large amount",
    }
    return RuleVersion(**{**data, "number": number, **fields})


def drafted(version: RuleVersion) -> Change:
    return Change("rule.drafted", version.as_data())


def staged(version: RuleVersion, stage: str) -> Change:
    named = {"event_type": version.event_type, "name": version.name, "number": version.number}
    return Change("rule.staged", {**named, "stage": stage, "by": "user/lea", "reason": ""})


def store_rule(
    stage: str = "draft", *, actor: str = "user/ana", now: datetime = NOW, **fields: Any
) -> RuleVersion:
    """Store a version in a stage, without the checks of the services."""
    version = rule_version(**fields)
    changes = [drafted(version), *([staged(version, stage)] if stage != "draft" else [])]
    append_changes(changes, actor=actor, now=now)
    return version
