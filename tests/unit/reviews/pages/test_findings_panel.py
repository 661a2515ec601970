"""The panel with what lists, rules and what guards blocks said about an event."""

from typing import Any

import pytest

from reviews.pages.findings_panel import findings_panel

FOUND = {"kind": "rule", "name": "large", "number": 2, "stage": "active", "outcome": "block", "text": "Large"}

REACHED = {"score": 0.97, "outcome": "block", "thresholds": {"review": 0.3, "block": 0.9}}
SPACE = "\N{NO-BREAK SPACE}"


def decided(**data: Any) -> dict[str, Any]:
    return {"event_type": "payment", "ruleset": 9, "outcome": "block", "findings": [], **data}


def test_a_decision_of_before_there_were_rules_has_no_panel() -> None:
    assert findings_panel({"event_type": "payment", "outcome": "allow"}) is None


@pytest.mark.parametrize(
    ("changes", "part"),
    [({}, ""), ({"stage": "shadow"}, "shadow"), ({"kind": "list", "outcome": "", "field": "card"}, "tag")],
)
def test_a_finding_says_whether_it_took_part(changes: dict[str, str], part: str) -> None:
    panel = findings_panel(decided(findings=[{**FOUND, **changes}]))
    assert panel
    [row] = panel.rows
    assert (row.part, row.field) == (part, changes.get("field", ""))
    assert (panel.ruleset, panel.event_type) == (9, "payment")


@pytest.mark.parametrize(
    ("data", "note"),
    [
        (
            {"policy": {"number": 3, "mode": "cost", "segment": "travel"}},
            "Policy 3 (by cost), segment travel, gave the thresholds.",
        ),
        (
            {"event_type": "content", "policies": {"spam": {**REACHED, "policy": {"number": 3}}}},
            f"Spam: 97.0{SPACE}% reaches block from 90.0{SPACE}%, a threshold of version 3 of the policy.",
        ),
        (
            {"event_type": "content", "policies": {"hate": REACHED, "spam": {**REACHED, "outcome": "allow"}}},
            f"Hate: 97.0{SPACE}% reaches block from 90.0{SPACE}%, a threshold of the model.",
        ),
        ({"policy": {"number": 3, "mode": "fixed"}}, "Policy 3 (fixed thresholds) gave the thresholds."),
        (
            {"outcome": "review", "initial": "block", "breaker": {"state": "open"}},
            "The breaker was open, so this block became a review.",
        ),
        (
            {"outcome": "allow", "initial": "block", "exploration": {"propensity": 0.01}},
            "Exploration let this would-be block through, as it does with 1.0\N{NO-BREAK SPACE}% of them.",
        ),
        (
            {"unseen": [{"kind": "rule", "name": "busy", "number": 1}, {"kind": "breaker"}]},
            "Could not be evaluated at that moment: rule busy and the breaker.",
        ),
        (
            {"rule_errors": [{"name": "busy", "number": 2, "error": "out of range."}]},
            "busy (version 2) failed: out of range.",
        ),
    ],
)
def test_each_part_of_the_ruleset_is_put_into_a_sentence(data: dict[str, Any], note: str) -> None:
    panel = findings_panel(decided(**data))
    assert panel
    assert panel.notes == [note]


def test_a_block_that_stayed_one_says_nothing_of_exploration() -> None:
    panel = findings_panel(decided(exploration={"propensity": 0.01, "drawn": False, "stopped_by": ""}))
    assert panel
    assert panel.notes == []
