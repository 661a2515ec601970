"""Count what lists, rules and exploration did in a decision, for /metrics."""

from collections.abc import Mapping
from typing import Any

from scoring.rules.exploration.drawing import was_let_through
from scoring.signals.telemetry import telemetry


def count_findings(decision: Mapping[str, Any]) -> None:
    """Add the findings, failed rules and exploration of a decision (data of its entry) to the telemetry."""
    if "ruleset" not in decision:
        return
    event_type = decision["event_type"]
    for found in decision["findings"]:
        telemetry.add("finding", event_type, found["kind"], found["name"], found["stage"])
    for error in decision.get("rule_errors", ()):
        telemetry.add("rule_error", event_type, error["name"])
    if exploration := decision.get("exploration"):
        telemetry.add("explored", event_type, "yes" if was_let_through(exploration) else "no")
