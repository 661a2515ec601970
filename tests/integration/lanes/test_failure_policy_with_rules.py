"""When a lane cannot decide, lists and the rules that need no features still do."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from scoring.decisions.failure_policy import decide_without_lane
from scoring.log.read import read_stream
from scoring.rules.ruleset.stream import current_version
from scoring.signals import lane_notifications, reply_channels
from tests.factories.lists import defined, listed
from tests.factories.payments import payments
from tests.integration.lanes.conftest import without_model
from tests.integration.lanes.test_ruleset_in_lanes import decision, rule

pytestmark = pytest.mark.django_db(transaction=True)

NEEDS_FEATURES = {"kind": "rule", "name": "busy_card", "number": 1}
NEEDS_SCORE = {"kind": "rule", "name": "likely", "number": 1}
BREAKER = {"kind": "breaker"}


@pytest.fixture
def configured(transactional_db: None) -> None:
    """A rule on fields, one on a feature, one on the score, and a list of cards."""
    rule("busy_card", "card_count_24h >= 1.0")
    rule("large", "amount > 500.0")
    rule("likely", "score > 0.5")
    defined("stolen_cards", kind="card", action="block")
    listed("stolen_cards", "bad-card", now=datetime.now(UTC))


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ("review", "policy", [], [])),
        ({"amount": "600.00"}, ("block", "rule", ["large"], [BREAKER])),
        ({"card": "bad-card"}, ("block", "list", ["stolen_cards"], [])),
    ],
    ids=["nothing found", "a rule on fields", "a listed card"],
)
def test_lists_and_rules_on_fields_decide_and_the_rest_is_recorded(
    send: Callable[..., Any], changes: dict[str, str], expected: tuple[str, str, list[str], list[Any]]
) -> None:
    outcome, decided_by, names, unseen = expected
    [receipt] = send(payments(1, **changes))
    decide_without_lane(read_stream(receipt.stream), "broker_unavailable")
    found = decision(receipt.stream)
    assert (found["outcome"], found["decided_by"]) == (outcome, decided_by)
    assert [each["name"] for each in found["findings"]] == names
    assert found["unseen"] == [NEEDS_FEATURES, NEEDS_SCORE, *unseen]
    assert (found["basis"], found["cause"]) == ("fallback", "broker_unavailable")
    assert found["ruleset"] == current_version()


def test_the_lane_revises_it_with_what_could_not_be_seen(
    send: Callable[..., Any], work: Callable[[], Any], configured: None
) -> None:
    send(payments(1, card="one-card"))
    work()
    [receipt] = send(payments(1, start=1, card="one-card"))
    decide_without_lane(read_stream(receipt.stream), "timeout")
    work()
    made, revised = [entry.data for entry in read_stream(receipt.stream)[1:]]
    assert (made["outcome"], made["findings"]) == ("review", [])
    assert (revised["outcome"], [each["name"] for each in revised["findings"]]) == ("block", ["busy_card"])
    assert "unseen" not in revised


def test_when_the_time_budget_is_over_rules_decide(send: Callable[..., Any], configured: None) -> None:
    [receipt] = send(payments(1, amount="600.00"), wait=0.05, on_timeout="fallback")
    assert receipt.answer["decision"]["outcome"] == "block"
    assert decision(receipt.stream)["cause"] == "timeout"


def test_when_the_broker_is_gone_rules_decide(
    send: Callable[..., Any], configured: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane_notifications, "notify_lanes", lambda lanes: "broker_unavailable")
    [receipt] = send(payments(1, amount="600.00"), wait=1.0)
    assert receipt.answer["decision"]["outcome"] == "block"
    assert decision(receipt.stream)["cause"] == "broker_unavailable"


def test_when_redis_is_gone_rules_decide(
    send: Callable[..., Any], configured: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def collect(channel: object, **how: object) -> tuple[dict[str, Any], str]:
        return {}, "online_store_unavailable"

    monkeypatch.setattr(reply_channels.ReplyChannel, "collect", collect)
    [receipt] = send(payments(1, card="bad-card"), wait=1.0)
    assert receipt.answer["decision"]["outcome"] == "block"
    assert decision(receipt.stream)["cause"] == "online_store_unavailable"


def test_in_a_lane_without_its_model_all_rules_decide_without_the_score(
    send: Callable[..., Any], work: Callable[[], Any], configured: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_model(monkeypatch)
    receipts = [send(payments(1, start=number, card="one-card"))[0] for number in range(2)]
    work()
    first, second = [decision(each.stream) for each in receipts]
    assert (first["outcome"], first["decided_by"], first["basis"]) == ("review", "policy", "fallback")
    assert (second["outcome"], second["decided_by"]) == ("block", "rule")
    assert second["unseen"] == [NEEDS_SCORE]
