"""The continuous check judges sampled decisions as replay does, and says which aspect was not reproduced."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from unittest.mock import Mock

import pytest
from django.contrib.auth.models import User
from django.test import Client

from monitoring.overview.attention import notices
from monitoring.overview.facts import read_facts
from scoring.decisions.failure_policy import decide_without_lane
from scoring.event_types.payment import Payment
from scoring.log.models import VaultItem
from scoring.log.read import read_stream
from scoring.replay.consistency.checking import check_lane
from scoring.replay.consistency.mismatches import AspectCheck, read_aspects
from scoring.replay.models import ASPECTS, OF_RULESET
from scoring.rules.deciding import rules_at
from scoring.rules.deciding.live_rules import compile_rules
from tests.factories.lists import defined, listed
from tests.factories.payments import payments
from tests.factories.policies import store_policy
from tests.integration.lanes.conftest import LANE
from tests.integration.lanes.test_arms import champion, route
from tests.integration.lanes.test_ruleset_in_lanes import rule
from tests.integration.replay.changing_rulesets import decide_under_changing_rulesets, now
from tests.integration.replay.traffic import Traffic, rewrite

pytestmark = pytest.mark.django_db(transaction=True)

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def check(share: float = 1.0) -> int:
    return check_lane(LANE, now=now(), share=share)


def aspects() -> dict[str, AspectCheck]:
    return {each.aspect: each for each in read_aspects(since=LONG_AGO, event_type="payment")}


def wrong() -> dict[str, int]:
    return {name: each.mismatched for name, each in aspects().items() if each.mismatched}


@pytest.mark.parametrize("share", [1.0, 0.4])
def test_decisions_under_changing_rulesets_are_reproduced_from_a_sample(
    models: list[str], send: Any, work: Any, monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    monkeypatch.setattr(Payment, "no_model_outcome", "allow")
    decide_under_changing_rulesets(Traffic(send, work, seed=1), models[0])
    checked = check(share)
    assert wrong() == {}
    assert list(aspects()) == [name for name in ASPECTS if name != "policies"]  # payments have none
    assert aspects()["outcome"].compared == checked
    assert min(aspects()[name].compared for name in (*OF_RULESET, "score", "reasons")) > 20


def test_the_next_check_need_not_compile_the_rules_again(
    send: Any, work: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule("large", "amount > 5.0")
    send(payments(2))
    work()
    compiling = Mock(wraps=compile_rules)
    monkeypatch.setattr(rules_at, "compile_rules", compiling)
    assert check() == 2
    send(payments(2, start=2))
    work()
    assert check() == 2
    assert compiling.call_count == 1
    assert aspects()["findings"].compared == 4
    assert wrong() == {}


class Difference(NamedTuple):
    """How a decision's entry is changed, the aspect that then differs, and the field of its example."""

    changed: Callable[[Mapping[str, Any]], dict[str, Any]]
    aspect: str
    field: str


@pytest.mark.parametrize(
    "case",
    [
        Difference(
            lambda data: {"findings": [data["findings"][0] | {"number": 7}]}, "findings", "findings.large"
        ),
        Difference(lambda data: {"rule_errors": [{"name": "a", "number": 1}]}, "findings", "errors.a"),
        Difference(lambda data: {"thresholds": {"block": 0.9}}, "thresholds", "thresholds"),
        Difference(lambda data: {"policy": {"number": 7}}, "thresholds", "policy"),
        Difference(lambda data: {"decided_by": "model"}, "decided_by", "decided_by"),
        Difference(lambda data: {"initial": "review"}, "decided_by", "initial"),
        Difference(lambda data: {"exploration": {"share": 0.5}}, "exploration", "exploration"),
        Difference(lambda data: {"outcome": "allow"}, "outcome", "outcome"),
        Difference(lambda data: {"score": data["score"] / 2}, "score", "score"),
        Difference(lambda data: {"reasons": []}, "reasons", "reasons[0].code"),
    ],
    ids=lambda case: case.field,
)
def test_a_difference_is_counted_under_its_aspect_with_an_example(
    models: list[str], send: Any, work: Any, case: Difference
) -> None:
    route(champion(models[0]))
    store_policy("active")
    rule("large", "amount > 5.0")
    receipts = send(payments(4))
    work()
    decision = read_stream(receipts[2].stream)[-1]
    rewrite(decision, **case.changed(decision.data))
    assert check() == 4
    assert wrong() == {case.aspect: 1}
    example = aspects()[case.aspect].example
    assert example is not None
    assert (example["stream"], example["event"]) == (decision.stream, decision.data["event_position"])
    assert example["field"].startswith(case.field)
    assert example["logged"] != example["recomputed"]


def test_a_finding_that_differs_is_a_notice_that_leads_to_both_values(send: Any, work: Any) -> None:
    rule("large", "amount > 5.0")
    receipts = send(payments(3))
    work()
    decision = read_stream(receipts[0].stream)[-1]
    rewrite(decision, findings=[{**decision.data["findings"][0], "code": "ANOTHER"}])
    check()
    auditor = User.objects.create_superuser("auditor")
    [notice] = [each for each in notices(read_facts(auditor, now=now())) if "recomputed" in each.what]
    assert notice.what == "The findings of payment decisions differed when recomputed from the log: 1 of 3."
    assert (notice.page, notice.query) == ("replay_check", "?type=payment")
    client = Client()
    client.force_login(auditor)
    address = f"/admin/replay-check/{notice.query}"
    assert address in client.get("/admin/").content.decode()
    page = client.get(address).content.decode()
    assert "1 of 3 recomputed decision differs from the log." in page
    assert "findings.large-1" in page
    assert "ANOTHER" in page
    assert f"/admin/scoring/event/{decision.data['event_position']}/change/" in page


def test_decisions_made_before_a_lane_had_the_event_are_judged_too(send: Any, work: Any) -> None:
    defined("stolen_cards", kind="card", action="block")
    listed("stolen_cards", "card-0", "card-1", "card-2", now=now())
    receipts = send(payments(3))
    decide_without_lane([read_stream(each.stream)[0] for each in receipts], "timeout")
    work()
    by_policy = next(each for each in read_stream(receipts[0].stream) if each.type == "decision.made")
    assert by_policy.data["seq"] is None
    rewrite(by_policy, findings=[])
    check()
    assert wrong() == {"findings": 1}


def test_a_decision_that_cannot_be_recomputed_is_not_counted(send: Any, work: Any) -> None:
    defined("watched_ips", kind="ip", match="network", action="watch")
    listed("watched_ips", "192.0.2.0/30", now=now())
    send(payments(2))
    work()
    VaultItem.objects.filter(kind="ip").delete()
    check()
    assert aspects() == {}
