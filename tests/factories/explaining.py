"""A decision with everything that an explanation shows: a rule, a list, a label."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from scoring.log.append import append
from scoring.log.entries import Entry
from scoring.rules.ruleset.stream import Change, append_changes, current_version
from tests.factories.findings import rule_found, value_found
from tests.factories.log import decided, labeled, received
from tests.factories.rules import drafted, rule_version, staged

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
STOLEN = {
    "name": "stolen_cards",
    "title": "Stolen cards",
    "description": "",
    "action": "block",
    "kind": "card",
    "match": "value",
    "code": "LIST_STOLEN_CARDS",
    "sentence": "The card is blocked: Stolen cards",
}


def explained_event(external_id: str = "T-1", **decision: Any) -> Entry:
    """A payment that a listed card blocked and a rule wanted reviewed; gives its receipt."""
    version = rule_version(expression="amount > 5 && !has(device)", sentence="A first payment")
    append_changes([drafted(version), staged(version, "active")], actor="user/ana", now=NOW)
    append_changes([Change("list.defined", STOLEN)], actor="user/lea", now=NOW)
    listed = {"key": "0" * 32, "value": "c-1", "reason": "reported stolen", "expires_at": None, "tags": []}
    append_changes(
        [Change("list.values_added", {"list": "stolen_cards", "values": [listed]})], actor="user/lea", now=NOW
    )
    number = current_version()
    receipt = received(external_id, ip="0" * 32)
    signals = {"ip.private": False, "ip.version": 4}
    [event] = append([replace(receipt, data={**receipt.data, "signals": signals})], now=NOW)
    findings = [
        value_found("stolen_cards", number=number),
        rule_found("velocity", "review", text="A first payment"),
    ]
    given = {"ruleset": number, "decided_by": "list", "outcome": "block", "findings": findings}
    append([decided(event, margin=-1.0, **{**given, **decision})], now=NOW)
    append([labeled(event.stream)], now=NOW)
    return event
