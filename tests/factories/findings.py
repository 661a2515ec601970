"""Findings as decisions log them."""

from typing import Any


def rule_found(name: str = "fast-cards", outcome: str = "block", **changed: Any) -> dict[str, Any]:
    """A rule that matched."""
    return {
        "kind": "rule",
        "name": name,
        "number": 1,
        "stage": "active",
        "outcome": outcome,
        "code": "R001",
        "text": "The card pays unusually fast.",
        **changed,
    }


def value_found(name: str = "stolen-cards", outcome: str = "block", **changed: Any) -> dict[str, Any]:
    """A listed value; `number` is the version of the ruleset that listed it."""
    found = rule_found(name, outcome, field="card", number=12, text="The card is listed as stolen.")
    return {**found, "kind": "list", **changed}
