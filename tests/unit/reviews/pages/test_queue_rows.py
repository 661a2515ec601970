"""What a row of the queue tells: reasons that speak for the case, the calendar last."""

from typing import Any

from reviews.pages.queue import calendar_features, telling_reasons


def reason(feature: str, contribution: float) -> dict[str, Any]:
    return {"feature": feature, "contribution": contribution, "text": feature}


def told(*reasons: dict[str, Any]) -> list[str]:
    return telling_reasons({"event_type": "payment", "reasons": list(reasons)})


def test_what_raises_the_score_comes_before_the_hour_of_day() -> None:
    rows = reason("hour_of_day", 3.0), reason("card_count_1h", 1.0), reason("amount", 0.5)
    assert told(*rows) == ["card_count_1h", "amount"]


def test_what_raises_the_score_comes_before_what_lowers_it() -> None:
    assert told(reason("amount", -2.0), reason("card_count_1h", 0.2)) == ["card_count_1h", "amount"]


def test_the_hour_is_told_where_there_is_nothing_else() -> None:
    assert told(reason("hour_of_day", 3.0)) == ["hour_of_day"]


def test_no_reason_is_told_of_a_decision_without_any() -> None:
    assert told() == []


def test_the_calendar_is_known_by_what_a_feature_declares() -> None:
    assert "hour_of_day" in calendar_features("payment")
    assert "card_count_1h" not in calendar_features("payment")
    assert calendar_features("refund") == calendar_features("no such type") == frozenset()
