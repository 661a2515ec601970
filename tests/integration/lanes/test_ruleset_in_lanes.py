"""A lane decides by the ruleset at its claim: lists, rules, breakers, exploration."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from scoring.event_types.payment import Payment
from scoring.intake.answers import answer_from_stream
from scoring.lanes.lock import held_lane
from scoring.log.models import LogEntry
from scoring.log.read import read_stream
from scoring.rules.breaker.changing import change_settings
from scoring.rules.breaker.settings import BreakerSettings
from scoring.rules.exploration.changing import change_exploration
from scoring.rules.exploration.settings import Exploration
from scoring.rules.rules.suppressing import suppress_rule
from scoring.rules.ruleset.stream import current_version
from scoring.runner.lane_runner import LaneRunner
from scoring.signals import reply_channels
from tests.factories.lists import defined, listed
from tests.factories.payments import payments
from tests.factories.rules import store_rule
from tests.integration.lanes.conftest import LANE

pytestmark = pytest.mark.django_db(transaction=True)

NEW_KEYS = {"ruleset", "decided_by", "findings", "rule_errors", "exploration", "breaker", "initial", "unseen"}


@pytest.fixture(autouse=True)
def let_through_without_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Payment, "no_model_outcome", "allow")


def decision(stream: str) -> Mapping[str, Any]:
    return read_stream(stream)[-1].data


def rule(name: str, expression: str, outcome: str = "block", *, stage: str = "active", **fields: Any) -> None:
    store_rule(
        stage,
        name=name,
        expression=expression,
        outcome=outcome,
        code=name.upper(),
        sentence=f"{name} matches",
        **fields,
    )


def test_without_a_ruleset_decisions_are_as_before(send, work) -> None:
    [receipt] = send(payments(1))
    work()
    assert not NEW_KEYS & decision(receipt.stream).keys()


def test_a_rule_decides_and_its_finding_is_recorded(send, work) -> None:
    rule("large", "amount > 500.0")
    small, large = send([*payments(1), *payments(1, start=1, amount="600.00")])
    work()
    assert decision(small.stream)["outcome"] == "allow"
    assert (decision(small.stream)["decided_by"], decision(small.stream)["findings"]) == ("policy", [])
    found = decision(large.stream)
    assert (found["outcome"], found["decided_by"], found["ruleset"]) == ("block", "rule", current_version())
    assert found["findings"] == [
        {
            "kind": "rule",
            "name": "large",
            "number": 1,
            "stage": "active",
            "outcome": "block",
            "code": "LARGE",
            "text": "large matches",
        }
    ]


def test_a_rule_reads_features_of_the_lane(send, work) -> None:
    rule("busy_card", "card_count_24h >= 2.0", "review")
    receipts = send(payments(4, card="one-card"))
    work()
    assert [decision(each.stream)["outcome"] for each in receipts] == ["allow", "allow", "review", "review"]


def test_a_change_holds_from_the_next_claim_on(send) -> None:
    with held_lane(LANE):
        runner = LaneRunner(LANE)
        [first] = send(payments(1))
        runner.step()
        rule("all", "amount > 0.0")
        [second] = send(payments(1, start=1))
        runner.step()
        rule("all", "amount > 0.0", "review", number=2)
        [third] = send(payments(1, start=2))
        runner.step()
    found = [decision(each.stream) for each in (first, second, third)]
    assert [each["outcome"] for each in found] == ["allow", "block", "block"]
    assert [each.get("ruleset") for each in found] == [None, 2, 4]
    assert [each["number"] for each in found[2]["findings"]] == [1, 2]


def test_a_shadow_rule_is_recorded_and_decides_nothing(send, work) -> None:
    rule("tried", "amount > 0.0", stage="shadow")
    [receipt] = send(payments(1))
    work()
    found = decision(receipt.stream)
    assert (found["outcome"], found["decided_by"]) == ("allow", "policy")
    assert [(each["name"], each["stage"]) for each in found["findings"]] == [("tried", "shadow")]


def test_a_rule_that_cannot_be_compiled_is_recorded_and_stops_nothing(send, work) -> None:
    rule("broken", "no_such_field > 1.0")
    rule("large", "amount > 500.0")
    [receipt] = send(payments(1, amount="600.00"))
    work()
    found = decision(receipt.stream)
    assert found["outcome"] == "block"
    [error] = found["rule_errors"]
    assert (error["name"], error["number"]) == ("broken", 1)
    assert "no_such_field" in error["error"]


def test_a_rule_whose_outcome_is_no_longer_declared_is_recorded_and_stops_nothing(send, work) -> None:
    rule("stepped", "amount > 1.0", "challenge")
    rule("high", "amount > 1.0", "review")
    (event,) = send(payments(1))
    work()
    made = decision(event.stream)
    assert made["outcome"] == "review"
    assert [each["name"] for each in made["findings"]] == ["high"]
    (error,) = made["rule_errors"]
    assert error["name"] == "stepped"
    assert "declares no outcome 'challenge' any more; it has allow, review, block" in error["error"]


def test_a_suppressed_rule_does_not_apply_to_its_entity(send, work) -> None:
    rule("all", "amount > 0.0")
    now = datetime.now(UTC)
    suppress_rule(
        event_type="payment",
        name="all",
        field="card",
        value="good-card",
        until=now + timedelta(days=1),
        reason="a good customer",
        actor="user/ana",
        now=now,
    )
    good, other = send([*payments(1, card="good-card"), *payments(1, start=1, card="other-card")])
    work()
    assert [decision(each.stream)["outcome"] for each in (good, other)] == ["allow", "block"]


def test_a_rule_in_rollout_applies_to_its_share_of_units(send, work) -> None:
    rule("half", "amount > 0.0", share=0.5, unit="customer")
    receipts = [send(payments(1, start=n, customer=f"c-{n}"))[0] for n in range(30)]
    work()
    blocked = sum(decision(each.stream)["outcome"] == "block" for each in receipts)
    assert 5 < blocked < 25


def test_a_block_list_decides_over_rules(send, work) -> None:
    defined("stolen_cards", kind="card", action="block")
    now = datetime.now(UTC)
    listed("stolen_cards", "bad-card", now=now)
    rule("trusted", "amount > 0.0", "allow")
    bad, good = send([*payments(1, card="bad-card"), *payments(1, start=1)])
    work()
    found = decision(bad.stream)
    assert (found["outcome"], found["decided_by"]) == ("block", "list")
    [hit, _] = found["findings"]
    assert (hit["kind"], hit["name"], hit["field"], hit["number"]) == ("list", "stolen_cards", "card", 2)
    assert (decision(good.stream)["outcome"], decision(good.stream)["decided_by"]) == ("allow", "rule")


def test_a_value_that_expired_before_the_decision_does_not_hit(send, work) -> None:
    defined("stolen_cards", kind="card", action="block")
    yesterday = datetime.now(UTC) - timedelta(days=1)
    listed("stolen_cards", "bad-card", now=yesterday, until=yesterday + timedelta(hours=1))
    listed("stolen_cards", "worse-card", now=yesterday, until=yesterday + timedelta(days=2))
    expired, standing = send([*payments(1, card="bad-card"), *payments(1, start=1, card="worse-card")])
    work()
    assert [decision(each.stream)["outcome"] for each in (expired, standing)] == ["allow", "block"]


def test_a_value_listed_while_the_lane_runs_hits_the_next_event(send) -> None:
    defined("stolen_cards", kind="card", action="block")
    with held_lane(LANE):
        runner = LaneRunner(LANE)
        [before] = send(payments(1, card="bad-card"))
        runner.step()
        listed("stolen_cards", "bad-card", now=datetime.now(UTC))
        [after] = send(payments(1, start=1, card="bad-card"))
        runner.step()
    assert [decision(each.stream)["outcome"] for each in (before, after)] == ["allow", "block"]


def test_a_network_of_a_personal_field_hits_by_the_value_in_the_vault(send, work) -> None:
    defined("datacenters", kind="ip", match="network", action="watch")
    listed("datacenters", "198.51.100.0/24", now=datetime.now(UTC))
    inside, outside = send([*payments(1, ip="198.51.100.7"), *payments(1, start=1, ip="192.0.2.1")])
    work()
    assert [decision(each.stream)["outcome"] for each in (inside, outside)] == ["review", "allow"]


def test_a_tag_decides_nothing_and_rules_read_it(send, work) -> None:
    defined("trusted", kind="customer", action="tag")
    listed("trusted", "customer-1", now=datetime.now(UTC))
    rule("large", 'amount > 500.0 && !tagged(customer, "trusted")')
    known, other = send(
        [
            *payments(1, customer="customer-1", amount="600.00"),
            *payments(1, start=1, customer="customer-2", amount="600.00"),
        ]
    )
    work()
    found = decision(known.stream)
    assert (found["outcome"], [each["outcome"] for each in found["findings"]]) == ("allow", [""])
    assert decision(other.stream)["outcome"] == "block"


def test_an_answer_is_the_same_text_from_memory_and_from_the_log(
    send, work, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule("large", "amount > 5.0")
    defined("trusted", kind="customer", action="tag")
    listed("trusted", "customer-1", now=datetime.now(UTC))
    now = datetime.now(UTC)
    exploration = Exploration("payment", 0.5, amount_cap=500_000, daily_cap=1_000_000, salt="fixed")
    change_exploration(exploration, reason="to learn", actor="user/lea", now=now)
    told: dict[str, Any] = {}

    def remember(answers: Mapping[str, list[dict[str, Any]]]) -> None:
        told.update((each["stream"], each["answer"]) for of_token in answers.values() for each in of_token)

    monkeypatch.setattr(reply_channels, "send_answers", remember)
    receipts = send(payments(10), wait=0.001)
    work()
    assert len(told) == 10
    for receipt in receipts:
        from_log = answer_from_stream(read_stream(receipt.stream))
        assert orjson.dumps(told[receipt.stream]) == orjson.dumps(from_log)
        assert from_log["decision"]["reasons"][0]["source"] == "rule"


def test_a_blast_of_blocks_opens_the_breaker_and_becomes_reviews(send, work) -> None:
    rule("wrong", "amount > 0.0")
    now = datetime.now(UTC)
    settings = BreakerSettings(max_share=0.5, min_events=20)
    change_settings("payment", settings, reason="tighter", actor="user/lea", now=now)
    receipts = send(payments(60))
    work()
    outcomes = [decision(each.stream)["outcome"] for each in receipts]
    assert outcomes == ["block"] * 19 + ["review"] * 41
    held = decision(receipts[-1].stream)
    assert (held["initial"], held["breaker"], held["decided_by"]) == ("block", {"state": "open"}, "rule")
    [tripped] = LogEntry.objects.filter(type="breaker.tripped")
    assert tripped.stream == "breaker/payment/shop"


def test_another_holder_of_the_lane_continues_the_breaker(send, work) -> None:
    rule("wrong", "amount > 0.0")
    settings = BreakerSettings(max_share=0.5, min_events=20)
    change_settings("payment", settings, reason="tighter", actor="user/lea", now=datetime.now(UTC))
    receipts = []
    for start in range(0, 40, 10):
        receipts += send(payments(10, start=start))
        work()
    assert [decision(each.stream)["outcome"] for each in receipts] == ["block"] * 19 + ["review"] * 21


def test_what_breakers_counted_is_handed_over_with_the_lane(send, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also of a source with little traffic among much, whose decisions would not be read back."""
    monkeypatch.setattr("scoring.rules.breaker.restoring.MAX_READ", 0)
    rule("wrong", "amount > 0.0")
    settings = BreakerSettings(max_share=0.5, min_events=20)
    change_settings("payment", settings, reason="tighter", actor="user/lea", now=datetime.now(UTC))
    receipts = []
    for start in range(0, 40, 5):
        receipts += send(payments(5, start=start))
        with held_lane(LANE):
            runner = LaneRunner(LANE)
            while runner.step():
                pass
            runner.finish()
    assert [decision(each.stream)["outcome"] for each in receipts] == ["block"] * 19 + ["review"] * 21


def test_exploration_lets_a_share_of_blocks_through_under_its_caps(send, work) -> None:
    rule("all", "amount > 0.0")
    now = datetime.now(UTC)
    switched_off = BreakerSettings(max_share=1.0)
    change_settings("payment", switched_off, reason="off", actor="user/lea", now=now)
    exploration = Exploration("payment", 0.5, amount_cap=5_000, daily_cap=1_000_000, salt="fixed")
    change_exploration(exploration, reason="to learn", actor="user/lea", now=now)
    receipts = send([*payments(30), *payments(10, start=30, amount="80.00")])
    work()
    found = [decision(each.stream) for each in receipts]
    let_through = [each for each in found if each["outcome"] == "allow"]
    assert 5 < len(let_through) < 25
    for each in let_through:
        assert (each["initial"], each["exploration"]["propensity"]) == ("block", 0.5)
    for each in found[30:]:
        assert (each["outcome"], each["exploration"]["stopped_by"]) == ("block", "amount_cap")


def test_a_block_list_is_neither_held_nor_explored(send, work) -> None:
    defined("stolen_cards", kind="card", action="block")
    now = datetime.now(UTC)
    listed("stolen_cards", "bad-card", now=now)
    settings = BreakerSettings(max_share=0.1, min_events=10)
    change_settings("payment", settings, reason="tight", actor="user/lea", now=now)
    exploration = Exploration("payment", 0.5, amount_cap=500_000, daily_cap=1_000_000, salt="fixed")
    change_exploration(exploration, reason="to learn", actor="user/lea", now=now)
    receipts = send(payments(30, card="bad-card"))
    work()
    for receipt in receipts:
        found = decision(receipt.stream)
        assert (found["outcome"], found.keys() & {"breaker", "exploration"}) == ("block", set())
