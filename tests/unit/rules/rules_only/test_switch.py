"""The event types that are decided by rules only, as entries of the ruleset leave them."""

from typing import Any

from scoring.rules.rules_only.switch import CHANGED, fold_rules_only


def switched(event_type: str, on: bool) -> dict[str, Any]:
    return {"event_type": event_type, "on": on, "reason": "tests"}


def test_each_event_type_has_a_switch_of_its_own() -> None:
    nothing: frozenset[str] = frozenset()
    payments = fold_rules_only(nothing, CHANGED, switched("payment", True))
    both = fold_rules_only(payments, CHANGED, switched("comment", True))
    assert (payments, both) == ({"payment"}, {"payment", "comment"})
    assert fold_rules_only(both, CHANGED, switched("payment", False)) == {"comment"}


def test_other_changes_of_the_ruleset_move_no_switch() -> None:
    on = frozenset({"payment"})
    assert fold_rules_only(on, "exploration.changed", {"event_type": "payment", "on": False}) == on
