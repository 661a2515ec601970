"""An event is decided without recording anything, and each stage says what it did."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import BoundedSemaphore
from typing import Any

import pytest
import redis

from scoring.decisions.simulation import asking
from scoring.decisions.simulation.tasks import run_simulation
from scoring.intake.answers import decision_from
from scoring.intake.receive import receive_events
from scoring.lanes.lock import held_lane
from scoring.lanes.models import Pending
from scoring.log.models import LogEntry, VaultItem
from scoring.log.read import read_stream
from scoring.rules.policies.policy import FIXED, Terms
from scoring.rules.ruleset.stream import Change, append_changes
from scoring.runner.lane_runner import LaneRunner
from scoring.signals import redis_connections as connections
from scoring.timestamps import to_iso
from tests.factories.lists import defined, listed
from tests.factories.models import promote, train_small_models
from tests.factories.payments import payment_payload, payments, refund_payload, submission
from tests.factories.policies import store_policy
from tests.factories.rules import store_rule
from tests.integration.api.conftest import Api

pytestmark = pytest.mark.django_db(transaction=True)

Answer = dict[str, Any]


@pytest.fixture(autouse=True)
def fresh(online_redis: redis.Redis, settings: Any, tmp_path: Any, simulating: None) -> None:
    settings.VAR_DIR = tmp_path / "var"
    connections.client.cache_clear()


@pytest.fixture
def champion(fresh: None, transactional_db: None) -> str:
    """A model that decides payments; trained before anything else is stored."""
    [name] = train_small_models(15, thresholds={"review": 0.0, "block": 1.0})
    promote(name)
    return name


def simulate(api: Api, payload: dict[str, Any] | None = None, **members: Any) -> Answer:
    response = api.post("simulations", {"event": payload or payment_payload(1), **members})
    assert response.status_code == 200, response.content
    answer: Answer = response.json()
    return answer


def decide(*submissions: Any) -> None:
    receive_events(list(submissions), source="shop", now=datetime.now(UTC))
    with held_lane("commerce"):
        runner = LaneRunner("commerce")
        while runner.step():
            pass
        runner.finish()


def everything(online_redis: redis.Redis) -> tuple[Any, ...]:
    """What a simulation must not change: the log, the vault, the queue and Redis."""
    rows = [model.objects.count() for model in (LogEntry, VaultItem, Pending)]
    keys = sorted(online_redis.keys())
    return *rows, keys, [online_redis.dump(key) for key in keys]


def rule_in(answer: Answer, name: str) -> dict[str, Any]:
    return next(each for each in answer["stages"]["rules"] if each["name"] == name)


def test_an_event_is_decided_before_anything_is_configured(api: Api) -> None:
    answer = simulate(api)
    assert (answer["decision"]["outcome"], answer["decision"]["basis"]) == ("review", "no_model")
    assert answer["stages"]["policy"]["from"] == "event_type"
    assert (answer["ruleset"], answer["states"]) == (0, {"lane": "commerce", "seq": 0})
    assert answer["stages"]["rules"] == answer["stages"]["lists"] == []


def test_nothing_is_recorded(api: Api, online_redis: redis.Redis) -> None:
    store_rule("active")
    decide(*payments(6))
    api.get("events/payment/T-1")
    before = everything(online_redis)
    simulate(api, payment_payload(9))
    assert everything(online_redis) == before
    assert read_stream("payment/shop/T-9") == []


def test_the_decision_is_the_one_that_the_event_then_gets(champion: str, api: Api) -> None:
    defined("watched_cards", action="watch")
    listed("watched_cards", "card-2")
    store_rule("active", name="busy", expression="card_count_1h >= 2", outcome="block")
    decide(*payments(12))
    found = set()
    for number in range(12, 22):
        payload = payment_payload(number)
        simulated = simulate(api, payload)
        decide(submission(payload))
        made = read_stream(f"payment/shop/T-{number}")[1].data
        expected = decision_from(made)
        assert {**simulated["decision"], "decided_at": ""} == {**expected, "decided_at": ""}
        assert simulated["stages"]["model"]["margin"] == made["margin"]
        matched = {each["name"] for each in simulated["stages"]["rules"] if each["result"] == "matched"}
        listed_in = {each["list"] for each in simulated["stages"]["lists"]}
        assert matched | listed_in == {each["name"] for each in made["findings"]}
        found |= matched | listed_in
    assert found == {"watched_cards", "busy"}


def test_each_rule_says_whether_it_matched_and_why(api: Api) -> None:
    store_rule("active", name="large", expression="amount > 500", outcome="block")
    store_rule("active", name="small", expression="amount < 500", outcome="review")
    store_rule("shadow", name="fast", expression="card_last_amount > 5", outcome="block")
    store_rule("active", name="never", expression="amount < 500", share=1e-9, unit="card")
    answer = simulate(api)
    results = {each["name"]: each["result"] for each in answer["stages"]["rules"]}
    assert results == {
        "large": "not_matched",
        "small": "matched",
        "fast": "unknown",
        "never": "not_applied",
    }
    assert rule_in(answer, "large")["values"] == {"amount": 11.5}
    assert rule_in(answer, "fast")["missing"] == ["card_last_amount"]
    assert answer["stages"]["precedence"] == {"outcome": "review", "decided_by": "policy"}


def test_a_rule_that_no_longer_compiles_says_so(api: Api) -> None:
    store_rule("active", name="old", expression="gone > 5")
    assert rule_in(simulate(api), "old")["result"] == "failed"
    assert "`gone` is not a name" in rule_in(simulate(api), "old")["error"]


def test_a_hit_on_a_list_says_which_change_listed_the_value(api: Api) -> None:
    defined("stolen_cards")
    until = datetime.now(UTC) + timedelta(days=1)
    listed("stolen_cards", "card-1", until=until)
    answer = simulate(api)
    [hit] = answer["stages"]["lists"]
    assert (hit["list"], hit["field"], hit["reason"], hit["outcome"]) == (
        "stolen_cards",
        "card",
        "test",
        "block",
    )
    assert (hit["listed_by_change"], hit["expires_at"]) == (2, to_iso(until))
    assert (answer["decision"]["outcome"], answer["decision"]["decided_by"]) == ("block", "list")


def test_personal_values_are_looked_up_without_being_stored(api: Api) -> None:
    defined("bad_networks", kind="ip", match="network")
    listed("bad_networks", "192.0.2.0/28")
    answer = simulate(api)
    assert [hit["field"] for hit in answer["stages"]["lists"]] == ["ip"]
    assert "ip" not in answer["event"]["fields"]
    assert not VaultItem.objects.filter(value="192.0.2.1").exists()


def test_expressions_are_tried_on_the_event(api: Api) -> None:
    decide(*payments(6))
    answer = simulate(
        api,
        payment_payload(6),
        expressions=["amount > 5 && card_count_1h >= 1", "amount > 500", "score > 0.5", "has(device)"],
    )
    assert [each["result"] for each in answer["expressions"]] == [
        "matched",
        "not_matched",
        "unknown",
        "matched",
    ]
    assert answer["expressions"][0]["values"] == {"amount": 16.5, "card_count_1h": 1.0}


def test_the_breaker_and_exploration_say_what_they_did(api: Api) -> None:
    store_rule("active", name="all", expression="true", outcome="block")
    explored = {"event_type": "payment", "share": 1.0, "amount_cap": 10_000, "daily_cap": 10_000, "salt": "s"}
    append_changes([Change("exploration.changed", explored)], actor="user/lea", now=datetime.now(UTC))
    stages = simulate(api)["stages"]
    assert stages["precedence"] == {"outcome": "block", "decided_by": "rule"}
    assert stages["breaker"] == {"on": True, "state": "closed", "held": False}
    assert (stages["exploration"]["let_through"], stages["exploration"]["propensity"]) == (True, 1.0)


def test_an_open_breaker_holds_a_block(api: Api) -> None:
    store_rule("active", name="all", expression="true", outcome="block")
    decide(*payments(60))
    simulated = simulate(api, payment_payload(61))
    assert simulated["stages"]["breaker"] == {"on": True, "state": "open", "held": True}
    assert simulated["stages"]["precedence"]["outcome"] == "block"
    assert simulated["decision"]["outcome"] == "review"


def test_a_policy_says_that_its_thresholds_hold(champion: str, api: Api) -> None:
    store_policy("active", terms=Terms(FIXED, {"review": 0.0}))
    stage = simulate(api)["stages"]["policy"]
    assert (stage["from"], stage["number"], stage["mode"]) == ("policy", 1, "fixed")
    assert (stage["outcome"], stage["thresholds"]) == ("review", {"review": 0.0})


def test_an_event_needs_neither_an_id_nor_a_time(api: Api) -> None:
    answer = simulate(api, payment_payload(1, id=None, occurred_at=None))
    assert answer["event"]["id"] == "simulated"


# body, the field with the problem, the problem
REFUSED: list[tuple[Any, str, str]] = [
    ({}, "event", "is missing"),
    ({"event": 5}, "event", "must be an object"),
    ({"event": {"type": "pavement"}}, "type", "unknown event type"),
    ({"event": refund_payload(1)}, "type", "is not scored"),
    ({"event": payment_payload(1, amount="-1")}, "amount", "negative"),
    ({"event": payment_payload(1), "rules": []}, "rules", "is not a field of a simulation"),
    ({"event": payment_payload(1), "expressions": "amount > 5"}, "expressions", "is not a list"),
    ({"event": payment_payload(1), "expressions": {}}, "expressions", "is not a list"),
    (
        {"event": payment_payload(1), "expressions": ["true"] * 21},
        "expressions",
        "is not a list of at most 20",
    ),
    ({"event": payment_payload(1), "expressions": [5]}, "expressions[0]", "must be a string"),
    (
        {"event": payment_payload(1), "expressions": ["true", "amount >\n amont"]},
        "expressions[1]",
        "line 2, column 2: `amont` is not a name",
    ),
]


@pytest.mark.parametrize(("body", "field", "problem"), REFUSED)
def test_a_bad_request_names_the_field_and_the_problem(api: Api, body: Any, field: str, problem: str) -> None:
    response = api.post("simulations", body)
    assert response.status_code == 422
    errors = response.json()["errors"]
    assert errors[0]["field"] == field
    assert problem in errors[0]["problem"]


def test_a_simulation_needs_its_own_scope(api_with: Callable[..., Api]) -> None:
    response = api_with("events:write").post("simulations", {"event": payment_payload(1)})
    assert (response.status_code, response.json()["scope"]) == (403, "simulations:run")


def test_a_key_for_other_types_may_not_simulate(api_with: Callable[..., Api]) -> None:
    api = api_with("simulations:run", event_types=["refund"])
    response = api.post("simulations", {"event": payment_payload(1)})
    assert response.json()["type"] == "/api/problems/event-type-not-allowed"


def test_without_a_worker_the_request_may_be_sent_again(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_simulation, "apply_async", lambda **options: None)  # it stays in the broker
    monkeypatch.setattr("scoring.api.decisions.simulations.MAX_SECONDS", 0.05)
    response = api.post("simulations", {"event": payment_payload(1)})
    assert (response.status_code, response["Retry-After"]) == (503, "1")
    assert response.json()["detail"] == (
        "the event cannot be simulated now: no worker of lanes was free within 0.05 s"
    )


def test_only_a_few_run_at_once(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scoring.decisions.simulation.asking.TURN_SECONDS", 0.01)
    monkeypatch.setattr("scoring.decisions.simulation.asking._turns", BoundedSemaphore(1))
    simulate(api)
    with asking._turn():
        response = api.post("simulations", {"event": payment_payload(1)})
    assert (response.status_code, response["Retry-After"]) == (503, "1")
    assert response.json()["detail"].endswith("others are running")
    simulate(api)


def test_lost_states_are_a_reason_to_try_again(api: Api, online_redis: redis.Redis) -> None:
    decide(*payments(3))
    online_redis.flushdb()
    response = api.post("simulations", {"event": payment_payload(9)})
    assert (response.status_code, response["Retry-After"]) == (503, "1")
    assert response.json()["type"] == "/api/problems/simulation-unavailable"
