"""Decisions under rulesets are judged again from the log alone, each under the version that it names."""

from collections import Counter
from typing import Any

import pytest
from django.db import connection

from scoring.event_types.payment import Payment
from scoring.log.models import VaultItem
from scoring.log.read import read_stream
from scoring.replay.models import OF_RULESET
from tests.factories.lists import defined, listed
from tests.factories.payments import payments
from tests.integration.lanes.test_ruleset_in_lanes import rule
from tests.integration.replay.changing_rulesets import (
    configure_breaker,
    decide_under_changing_rulesets,
    explore,
    now,
)
from tests.integration.replay.test_replay import replayed
from tests.integration.replay.traffic import Traffic, rewrite

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("seed", [1, 2])
def test_decisions_under_changing_rulesets_come_out_again(
    models: list[str], send: Any, work: Any, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(Payment, "no_model_outcome", "allow")
    decide_under_changing_rulesets(Traffic(send, work, seed), models[0])

    report = replayed()
    assert report.first == []
    assert report.is_identical
    compared = sum((group.compared for group in report.groups.values()), start=Counter[str]())
    assert all(compared[aspect] > 100 for aspect in OF_RULESET)


def test_a_changed_finding_is_found_and_named(send: Any, work: Any) -> None:
    rule("large", "amount > 5.0")
    [receipt] = send(payments(1))
    work()
    decision = read_stream(receipt.stream)[-1]
    [finding] = decision.data["findings"]
    rewrite(decision, findings=[{**finding, "outcome": "review"}])
    report = replayed()
    assert not report.is_identical
    [comparison] = report.first
    assert [name for name, held in comparison.held.items() if not held] == ["findings"]
    [difference] = comparison.differences
    assert difference.field == "findings.large-1"


def test_a_changed_outcome_of_exploration_is_found(
    send: Any, work: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure_breaker()
    explore()
    rule("all", "amount > 0.0")
    receipts = send(payments(20))
    work()
    explored = [read_stream(each.stream)[-1] for each in receipts]
    let_through = next(each for each in explored if each.data["outcome"] == "allow")
    rewrite(let_through, exploration={**let_through.data["exploration"], "drawn": False})
    [comparison] = replayed().first
    assert [name for name, held in comparison.held.items() if not held] == ["exploration"]


def test_an_erased_value_that_a_list_needs_is_named_as_the_reason(send: Any, work: Any) -> None:
    defined("watched_ips", kind="ip", match="network", action="watch")
    listed("watched_ips", "192.0.2.0/30", now=now())
    send(payments(1))
    work()
    assert replayed().is_identical
    VaultItem.objects.filter(kind="ip").delete()
    report = replayed()
    assert dict(report.not_recomputed) == {"ip was erased, and a list that held then needs its value": 1}


def test_past_decisions_do_not_change_when_the_ruleset_does(send: Any, work: Any) -> None:
    rule("large", "amount > 5.0")
    send(payments(5))
    work()
    rule("large", "amount > 5000.0", number=2)
    defined("stolen_cards", kind="card", action="block")
    listed("stolen_cards", "card-1", "card-2", now=now())
    assert replayed().is_identical


def test_bulk_judging_asks_few_queries(send: Any, work: Any, django_assert_max_num_queries: Any) -> None:
    rule("large", "amount > 5.0")
    defined("stolen_cards", kind="card", action="block")
    listed("stolen_cards", "card-1", now=now())
    send(payments(60))
    work()
    connection.ensure_connection()
    with django_assert_max_num_queries(30):
        replayed()
