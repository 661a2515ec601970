"""The reasons in a row of the queue: those that raise the score first, the calendar last."""

from typing import Any

from reviews.pages.queue import calendar_features, main_reasons
from tests.factories.findings import rule_found


def reason(feature: str, contribution: float) -> dict[str, Any]:
    return {"feature": feature, "contribution": contribution, "text": feature}


def told(*reasons: dict[str, Any]) -> list[str]:
    decision = {"event_type": "payment", "reasons": list(reasons)}
    return main_reasons(decision, calendar=calendar_features("payment"))


def test_reasons_that_raise_the_score_come_before_the_hour_of_day() -> None:
    rows = reason("hour_of_day", 3.0), reason("card_count_1h", 1.0), reason("amount", 0.5)
    assert told(*rows) == ["card_count_1h", "amount"]


def test_reasons_that_raise_the_score_come_before_those_that_lower_it() -> None:
    assert told(reason("amount", -2.0), reason("card_count_1h", 0.2)) == ["card_count_1h", "amount"]


def test_the_hour_is_shown_if_there_is_no_other_reason() -> None:
    assert told(reason("hour_of_day", 3.0)) == ["hour_of_day"]


def test_a_decision_without_reasons_shows_none() -> None:
    assert told() == []


def test_without_a_model_the_rules_that_asked_for_an_outcome_are_the_reasons() -> None:
    findings = [rule_found("a", text="Many write to one"), rule_found("b", stage="shadow", text="Tried out")]
    decision = {"event_type": "content", "reasons": [], "findings": findings}
    assert main_reasons(decision, calendar=()) == ["Many write to one"]


def test_the_calendar_is_known_by_what_a_feature_declares() -> None:
    assert "hour_of_day" in calendar_features("payment")
    assert "card_count_1h" not in calendar_features("payment")
    assert calendar_features("refund") == calendar_features("no such type") == frozenset()
