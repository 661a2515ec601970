"""Traffic under rulesets that change: rules, lists, policies, exploration, breaker, and failures."""

from datetime import UTC, datetime, timedelta
from typing import Any

from scoring.decisions.failure_policy import decide_without_lane
from scoring.log.read import read_stream
from scoring.rules.breaker.changing import change_settings
from scoring.rules.breaker.settings import BreakerSettings
from scoring.rules.exploration.changing import change_exploration
from scoring.rules.exploration.settings import Exploration
from scoring.rules.lists.changing.listing import remove_values
from scoring.rules.policies.policy import COST, FIXED, Segment, Terms
from scoring.rules.rules.suppressing import suppress_rule
from tests.factories.lists import defined, listed
from tests.factories.policies import costs, store_policy
from tests.integration.lanes.test_arms import champion, route
from tests.integration.lanes.test_ruleset_in_lanes import rule
from tests.integration.replay.test_replay import lose_models
from tests.integration.replay.traffic import Traffic

USER = "user/lea"


def now() -> datetime:
    return datetime.now(UTC)


def configure_breaker(**settings: Any) -> None:
    wanted = BreakerSettings(**{"max_share": 1.0, **settings})
    change_settings("payment", wanted, reason="test", actor=USER, now=now())


def explore() -> None:
    exploration = Exploration("payment", 0.5, amount_cap=2_000, daily_cap=1_000_000, salt="fixed")
    change_exploration(exploration, reason="test", actor=USER, now=now())


def decide_under_changing_rulesets(traffic: Traffic, model: str) -> None:
    """Some 120 decisions under a dozen versions of the ruleset."""
    configure_breaker()
    traffic.go(10)
    _begin_with_rules()
    traffic.go(20)
    _add_lists_and_a_model(model)
    traffic.go(20)
    _add_a_policy_and_explore()
    traffic.go(20)
    _add_segments_and_trip_the_breaker()
    traffic.go(30)
    _decide_without_models_and_lanes(traffic)


def _begin_with_rules() -> None:
    rule("busy", "card_count_24h >= 3.0", "review")
    rule("fuel", 'category == "fuel"')
    rule("tried", "amount > 15.0", stage="shadow")
    rule("gone", "no_such_field > 1.0")
    defined("watched_ips", kind="ip", match="network", action="watch")
    listed("watched_ips", "192.0.2.0/30", now=now())


def _add_lists_and_a_model(model: str) -> None:
    route(champion(model))
    defined("stolen_cards", kind="card", action="block")
    listed("stolen_cards", "card-1", now=now(), until=now() + timedelta(days=400))
    defined("trusted", kind="customer", action="tag")
    listed("trusted", "customer-3", "customer-4", now=now())
    rule("fuel", 'category == "fuel" && !tagged(customer, "trusted")', number=2)


def _add_a_policy_and_explore() -> None:
    remove_values(list_name="stolen_cards", values=["card-1"], reason="found", actor=USER, now=now())
    store_policy("active", terms=Terms(FIXED, {"review": 0.0001, "block": 0.5}))
    explore()


def _add_segments_and_trip_the_breaker() -> None:
    by_cost = Segment("travel", 'category == "travel"', Terms(COST, costs=costs()))
    store_policy("active", number=2, terms=Terms(FIXED, {"review": 0.2, "block": 0.3}), segments=(by_cost,))
    suppress_rule(
        event_type="payment",
        name="busy",
        field="card",
        value="card-2",
        until=now() + timedelta(days=1),
        reason="a fleet",
        actor=USER,
        now=now(),
    )
    configure_breaker(max_share=0.2, min_events=20)
    rule("wrong", "amount > 12.0")


def _decide_without_models_and_lanes(traffic: Traffic) -> None:
    bring_back = lose_models()
    traffic.go(10)
    bring_back()
    traffic.go(10)
    late = traffic.send([traffic.payment() for _ in range(5)])
    decide_without_lane([read_stream(receipt.stream)[0] for receipt in late], "timeout")
    traffic.work()
